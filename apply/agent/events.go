package agent

import (
	"context"
	"time"

	"github.com/homestak/homestak/runtime/sign"
	"github.com/homestak/homestak/runtime/spec"
)

// poll is how long one question for events stays open.
const poll = 4 * time.Minute

// Verbs of signals.
const (
	VerbConverge = "converge" // now, whatever the schedule says
	VerbPause    = "pause"    // until the signal expires, by whom its reason says
	VerbResume   = "resume"
)

// wait waits for the next round: for its time, or for news that want one now.
func (a *Agent) wait(ctx context.Context) {
	until := a.env.Clock.Now().Add(a.untilNext())
	for ctx.Err() == nil {
		left := until.Sub(a.env.Clock.Now())
		if left <= 0 {
			return
		}
		news, err := a.poll(ctx, min(left, poll))
		if err != nil {
			a.env.Logger.Debug("no news", "err", err)
			// The schedule goes on without a server.
			a.deaf.fail()
			if a.env.Clock.Sleep(ctx, min(left, a.deaf.delay(retryAfter(err)))) != nil {
				return
			}
			continue
		}
		a.deaf.reset()
		if a.heed(ctx, news) {
			return
		}
	}
}

// poll asks for events for that long, by this machine's clock.
func (a *Agent) poll(ctx context.Context, d time.Duration) (spec.Events, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type answer struct {
		events spec.Events
		err    error
	}
	got := make(chan answer, 1)
	go func() {
		e, err := a.client.Events(ctx, a.state.After, a.state.ETag, d)
		got <- answer{e, err}
	}()
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = a.env.Clock.Sleep(ctx, d) // an early end is no error here
	}()
	defer func() {
		cancel()
		<-over
	}()
	select {
	case g := <-got:
		return g.events, g.err
	case <-over:
		cancel()
		g := <-got
		if ctx.Err() != nil && g.err != nil {
			return spec.Events{Last: a.state.After}, nil // time is up: nothing has come
		}
		return g.events, g.err
	}
}

// heed does what signals say and reports whether a round is due. A signal counts
// once, for this node, while it is fresh, and only if the site has signed it.
func (a *Agent) heed(ctx context.Context, news spec.Events) (due bool) {
	now := a.env.Clock.Now()
	for _, e := range news.Events {
		s, err := sign.Open[sign.Signal](a.cfg.Trust, e.Sealed)
		switch {
		case err != nil:
			a.env.Logger.Warn("a signal is not believed", "err", err)
			continue
		case s.Node != a.cfg.Node || s.Sequence <= a.state.Sequence:
			a.env.Logger.Warn("a signal is for another node, or an old one", "node", s.Node, "sequence", s.Sequence)
			continue
		}
		a.state.Sequence = s.Sequence
		if s.Expires != 0 && now.Unix() >= s.Expires {
			continue
		}
		switch s.Verb {
		case VerbConverge:
			a.asked, due = true, true
		case VerbPause:
			a.state.PauseUntil, a.state.PauseBy = time.Unix(s.Expires, 0).UTC(), s.Reason
		case VerbResume:
			a.state.PauseUntil, a.state.PauseBy, due = time.Time{}, "", true
		default:
			a.env.Logger.Warn("a signal says what this agent does not know", "verb", s.Verb)
		}
	}
	if news.Last > a.state.After {
		a.state.After = news.Last
	}
	if len(news.Events) > 0 {
		if err := a.saveState(ctx); err != nil {
			a.env.Logger.Error("the state could not be kept", "err", err)
		}
	}
	return due || news.Changed
}
