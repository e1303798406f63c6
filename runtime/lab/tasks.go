package lab

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"sync"
	"time"
)

const (
	// keptTasks is how many finished tasks a lab remembers, as PVE's task archive
	// is bounded too.
	keptTasks = 5000
	// PVE's exit status of a worker that died without one.
	exitUnexpected = "unexpected status"
)

// task is one worker.
type task struct {
	UPID   string   `json:"upid"`
	Node   string   `json:"node"`
	PID    uint64   `json:"pid"`
	PStart uint64   `json:"pstart"`
	Start  int64    `json:"start"` // seconds since the epoch
	Type   string   `json:"type"`
	ID     string   `json:"id"`
	User   string   `json:"user"`
	Token  string   `json:"token,omitempty"`
	End    int64    `json:"end,omitempty"`
	Exit   string   `json:"exit,omitempty"` // empty while it runs
	Log    []string `json:"log,omitempty"`

	tasks  *tasks
	ctx    context.Context
	cancel context.CancelFunc
	begun  time.Time // by the clock that does not jump
	bad    *mishap   // what goes wrong with it; nil = nothing
	wrong  bool      // it has
}

// tasks is every task of the lab, on disk as lines in tasks.jsonl: a task when
// it starts, and again, with its end and log, when it has ended.
type tasks struct {
	lab *Lab
	wg  sync.WaitGroup

	mu      sync.Mutex
	f       *os.File
	byUPID  map[string]*task
	order   []*task // by start
	running int
	lastPID uint64
	closed  bool
}

func (l *Lab) loadTasks() error {
	path := l.dir.path("tasks.jsonl")
	ts := &tasks{lab: l, byUPID: map[string]*task{}, lastPID: 1000}
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return stateError(path, err)
	}
	for lines := bufio.NewReader(bytes.NewReader(data)); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break // a half-written last line never happened
		}
		t := &task{}
		if err := json.Unmarshal(line, t); err != nil {
			return stateError(path, err)
		}
		if old := ts.byUPID[t.UPID]; old != nil {
			*old = *t
			continue
		}
		ts.byUPID[t.UPID] = t
		ts.order = append(ts.order, t)
		ts.lastPID = max(ts.lastPID, t.PID)
	}
	// What still ran died with the process that ran it.
	for _, t := range ts.order {
		if t.Exit == "" {
			t.Exit, t.End = exitUnexpected, l.now().Unix()
			t.Log = append(t.Log, "TASK ERROR: "+exitUnexpected)
		}
	}
	ts.prune()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for _, t := range ts.order {
		if err := enc.Encode(t); err != nil {
			return err
		}
	}
	if err := l.dir.write(b.Bytes(), "tasks.jsonl"); err != nil {
		return dirError(l.dir.root, err)
	}
	if ts.f, err = openAppend(path); err != nil {
		return dirError(l.dir.root, err)
	}
	l.tasks = ts
	return nil
}

// prune forgets the oldest finished tasks. The caller holds mu.
func (ts *tasks) prune() {
	drop := len(ts.order) - keptTasks
	if drop < keptTasks/10 {
		return // not yet worth the walk
	}
	kept := ts.order[:0]
	for _, t := range ts.order {
		if drop > 0 && t.Exit != "" {
			delete(ts.byUPID, t.UPID)
			drop--
			continue
		}
		kept = append(kept, t)
	}
	ts.order = kept
}

func (ts *tasks) record(t *task) {
	if data, err := json.Marshal(t); err == nil {
		_ = ts.lab.dir.disk.append(ts.f, append(data, '\n'))
	}
}

// start runs work as a new task and returns its UPID at once. The task ends OK
// when work returns nil, else with the error's text.
func (c *call) start(kind, id string, work func(t *task) error) (string, error) {
	return c.tasks.start(c.who, mishapOf(c.ctx), c.node(), kind, id, work)
}

