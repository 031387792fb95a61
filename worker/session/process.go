package session

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
)

// memory is what a worker takes before it collects more often, in bytes.
const memory = 128 << 20

// Main is the whole of a worker: it serves on the process's standard streams until the requests end. logTo
// makes Helm log to where it is told.
func Main(name string, helm Helm, logTo func(*Log)) {
	answers := os.Stdout
	// Whatever writes to standard output on the way must not get between the answers.
	os.Stdout = os.Stderr
	log := NewLog(os.Stderr)
	logTo(log)
	if os.Getenv("GOGC") == "" {
		// Renderings leave much behind and little alive.
		debug.SetGCPercent(600)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memory)
	}
	if err := Serve(bufio.NewReaderSize(os.Stdin, 1<<16), answers, helm, log, 2*runtime.GOMAXPROCS(0)); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", name, err)
		os.Exit(1)
	}
}
