package perm

import (
	"path"
	"slices"
)

// Held is what a token may do: path → privilege → whether it goes on to the paths
// below. It is the answer of GET /access/permissions, which lists the paths that
// have permissions of their own, and a few more; what is not listed inherits.
type Held map[string]map[string]bool

// Has reports whether a privilege is held at a path. The nearest listed path
// decides, as in PVE: roles there replace those from above. A path on which
// everything was taken away (role NoAccess) is not listed by PVE and seems to
// inherit; PVE then refuses when it is asked.
func (h Held) Has(at, priv string) bool {
	if privs, ok := h[at]; ok {
		_, held := privs[priv]
		return held
	}
	for at != "/" {
		at = path.Dir(at)
		// What does not go on below leaves the roles from further above in force.
		if privs := h[at]; goesOn(privs) {
			return privs[priv]
		}
	}
	return false
}

func goesOn(privs map[string]bool) bool {
	for _, below := range privs {
		if below {
			return true
		}
	}
	return false
}

// holds reports whether all privileges of a grant are held.
func (h Held) holds(g Grant) bool { return len(h.lacks(g)) == 0 }

// lacks lists the privileges of a grant that are not held.
func (h Held) lacks(g Grant) []string {
	var out []string
	for _, p := range g.Privs {
		if !h.Has(g.Path, p) || g.Below && !h.spreads(g.Path, p) {
			out = append(out, p)
		}
	}
	return out
}

// spreads reports whether a privilege held at a path is held below it as well.
func (h Held) spreads(at, priv string) bool { return h.Has(path.Join(at, "…"), priv) }

// Missing lists the needs that are not satisfied. Of each only the privileges
// that are not held are left in its grants.
func (h Held) Missing(needs []Need) []Need {
	var out []Need
	for _, n := range needs {
		if slices.ContainsFunc(n.Any, h.holds) {
			continue
		}
		left := Need{For: n.For}
		for _, g := range n.Any {
			g.Privs = h.lacks(g)
			left.Any = append(left.Any, g)
		}
		out = append(out, left)
	}
	return out
}
