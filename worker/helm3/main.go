// Command helm3-worker renders charts as `helm template` of Helm 3 does, many times in one process: it gives
// Helm's library to rendering, and nothing else. Requests and answers are session's.
package main

import (
	"log"

	"gift.dev/worker/session"
	"gift.dev/worker/session/rendering"
)

func main() {
	session.Main("helm3-worker", rendering.New(library()), func(to *session.Log) {
		// The command begins each line with the file and line that logs.
		log.SetFlags(log.Lshortfile)
		log.SetOutput(to)
	})
}
