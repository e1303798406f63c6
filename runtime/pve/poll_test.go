package pve

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const (
	upid1 UPID = "UPID:pve1:00000C1A:00056B71:6B03E69C:qmcreate:100:root@pam!full:"
	upid2 UPID = "UPID:pve1:00000C1B:00056B72:6B03E69D:imgcopy::root@pam!full:"
)

func TestUPID(t *testing.T) {
	if upid1.Node() != "pve1" || upid1.Type() != "qmcreate" || upid1.ID() != "100" || !upid1.Valid() || !upid2.Valid() || upid2.ID() != "" {
		t.Errorf("%q", upid1)
	}
	for _, bad := range []UPID{"", "UPID:", "pve1", "UPID:a:b:c", UPID(strings.Repeat(":", 9))} {
		if bad.Valid() {
			t.Errorf("%q is valid", bad)
		}
	}
}

// host is a looker whose tasks end at given times.
type host struct {
	mu    sync.Mutex
	ends  map[UPID]time.Time
	exit  map[UPID]string
	log   []string
	looks map[UPID][]time.Time
	fail  func(now time.Time) error
	took  time.Duration // how long a look takes
	atOne int           // looks under way
	most  int
	lists int
	hides bool          // the list does not show what runs
	dead  map[UPID]bool // in the list, though they ended
}

func newHost() *host {
	return &host{ends: map[UPID]time.Time{}, exit: map[UPID]string{}, looks: map[UPID][]time.Time{}}
}

func (h *host) TaskStatus(ctx context.Context, u UPID) (TaskStatus, error) {
	h.mu.Lock()
	h.looks[u] = append(h.looks[u], time.Now())
	h.atOne++
	h.most = max(h.most, h.atOne)
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		h.atOne--
		h.mu.Unlock()
	}()
	select {
	case <-time.After(h.took):
	case <-ctx.Done():
		return TaskStatus{}, &ConnError{Err: ctx.Err()}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail != nil {
		if err := h.fail(time.Now()); err != nil {
			return TaskStatus{}, err
		}
	}
	end, ok := h.ends[u]
	if !ok {
		return TaskStatus{}, &Error{Status: 400, Fields: map[string]string{"upid": "no such task"}}
	}
	if time.Now().Before(end) {
		return TaskStatus{Running: true}, nil
	}
	return TaskStatus{Exit: h.exit[u]}, nil
}

func (h *host) TaskLog(_ context.Context, _ UPID, start, limit int) ([]string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	lines := h.log[min(start, len(h.log)):]
	return lines[:min(limit, len(lines))], nil
}

