package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/homestak/homestak/runtime/system"
)

// state is what outlives the agent. The assignment itself is a file beside it.
type state struct {
	Digest     string    `json:"digest,omitempty"` // of the program last verified
	ETag       string    `json:"etag,omitempty"`
	Generation uint64    `json:"generation"`          // the highest seen; lower ones are refused
	After      uint64    `json:"after"`               // the server's events up to here are dealt with
	Sequence   uint64    `json:"sequence"`            // the site's signals up to here are, too
	Converged  string    `json:"converged,omitempty"` // digest of the program that held when it was last looked at
	PauseUntil time.Time `json:"pauseUntil,omitzero"`
	PauseBy    string    `json:"pauseBy,omitempty"`
}

func (s state) paused(now time.Time) (until time.Time, is bool) {
	return s.PauseUntil, now.Before(s.PauseUntil)
}

// private is how files are kept that are nobody else's business.
func private() system.FileInfo {
	return system.FileInfo{Mode: 0o600, Owner: "root", Group: "root"}
}

const (
	stateFile      = "state.json"
	assignmentFile = "assignment"
	keyFile        = "key"
	chainFile      = "certificate.pem"
)

func loadState(ctx context.Context, s system.System) (st state, err error) {
	data, _, err := s.ReadFile(ctx, path.Join(StateDir, stateFile))
	if errors.Is(err, system.ErrNotExist) {
		return state{}, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &st)
	}
	if err != nil {
		return state{}, fmt.Errorf("agent: its state: %w", err)
	}
	return st, nil
}

func (a *Agent) saveState(ctx context.Context) error {
	data, err := json.Marshal(a.state)
	if err != nil {
		return err
	}
	return a.env.System.WriteFile(ctx, path.Join(StateDir, stateFile), data, private())
}
