package lab

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"time"
)

// LogFile is the name of the lab's log inside its directory: one JSON Entry a
// line, only ever appended to.
const LogFile = "log.jsonl"

// RunHeader is the request header with the id of the run that asks; the log
// keeps it.
const RunHeader = "X-Homestak-Run"

// Entry is one line of the log: a request when it was answered, or the start or
// end of a task. It never holds a token, a password or a body.
type Entry struct {
	Time   time.Time     `json:"time"`             // when the request came, the task started or ended
	Kind   string        `json:"kind"`             // request, connect, task-start, task-end, guest
	Method string        `json:"method,omitempty"` // HTTP verb
	Path   string        `json:"path,omitempty"`   // below /api2/json; host:port of a connect
	Status int           `json:"status,omitempty"`
	User   string        `json:"user,omitempty"`  // root@pam!homestak
	Write  bool          `json:"write,omitempty"` // the verb can change something
	Run    string        `json:"run,omitempty"`   // RunHeader of the request
	Took   time.Duration `json:"took,omitempty"`  // nanoseconds
	Fault  string        `json:"fault,omitempty"` // what was made to go wrong with it: "delay, drop"

	UPID    string `json:"upid,omitempty"`
	Type    string `json:"type,omitempty"` // of the task: qmcreate
	ID      string `json:"id,omitempty"`
	Exit    string `json:"exit,omitempty"`    // OK or the error
	Lab     string `json:"lab,omitempty"`     // the lab inside a guest that this happened in: vmids from the outside in, "100/101"
	Text    string `json:"text,omitempty"`    // what a guest did
	Running int    `json:"running,omitempty"` // tasks running now: with this one at its start, without it at its end
}

// journal writes the log. The one of a lab inside a guest writes to that of
// the lab around it.
type journal struct {
	mu sync.Mutex
	f  *os.File

	outer *journal
	lab   string // name of this lab in the outer one
}

func (l *Lab) loadLog() error {
	if in := l.cfg.inside; in != nil {
		l.log = &journal{outer: in.log, lab: in.name}
		return nil
	}
	f, err := openAppend(l.dir.path(LogFile))
	if err != nil {
		return dirError(l.dir.root, err)
	}
	l.log = &journal{f: f}
	return nil
}

// openAppend opens a file of lines to append to, after cutting off a last line
// that a killed process left half-written.
func openAppend(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	end, err := lastLineEnd(f)
	if err == nil {
		err = f.Truncate(end)
	}
	if err == nil {
		_, err = f.Seek(end, 0)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// lastLineEnd is the offset after the last newline.
func lastLineEnd(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	buf := make([]byte, 4096)
	for end := info.Size(); end > 0; {
		n := min(end, int64(len(buf)))
		if _, err := f.ReadAt(buf[:n], end-n); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return end - n + int64(i) + 1, nil
		}
		end -= n
	}
	return 0, nil
}

func (j *journal) write(e Entry) {
	if j.outer != nil {
		e.Lab = path.Join(j.lab, e.Lab)
		j.outer.write(e)
		return
	}
	e.Time = e.Time.UTC()
	data, err := json.Marshal(e)
	if err != nil {
		return // an Entry always encodes
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	// A full disk must not stop the lab; the log then has gaps.
	_, _ = j.f.Write(append(data, '\n'))
}

func (j *journal) request(e Entry, done time.Time) {
	e.Took = done.Sub(e.Time)
	j.write(e)
}

func (j *journal) close() {
	if j.f != nil {
		j.f.Close()
	}
}

// ReadLog reads the log of the lab in dir, also while the lab is open. A lab
// that never was has no entries.
func ReadLog(dir string) ([]Entry, error) {
	f, err := os.Open(filepath.Join(dir, LogFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var entries []Entry
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return entries, nil // what follows the last newline is being written
		}
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return entries, stateError(f.Name(), err)
		}
		entries = append(entries, e)
	}
}

// MaxConcurrentTasks is the highest number of tasks that ran together.
func MaxConcurrentTasks(entries []Entry) int {
	most := 0
	for _, e := range entries {
		if e.Kind == "task-start" {
			most = max(most, e.Running)
		}
	}
	return most
}

// Writes are the requests that could change something, since a moment.
func Writes(entries []Entry, since time.Time) []Entry {
	var out []Entry
	for _, e := range entries {
		if e.Kind == "request" && e.Write && !e.Time.Before(since) {
			out = append(out, e)
		}
	}
	return out
}
