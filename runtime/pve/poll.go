package pve

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// looker is what the poller needs of a client.
type looker interface {
	TaskStatus(ctx context.Context, upid UPID) (TaskStatus, error)
	TaskLog(ctx context.Context, upid UPID, start, limit int) ([]string, error)
}

// poller looks at all outstanding tasks of a client from one goroutine, which
// lives only while there are any.
type poller struct {
	host               string
	look               looker
	life               context.Context
	min, max, patience time.Duration

	mu      sync.Mutex
	tasks   map[UPID]*outstanding
	running bool
	wake    chan struct{}
}

// outstanding is a task somebody waits for.
type outstanding struct {
	upid    UPID
	waiters map[*waiter]bool
	born    time.Time
	due     time.Time
	failing time.Time // since when looks fail; zero = the last one worked
	seen    int       // log lines passed on
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
	// lookTimeout bounds one look; a host that takes longer is failing.
	lookTimeout = 30 * time.Second
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
		tasks: map[UPID]*outstanding{}, wake: make(chan struct{}, 1),
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
		t = &outstanding{upid: upid, waiters: map[*waiter]bool{}, born: now, due: now.Add(p.min)}
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

// plan says which tasks are due, and when the next one is.
func (p *poller) plan(now time.Time) (due []*outstanding, next time.Time, any bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.tasks) == 0 || p.life.Err() != nil {
		p.running = false
		return nil, time.Time{}, false
	}
	for _, t := range p.tasks {
		if !t.due.After(now) {
			due = append(due, t)
		} else if next.IsZero() || t.due.Before(next) {
			next = t.due
		}
	}
	return due, next, true
}

// round looks at tasks, a few at a time.
func (p *poller) round(due []*outstanding) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, parallelLooks)
	for _, t := range due {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			p.lookAt(t)
		})
	}
	wg.Wait()
}

// lookAt takes one look at a task; what it finds is delivered or scheduled.
func (p *poller) lookAt(t *outstanding) {
	ctx, cancel := context.WithTimeout(p.life, lookTimeout)
	defer cancel()
	status, err := p.look.TaskStatus(ctx, t.upid)
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
		if now.Sub(t.born) >= quiet {
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
