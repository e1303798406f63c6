package pve

import "strings"

// UPID names a task: UPID:<node>:<pid>:<pstart>:<starttime>:<type>:<id>:<user>:
type UPID string

func (u UPID) field(i int) string {
	parts := strings.Split(string(u), ":")
	if len(parts) < 9 || parts[0] != "UPID" {
		return ""
	}
	return parts[i]
}

// Valid reports whether u has the form of a UPID.
func (u UPID) Valid() bool { return u.Node() != "" && u.Type() != "" }

// Node is the node the task runs on.
func (u UPID) Node() string { return u.field(1) }

// Type is the kind of task, "qmcreate".
func (u UPID) Type() string { return u.field(5) }

// ID is what the task works on, often a vmid; it may be "".
func (u UPID) ID() string { return u.field(6) }

// UnmarshalJSON accepts null, which PVE gives where it acted at once, as "".
func (u *UPID) UnmarshalJSON(b []byte) error {
	var s scalar
	if err := s.UnmarshalJSON(b); err != nil {
		return err
	}
	*u = UPID(s.text)
	return nil
}
