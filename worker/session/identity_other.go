//go:build !unix

package session

import "io/fs"

func identity(fs.FileInfo) []uint64 { return nil }
