// Command helm4-worker renders charts as `helm template` of Helm 4 does, many times in one process. Requests
// come on standard input, answers go to standard output; see session.
package main

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"gift.dev/worker/session"
	"helm.sh/helm/v4/pkg/chart/common"
)

func main() {
	answers := os.Stdout
	// Whatever writes to standard output on the way must not get between the answers.
	os.Stdout = os.Stderr
	log := session.NewLog(os.Stderr)
	slog.SetDefault(slog.New(handler(log)))
	if os.Getenv("GOGC") == "" {
		// Renderings leave much behind and little alive.
		debug.SetGCPercent(600)
	}
	helm := newHelm(strings.TrimPrefix(common.DefaultCapabilities.HelmVersion.Version, "v"))
	if err := session.Serve(bufio.NewReaderSize(os.Stdin, 1<<16), answers, helm, log, 2*runtime.GOMAXPROCS(0)); err != nil {
		fmt.Fprintln(os.Stderr, "helm4-worker:", err)
		os.Exit(1)
	}
}

// handler writes as the command's own does: the level, the message, no time, nothing meant for debugging.
func handler(log *session.Log) slog.Handler {
	return slog.NewTextHandler(log, &slog.HandlerOptions{
		Level: slog.LevelInfo,
		ReplaceAttr: func(_ []string, attribute slog.Attr) slog.Attr {
			if attribute.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return attribute
		},
	})
}
