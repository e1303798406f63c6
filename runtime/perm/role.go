package perm

import (
	"fmt"
	"slices"
	"strings"
)

// Role is a set of privileges with a name, and where it is granted.
type Role struct {
	Name  string
	Privs []string // sorted
	At    []ACL    // by path
}

// ACL is a place where a role is granted.
type ACL struct {
	Path      string
	Propagate bool
}

// Widen moves what is needed on single guests to all guests. PVE forgets the
// permissions of a guest with the guest, so that a role on /vms/9001 is gone when
// VM 9001 is made anew; a role on /vms stays.
func Widen(needs []Need) []Need {
	out := make([]Need, len(needs))
	for i, n := range needs {
		out[i] = Need{For: n.For, Any: slices.Clone(n.Any)}
		for j, g := range n.Any {
			if strings.HasPrefix(g.Path, guests+"/") {
				out[i].Any[j] = Grant{Path: guests, Privs: g.Privs, Below: true}
			}
		}
	}
	return out
}

// Roles are grants as roles: paths that need the same have one role. prefix
// begins every name. A privilege is in no role that is granted where it is not
// needed.
func Roles(grants []Grant, prefix string) []Role {
	var out []Role
	for _, g := range grants {
		acl := ACL{Path: g.Path, Propagate: g.Below}
		i := slices.IndexFunc(out, func(r Role) bool { return slices.Equal(r.Privs, g.Privs) })
		if i >= 0 {
			out[i].At = append(out[i].At, acl)
			continue
		}
		name, n := prefix+"-"+family(g.Path), 1
		for n = 2; slices.ContainsFunc(out, func(r Role) bool { return r.Name == name }); n++ {
			name = fmt.Sprintf("%s-%s-%d", prefix, family(g.Path), n)
		}
		out = append(out, Role{Name: name, Privs: g.Privs, At: []ACL{acl}})
	}
	return out
}

// family is a word for what is at a path.
func family(path string) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch kind {
	case "vms":
		return "guests"
	case "storage":
		return "storage"
	case "sdn":
		return "network"
	case "pool":
		return "lease"
	case "mapping":
		return "devices"
	}
	return "host"
}

// Commands are what an administrator types on a node of the cluster: roles, user,
// token, and what each role is granted on. user is "homestak@pve", token the
// second half of its name.
func Commands(roles []Role, user, token string) []string {
	var out []string
	for _, r := range roles {
		out = append(out, fmt.Sprintf("pveum role add %s --privs %q", r.Name, strings.Join(r.Privs, ",")))
	}
	out = append(out, "pveum user add "+user, fmt.Sprintf("pveum user token add %s %s --privsep 0", user, token))
	for _, r := range roles {
		for _, a := range r.At {
			propagate := 0
			if a.Propagate {
				propagate = 1
			}
			out = append(out, fmt.Sprintf("pveum acl modify %s --users %s --roles %s --propagate %d", a.Path, user, r.Name, propagate))
		}
	}
	return out
}
