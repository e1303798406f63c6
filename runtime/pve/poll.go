package pve

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// looker is what the poller needs of a client.
type looker interface {
	TaskStatus(ctx context.Context, upid UPID) (TaskStatus, error)
	TaskLog(ctx context.Context, upid UPID, start, limit int) ([]string, error)
	RunningTasks(ctx context.Context, node string) ([]UPID, error)
}

// poller looks at all outstanding tasks of a client from one goroutine, which
// lives only while there are any. Several tasks of one node cost one request
// together: the list of what runs there. How one ended is asked of itself.
type poller struct {
	host               string
	look               looker
	life               context.Context
	min, max, patience time.Duration

	mu      sync.Mutex
	tasks   map[UPID]*outstanding
	blind   map[string]int // by node: how often in a row its list showed none of our tasks
	running bool
	wake    chan struct{}
}

// outstanding is a task somebody waits for.
type outstanding struct {
	upid    UPID
	waiters map[*waiter]bool
	born    time.Time
	due     time.Time
	proven  time.Time // when it was last known to run by its own word
	failing time.Time // since when looks fail; zero = the last one worked
	seen    int       // log lines passed on
	read    time.Time // when its log was read last
}

type waiter struct {
	done     chan error // one result
	progress Progress
	mu       sync.Mutex // held while progress runs
	gone     bool
}

const (
	// parallelLooks bounds the requests of one round.
	parallelLooks = 8
	// lookTimeout bounds one look, connecting included; a host that takes longer is
	// failing.
	lookTimeout = 2 * time.Minute
	// proofAge is how long the list of what runs is believed about a task: it still
	// names one whose process died with its node.
	proofAge = time.Minute
	// blindness is how many lists in a row must show nothing of what runs until no
	// more are asked for.
	blindness = 3
	// logPause bounds the time between two looks at a log.
	logPause = 10 * time.Second
	// quiet is the age from which a task's log is read for progress: most tasks
	// are over before, and each look would cost two requests.
	quiet = 2 * time.Second
	// tailLines is how much of a failed task's log an error carries.
	tailLines = 20
	logPage   = 500
	logPages  = 20
)

func newPoller(c *Client) *poller {
	return &poller{
		host: c.cfg.Name, look: c, life: c.life,
		min: c.cfg.PollMin, max: c.cfg.PollMax, patience: c.cfg.PollPatience,
		tasks: map[UPID]*outstanding{}, blind: map[string]int{}, wake: make(chan struct{}, 1),
	}
}

func (p *poller) wait(ctx context.Context, upid UPID, progress Progress) error {
	if !upid.Valid() {
		return fmt.Errorf("pve: %q is not a task id", upid)
	}
	w := &waiter{done: make(chan error, 1), progress: progress}
	p.add(upid, w)
	defer p.leave(upid, w)
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return &WaitError{Host: p.host, UPID: upid, Err: context.Cause(ctx)}
	case <-p.life.Done():
		return &WaitError{Host: p.host, UPID: upid, Err: context.Canceled}
	}
}

func (p *poller) add(upid UPID, w *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.tasks[upid]
	if t == nil {
		now := time.Now()
		t = &outstanding{upid: upid, waiters: map[*waiter]bool{}, born: now, proven: now, due: now.Add(p.min)}
		p.tasks[upid] = t
	}
	t.waiters[w] = true
	if !p.running {
		p.running = true
		go p.run()
		return
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// leave forgets a waiter, and the task when nobody waits for it any more. After
// it the waiter's progress is not called again.
func (p *poller) leave(upid UPID, w *waiter) {
	w.mu.Lock()
	w.gone = true
	w.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.tasks[upid]; t != nil {
		delete(t.waiters, w)
		if len(t.waiters) == 0 {
			delete(p.tasks, upid)
		}
	}
}

// run looks at due tasks and sleeps until the next is due, while there are any.
func (p *poller) run() {
	for {
		due, next, any := p.plan(time.Now())
		if !any {
			return
		}
		if len(due) > 0 {
			p.round(due)
			continue
		}
		timer := time.NewTimer(time.Until(next))
		select {
		case <-timer.C:
		case <-p.wake:
		case <-p.life.Done():
			timer.Stop()
			p.mu.Lock()
			p.running = false
			p.mu.Unlock()
			return
		}
		timer.Stop()
	}
}

// plan says which tasks are due, and when the next one is. With one of a node's
// tasks all are due: they are looked at together.
func (p *poller) plan(now time.Time) (due map[string][]*outstanding, next time.Time, any bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.tasks) == 0 || p.life.Err() != nil {
		p.running = false
		return nil, time.Time{}, false
	}
	byNode := map[string][]*outstanding{}
	due = map[string][]*outstanding{}
	for _, t := range p.tasks {
		node := t.upid.Node()
		byNode[node] = append(byNode[node], t)
		if !t.due.After(now) {
			due[node] = append(due[node], t)
		} else if next.IsZero() || t.due.Before(next) {
			next = t.due
		}
	}
	for node := range due {
		if p.blind[node] < blindness {
			due[node] = byNode[node]
		}
	}
	return due, next, true
}

// round looks at tasks, a few at a time.
func (p *poller) round(due map[string][]*outstanding) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, parallelLooks)
	for node, tasks := range due {
		wg.Go(func() { p.visit(node, tasks, slots) })
	}
	wg.Wait()
}