func (h *host) RunningTasks(ctx context.Context, node string) ([]UPID, error) {
	h.mu.Lock()
	h.lists++
	h.mu.Unlock()
	select {
	case <-time.After(h.took):
	case <-ctx.Done():
		return nil, &ConnError{Err: ctx.Err()}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail != nil {
		if err := h.fail(time.Now()); err != nil {
			return nil, err
		}
	}
	var list []UPID
	for u, end := range h.ends {
		if u.Node() == node && time.Now().Before(end) && !h.hides {
			list = append(list, u)
		}
	}
	for u := range h.dead {
		list = append(list, u)
	}
	return list, nil
}

func (h *host) task(u UPID, takes time.Duration, exit string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ends[u], h.exit[u] = time.Now().Add(takes), exit
}

func (h *host) poller(ctx context.Context) *poller {
	return &poller{
		host: "father", look: h, life: ctx, min: 100 * time.Millisecond, max: 2 * time.Second, patience: time.Minute,
		tasks: map[UPID]*outstanding{}, blind: map[string]int{}, wake: make(chan struct{}, 1),
	}
}

// At the end of a synctest bubble every goroutine must be gone: each test here
// also proves that the poller ends with its last task.

func TestWaitOutcomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		p := h.poller(t.Context())
		for i := range 1200 {
			h.log = append(h.log, fmt.Sprintf("line %d", i))
		}
		h.task(upid1, 3*time.Second, "OK")
		if err := p.wait(t.Context(), upid1, nil); err != nil {
			t.Errorf("OK: %v", err)
		}
		h.task(upid1, 3*time.Second, "WARNINGS: 2")
		var got []string
		if err := p.wait(t.Context(), upid1, func(l []string) { got = append(got, l...) }); err != nil || len(got) == 0 {
			t.Errorf("warnings: %v, %d lines", err, len(got))
		}
		h.task(upid1, time.Second, "clone failed: no space")
		err := p.wait(t.Context(), upid1, nil)
		var failed *TaskError
		if !errors.As(err, &failed) || failed.Exit != "clone failed: no space" || failed.UPID != upid1 || failed.Host != "father" {
			t.Fatalf("failed: %v", err)
		}
		if len(failed.LogTail) != 20 || failed.LogTail[19] != "line 1199" {
			t.Errorf("tail: %q", failed.LogTail)
		}
		if text := shown(t, err); !strings.Contains(text, "line 1199") || !strings.Contains(text, string(upid1)) {
			t.Errorf("the log or the UPID is not shown: %s", text)
		}
		// Finished long ago: adopted, found at the first look.
		start := time.Now()
		if err := p.wait(t.Context(), upid1, nil); !errors.As(err, &failed) || time.Since(start) > time.Second {
			t.Errorf("adopted: %v after %s", err, time.Since(start))
		}
		if err := p.wait(t.Context(), upid2, nil); ClassOf(err) != NotExist {
			t.Errorf("unknown task: %v", err)
		}
		if err := p.wait(t.Context(), "nonsense", nil); err == nil {
			t.Error("waited for nonsense")
		}
	})
}

func TestWaitIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		h.took = 10 * time.Millisecond
		p := h.poller(t.Context())
		var wg sync.WaitGroup
		start := time.Now()
		for i := range 40 {
			u := UPID(fmt.Sprintf("UPID:pve1:%08X:00056B71:6B03E69C:qmstart:%d:root@pam:", i, i))
			h.task(u, 10*time.Second, "OK")
			for range 2 {
				wg.Go(func() {
					if err := p.wait(t.Context(), u, nil); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		if took := time.Since(start); took > 12*time.Second {
			t.Errorf("took %s", took)
		}
		if h.most > parallelLooks {
			t.Errorf("%d looks at once", h.most)
		}
		// All together cost no more than one, besides the look at how each ended.
		if h.lists > 30 {
			t.Errorf("%d lists in 10 s", h.lists)
		}
		for u, looks := range h.looks {
			if n := len(looks); n != 1 {
				t.Errorf("%s: %d looks of its own", u, n)
			}
		}
	})
}

// The pause between two looks grows with the age of the task.
func TestPauseGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		p := h.poller(t.Context())
		h.task(upid1, 10*time.Second, "OK")
		if err := p.wait(t.Context(), upid1, nil); err != nil {
			t.Fatal(err)
		}
		looks := h.looks[upid1]
		if n := len(looks); n > 30 || h.lists != 0 {
			t.Errorf("%d looks, %d lists in 10 s", n, h.lists)
		}
		first, last := looks[1].Sub(looks[0]), looks[len(looks)-1].Sub(looks[len(looks)-2])
		if first >= last {
			t.Errorf("pauses went from %s to %s", first, last)
		}
	})
}

// A list that does not show what runs is not asked for again, and one that shows
// what ended is not believed for ever.
func TestListsAreNotTrusted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		both := func(h *host, wants time.Duration) {
			t.Helper()
			p := h.poller(t.Context())
			start := time.Now()
			var wg sync.WaitGroup
			for _, u := range []UPID{upid1, upid2} {
				wg.Go(func() {
					if err := p.wait(t.Context(), u, nil); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if took := time.Since(start); took > wants {
				t.Errorf("took %s", took)
			}
		}
		h := newHost()
		h.hides = true
		h.task(upid1, 20*time.Second, "OK")
		h.task(upid2, 20*time.Second, "OK")
		both(h, 23*time.Second)
		if h.lists != blindness {
			t.Errorf("%d lists", h.lists)
		}
		h = newHost()
		h.dead = map[UPID]bool{upid1: true, upid2: true}
		h.task(upid1, 20*time.Second, "OK")
		h.task(upid2, 20*time.Second, "OK")
		both(h, proofAge+3*time.Second)
	})
}

