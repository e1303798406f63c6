package pve

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// Class says what a failure means for whoever asked. A write is never repeated
// because of a class alone: probe first.
type Class uint8

const (
	// OK is the class of nil.
	OK Class = iota
	// Permanent: the same request will fail again.
	Permanent
	// Transient: PVE answered, and may answer otherwise a little later.
	Transient
	// LockTimeout: another task holds a lock file; later is better.
	LockTimeout
	// Locked: the guest carries a lock (backup, clone, migrate …) of its own.
	Locked
	// Proxy: the node that was asked could not reach the node that should answer
	// (595, 596, 599, 502, 503, 504). A write may have happened.
	Proxy
	// Unreachable: there was no answer at all.
	Unreachable
	// Certificate: the server is not the pinned one.
	Certificate
	// Auth: the token is unknown, wrong or expired.
	Auth
	// Privilege: the token is known and may not do this.
	Privilege
	// NotExist: the object does not exist.
	NotExist
	// Exists: an object with that id or name is there already.
	Exists
	// Digest: the configuration changed since it was read.
	Digest
	// NoAgent: the guest agent does not answer (yet).
	NoAgent
	// StillRuns: the task was not over when the wait ended.
	StillRuns
	// Canceled: the caller's context ended.
	Canceled
)

var classNames = [...]string{
	"ok", "permanent", "transient", "lock timeout", "locked", "proxy", "unreachable", "certificate",
	"authentication", "privilege", "does not exist", "exists", "changed meanwhile", "no agent", "still runs", "canceled",
}

func (c Class) String() string { return classNames[c] }

// Retry reports whether asking again later makes sense: reads at once, writes
// after a new probe.
func (c Class) Retry() bool {
	switch c {
	case Transient, LockTimeout, Locked, Proxy, Unreachable, NoAgent:
		return true
	}
	return false
}

// ClassOf classifies an error of this package, or a wrapped one.
func ClassOf(err error) Class {
	if err == nil {
		return OK
	}
	var answer *Error
	var task *TaskError
	var conn *ConnError
	var cert *CertError
	var via *ViaError
	var wait *WaitError
	switch {
	case errors.As(err, &cert):
		return Certificate
	case errors.As(err, &answer):
		return answer.Class()
	case errors.As(err, &task):
		return classOfText(task.Exit)
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.As(err, &wait):
		return StillRuns
	case errors.As(err, &via):
		return via.class()
	case errors.As(err, &conn):
		return Unreachable
	case errors.Is(err, context.DeadlineExceeded):
		return Unreachable
	}
	return Permanent
}

// Class of an answer, by status first and PVE's words second.
func (e *Error) Class() Class {
	switch e.Status {
	case http.StatusUnauthorized:
		return Auth
	case http.StatusForbidden:
		return Privilege
	case 595, 596, 599, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return Proxy
	case http.StatusTooManyRequests:
		return Transient
	}
	return classOfText(e.text())
}

// phrases are PVE's words (pve-manager 9.2, qemu-server 9.2) for what homestak
// must tell apart; the first that occurs decides. Order matters: "can't lock
// file" says "got timeout" too, and a lock error may name a file that "does not
// exist".
var phrases = []struct {
	words string
	class Class
}{
	{"can't lock file", LockTimeout},
	{"unable to acquire lock", LockTimeout},
	{"cfs-lock", LockTimeout}, // cluster file system: "cfs-lock 'storage-x' error: got lock request timeout"
	{"checksum mismatch (file change by other user?)", Digest},
	{"detected modified configuration", Digest}, // of containers and storages
	{"is locked (", Locked},
	{"guest agent is not running", NoAgent},
	{"Configuration file '", NotExist}, // "… does not exist"
	{"unable to find configuration file", NotExist},
	{"No such storage", NotExist},
	{"no such task", NotExist},
	{"no such cluster node", NotExist},
	{"no such token", NotExist},
	{"already exists", Exists},
	{"already defined", Exists},
	{"does not exist", NotExist},
	{"cluster not ready", Transient}, // "cluster not ready - no quorum?"
	{"Connection refused", Transient},
	{"Connection timed out", Transient},
	{"failed to get address info", Permanent},
}

func classOfText(text string) Class {
	for _, p := range phrases {
		if strings.Contains(text, p.words) {
			return p.class
		}
	}
	return Permanent
}
