package faults

import (
	"errors"
	"fmt"
	"strconv"
)

// Field is one field of a rule as files write it.
type Field struct {
	Name string
	Type string // text, number, percent, duration, yes/no
	Does string // what it says, for the reference

	set   func(r *Rule, text string) error
	isSet func(r *Rule) bool
}

// Fields lists the fields of a rule.
func Fields() []Field {
	return []Field{
		{"fault", "text", "what goes wrong: one of the kinds below", func(r *Rule, s string) error { r.Fault = Kind(s); return nil }, func(r *Rule) bool { return r.Fault != "" }},
		text("on", "the requests it happens to: a verb (or *) and a path of the API, where * stands for a segment and ** for all the rest; without it, every request", func(r *Rule) *string { return &r.On }),
		number("skip", "number", "how many of those requests pass first", func(r *Rule) *int { return &r.Skip }),
		number("times", "number", "how often it happens; without it, always", func(r *Rule) *int { return &r.Times }),
		number("chance", "percent", "how likely it is each time, by the script's seed", func(r *Rule) *int { return &r.Chance }),
		duration("for", "how long it lasts; without it, until the script is replaced", func(r *Rule) *Duration { return &r.For }),
		duration("delay", "how much longer the answer takes", func(r *Rule) *Duration { return &r.Delay }),
		duration("jitter", "up to so much more, by the script's seed", func(r *Rule) *Duration { return &r.Jitter }),
		number("status", "number", "of the answer, 400 to 599", func(r *Rule) *int { return &r.Status }),
		text("reason", "PVE's words in the answer", func(r *Rule) *string { return &r.Reason }),
		{"effect", "yes/no", "what was asked for happens all the same", setFlag, func(r *Rule) bool { return r.Effect }},
		number("percent", "percent", "of the task's time, or of the answer's bytes", func(r *Rule) *int { return &r.Percent }),
		text("exit", "the task's exit status", func(r *Rule) *string { return &r.Exit }),
		text("storage", "which storage", func(r *Rule) *string { return &r.Storage }),
		text("node", "which node; without it, the one that is asked", func(r *Rule) *string { return &r.Node }),
		text("token", "which token, user@realm!id; without it, that of the request", func(r *Rule) *string { return &r.Token }),
		duration("by", "how far the clock jumps; may be negative", func(r *Rule) *Duration { return &r.By }),
	}
}

func text(name, does string, at func(*Rule) *string) Field {
	return Field{name, "text", does, func(r *Rule, s string) error { *at(r) = s; return nil }, func(r *Rule) bool { return *at(r) != "" }}
}

func number(name, kind, does string, at func(*Rule) *int) Field {
	return Field{name, kind, does, func(r *Rule, s string) (err error) {
		if *at(r), err = strconv.Atoi(s); err != nil {
			return fmt.Errorf("%q is not a whole number", s)
		}
		return nil
	}, func(r *Rule) bool { return *at(r) != 0 }}
}

func duration(name, does string, at func(*Rule) *Duration) Field {
	return Field{name, "duration", does, func(r *Rule, s string) error { return at(r).UnmarshalText([]byte(s)) }, func(r *Rule) bool { return *at(r) != 0 }}
}

func setFlag(r *Rule, s string) error {
	switch s {
	case "true":
		r.Effect = true
	case "false":
		r.Effect = false
	default:
		return fmt.Errorf("%q is neither true nor false", s)
	}
	return nil
}

// ErrUnknownField is a name that no field has.
var ErrUnknownField = errors.New("a fault has no such field")

// Set gives a field the value that a file writes.
func (r *Rule) Set(field, value string) error {
	for _, f := range Fields() {
		if f.Name == field {
			return f.set(r, value)
		}
	}
	return ErrUnknownField
}

// given lists the fields that are set, but for the kind itself.
func (r Rule) given() []string {
	var out []string
	for _, f := range Fields()[1:] {
		if f.isSet(&r) {
			out = append(out, f.Name)
		}
	}
	return out
}
