package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/crypto/ssh"
)

// stderrTail is how much of stderr an ExitError keeps.
const stderrTail = 4096

// Run runs a command in the login shell of the target. Any of the streams may be
// nil. It returns nil for exit status 0, *ExitError for a command that ran and
// failed, *Error otherwise. When ctx ends, the session is closed, which ends the
// command on a well-behaved sshd, and Run returns at once. Nothing is written to
// stdout and stderr after Run returned; stdin may still be read a little.
func (c *Client) Run(ctx context.Context, cmd string, stdin io.Reader, stdout, stderr io.Writer) error {
	tail := &tailWriter{}
	if stderr == nil {
		stderr = tail
	}
	out, errOut := newGate(stdout, c.cfg.MaxOutput), newGate(stderr, c.cfg.MaxOutput)
	var slot sessionSlot
	done := make(chan error, 1)
	// Everything that talks to the other side happens in a goroutine, because a
	// machine that stopped answering would block it for as long as it likes.
	go func() { done <- c.session(&slot, cmd, stdin, out, errOut) }()

	var err error
	select {
	case err = <-done:
	case <-out.full:
	case <-errOut.full:
	case <-ctx.Done():
		err = ctx.Err()
	case <-c.closed:
		err = io.EOF
	}
	slot.abandon()
	// Both must be shut: the copying goroutines may still be at work.
	outOver, errOver := out.shut(), errOut.shut()
	var exit *ssh.ExitError
	switch {
	case outOver || errOver:
		return fail(Output, c.hop, fmt.Errorf("%s: more than %d bytes", cmd, c.cfg.MaxOutput))
	case err == nil:
		return nil
	case errors.As(err, &exit):
		e := &ExitError{Hop: c.hop.name(), Command: cmd, Code: exit.ExitStatus(), Signal: exit.Signal(), Stderr: tail.String()}
		if e.Signal != "" {
			e.Code = -1
		}
		return e
	}
	return c.operationError(ctx, "run "+cmd, err)
}

// session runs a command to its end in a session of its own.
func (c *Client) session(slot *sessionSlot, cmd string, stdin io.Reader, stdout, stderr io.Writer) error {
	session, err := c.target().NewSession()
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	if !slot.put(session) {
		return errShut
	}
	session.Stdin, session.Stdout, session.Stderr = stdin, stdout, stderr
	return session.Run(cmd)
}

// sessionSlot hands a session to whoever may have to end it, who may come first.
type sessionSlot struct {
	mu        sync.Mutex
	session   *ssh.Session
	abandoned bool
}

// put reports whether anyone still wants the session.
func (s *sessionSlot) put(session *ssh.Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.session = session
	return !s.abandoned
}

// abandon ends the session, now or as soon as there is one. Closing sends, which
// may block on a dead connection.
func (s *sessionSlot) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.abandoned = true
	if session := s.session; session != nil {
		go func() { _ = session.Close() }()
	}
}

// gate passes writes on until it is shut, and counts.
type gate struct {
	mu   sync.Mutex
	w    io.Writer
	left int64
	over bool
	full chan struct{} // closed when too much was written
}

func newGate(w io.Writer, limit int64) *gate {
	if w == nil {
		w = io.Discard
	}
	return &gate{w: w, left: limit, full: make(chan struct{})}
}

var errShut = errors.New("nobody reads this any more")

func (g *gate) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.w == nil || g.over {
		return 0, errShut
	}
	if g.left -= int64(len(p)); g.left < 0 {
		g.over = true
		close(g.full)
		return 0, errShut
	}
	return g.w.Write(p)
}

// shut ends all writing and reports whether there was too much of it.
func (g *gate) shut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.w = nil
	return g.over
}

// tailWriter keeps the end of what is written to it.
type tailWriter struct {
	mu sync.Mutex
	b  []byte
}

func (t *tailWriter) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if extra := len(t.b) - stderrTail; extra > 0 {
		t.b = append(t.b[:0], t.b[extra:]...)
	}
	return len(p), nil
}

func (t *tailWriter) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b)
}
