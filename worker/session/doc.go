// Package session is what the workers of both Helms share and is no part of Helm: the protocol on the pipes,
// several renderings at once, and what is kept between them. It depends on Go's own library alone.
package session
