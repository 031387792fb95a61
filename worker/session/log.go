package session

import (
	"bytes"
	"io"
	"runtime"
	"sync"
)

// Log keeps apart what renderings write that take place at the same time. Helm logs to one place for the
// whole process, on the goroutine that renders; by that goroutine it is told whose a line is.
type Log struct {
	mutex   sync.Mutex
	texts   map[string]*bytes.Buffer
	between io.Writer
}

// NewLog gives a log; what nobody's rendering writes goes to between.
func NewLog(between io.Writer) *Log {
	return &Log{texts: map[string]*bytes.Buffer{}, between: between}
}

// Write takes what the rendering on this goroutine logs.
func (log *Log) Write(text []byte) (int, error) {
	name := goroutine()
	log.mutex.Lock()
	defer log.mutex.Unlock()
	if buffer, ok := log.texts[name]; ok {
		return buffer.Write(text)
	}
	return log.between.Write(text)
}

// Begin makes what this goroutine logs a rendering's own.
func (log *Log) Begin() {
	name := goroutine()
	log.mutex.Lock()
	defer log.mutex.Unlock()
	log.texts[name] = &bytes.Buffer{}
}

// End undoes Begin.
func (log *Log) End() {
	name := goroutine()
	log.mutex.Lock()
	defer log.mutex.Unlock()
	delete(log.texts, name)
}

// Taken is what this goroutine has logged since Begin, or since the last Taken.
func (log *Log) Taken() []byte {
	name := goroutine()
	log.mutex.Lock()
	defer log.mutex.Unlock()
	buffer, ok := log.texts[name]
	if !ok || buffer.Len() == 0 {
		return nil
	}
	log.texts[name] = &bytes.Buffer{}
	return buffer.Bytes()
}

// goroutine is the number of this goroutine, from the first line of its trace: "goroutine 7 [running]:".
func goroutine() string {
	var trace [64]byte
	words := bytes.Fields(trace[:runtime.Stack(trace[:], false)])
	if len(words) < 2 {
		return ""
	}
	return string(words[1])
}
