package plan

import (
	"slices"
	"strconv"
	"strings"
)

// The text names of the closed sets, in the order of their constants. They are
// what every rendering shows and what the assembly form parses back.
var (
	goalNames   = []string{"", "create", "destroy", "reconcile", "test"}
	actionNames = []string{"none", "create", "update", "replace", "move", "adopt", "rename", "delete", "forget"}
	classNames  = []string{"live", "hotplug", "reboot", "rebuild"}
	phaseNames  = []string{"", "create", "config", "run", "destroy"}
	riskNames   = []string{"safe", "downtime", "data-loss"}
	guardNames  = []string{"", "absent", "ours", "unchanged", "power", "guests", "given"}
	lockNames   = []string{"", "host-io", "guest", "image", "cluster"}
	lateNames   = []string{"", "guest.address", "host.api", "host.fingerprint", "secret", "token", "apitoken", "hostkey", "marker", "seed.name", "server.url"}
)

func (g Goal) String() string      { return nameOf(goalNames, g) }
func (a Action) String() string    { return nameOf(actionNames, a) }
func (c Class) String() string     { return nameOf(classNames, c) }
func (p Phase) String() string     { return nameOf(phaseNames, p) }
func (r Risk) String() string      { return nameOf(riskNames, r) }
func (k GuardKind) String() string { return nameOf(guardNames, k) }
func (k LockKind) String() string  { return nameOf(lockNames, k) }
func (k LateKind) String() string  { return nameOf(lateNames, k) }

// ParseGoal and its like are the inverses of String; ok is false for a text
// that names no member of the set.
func ParseGoal(s string) (Goal, bool)           { return parseName[Goal](goalNames, s) }
func ParseAction(s string) (Action, bool)       { return parseName[Action](actionNames, s) }
func ParseClass(s string) (Class, bool)         { return parseName[Class](classNames, s) }
func ParsePhase(s string) (Phase, bool)         { return parseName[Phase](phaseNames, s) }
func ParseRisk(s string) (Risk, bool)           { return parseName[Risk](riskNames, s) }
func ParseGuardKind(s string) (GuardKind, bool) { return parseName[GuardKind](guardNames, s) }
func ParseLockKind(s string) (LockKind, bool)   { return parseName[LockKind](lockNames, s) }
func ParseLateKind(s string) (LateKind, bool)   { return parseName[LateKind](lateNames, s) }

func nameOf[T ~uint8](names []string, v T) string {
	if int(v) >= len(names) || names[v] == "" {
		return "invalid"
	}
	return names[v]
}

func parseName[T ~uint8](names []string, s string) (T, bool) {
	i := slices.Index(names, s)
	return T(max(i, 0)), i >= 0 && s != ""
}

// String shows a value as renderings and the assembly form do: "text",
// ["a", "b"], or marker(addr) for a late one, with @step when a step makes it.
func (v Value) String() string {
	switch {
	case v.Late != nil:
		s := v.Late.Kind.String() + "(" + v.Late.Of + ")"
		if v.Late.Step != "" {
			s += "@" + string(v.Late.Step)
		}
		return s
	case v.List != nil:
		quoted := make([]string, len(v.List))
		for i, item := range v.List {
			quoted[i] = strconv.Quote(item)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	default:
		return strconv.Quote(v.Text)
	}
}