// visit looks at the tasks of one node: all of them with one request, and at those
// that the list does not vouch for one by one.
func (p *poller) visit(node string, tasks []*outstanding, slots chan struct{}) {
	listed := p.listed(node, tasks, slots)
	var wg sync.WaitGroup
	var hidden atomic.Bool // one of them runs, and is not listed
	for _, t := range tasks {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			ctx, cancel := context.WithTimeout(p.life, lookTimeout)
			defer cancel()
			if listed[t.upid] && time.Since(t.proven) < proofAge {
				p.judge(ctx, t, TaskStatus{Running: true}, nil)
				return
			}
			status, err := p.look.TaskStatus(ctx, t.upid)
			if err == nil && status.Running {
				t.proven = time.Now()
				hidden.CompareAndSwap(false, !listed[t.upid])
			}
			p.judge(ctx, t, status, err)
		})
	}
	wg.Wait()
	// A token without Sys.Audit may not see in the list what it started itself. An
	// empty list may also be one that the tasks had not got into yet.
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(listed) > 0:
		delete(p.blind, node)
	case len(tasks) > 1 && hidden.Load():
		p.blind[node]++
	}
}

// listed is what of some tasks the node's list shows as running; nothing when it
// is not worth asking, or fails.
func (p *poller) listed(node string, tasks []*outstanding, slots chan struct{}) map[UPID]bool {
	p.mu.Lock()
	blind := p.blind[node] >= blindness
	p.mu.Unlock()
	if len(tasks) < 2 || blind {
		return nil
	}
	slots <- struct{}{}
	defer func() { <-slots }()
	ctx, cancel := context.WithTimeout(p.life, lookTimeout)
	defer cancel()
	running, err := p.look.RunningTasks(ctx, node)
	if err != nil {
		return nil
	}
	ours := map[UPID]bool{}
	for _, t := range tasks {
		ours[t.upid] = slices.Contains(running, t.upid)
	}
	maps.DeleteFunc(ours, func(_ UPID, runs bool) bool { return !runs })
	return ours
}

// judge delivers what was found of a task, or schedules the next look.
func (p *poller) judge(ctx context.Context, t *outstanding, status TaskStatus, err error) {
	now := time.Now()
	switch {
	case err != nil:
		// A look may fail while the task goes on: the node's proxy restarts, the
		// network drops. Only a lasting failure, or one that says the task is not
		// there, ends the wait.
		if t.failing.IsZero() {
			t.failing = now
		}
		if !ClassOf(err).Retry() || now.Sub(t.failing) >= p.patience {
			p.deliver(t, err)
			return
		}
	case status.Failed():
		p.deliver(t, &TaskError{Host: p.host, UPID: t.upid, Exit: status.Exit, LogTail: p.tail(ctx, t.upid)})
		return
	case !status.Running:
		if isWarning(status.Exit) {
			p.report(ctx, t)
		}
		p.deliver(t, nil)
		return
	default:
		t.failing = time.Time{}
		age := now.Sub(t.born)
		if age >= quiet && now.Sub(t.read) >= min(max(age/8, quiet), logPause) {
			t.read = now
			p.report(ctx, t)
		}
	}
	p.mu.Lock()
	t.due = time.Now().Add(p.pause(now.Sub(t.born)))
	p.mu.Unlock()
}

// pause grows with a task's age: short tasks are noticed at once, long ones cost
// little.
func (p *poller) pause(age time.Duration) time.Duration {
	return max(p.min, min(age/8, p.max))
}

// report passes new log lines to those who want them.
func (p *poller) report(ctx context.Context, t *outstanding) {
	var to []*waiter
	p.mu.Lock()
	for w := range t.waiters {
		if w.progress != nil {
			to = append(to, w)
		}
	}
	p.mu.Unlock()
	if len(to) == 0 {
		return
	}
	lines, err := p.look.TaskLog(ctx, t.upid, t.seen, logPage)
	if err != nil || len(lines) == 0 {
		return // progress is a courtesy; the status decides
	}
	t.seen += len(lines)
	for _, w := range to {
		w.mu.Lock()
		if !w.gone {
			w.progress(lines)
		}
		w.mu.Unlock()
	}
}

// tail is the end of a task's log, or nothing when it cannot be read.
func (p *poller) tail(ctx context.Context, upid UPID) []string {
	var tail []string
	for page := range logPages {
		lines, err := p.look.TaskLog(ctx, upid, page*logPage, logPage)
		if err != nil {
			break
		}
		tail = append(tail, lines...)
		if extra := len(tail) - tailLines; extra > 0 {
			tail = tail[extra:]
		}
		if len(lines) < logPage {
			break
		}
	}
	return tail
}

func (p *poller) deliver(t *outstanding, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.tasks, t.upid)
	for w := range t.waiters {
		w.done <- err
	}
}

// WaitError is a wait that ended before the task: the caller's context, or the
// client, did. The task goes on and can be waited for again.
type WaitError struct {
	Host string
	UPID UPID
	Err  error
}

func (e *WaitError) Error() string {
	return fmt.Sprintf("task %s of %s still runs: %s", e.UPID.Type(), e.UPID.Node(), strings.TrimSpace(e.Err.Error()))
}

func (e *WaitError) Unwrap() error { return e.Err }
