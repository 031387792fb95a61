// Says what the Kubernetes API server makes of CEL expressions and of ValidatingAdmissionPolicies.
//
// Everything is compiled and evaluated by the API server's own packages, so types, limits and messages are its
// own. Input: a request on each line, as JSON; output: an answer on each line, in the same order.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
)

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve answers several requests at once and writes the answers in order.
func serve() error {
	answers := make(chan chan []byte, 64)
	failed := make(chan error, 1)
	go func() {
		defer close(answers)
		slots := make(chan struct{}, runtime.NumCPU())
		lines := bufio.NewScanner(os.Stdin)
		lines.Buffer(nil, 1<<28)
		for lines.Scan() {
			var asked request
			if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
				failed <- err
				return
			}
			answer := make(chan []byte, 1)
			answers <- answer
			slots <- struct{}{}
			go func() {
				answer <- line(respond(&asked))
				<-slots
			}()
		}
		failed <- lines.Err()
	}()
	out := bufio.NewWriter(os.Stdout)
	for answer := range answers {
		if _, err := out.Write(<-answer); err != nil {
			return err
		}
		// Whoever waits for an answer before the next request gets it.
		if len(answers) == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return <-failed
}

func line(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		text, _ = json.Marshal(response{Fault: err.Error()})
	}
	return append(text, '\n')
}
