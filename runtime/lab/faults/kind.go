package faults

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind is what goes wrong.
type Kind string

const (
	Delay        Kind = "delay"
	Answer       Kind = "answer"
	Drop         Kind = "drop"
	Cut          Kind = "cut"
	TaskStuck    Kind = "task-stuck"
	TaskFail     Kind = "task-fail"
	LockTimeout  Kind = "lock-timeout"
	StorageFull  Kind = "storage-full"
	NodeDown     Kind = "node-down"
	TokenRevoked Kind = "token-revoked"
	Certificate  Kind = "certificate"
	Clock        Kind = "clock"
)

// Entry describes a kind, for checks and for the reference.
type Entry struct {
	Kind  Kind
	Does  string   // one sentence
	Needs []string // fields that must be there
	Takes []string // fields that may be there; Common ones always may
}

// Common are the fields that every rule may have.
func Common() []string { return []string{"on", "skip", "times", "chance"} }

// Kinds lists every kind.
func Kinds() []Entry {
	return []Entry{
		{Delay, "The answer takes longer: by `delay`, and by up to `jitter` more.", []string{"delay"}, []string{"jitter"}},
		{Answer, "The answer is `status` with PVE's words in `reason`; 401, 595, 596 and 599 have no body. With `effect` the method ran before.",
			[]string{"status"}, []string{"reason", "effect"}},
		{Drop, "The connection ends with no answer. With `effect` the method ran before.", nil, []string{"effect"}},
		{Cut, "The method runs, and its answer ends after `percent` of its bytes.", nil, []string{"percent"}},
		{TaskStuck, "The task that the request starts hangs at `percent` of its time, with its locks held, for `for`, else until it is stopped.",
			nil, []string{"percent", "for"}},
		{TaskFail, "The task that the request starts ends with `exit` at `percent` of its time, and what it began is undone as PVE undoes it. With `effect` it does all its work first.",
			nil, []string{"percent", "exit", "effect"}},
		{LockTimeout, "The lock file of the guest is not to be had: PVE's \"got timeout\", in the answer or from the task.", nil, nil},
		{StorageFull, "There is no space left on `storage`.", []string{"storage"}, []string{"for"}},
		{NodeDown, "`node` is down: 595 from the others of its cluster. The one that answers does not answer, so it needs `for`.", nil, []string{"node", "for"}},
		{TokenRevoked, "`token` opens nothing any more.", nil, []string{"token", "for"}},
		{Certificate, "The lab has another certificate; open connections end.", nil, []string{"for"}},
		{Clock, "The lab's clock jumps by `by`, which may be negative.", []string{"by"}, nil},
	}
}

// Problem is what is wrong with a script. Rule is -1 for the script itself.
type Problem struct {
	Rule  int
	Field string // as in the file; "" = the rule as a whole
	Text  string
}

func (p Problem) Error() string {
	at := "script"
	if p.Rule >= 0 {
		at = fmt.Sprintf("fault %d", p.Rule+1)
	}
	if p.Field != "" {
		at += ", " + p.Field
	}
	return at + ": " + p.Text
}

// Bounds of a script: what comes from outside must not exhaust the lab.
const (
	maxRules   = 10_000
	maxSeconds = Duration(30 * 24 * time.Hour)
)

// Check finds everything that is wrong with a script.
func (s Script) Check() []Problem {
	var out []Problem
	if s.Random < 0 || s.Random > maxRules || len(s.Faults) > maxRules {
		out = append(out, Problem{-1, "random", fmt.Sprintf("a script has 0 to %d rules", maxRules)})
	}
	for i, r := range s.Faults {
		for _, p := range r.check() {
			p.Rule = i
			out = append(out, p)
		}
	}
	return out
}

func (r Rule) check() []Problem {
	i := slices.IndexFunc(Kinds(), func(e Entry) bool { return e.Kind == r.Fault })
	if i < 0 {
		return []Problem{{Field: "fault", Text: fmt.Sprintf("%q is no fault; there are %s", r.Fault, strings.Join(kindNames(), ", "))}}
	}
	kind := Kinds()[i]
	var out []Problem
	say := func(field, format string, args ...any) {
		out = append(out, Problem{Field: field, Text: fmt.Sprintf(format, args...)})
	}
	given := r.given()
	for _, f := range given {
		if !slices.Contains(slices.Concat(Common(), kind.Needs, kind.Takes), f) {
			say(f, "%s takes no %s", r.Fault, f)
		}
	}
	for _, f := range kind.Needs {
		if !slices.Contains(given, f) {
			say("fault", "%s needs %s", r.Fault, f)
		}
	}
	if _, err := parsePattern(r.On); err != nil {
		say("on", "%v", err)
	}
	if r.Skip < 0 {
		say("skip", "it must not be negative")
	}
	if r.Times < 0 {
		say("times", "it must not be negative")
	}
	if r.Chance < 0 || r.Chance > 100 {
		say("chance", "it is a percentage, 1 to 100")
	}
	if r.Percent < 0 || r.Percent > 100 {
		say("percent", "it is a percentage, 0 to 100")
	}
	if r.Status != 0 && (r.Status < 400 || r.Status > 599) {
		say("status", "it is that of an error, 400 to 599")
	}
	if strings.ContainsAny(r.Reason+r.Exit, "\r\n") {
		say("", "reason and exit are one line each")
	}
	for _, d := range []struct {
		field string
		value Duration
	}{{"for", r.For}, {"delay", r.Delay}, {"jitter", r.Jitter}} {
		if d.value < 0 || d.value > maxSeconds {
			say(d.field, "it is between 0 and 720h")
		}
	}
	if r.Fault == NodeDown && r.Node == "" && r.For == 0 {
		say("fault", "a node that answers needs `for`: while it is down nobody can ask it to come back")
	}
	return out
}

func kindNames() []string {
	var names []string
	for _, e := range Kinds() {
		names = append(names, string(e.Kind))
	}
	return names
}
