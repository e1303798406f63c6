package walk

import (
	"cmp"
	"slices"

	"github.com/homestak/homestak/plan"
)

// End is how a step ended.
type End uint8

const (
	Blocked End = iota // it never started
	OK
	Bad
)

// Options of a walk.
type Options struct {
	Jobs      int                      // steps at once; at least 1
	Width     func(lock plan.Lock) int // of a lane; at least 1
	KeepGoing bool                     // a failure stops only what comes after it
	Stop      <-chan struct{}          // closed: start nothing more, wait for what runs
}

// Result of a walk, by index of the step.
type Result struct {
	Ends  []End
	Cause []int // of a blocked step: the first step that failed and kept it from starting; -1 otherwise
}

// Run walks the steps and returns when nothing runs any more. do is called once
// per started step, each in a goroutine of its own, and reports whether the step
// ended well. Steps must be in topological order; an After that names no earlier
// step never holds anything up.
func Run(steps []plan.Step, o Options, do func(i int) bool) Result {
	w := newWalk(steps, o)
	for {
		for {
			i, ok := w.next()
			if !ok {
				break
			}
			w.begin(i)
			go func() { w.ended <- verdict{i, do(i)} }()
		}
		if w.running == 0 {
			return w.result
		}
		select {
		case v := <-w.ended:
			w.end(v)
		case <-w.stop:
			w.stopped, w.stop = true, nil
		}
	}
}

type verdict struct {
	step int
	ok   bool
}

type walk struct {
	steps  []plan.Step
	o      Options
	result Result

	missing []int   // how many predecessors of a step have not ended well
	after   [][]int // what waits for a step
	ready   []int   // could start but for lanes and jobs, in the plan's order

	held    map[plan.Lock]int
	running int
	stopped bool
	stop    <-chan struct{}
	ended   chan verdict
}

func newWalk(steps []plan.Step, o Options) *walk {
	w := &walk{
		steps: steps, o: o, stop: o.Stop,
		result:  Result{Ends: make([]End, len(steps)), Cause: make([]int, len(steps))},
		missing: make([]int, len(steps)),
		after:   make([][]int, len(steps)),
		held:    map[plan.Lock]int{},
		ended:   make(chan verdict),
	}
	index := make(map[plan.StepID]int, len(steps))
	for i, s := range steps {
		w.result.Cause[i] = -1
		for _, id := range s.After {
			if before, ok := index[id]; ok {
				w.missing[i]++
				w.after[before] = append(w.after[before], i)
			}
		}
		if w.missing[i] == 0 {
			w.ready = append(w.ready, i)
		}
		index[s.ID] = i
	}
	return w
}

// next takes the first ready step that may start now.
func (w *walk) next() (int, bool) {
	select {
	case <-w.stop:
		w.stopped, w.stop = true, nil
	default:
	}
	if w.stopped || w.running >= max(w.o.Jobs, 1) {
		return 0, false
	}
	at := slices.IndexFunc(w.ready, w.free)
	if at < 0 {
		return 0, false
	}
	i := w.ready[at]
	w.ready = slices.Delete(w.ready, at, at+1)
	return i, true
}

func (w *walk) free(i int) bool {
	for _, l := range w.steps[i].Locks {
		if w.held[l] >= max(w.o.Width(l), 1) {
			return false
		}
	}
	return true
}

func (w *walk) begin(i int) {
	w.running++
	for _, l := range w.steps[i].Locks {
		w.held[l]++
	}
}

func (w *walk) end(v verdict) {
	w.running--
	for _, l := range w.steps[v.step].Locks {
		w.held[l]--
	}
	if !v.ok {
		w.result.Ends[v.step] = Bad
		w.block(v.step, v.step)
		w.stopped = w.stopped || !w.o.KeepGoing
		return
	}
	w.result.Ends[v.step] = OK
	for _, i := range w.after[v.step] {
		if w.missing[i]--; w.missing[i] == 0 {
			at, _ := slices.BinarySearchFunc(w.ready, i, cmp.Compare[int])
			w.ready = slices.Insert(w.ready, at, i)
		}
	}
}

// block marks everything that comes after a failed step.
func (w *walk) block(from, cause int) {
	for _, i := range w.after[from] {
		if w.result.Cause[i] < 0 {
			w.result.Cause[i] = cause
			w.block(i, cause)
		}
	}
}
