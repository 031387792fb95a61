package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Helm renders one request. It writes what the command would write; whatever it logs through Log is put
// into the answer by the session.
type Helm interface {
	// Version is Helm's version, as 4.3.1.
	Version() string
	// Render gives Helm's standard output and its error. When the context ends, it may end with any error.
	Render(ctx context.Context, request *Request, log *Log) (Rendered, error)
}

// Declined is the error of a request that only the command can answer.
type Declined struct{ Reason string }

func (declined Declined) Error() string { return declined.Reason }

// Serve answers requests until there are no more. At most atOnce are worked on at the same time; until one
// of them is done, nothing more is read, so whoever asks too fast has to wait.
func Serve(from io.Reader, to io.Writer, helm Helm, log *Log, atOnce int) error {
	session := &session{to: to, helm: helm, log: log, running: map[uint64]context.CancelFunc{}}
	if err := writeFrame(to, Greeting{Protocol: Protocol, Helm: helm.Version(), AtOnce: atOnce}); err != nil {
		return err
	}
	places := make(chan struct{}, atOnce)
	// Once the requests have ended nobody waits for answers, and the process may end as it is.
	for {
		request := &Request{}
		body, err := readFrame(from, request)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if request.Cancel != 0 {
			session.cancel(request.Cancel)
			continue
		}
		request.InPlace = body
		ctx := session.begin(request.ID)
		places <- struct{}{}
		go func() {
			defer func() { <-places }()
			session.answer(ctx, request)
		}()
	}
}

type session struct {
	helm Helm
	log  *Log

	writing sync.Mutex
	to      io.Writer

	mutex   sync.Mutex
	running map[uint64]context.CancelFunc
}

func (session *session) begin(id uint64) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	session.mutex.Lock()
	defer session.mutex.Unlock()
	session.running[id] = cancel
	return ctx
}

func (session *session) cancel(id uint64) {
	session.mutex.Lock()
	defer session.mutex.Unlock()
	if cancel, ok := session.running[id]; ok {
		cancel()
		delete(session.running, id)
	}
}

func (session *session) answer(ctx context.Context, request *Request) {
	answer := session.render(ctx, request)
	gone := ctx.Err() != nil
	session.cancel(request.ID)
	if gone {
		answer = Answer{ID: request.ID, Declined: "cancelled"}
	}
	answer.Output = len(answer.Stdout)
	session.writing.Lock()
	defer session.writing.Unlock()
	// A reader that is gone ends the session, for the requests end with it.
	_ = writeFrame(session.to, answer, answer.Stdout, answer.Stderr)
}

func (session *session) render(ctx context.Context, request *Request) (answer Answer) {
	answer.ID = request.ID
	// In the command a panic ends the process with a trace of it, which is the command's to print.
	defer func() {
		if panicked := recover(); panicked != nil {
			answer = Answer{ID: request.ID, Declined: "Helm panicked"}
		}
	}()
	session.log.Begin()
	defer session.log.End()
	rendered, err := session.helm.Render(ctx, request, session.log)
	answer.Stdout = rendered.Output
	answer.AlsoFor = rendered.AlsoFor
	answer.Stderr = session.log.Taken()
	var declined Declined
	switch {
	case errors.As(err, &declined):
		return Answer{ID: request.ID, Declined: declined.Reason}
	case err != nil:
		answer.Failed = true
		answer.Stderr = fmt.Appendf(answer.Stderr, "Error: %s\n", err)
	}
	return answer
}
