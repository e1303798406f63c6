package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/homestak/homestak/lang/addr"
)

// validate holds a plan to everything an applier relies on. Encode and Decode
// call it, so a plan in a file is a plan that makes sense in itself.
func (p *Plan) validate() error {
	v := validator{p: &p.Program}
	for _, check := range []func() error{v.header, v.hosts, v.changes, v.programs, v.secrets, v.steps, v.undo, v.unused} {
		if err := check(); err != nil {
			return err
		}
	}
	for _, f := range p.Notes.Findings {
		if f.Level != "info" && f.Level != "warning" {
			return contrary("plan", "a finding has level %q", f.Level)
		}
	}
	return nil
}

type validator struct {
	p        *Program
	hostName map[string]bool
	program  map[string]bool // digest → a step uses it
	step     map[StepID]int  // position in Steps; in Undo after that
	done     int             // steps before this position may be referred to
}

func (v *validator) header() error {
	p := v.p
	switch {
	case p.Format != FormatVersion:
		return contrary("plan", "its program section has format %d", p.Format)
	case nameOf(goalNames, p.Goal) == "invalid":
		return contrary("plan", "goal %d is unknown", p.Goal)
	case p.SiteID == "" || p.Manifest == "":
		return contrary("plan", "it names no site or no manifest")
	case len(p.Partial) > maxSelector || !isPlain(p.Partial):
		return contrary("plan", "the selector it is about is too long or cannot be printed")
	case !slices.Contains([]string{"stop", "rollback", "continue"}, p.OnError):
		return contrary("plan", "on_error is %q", p.OnError)
	}
	return nil
}

// maxSelector bounds what reviewers are shown of a partial plan's selector, in
// bytes. It holds several of the longest ones.
const maxSelector = 1 << 16

func isPlain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func (v *validator) hosts() error {
	v.hostName = make(map[string]bool, len(v.p.Hosts))
	for i, h := range v.p.Hosts {
		if h.Name == "" || h.Node == "" || h.IOWidth == 0 {
			return contrary("plan", "host %q lacks a name, a node or the width of its I/O lane", h.Name)
		}
		if h.Parent != "" && h.Name != string(h.Parent) {
			return contrary("plan", "host %q is not named after its node %q", h.Name, h.Parent)
		}
		if i > 0 && compareHosts(v.p.Hosts[i-1], h) >= 0 {
			return contrary("plan", "host %q is out of order or there twice", h.Name)
		}
		if v.hostName[h.Name] {
			return contrary("plan", "host %q is there twice", h.Name)
		}
		v.hostName[h.Name] = true
	}
	return nil
}

