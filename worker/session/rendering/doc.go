// Package rendering is `helm template` as both Helms do it: the short way, with what is kept of earlier
// renderings, and the command step by step. What only Helm's library can do is given to it as a Library; it
// imports no Helm, only the session and the library of JSON Schema that both Helms validate with.
package rendering
