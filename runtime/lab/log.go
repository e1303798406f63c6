package lab

import "time"

// LogFile is the name of the lab's log inside its directory: one JSON Entry a
// line, only ever appended to.
const LogFile = "log.jsonl"

// Entry is one line of the log: a request when it was answered, or the start or
// end of a task. It never holds a token, a password or a body.
type Entry struct {
	Time   time.Time     `json:"time"`
	Kind   string        `json:"kind"` // request, task-start, task-end, connect
	Method string        `json:"method,omitempty"`
	Path   string        `json:"path,omitempty"` // below /api2/json
	Status int           `json:"status,omitempty"`
	User   string        `json:"user,omitempty"`  // root@pam!homestak
	Write  bool          `json:"write,omitempty"` // the method can change something (not GET or HEAD)
	Run    string        `json:"run,omitempty"`   // header X-Homestak-Run of the request
	Took   time.Duration `json:"took,omitempty"`

	UPID    string `json:"upid,omitempty"`
	Type    string `json:"type,omitempty"` // of the task
	ID      string `json:"id,omitempty"`
	Exit    string `json:"exit,omitempty"`
	Running int    `json:"running,omitempty"` // tasks running now, this one included at its start, excluded at its end
}

// RunHeader is the request header with the id of the run that asks; the log
// keeps it.
const RunHeader = "X-Homestak-Run"