func (ts *tasks) start(who identity, bad *mishap, node, kind, id string, work func(t *task) error) (string, error) {
	l := ts.lab
	ts.mu.Lock()
	if ts.closed {
		ts.mu.Unlock()
		return "", errors.New("the lab is closing")
	}
	ts.lastPID++
	now := l.now()
	t := &task{
		Node: node, PID: ts.lastPID, PStart: uint64(now.Sub(l.born)/(10*time.Millisecond)) & 0xffffffff,
		Start: now.Unix(), Type: kind, ID: id, User: who.user, Token: who.token, tasks: ts, begun: l.cfg.Clock.Now(), bad: bad,
	}
	t.UPID = fmt.Sprintf("UPID:%s:%08X:%08X:%08X:%s:%s:%s:", node, t.PID, t.PStart, t.Start, kind, id, who)
	t.ctx, t.cancel = context.WithCancel(bad.in(l.ctx))
	ts.byUPID[t.UPID] = t
	ts.order = append(ts.order, t)
	ts.running++
	ts.record(t)
	l.log.write(Entry{Time: now, Kind: "task-start", UPID: t.UPID, Type: kind, ID: id, User: who.String(), Running: ts.running})
	ts.wg.Add(1)
	ts.mu.Unlock()
	go ts.execute(t, work)
	return t.UPID, nil
}

func (ts *tasks) execute(t *task, work func(t *task) error) {
	defer ts.wg.Done()
	defer t.cancel()
	err := work(t)
	if waitErr := t.delay(); err == nil {
		err = waitErr
	}
	if err == nil {
		err = t.meetLate()
	}
	l := ts.lab
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.running--
	if err != nil && l.ctx.Err() != nil {
		return // the lab closes: the next Open finds a task without an end
	}
	now := l.now()
	t.End, t.Exit = now.Unix(), "OK"
	switch {
	case err != nil && t.ctx.Err() != nil:
		t.Exit = "interrupted by signal"
	case err != nil:
		t.Exit = oneLine(err.Error())
	}
	if t.Exit == "OK" {
		t.Log = append(t.Log, "TASK OK")
	} else {
		t.Log = append(t.Log, "TASK ERROR: "+t.Exit)
	}
	ts.record(t)
	ts.prune()
	l.log.write(Entry{Time: now, Kind: "task-end", UPID: t.UPID, Type: t.Type, ID: t.ID, Exit: t.Exit, Running: ts.running})
}

// delay lets the rest of the lab's TaskTime pass. Work calls it where a real
// host would be busy, with its locks held; a task that never does waits at its
// end.
func (t *task) delay() error {
	l := t.tasks.lab
	if err := t.meet(); err != nil {
		return err
	}
	left := t.begun.Add(l.cfg.TaskTime).Sub(l.cfg.Clock.Now())
	if left <= 0 {
		return t.ctx.Err()
	}
	return l.cfg.Clock.Sleep(t.ctx, left)
}

// logf adds a line to the task's log.
func (t *task) logf(format string, args ...any) {
	t.tasks.mu.Lock()
	defer t.tasks.mu.Unlock()
	t.Log = append(t.Log, fmt.Sprintf(format, args...))
}

// close waits for the tasks; the lab's context has ended, so they are quick.
func (ts *tasks) close() {
	ts.mu.Lock()
	ts.closed = true
	ts.mu.Unlock()
	ts.wg.Wait()
	ts.f.Close()
}

var upidFormat = regexp.MustCompile(`^UPID:([a-zA-Z0-9][a-zA-Z0-9\-.]*):[0-9A-Fa-f]{8,9}:[0-9A-Fa-f]{8,9}:[0-9A-Fa-f]{8}:[^:\s]+:[^:\s]*:[^:\s]+:$`)

// find is the task of a UPID on a node.
func (ts *tasks) find(node, upid string) (*task, error) {
	if !upidFormat.MatchString(upid) {
		return nil, badParam("upid", "unable to parse worker upid")
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.byUPID[upid]
	if t == nil || t.Node != node {
		return nil, badParam("upid", "no such task")
	}
	return t, nil
}

func vmidText(vmid uint) string { return strconv.FormatUint(uint64(vmid), 10) }
