package faults

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Engine decides, request by request, what happens. It may be used from many
// goroutines.
type Engine struct {
	seed  uint64
	mu    sync.Mutex
	rules []*running
}

type running struct {
	Rule
	on      pattern
	matched int
	fired   int
}

// Hit is a rule that fires for a request.
type Hit struct {
	Rule
	Index int           // of the rule in the script
	Wait  time.Duration // of a delay: Delay and its share of Jitter
}

// State is a rule with what became of it.
type State struct {
	Rule
	Matched int `json:"matched"` // requests it matched
	Fired   int `json:"fired"`   // of those, how many it happened to
}

// New makes an engine of a script that passed Check.
func New(s Script) *Engine {
	e := &Engine{seed: s.Seed}
	e.Add(s)
	return e
}

// Add appends the rules of a script that passed Check.
func (e *Engine) Add(s Script) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range append(s.Faults[:len(s.Faults):len(s.Faults)], Random(s.Seed, s.Random)...) {
		on, err := parsePattern(r.On)
		if err != nil {
			continue // Check says it
		}
		e.rules = append(e.rules, &running{Rule: r, on: on})
	}
}

// Match says what happens to a request, in the script's order. The path is that
// of the API, below its format: /nodes/lab/qemu.
func (e *Engine) Match(verb, path string) []Hit {
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var hits []Hit
	var answered, worked bool
	for i, r := range e.rules {
		if r.Times > 0 && r.fired >= r.Times || !r.on.matches(verb, path) {
			continue
		}
		r.matched++
		if r.matched <= r.Skip {
			continue
		}
		// Its own numbers for each rule and turn: other rules, and other requests
		// between, change nothing.
		rnd := rand.New(rand.NewPCG(e.seed, uint64(i)<<32|uint64(r.matched)))
		if r.Chance > 0 && rnd.IntN(100) >= r.Chance {
			continue
		}
		switch r.Fault {
		case Answer, Drop, Cut:
			if answered {
				continue
			}
			answered = true
		case TaskStuck, TaskFail:
			if worked {
				continue
			}
			worked = true
		}
		r.fired++
		h := Hit{Rule: r.Rule, Index: i, Wait: time.Duration(r.Delay)}
		if r.Jitter > 0 {
			h.Wait += time.Duration(rnd.Int64N(int64(r.Jitter)))
		}
		hits = append(hits, h)
	}
	return hits
}

// State lists the rules and how often they happened.
func (e *Engine) State() []State {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]State, len(e.rules))
	for i, r := range e.rules {
		out[i] = State{Rule: r.Rule, Matched: r.matched, Fired: r.fired}
	}
	return out
}
