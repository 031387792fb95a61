package session

import (
	"crypto/sha256"
	"sync"
)

// Digest is the content of something, as a key.
type Digest [sha256.Size]byte

// Kept holds what was made of a content, so that it is made once. It forgets everything when it is full:
// a run needs a few contents, over and over.
type Kept[Value any] struct {
	most  int
	mutex sync.Mutex
	slots map[Digest]*slot[Value]
}

type slot[Value any] struct {
	once  sync.Once
	value Value
	err   error
}

// NewKept gives an empty store for at most so many contents.
func NewKept[Value any](most int) *Kept[Value] {
	return &Kept[Value]{most: most, slots: map[Digest]*slot[Value]{}}
}

// Get gives what was made of the content of this digest, and makes it when it is not there. Whoever asks
// meanwhile waits. An error is kept as well.
func (kept *Kept[Value]) Get(digest Digest, make func() (Value, error)) (Value, error) {
	kept.mutex.Lock()
	found, ok := kept.slots[digest]
	if !ok {
		if len(kept.slots) >= kept.most {
			clear(kept.slots)
		}
		found = &slot[Value]{}
		kept.slots[digest] = found
	}
	kept.mutex.Unlock()
	found.once.Do(func() { found.value, found.err = make() })
	return found.value, found.err
}

// DigestOf gives a text's digest.
func DigestOf(text []byte) Digest { return sha256.Sum256(text) }
