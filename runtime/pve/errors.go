package pve

import (
	"fmt"
	"sort"
	"strings"
)

// Error is an answer of PVE that is not a success.
type Error struct {
	Host   string            // Config.Name
	Method string            // "POST"
	Path   string            // "/nodes/father/qemu", without query or body
	Status int               // HTTP status; PVE uses 595, 596 and 599 too
	Reason string            // the reason phrase: PVE's message in one line
	Body   string            // the message in the body when it says more, else ""
	Fields map[string]string // parameter → what is wrong with it
}

// Error quotes PVE: "POST /nodes/father/qemu: 400 Parameter verification failed.: memory: …".
func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: %s", e.Method, e.Path, e.Words())
}

// Words are PVE's own: status, reason, and every parameter complained about.
func (e *Error) Words() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d", e.Status)
	if e.Reason != "" {
		b.WriteString(" " + e.Reason)
	}
	if e.Body != "" {
		b.WriteString(": " + e.Body)
	}
	names := make([]string, 0, len(e.Fields))
	for name := range e.Fields {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		b.WriteString(": " + name + ": " + strings.TrimSpace(e.Fields[name]))
	}
	return b.String()
}

// text is everything PVE said, for the classifier.
func (e *Error) text() string {
	var b strings.Builder
	b.WriteString(e.Reason + "\n" + e.Body)
	for _, v := range e.Fields {
		b.WriteString("\n" + v)
	}
	return b.String()
}

// ConnError is a request without an answer.
type ConnError struct {
	Host     string
	Endpoint string
	Method   string
	Path     string
	// Sent says that the request may have reached PVE, and a write may have
	// happened. False means that it certainly did not.
	Sent bool
	Err  error // holds no secret
}

func (e *ConnError) Error() string {
	what := "cannot connect to " + e.Endpoint
	if e.Sent {
		what = "no answer from " + e.Endpoint
	}
	return fmt.Sprintf("%s %s: %s: %v", e.Method, e.Path, what, e.Err)
}

func (e *ConnError) Unwrap() error { return e.Err }

// CertError is a server that is not the one pinned.
type CertError struct {
	Host     string
	Endpoint string
	Pinned   string // as ParsePins gives it; "" = no pin, the system's authorities decide
	Served   string // AA:BB:…
	Err      error  // why the authorities, pinned or the system's, refuse it; nil when none were asked
}

func (e *CertError) Error() string {
	if e.Pinned == "" {
		return fmt.Sprintf("%s: no fingerprint is pinned and its certificate (%s) is not trusted: %v", e.Endpoint, e.Served, e.Err)
	}
	text := fmt.Sprintf("%s: its certificate is %s, pinned is %s", e.Endpoint, e.Served, e.Pinned)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *CertError) Unwrap() error { return e.Err }

// TaskError is a task that ran and did not end well.
type TaskError struct {
	Host    string
	UPID    UPID
	Exit    string   // PVE's exit status: the text of the failure
	LogTail []string // the end of the task log, oldest first
}

func (e *TaskError) Error() string {
	return fmt.Sprintf("task %s of %s: %s", e.UPID.Type(), e.UPID.Node(), e.Exit)
}

// FormatError is an answer that is not what PVE's API promises.
type FormatError struct {
	Host   string
	Method string
	Path   string
	Err    error
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("%s %s: the answer cannot be understood: %v", e.Method, e.Path, e.Err)
}

func (e *FormatError) Unwrap() error { return e.Err }