// A short task must not wait behind the long pause of an old one.
func TestNewTaskWakesThePoller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		p := h.poller(t.Context())
		h.task(upid1, time.Hour, "OK")
		done := make(chan error, 1)
		go func() { done <- p.wait(t.Context(), upid1, nil) }()
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		h.task(upid2, 0, "OK")
		start := time.Now()
		if err := p.wait(t.Context(), upid2, nil); err != nil || time.Since(start) > 150*time.Millisecond {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestWaitObeysItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		p := h.poller(t.Context())
		h.task(upid1, time.Hour, "OK")
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		other := make(chan error, 1)
		go func() { other <- p.wait(t.Context(), upid1, nil) }()
		err := p.wait(ctx, upid1, nil)
		var still *WaitError
		if !errors.As(err, &still) || still.UPID != upid1 || ClassOf(err) != StillRuns || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		shown(t, err)
		if err := <-other; err != nil {
			t.Errorf("the other wait suffered: %v", err)
		}
		synctest.Wait() // the poller has seen that nobody waits any more
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.tasks) != 0 || p.running {
			t.Error("something is left")
		}
	})
}

func TestCloseEndsWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		life, end := context.WithCancel(t.Context())
		p := h.poller(life)
		h.task(upid1, time.Hour, "OK")
		done := make(chan error, 1)
		go func() { done <- p.wait(t.Context(), upid1, nil) }()
		time.Sleep(time.Minute)
		end()
		if err := <-done; ClassOf(err) != Canceled {
			t.Errorf("got %v", err)
		}
		if err := p.wait(t.Context(), upid1, nil); ClassOf(err) != Canceled {
			t.Errorf("a wait after the end: %v", err)
		}
	})
}

func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		p := h.poller(t.Context())
		start := time.Now()
		// pveproxy restarts for half a minute, twice.
		h.fail = func(now time.Time) error {
			if at := now.Sub(start) % (2 * time.Minute); at > 10*time.Second && at < 40*time.Second {
				return &Error{Status: 596, Reason: "Broken pipe"}
			}
			return nil
		}
		h.task(upid1, 5*time.Minute, "OK")
		if err := p.wait(t.Context(), upid1, nil); err != nil {
			t.Errorf("gave up on a task that ended well: %v", err)
		}
		h.fail = func(time.Time) error { return &ConnError{Err: errors.New("no route to host")} }
		start = time.Now()
		h.task(upid1, time.Hour, "OK")
		if err := p.wait(t.Context(), upid1, nil); ClassOf(err) != Unreachable || time.Since(start) > 70*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		h.fail = func(time.Time) error { return &Error{Status: 401, Reason: "Authentication failed!"} }
		start = time.Now()
		if err := p.wait(t.Context(), upid1, nil); ClassOf(err) != Auth || time.Since(start) > time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		p := h.poller(t.Context())
		h.task(upid1, 30*time.Second, "OK")
		go func() {
			for i := range 20 {
				time.Sleep(time.Second)
				h.mu.Lock()
				h.log = append(h.log, fmt.Sprintf("transferred %d", i))
				h.mu.Unlock()
			}
		}()
		var got []string
		calls := 0
		err := p.wait(t.Context(), upid1, func(lines []string) { calls++; got = append(got, lines...) })
		if err != nil || len(got) != 20 || got[0] != "transferred 0" || got[19] != "transferred 19" || calls < 8 {
			t.Errorf("%v: %d calls, %q", err, calls, got)
		}
	})
}
