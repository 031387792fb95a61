package session

import (
	"encoding/binary"
	"hash/maphash"
	"sync"
)

// Digest is the content of something, as a key in this process: 128 bits that nobody can aim at, for each process
// has seeds of its own.
type Digest [16]byte

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

// digesting makes a digest of what is written to it.
type digesting [2]maphash.Hash

func newDigesting() *digesting {
	digesting := &digesting{}
	for index, seed := range seeds {
		digesting[index].SetSeed(seed)
	}
	return digesting
}

// text adds a text and its length, so that where one ends and the next begins counts.
func (digesting *digesting) text(text string) {
	digesting.number(uint64(len(text)))
	for index := range digesting {
		digesting[index].WriteString(text)
	}
}

func (digesting *digesting) number(number uint64) {
	var bytes [8]byte
	binary.LittleEndian.PutUint64(bytes[:], number)
	for index := range digesting {
		digesting[index].Write(bytes[:])
	}
}

func (digesting *digesting) digest() (digest Digest) {
	for index := range digesting {
		binary.LittleEndian.PutUint64(digest[8*index:], digesting[index].Sum64())
	}
	return digest
}

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

// DigestOf gives the digest of some texts.
func DigestOf(texts ...string) Digest {
	digesting := newDigesting()
	for _, text := range texts {
		digesting.text(text)
	}
	return digesting.digest()
}
