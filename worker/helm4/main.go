// Command helm4-worker renders charts as `helm template` of Helm 4 does, many times in one process: it gives
// Helm's library to rendering, and nothing else. Requests and answers are session's.
package main

import (
	"log/slog"

	"gift.dev/worker/session"
	"gift.dev/worker/session/rendering"
)

func main() {
	session.Main("helm4-worker", rendering.New(library()), func(to *session.Log) {
		slog.SetDefault(slog.New(handler(to)))
	})
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
