package perm

import (
	"cmp"
	"slices"
	"strings"
)

// Grant is privileges at a path: all of them.
type Grant struct {
	Path  string
	Privs []string // sorted when a Grant comes out of this package
	// Below says that what is under the path counts too: the role must propagate.
	Below bool
}

// String is "VM.Allocate, VM.Audit at /vms/9001".
func (g Grant) String() string { return strings.Join(g.Privs, ", ") + " at " + g.Path }

// Need is something a plan cannot do without.
type Need struct {
	For string  // what needs it: "Guest.Create edge/web", or a few words
	Any []Grant // one of them is enough; the first is what roles are made of
}

// String names the ways to satisfy it, "A at /x, or B at /y".
func (n Need) String() string {
	parts := make([]string, len(n.Any))
	for i, g := range n.Any {
		parts[i] = g.String()
	}
	return strings.Join(parts, ", or ")
}

// at is a need for all of the privileges at a path.
func at(path string, privs ...string) Need {
	return Need{Any: []Grant{{Path: path, Privs: privs}}}
}

// anyAt is a need for one of the privileges at a path.
func anyAt(path string, privs ...string) Need {
	var n Need
	for _, p := range privs {
		n.Any = append(n.Any, Grant{Path: path, Privs: []string{p}})
	}
	return n
}

// below is a need for privileges at a path and everything under it.
func below(path string, privs ...string) Need {
	return Need{Any: []Grant{{Path: path, Privs: privs, Below: true}}}
}

// have is privileges by path, for finding out what satisfies what.
type have map[string]map[string]bool

func (h have) add(g Grant) {
	if h[g.Path] == nil {
		h[g.Path] = map[string]bool{}
	}
	for _, p := range g.Privs {
		h[g.Path][p] = true
	}
}

func (h have) holds(g Grant) bool {
	return !slices.ContainsFunc(g.Privs, func(p string) bool { return !h[g.Path][p] })
}

func (h have) satisfies(n Need) bool { return slices.ContainsFunc(n.Any, h.holds) }

// Least is a smallest set of grants that satisfies every need: without any one
// privilege of it some need is not satisfied. Grants come out by path, one for
// each.
func Least(needs []Need) []Grant {
	h := have{}
	for _, n := range needs {
		if len(n.Any) == 1 {
			h.add(n.Any[0])
		}
	}
	for _, n := range needs {
		if !h.satisfies(n) {
			h.add(n.Any[0])
		}
	}
	for _, path := range sortedKeys(h) {
		for _, p := range sortedKeys(h[path]) {
			delete(h[path], p)
			if slices.ContainsFunc(needs, func(n Need) bool { return !h.satisfies(n) }) {
				h[path][p] = true
			}
		}
	}
	spread := map[string]bool{}
	for _, n := range needs {
		for _, g := range n.Any {
			spread[g.Path] = spread[g.Path] || g.Below
		}
	}
	var out []Grant
	for _, path := range sortedKeys(h) {
		if privs := sortedKeys(h[path]); len(privs) > 0 {
			out = append(out, Grant{Path: path, Privs: privs, Below: spread[path]})
		}
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// unique drops needs that are there already for the same reason.
func unique(needs []Need) []Need {
	seen := map[string]bool{}
	return slices.DeleteFunc(needs, func(n Need) bool {
		key := n.For + ": " + n.String()
		was := seen[key]
		seen[key] = true
		return was
	})
}

// byPath orders needs by the path of their first grant, stably.
func byPath(needs []Need) {
	slices.SortStableFunc(needs, func(a, b Need) int { return cmp.Compare(a.Any[0].Path, b.Any[0].Path) })
}
