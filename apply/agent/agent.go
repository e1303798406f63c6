package agent

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"time"

	"github.com/homestak/homestak/runtime/sign"
	"github.com/homestak/homestak/runtime/spec"
	"github.com/homestak/homestak/runtime/system"
)

// Files of the agent. All are root's.
const (
	ConfigPath = "/etc/homestak/agent.json" // Config; 0600, because of the token
	StateDir   = "/var/lib/homestak/agent"
)

// Config is what a seed, or a push, tells the agent.
type Config struct {
	Server   string     `json:"server"`          // https://host:port
	Node     string     `json:"node"`            // uuid
	Address  string     `json:"address"`         // in its manifest
	Roots    [][]byte   `json:"roots"`           // the site's TLS authorities, DER
	Trust    sign.Trust `json:"trust"`           // the site's signing keys
	Token    string     `json:"token,omitempty"` // until it has enrolled
	Schedule Schedule   `json:"schedule"`
}

// Clock is the agent's time.
type Clock interface {
	Now() time.Time
	// Sleep returns early with ctx's error.
	Sleep(ctx context.Context, d time.Duration) error
}

// Env is what the agent meets the world through.
type Env struct {
	System  system.System
	Clock   Clock
	Logger  *slog.Logger
	Dial    func(ctx context.Context, network, address string) (net.Conn, error) // nil: the machine's own network
	Version string
	Binary  string // digest of the program that runs, "" when it is not known
}

// Agent is one node's.
type Agent struct {
	env    Env
	cfg    Config
	id     *identity
	state  state
	client *spec.Client

	asked   bool    // a signal wants this round, whatever the schedule allows
	backoff backoff // of rounds
	deaf    backoff // of waiting for events
}

// New reads the configuration and what is known from before.
func New(ctx context.Context, env Env) (*Agent, error) {
	a := &Agent{env: env}
	data, _, err := env.System.ReadFile(ctx, ConfigPath)
	if err == nil {
		err = json.Unmarshal(data, &a.cfg)
	}
	if err != nil {
		return nil, fmt.Errorf("agent: its configuration: %w", err)
	}
	if a.id, err = loadIdentity(ctx, env.System); err != nil {
		return nil, err
	}
	if a.state, err = loadState(ctx, env.System); err != nil {
		return nil, err
	}
	return a, a.connect()
}

// connect makes the client that goes with the identity as it is.
func (a *Agent) connect() error {
	roots := x509.NewCertPool()
	for _, der := range a.cfg.Roots {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("agent: a root certificate of its configuration: %w", err)
		}
		roots.AddCert(cert)
	}
	if a.client != nil {
		a.client.Close()
	}
	var err error
	a.client, err = spec.NewClient(spec.Config{
		Server: a.cfg.Server, Roots: roots, Certificate: a.id.certificate(), Dial: a.env.Dial, Now: a.believedTime, UserAgent: "homestak/" + a.env.Version,
	})
	return err
}

// believedTime is the clock, or the time the node's own certificate began where
// the clock is before that: the clocks of machines that have just booted are
// often wrong, and a certificate cannot come from the future.
func (a *Agent) believedTime() time.Time {
	now := a.env.Clock.Now()
	if leaf := a.id.leaf(); leaf != nil && now.Before(leaf.NotBefore) {
		return leaf.NotBefore.Add(time.Second)
	}
	return now
}

// Run works until ctx ends. It returns another error only where nothing can come
// of going on.
func (a *Agent) Run(ctx context.Context) error {
	if err := a.untilEnrolled(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil {
		if err := a.once(ctx); err != nil && ctx.Err() == nil {
			a.env.Logger.Warn("round", "err", err)
		}
		a.wait(ctx)
	}
	return context.Cause(ctx)
}

// Once fetches and converges one time, enrolling first where that is needed.
func (a *Agent) Once(ctx context.Context) error {
	if !a.id.enrolled() {
		if err := a.enroll(ctx); err != nil {
			return err
		}
	}
	return a.once(ctx)
}

func (a *Agent) untilEnrolled(ctx context.Context) error {
	for !a.id.enrolled() || a.id.expired(a.env.Clock.Now()) {
		err := a.enroll(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		a.env.Logger.Warn("not enrolled yet", "err", err)
		a.backoff.fail()
		if err := a.env.Clock.Sleep(ctx, a.backoff.delay(retryAfter(err))); err != nil {
			return err
		}
	}
	return nil
}

// once is one round. What goes wrong is reported where there is anybody to
// report to, and logged.
func (a *Agent) once(ctx context.Context) error {
	if until, paused := a.state.paused(a.env.Clock.Now()); paused {
		a.env.Logger.Info("paused", "until", until)
		return a.report(ctx, spec.Report{Phase: spec.PhaseIdle, Outcome: spec.Paused, Started: a.env.Clock.Now(), Finished: a.env.Clock.Now()})
	}
	if err := a.renew(ctx); err != nil {
		a.env.Logger.Warn("the certificate could not be renewed", "err", err)
	}
	fetchErr := a.fetch(ctx)
	if fetchErr != nil {
		a.env.Logger.Warn("no news from the server", "err", fetchErr)
	}
	var bad *untrusted
	if errors.As(fetchErr, &bad) {
		// Somebody gives out programs that the site has not signed: the site has to know.
		return errors.Join(fetchErr, a.report(ctx, a.failed(spec.PhaseVerify, fetchErr)))
	}
	if a.state.Digest == "" {
		return fetchErr // and nothing from before
	}
	return errors.Join(fetchErr, a.converge(ctx))
}

// untilNext is the time to the next round: the schedule's, or sooner after
// something went wrong.
func (a *Agent) untilNext() time.Duration {
	if a.backoff.failing() {
		return a.backoff.delay(0)
	}
	return a.cfg.Schedule.next(a.env.Clock.Now(), a.cfg.Node)
}

// backoff grows with each failure, with jitter, so that thousands of nodes do
// not come back at once.
type backoff struct{ failures int }

const (
	firstRetry = 2 * time.Second
	lastRetry  = 5 * time.Minute
)

func (b *backoff) fail()         { b.failures++ }
func (b *backoff) failing() bool { return b.failures > 0 }
func (b *backoff) reset()        { b.failures = 0 }

// delay is how long to wait after the failures so far, but no shorter than the
// server asked for.
func (b *backoff) delay(atLeast time.Duration) time.Duration {
	d := lastRetry
	if b.failures <= 8 {
		d = min(lastRetry, firstRetry<<max(0, b.failures-1))
	}
	return max(atLeast, d/2+rand.N(d/2+1))
}

// retryAfter is how long the server asked to be left alone.
func retryAfter(err error) time.Duration {
	var e *spec.Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}
