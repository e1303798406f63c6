package agent

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/fxamacker/cbor/v2"

	"github.com/homestak/homestak/plan/program"
	"github.com/homestak/homestak/runtime/secret"
	"github.com/homestak/homestak/runtime/sign"
	"github.com/homestak/homestak/runtime/spec"
)

// untrusted is an assignment that the site has not given to this node, or not
// now.
type untrusted struct{ why error }

func (u *untrusted) Error() string { return "the program is not believed: " + u.why.Error() }
func (u *untrusted) Unwrap() error { return u.why }

// fetch asks for the assignment and keeps a new one, once it is verified.
func (a *Agent) fetch(ctx context.Context) error {
	got, etag, err := a.client.Program(ctx, a.state.ETag)
	if errors.Is(err, spec.ErrNotModified) {
		a.backoff.reset()
		return nil
	}
	if err != nil {
		a.backoff.fail()
		return err
	}
	a.backoff.reset()
	statement, err := a.verify(got)
	if err != nil {
		return err
	}
	data, err := cbor.Marshal(got)
	if err != nil {
		return err
	}
	// The file first: a state that names what is not there would be a lie.
	if err := a.env.System.WriteFile(ctx, path.Join(StateDir, assignmentFile), data, private()); err != nil {
		return err
	}
	a.state.Digest, a.state.ETag, a.state.Generation = statement.Digest, etag, statement.Generation
	return a.saveState(ctx)
}

// verify checks that the site has given this program to this node, and that it
// is not an older one than the node has seen.
func (a *Agent) verify(got spec.Assignment) (sign.Program, error) {
	st, err := sign.Open[sign.Program](a.cfg.Trust, got.Statement)
	switch {
	case err != nil:
		return st, &untrusted{err}
	case st.Node != a.cfg.Node:
		return st, &untrusted{fmt.Errorf("it is for node %s", st.Node)}
	case st.Digest != program.Digest(got.Program):
		return st, &untrusted{errors.New("it is not the one that was signed")}
	case st.Generation < a.state.Generation:
		return st, &untrusted{fmt.Errorf("generation %d came after %d", st.Generation, a.state.Generation)}
	}
	return st, nil
}

// assignment reads what was verified last, and verifies it again: files change.
func (a *Agent) assignment(ctx context.Context) (*program.Program, *program.Bundle, error) {
	data, _, err := a.env.System.ReadFile(ctx, path.Join(StateDir, assignmentFile))
	if err != nil {
		return nil, nil, err
	}
	var got spec.Assignment
	if err := cbor.Unmarshal(data, &got); err != nil {
		return nil, nil, fmt.Errorf("the program on this node: %w", err)
	}
	if _, err := a.verify(got); err != nil {
		return nil, nil, err
	}
	p, err := program.Decode(got.Program)
	if err != nil {
		return nil, nil, err
	}
	b := &program.Bundle{}
	if len(got.Bundle) > 0 {
		if b, err = a.open(got.Bundle); err != nil {
			return nil, nil, fmt.Errorf("the secrets of the program: %w", err)
		}
	}
	return p, b, nil
}

// open decrypts secrets with the node's own key.
func (a *Agent) open(cipher []byte) (*program.Bundle, error) {
	data, err := secret.DecryptAsNode(cipher, a.id.key, program.MaxBundle)
	if err != nil {
		return nil, err
	}
	return program.DecodeBundle(data)
}
