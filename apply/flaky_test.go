package apply_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
)

// flaky stands in front of the lab and cuts connections after a random number
// of bytes of an answer: requests are lost, and so are the answers of requests
// that were carried out.
func flaky(t *testing.T, target string, seed uint64) (address string, calm *atomic.Bool) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	calm = &atomic.Bool{}
	var mu sync.Mutex
	rnd := rand.New(rand.NewPCG(seed, 2))
	budget := func() int64 {
		mu.Lock()
		defer mu.Unlock()
		return 2000 + rnd.Int64N(60_000)
	}
	go func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer near.Close()
				far, err := net.Dial("tcp", target)
				if err != nil {
					return
				}
				defer far.Close()
				go func() {
					_, _ = io.Copy(far, near)
					far.Close()
				}()
				if calm.Load() {
					_, _ = io.Copy(near, far)
					return
				}
				_, _ = io.CopyN(near, far, budget())
			}()
		}
	}()
	return ln.Addr().String(), calm
}

// On a line that keeps breaking a run ends well or names the step that did not;
// once the line holds, the next run finishes, with one guest per node.
func TestFlakyLine(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, map[string]string{"flat": flat})
			p := w.plan("flat", plan.GoalCreate)
			address, calm := flaky(t, strings.TrimPrefix(w.lab.URL(), "https://"), seed)
			h := w.env.Hosts["lab"]
			h.Endpoints = []string{"https://" + address}
			w.env.Hosts["lab"] = h
			for range 3 {
				r := w.run(p, apply.Options{})
				switch r.Outcome {
				case apply.Done, apply.AlreadyApplied:
				case apply.Partial, apply.Failed, apply.Refused:
					if len(r.Findings) == 0 {
						t.Errorf("%s for no reason", r.Outcome)
					}
				default:
					t.Errorf("%s", r.Outcome)
				}
			}
			calm.Store(true)
			r := w.run(p, apply.Options{})
			if r.Outcome != apply.Done && r.Outcome != apply.AlreadyApplied {
				t.Fatalf("%s\n%s", r.Outcome, tell(r))
			}
			if g := w.guests(); len(g) != 2 {
				t.Errorf("guests: %v", g)
			}
			if left := w.seedFiles(); len(left) > 0 {
				t.Errorf("seeds are left: %v", left)
			}
			if again := w.plan("flat", plan.GoalCreate); len(again.Program.Steps) != 0 {
				t.Errorf("the plan afterwards has steps: %v", again.Program.Steps)
			}
		})
	}
}