// compareHosts puts site hosts before those that are nodes, each by name.
func compareHosts(a, b Host) int {
	return cmp.Or(compareBool(a.Parent != "", b.Parent != ""), cmp.Compare(a.Name, b.Name))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func (v *validator) changes() error {
	seen := make(map[addr.Address]bool, len(v.p.Changes))
	for _, c := range v.p.Changes {
		switch {
		case c.Addr == "" || seen[c.Addr]:
			return contrary("plan", "change of %q has no address or is there twice", c.Addr)
		case !v.hostName[c.Host]:
			return contrary("plan", "change of %q is on unknown host %q", c.Addr, c.Host)
		case !slices.Contains([]string{"vm", "ct", "pve"}, c.Kind):
			return contrary("plan", "change of %q has kind %q", c.Addr, c.Kind)
		case nameOf(actionNames, c.Action) == "invalid":
			return contrary("plan", "change of %q has action %d", c.Addr, c.Action)
		case !isReason(c.Reason):
			return contrary("plan", "change of %q has reason %q", c.Addr, c.Reason)
		}
		seen[c.Addr] = true
		for i, a := range c.Attrs {
			if nameOf(classNames, a.Class) == "invalid" || i > 0 && c.Attrs[i-1].Name >= a.Name {
				return contrary("plan", "attribute %q of %q is out of order, there twice or of no known class", a.Name, c.Addr)
			}
		}
	}
	return nil
}

func isReason(s string) bool {
	switch s {
	case ReasonAbsent, ReasonPresent, ReasonDiffers, ReasonUnfinished, ReasonStopped, ReasonSpec, ReasonGoal,
		ReasonRemoved, ReasonReplaced, ReasonParent, ReasonTested, ReasonLeftover, ReasonContext,
		ReasonAdopt, ReasonForget, ReasonMoved, ReasonRenamed:
		return true
	}
	return false
}

func (v *validator) programs() error {
	v.program = make(map[string]bool, len(v.p.Programs))
	for i, np := range v.p.Programs {
		if sum := sha256.Sum256(np.Data); np.Digest != hex.EncodeToString(sum[:]) {
			return contrary("plan", "node program %q is not what its digest says", np.Digest)
		}
		if i > 0 && v.p.Programs[i-1].Digest >= np.Digest {
			return contrary("plan", "node program %s is out of order or there twice", np.Digest)
		}
		v.program[np.Digest] = false
	}
	return nil
}

func (v *validator) secrets() error {
	for i, s := range v.p.Secrets {
		if s.Name == "" || i > 0 && v.p.Secrets[i-1].Name >= s.Name {
			return contrary("plan", "secret %q has no name, is out of order or there twice", s.Name)
		}
	}
	return nil
}

func (v *validator) steps() error {
	v.step = make(map[StepID]int, len(v.p.Steps)+len(v.p.Undo))
	for _, list := range [][]Step{v.p.Steps, v.p.Undo} {
		for i := range list {
			id := list[i].ID
			if _, twice := v.step[id]; twice || !isStepID(id) {
				return contrary("plan", "step %q has no proper id or is there twice", id)
			}
			v.step[id] = len(v.step)
		}
	}
	for i := range v.p.Steps {
		v.done = i
		s := &v.p.Steps[i]
		if err := v.check(s, 0); err != nil {
			return err
		}
		for _, u := range s.Undo {
			if at, ok := v.step[u]; !ok || at < len(v.p.Steps) {
				return contrary("plan", "step %s is undone by %q, which is no undo step", s.ID, u)
			}
		}
	}
	return nil
}

func (v *validator) undo() error {
	for i := range v.p.Undo {
		v.done = len(v.p.Steps) + i
		s := &v.p.Undo[i]
		if err := v.check(s, len(v.p.Steps)); err != nil {
			return err
		}
		if len(s.Undo) > 0 {
			return contrary("plan", "undo step %s has undo steps of its own", s.ID)
		}
	}
	return nil
}

func (v *validator) unused() error {
	for _, np := range v.p.Programs {
		if !v.program[np.Digest] {
			return contrary("plan", "no step uses node program %s", np.Digest)
		}
	}
	return nil
}

func isStepID(id StepID) bool {
	if len(id) < minStepID || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		if c := id[i]; !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}

// check looks at one step. It may wait for steps from position first up to
// done, and take late values from all up to done: an undo step needs the name
// of the seed that a step uploaded.
func (v *validator) check(s *Step, first int) error {
	wrong := func(format string, args ...any) error {
		return contrary("plan", "step %s: "+format, append([]any{s.ID}, args...)...)
	}
	earlier := func(id StepID, first int) bool {
		at, ok := v.step[id]
		return ok && at >= first && at < v.done
	}
	switch {
	case s.Op == 0 || s.Op >= ops:
		return wrong("op %d is unknown", s.Op)
	case nameOf(phaseNames, s.Phase) == "invalid":
		return wrong("phase %d is unknown", s.Phase)
	case s.Mode != "" && s.Mode != "push" && s.Mode != "pull" && s.Mode != "hybrid":
		return wrong("mode %q is unknown", s.Mode)
	case !isExecutor(s.Executor):
		return wrong("executor %q is unknown", s.Executor)
	case !v.hostName[s.Host]:
		return wrong("host %q is unknown", s.Host)
	case !isReason(s.Reason):
		return wrong("reason %q is unknown", s.Reason)
	case nameOf(riskNames, s.Risk) == "invalid":
		return wrong("risk %d is unknown", s.Risk)
	case s.Deadline == 0:
		return wrong("it has no deadline")
	}
	for i, a := range s.Args {
		if a.Name == "" || i > 0 && s.Args[i-1].Name >= a.Name {
			return wrong("argument %q has no name, is out of order or there twice", a.Name)
		}
		if why := a.Value.problem(); why != "" {
			return wrong("argument %q %s", a.Name, why)
		}
		if l := a.Value.Late; l != nil && l.Step != "" && !earlier(l.Step, 0) {
			return wrong("argument %q comes from step %q, which is not an earlier one", a.Name, l.Step)
		}
		if a.Name == ArgProgram {
			if _, ok := v.program[a.Value.Text]; !ok {
				return wrong("node program %q is not in the plan", a.Value.Text)
			}
			v.program[a.Value.Text] = true
		}
	}
	for i, id := range s.After {
		if i > 0 && s.After[i-1] >= id || !earlier(id, first) {
			return wrong("it waits for %q, which is not an earlier step, out of order or there twice", id)
		}
	}
	for _, g := range s.Guards {
		if nameOf(guardNames, g.Kind) == "invalid" {
			return wrong("guard %d is unknown", g.Kind)
		}
		if key := firstUnsorted(g.Expect); key != "" {
			return wrong("its guard expects %q twice or out of order", key)
		}
	}
	for i, l := range s.Locks {
		if nameOf(lockNames, l.Kind) == "invalid" || l.Of == "" {
			return wrong("lock %d of %q is unknown", l.Kind, l.Of)
		}
		if i > 0 && compareLocks(s.Locks[i-1], l) >= 0 {
			return wrong("lock %s of %q is out of order or there twice", l.Kind, l.Of)
		}
	}
	return nil
}

func compareLocks(a, b Lock) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Of, b.Of))
}

func isExecutor(s string) bool {
	const delegate = "delegate:"
	return s == ExecutorDriver || s == ExecutorTarget || len(s) > len(delegate) && s[:len(delegate)] == delegate
}

// problem says why a value is not one value, "" when it is.
func (v Value) problem() string {
	switch {
	case v.Late != nil && (v.Text != "" || v.List != nil), v.Text != "" && len(v.List) > 0:
		return "has two values"
	case v.Late != nil && nameOf(lateNames, v.Late.Kind) == "invalid":
		return "is a late value of no known kind"
	}
	return ""
}

// firstUnsorted is the first key that is not larger than the one before it.
func firstUnsorted(kvs []KV) string {
	for i := 1; i < len(kvs); i++ {
		if kvs[i-1].Key >= kvs[i].Key {
			return kvs[i].Key
		}
	}
	return ""
}
