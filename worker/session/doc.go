// Package session is what the workers of both Helms share: the protocol on the pipes, several renderings
// at once, and what is kept between them. It knows nothing of Helm and depends on Go's own library alone.
package session
