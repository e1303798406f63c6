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
// command on a well-behaved sshd, and Run returns at once; nothing is written to
// stdout and stderr after that.
func (c *Client) Run(ctx context.Context, cmd string, stdin io.Reader, stdout, stderr io.Writer) error {
	if ctx.Err() != nil {
		return c.operationError(ctx, "run "+cmd, ctx.Err())
	}
	// Everything that talks to the other side happens in a goroutine, because a
	// machine that stopped answering would block it for as long as it likes.
	tail := &tailWriter{}
	if stderr == nil {
		stderr = tail
	}
	out, errOut := newGate(stdout, c.cfg.MaxOutput), newGate(stderr, c.cfg.MaxOutput)
	sessions := make(chan *ssh.Session, 1)
	done := make(chan error, 1)
	go func() {
		session, err := c.chain[len(c.chain)-1].NewSession()
		if err != nil {
			done <- err
			return
		}
		defer func() { _ = session.Close() }()
		sessions <- session
		session.Stdout, session.Stderr = out, errOut
		if stdin != nil {
			session.Stdin = stdin
		}
		done <- session.Run(cmd)
	}()

	var err error
	select {
	case err = <-done:
	case <-out.full:
	case <-errOut.full:
	case <-ctx.Done():
	case <-c.closed:
		err = io.EOF
	}
	tooMuch := out.shut() || errOut.shut()
	if tooMuch || ctx.Err() != nil {
		select {
		case session := <-sessions:
			go func() { _ = session.Close() }()
		default:
		}
	}
	if tooMuch {
		return fail(Output, c.hop, fmt.Errorf("%s: more than %d bytes", cmd, c.cfg.MaxOutput))
	}
	if err == nil && ctx.Err() == nil {
		return nil
	}
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		e := &ExitError{Hop: fail(0, c.hop, nil).Hop, Command: cmd, Code: exit.ExitStatus(), Signal: exit.Signal(), Stderr: tail.String()}
		if e.Signal != "" {
			e.Code = -1
		}
		return e
	}
	return c.operationError(ctx, "run "+cmd, err)
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
