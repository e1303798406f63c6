package walk

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/homestak/homestak/plan"
)

// graph draws steps in topological order with locks.
func graph(t *rapid.T) []plan.Step {
	n := rapid.IntRange(1, 25).Draw(t, "steps")
	steps := make([]plan.Step, n)
	for i := range steps {
		steps[i].ID = plan.StepID(fmt.Sprintf("%02d", i))
		for j := range i {
			if rapid.IntRange(0, 4).Draw(t, "edge") == 0 {
				steps[i].After = append(steps[i].After, steps[j].ID)
			}
		}
		for l := range 3 {
			if rapid.Bool().Draw(t, "lock") {
				steps[i].Locks = append(steps[i].Locks, plan.Lock{Kind: plan.LockGuest, Of: fmt.Sprint(l)})
			}
		}
	}
	return steps
}

type span struct{ from, to time.Time }

func overlap(a, b span) bool { return a.from.Before(b.to) && b.from.Before(a.to) }

// Predecessors first, lanes never wider than they are, never more than Jobs,
// dependants of a failure blocked with their cause, everything else run: for any
// graph, any durations and any failures.
func TestRules(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := graph(rt)
		jobs := rapid.IntRange(1, 6).Draw(rt, "jobs")
		width := rapid.IntRange(1, 3).Draw(rt, "width")
		keep := rapid.Bool().Draw(rt, "keep going")
		took := rapid.SliceOfN(rapid.IntRange(1, 9), len(steps), len(steps)).Draw(rt, "took")
		fails := rapid.SliceOfN(rapid.IntRange(0, 5), len(steps), len(steps)).Draw(rt, "fails")

		spans := make([]span, len(steps))
		var result Result
		synctest.Test(t, func(*testing.T) {
			var mu sync.Mutex
			result = Run(steps, Options{Jobs: jobs, KeepGoing: keep, Width: func(plan.Lock) int { return width }}, func(i int) bool {
				from := time.Now()
				time.Sleep(time.Duration(took[i]) * time.Second)
				mu.Lock()
				spans[i] = span{from, time.Now()}
				mu.Unlock()
				return fails[i] != 0
			})
		})

		failed := slices.Contains(result.Ends, Bad)
		for i, s := range steps {
			started := !spans[i].to.IsZero()
			if started != (result.Ends[i] != Blocked) {
				rt.Fatalf("step %d: started %v, end %v", i, started, result.Ends[i])
			}
			if started && (fails[i] == 0) != (result.Ends[i] == Bad) {
				rt.Fatalf("step %d ended %v", i, result.Ends[i])
			}
			before := func(j int) bool { return slices.Contains(s.After, steps[j].ID) }
			for j := range i {
				if before(j) && started && (result.Ends[j] != OK || spans[i].from.Before(spans[j].to)) {
					rt.Fatalf("step %d began before %d had ended well", i, j)
				}
			}
			if !started && !failed {
				rt.Fatalf("step %d never ran though nothing failed", i)
			}
			if !started && keep && result.Cause[i] < 0 {
				rt.Fatalf("step %d was stopped by a failure it does not depend on", i)
			}
			if c := result.Cause[i]; c >= 0 && (started || result.Ends[c] != Bad) {
				rt.Fatalf("step %d names %d as its cause", i, c)
			}
		}
		for i := range steps { // at the start of each step, count its company
			if spans[i].to.IsZero() {
				continue
			}
			now := span{spans[i].from, spans[i].from.Add(1)}
			all, lanes := 0, map[plan.Lock]int{}
			for j := range steps {
				if !spans[j].to.IsZero() && overlap(now, spans[j]) {
					all++
					for _, l := range steps[j].Locks {
						lanes[l]++
					}
				}
			}
			if all > jobs {
				rt.Fatalf("%d steps run at once, %d allowed", all, jobs)
			}
			for l, n := range lanes {
				if n > width {
					rt.Fatalf("%d steps hold %v, %d allowed", n, l, width)
				}
			}
		}
	})
}

// The same graph ends the same way whatever the timing, as long as no failure
// cuts it short.
func TestOutcomeDoesNotDependOnTiming(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := graph(rt)
		fails := rapid.SliceOfN(rapid.IntRange(0, 5), len(steps), len(steps)).Draw(rt, "fails")
		var first []End
		for range 3 {
			took := rapid.SliceOfN(rapid.IntRange(1, 9), len(steps), len(steps)).Draw(rt, "took")
			var got Result
			synctest.Test(t, func(*testing.T) {
				got = Run(steps, Options{Jobs: 4, KeepGoing: true, Width: func(plan.Lock) int { return 1 }}, func(i int) bool {
					time.Sleep(time.Duration(took[i]) * time.Second)
					return fails[i] != 0
				})
			})
			if first == nil {
				first = got.Ends
			} else if !slices.Equal(first, got.Ends) {
				rt.Fatalf("%v, then %v", first, got.Ends)
			}
		}
	})
}

func TestIndependentStepsRunTogether(t *testing.T) {
	steps := make([]plan.Step, 40)
	for i := range steps {
		steps[i] = plan.Step{ID: plan.StepID(fmt.Sprint(i)), Locks: []plan.Lock{{Kind: plan.LockHostIO, Of: "h"}}}
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		Run(steps, Options{Jobs: 32, Width: func(plan.Lock) int { return 20 }}, func(int) bool {
			time.Sleep(time.Second)
			return true
		})
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("40 steps in a lane of 20 took %v, want two rounds of a second", took)
		}
	})
}

func TestStopStartsNothingMore(t *testing.T) {
	steps := []plan.Step{{ID: "a"}, {ID: "b"}, {ID: "c", After: []plan.StepID{"a"}}}
	stop := make(chan struct{})
	got := Run(steps, Options{Jobs: 1, Stop: stop, Width: func(plan.Lock) int { return 1 }}, func(int) bool {
		close(stop)
		return true
	})
	if want := []End{OK, Blocked, Blocked}; !slices.Equal(got.Ends, want) {
		t.Errorf("%v, want %v", got.Ends, want)
	}
}
