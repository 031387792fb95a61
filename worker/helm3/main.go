// Command helm3-worker renders charts as `helm template` of Helm 3 does, many times in one process. Requests
// come on standard input, answers go to standard output; see session.
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"gift.dev/worker/session"
	"helm.sh/helm/v3/pkg/chartutil"
)

func main() {
	answers := os.Stdout
	// Whatever writes to standard output on the way must not get between the answers.
	os.Stdout = os.Stderr
	said := session.NewLog(os.Stderr)
	// The command begins each line with the file and line that logs.
	log.SetFlags(log.Lshortfile)
	log.SetOutput(said)
	if os.Getenv("GOGC") == "" {
		// Renderings leave much behind and little alive.
		debug.SetGCPercent(600)
	}
	helm := newHelm(strings.TrimPrefix(chartutil.DefaultCapabilities.HelmVersion.Version, "v"))
	if err := session.Serve(bufio.NewReaderSize(os.Stdin, 1<<16), answers, helm, said, 2*runtime.GOMAXPROCS(0)); err != nil {
		fmt.Fprintln(os.Stderr, "helm3-worker:", err)
		os.Exit(1)
	}
}
