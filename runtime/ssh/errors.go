package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/homestak/homestak/lang/diag"
)

const (
	codeUnreachable diag.Code = "HS0901"
	codeHostKey     diag.Code = "HS0902"
	codeAuth        diag.Code = "HS0903"
	codeTimeout     diag.Code = "HS0904"
	codeLost        diag.Code = "HS0905"
	codeExit        diag.Code = "HS0906"
	codeDigest      diag.Code = "HS0907"
	codeOutput      diag.Code = "HS0908"
)

// Kind is the way a connection failed.
type Kind uint8

const (
	Unreachable Kind = 1 + iota // no connection, or no sshd there
	HostKey                     // it is not the machine it should be
	Auth                        // it does not let us in
	Timeout                     // it did not answer in time
	Lost                        // it was there and is gone
	Output                      // a command wrote more than Config.MaxOutput
	Digest                      // what arrived is not what was sent
)

func (k Kind) String() string {
	return [...]string{"", "unreachable", "host key", "authentication", "timeout", "connection lost", "output", "digest"}[k]
}

// Error is a connection, or an operation on one, that failed.
type Error struct {
	Kind Kind
	Hop  string // Hop.Name, or its address
	Addr string
	Err  error // the cause; it holds no secret
}

func (e *Error) Error() string {
	who := e.Hop
	if who != e.Addr {
		who += " (" + e.Addr + ")"
	}
	return fmt.Sprintf("ssh %s: %s: %v", who, e.Kind, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Retry reports whether the same attempt may work a little later: a machine that
// boots refuses connections first and has no host key of its own yet.
func (e *Error) Retry() bool {
	return e.Kind == Unreachable || e.Kind == Timeout || e.Kind == Lost
}

// Diagnostic says it to a user.
func (e *Error) Diagnostic() *diag.Diagnostic {
	var d *diag.Diagnostic
	switch e.Kind {
	case HostKey:
		d = codeHostKey.Errorf("the machine at %s is not %s", e.Addr, e.Hop)
		d.Help = "find out what answers there; if the node was rebuilt by hand, destroy and create it"
	case Auth:
		d = codeAuth.Errorf("%s does not let the driver log in", e.Hop)
		d.Help = "check that these are the site's keys and that the machine's clock is right"
	case Timeout:
		d = codeTimeout.Errorf("%s did not answer in time", e.Hop)
		d.Help = "look at the machine's console; resume the run when it answers"
	case Lost:
		d = codeLost.Errorf("the connection to %s was lost", e.Hop)
		d.Help = "resume the run; what was done is found by probing"
	case Output:
		d = codeOutput.Errorf("a command on %s wrote too much", e.Hop)
		d.Help = "look at what the command prints; this is most likely a loop"
	case Digest:
		d = codeDigest.Errorf("the upload to %s was damaged on the way", e.Hop)
		d.Help = "check the machine's free space and memory, then resume the run"
	default:
		d = codeUnreachable.Errorf("cannot connect to %s", e.Hop)
		d.Help = "check that the machine runs and that its address is reachable from there"
	}
	d.Label = e.Err.Error()
	return d
}

func fail(kind Kind, hop Hop, err error) *Error {
	return &Error{Kind: kind, Hop: hop.name(), Addr: hop.Addr, Err: err}
}

// dialError classifies a connection that did not come about. parent is the
// caller's context: its end is the caller's own decision and passes as it is.
func dialError(parent, ctx context.Context, hop Hop, err error) error {
	if parent.Err() != nil {
		return fail(Timeout, hop, context.Cause(parent))
	}
	if ctx.Err() != nil {
		return fail(Timeout, hop, context.Cause(ctx))
	}
	return fail(Unreachable, hop, err)
}

func handshakeError(parent, ctx context.Context, hop Hop, v *hostVerifier, err error) error {
	switch {
	case v.err != nil:
		return fail(HostKey, hop, v.err)
	case parent.Err() != nil:
		return fail(Timeout, hop, context.Cause(parent))
	case ctx.Err() != nil:
		return fail(Timeout, hop, context.Cause(ctx))
	case isAuthError(err):
		return fail(Auth, hop, errors.New("the machine refused the driver's certificate for user "+hop.User))
	default:
		return fail(Unreachable, hop, err)
	}
}

// isAuthError knows the one failure x/crypto/ssh has no type for.
func isAuthError(err error) bool {
	return strings.Contains(err.Error(), "ssh: unable to authenticate")
}

// operationError classifies a failure on an open connection. A closed or dead
// connection is Lost; everything else (a refused channel) is Unreachable.
func (c *Client) operationError(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return fail(Timeout, c.hop, fmt.Errorf("%s: %w", what, context.Cause(ctx)))
	}
	select {
	case <-c.closed:
		if c.lost != nil {
			err = c.lost
		}
		return fail(Lost, c.hop, fmt.Errorf("%s: %w", what, orEOF(err)))
	default:
	}
	var refused *ssh.OpenChannelError
	if errors.As(err, &refused) {
		return fail(Unreachable, c.hop, fmt.Errorf("%s: %s", what, refused.Message))
	}
	return fail(Lost, c.hop, fmt.Errorf("%s: %w", what, orEOF(err)))
}

func orEOF(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

// ExitError is a command that ran and did not succeed.
type ExitError struct {
	Hop     string
	Command string
	Code    int    // exit status; -1 when a signal ended it
	Signal  string // "KILL", or ""
	Stderr  string // the last 4 KiB, when Run was given no stderr writer
}

func (e *ExitError) Error() string {
	how := fmt.Sprintf("exit status %d", e.Code)
	if e.Signal != "" {
		how = "killed by signal " + e.Signal
	}
	if msg := strings.TrimSpace(e.Stderr); msg != "" {
		how += ": " + msg
	}
	return fmt.Sprintf("ssh %s: %s: %s", e.Hop, e.Command, how)
}

// Diagnostic says it to a user.
func (e *ExitError) Diagnostic() *diag.Diagnostic {
	d := codeExit.Errorf("a command failed on %s", e.Hop)
	how := fmt.Sprintf("exit status %d", e.Code)
	if e.Signal != "" {
		how = "killed by signal " + e.Signal
	}
	d.Label = e.Command + ": " + how
	if msg := strings.TrimSpace(e.Stderr); msg != "" {
		d.Notes = append(d.Notes, diag.Note{Text: msg})
	}
	d.Help = "log in and run the command there to see it fail"
	return d
}
