package session

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// settled is how long a file must have been left alone before its time of change proves anything: a file
// written twice within one tick of the file system's clock has the same time.
const settled = 2 * time.Second

// Stamps tells whether a file or a folder is what it was, by names, sizes and times.
type Stamps struct {
	mutex sync.Mutex
	known map[string]known
}

type known struct {
	stamp   Digest
	content Digest
}

// NewStamps gives an empty store.
func NewStamps() *Stamps { return &Stamps{known: map[string]known{}} }

// Content gives the digest of what is at a path, reading it only when it may have changed.
func (stamps *Stamps) Content(path string) (Digest, error) {
	stamp, youngest, err := stampOf(path)
	if err != nil {
		return Digest{}, err
	}
	stamps.mutex.Lock()
	before, ok := stamps.known[path]
	stamps.mutex.Unlock()
	if ok && before.stamp == stamp {
		return before.content, nil
	}
	content, err := contentOf(path)
	if err != nil {
		return Digest{}, err
	}
	if time.Since(youngest) > settled {
		stamps.mutex.Lock()
		stamps.known[path] = known{stamp: stamp, content: content}
		stamps.mutex.Unlock()
	}
	return content, nil
}

// walk visits what a path leads to, links followed, for Helm follows them.
func walk(path string, depth int, visit func(path string, info fs.FileInfo) error) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := visit(path, info); err != nil || !info.IsDir() {
		return err
	}
	if depth > 64 {
		return fs.ErrInvalid
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := walk(filepath.Join(path, entry.Name()), depth+1, visit); err != nil {
			return err
		}
	}
	return nil
}

func stampOf(path string) (Digest, time.Time, error) {
	digesting := newDigesting()
	var youngest time.Time
	err := walk(path, 0, func(path string, info fs.FileInfo) error {
		digesting.text(path)
		numbers := []uint64{0, uint64(info.Mode()), uint64(info.Size()), uint64(info.ModTime().UnixNano())}
		numbers = append(numbers, identity(info)...)
		for _, number := range numbers {
			digesting.number(number)
		}
		if info.ModTime().After(youngest) {
			youngest = info.ModTime()
		}
		return nil
	})
	return digesting.digest(), youngest, err
}

func contentOf(path string) (Digest, error) {
	digesting := newDigesting()
	err := walk(path, 0, func(path string, info fs.FileInfo) error {
		digesting.text(path)
		if !info.Mode().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		digesting.text(string(text))
		return nil
	})
	return digesting.digest(), err
}
