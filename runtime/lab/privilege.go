package lab

import (
	"slices"
	"strings"
)

// privGroup is a family of PVE's privileges: those that only Administrator has,
// then those of administrators, users and auditors of the thing. PVE makes its
// built-in roles of them.
type privGroup struct {
	name                     string
	root, admin, user, audit []string
}

func privGroups() []privGroup {
	return []privGroup{
		{name: "VM",
			admin: []string{"VM.Config.Disk", "VM.Config.CPU", "VM.Config.Memory", "VM.Config.Network", "VM.Config.HWType", "VM.Config.Options",
				"VM.Allocate", "VM.Clone", "VM.Migrate", "VM.Snapshot", "VM.Snapshot.Rollback", "VM.Replicate", "VM.GuestAgent.Unrestricted"},
			user: []string{"VM.Config.CDROM", "VM.Config.Cloudinit", "VM.Console", "VM.Backup", "VM.PowerMgmt",
				"VM.GuestAgent.FileRead", "VM.GuestAgent.FileWrite", "VM.GuestAgent.FileSystemMgmt"},
			audit: []string{"VM.Audit", "VM.GuestAgent.Audit"}},
		{name: "Sys",
			root:  []string{"Sys.PowerMgmt", "Sys.Modify", "Sys.Incoming", "Sys.AccessNetwork"},
			admin: []string{"Sys.Console", "Sys.Syslog"},
			audit: []string{"Sys.Audit"}},
		{name: "Datastore",
			admin: []string{"Datastore.Allocate", "Datastore.AllocateTemplate"},
			user:  []string{"Datastore.AllocateSpace"},
			audit: []string{"Datastore.Audit"}},
		{name: "SDN", admin: []string{"SDN.Allocate"}, user: []string{"SDN.Use"}, audit: []string{"SDN.Audit"}},
		{name: "User",
			root:  []string{"Realm.Allocate"},
			admin: []string{"User.Modify", "Group.Allocate", "Realm.AllocateUser"}},
		{name: "Pool", admin: []string{"Pool.Allocate"}, audit: []string{"Pool.Audit"}},
		{name: "Mapping", admin: []string{"Mapping.Modify"}, user: []string{"Mapping.Use"}, audit: []string{"Mapping.Audit"}},
		{name: "Permissions", root: []string{"Permissions.Modify"}},
	}
}

// privileges are all of PVE 9, sorted.
func privileges() []string {
	var out []string
	for _, g := range privGroups() {
		out = slices.Concat(out, g.root, g.admin, g.user, g.audit)
	}
	slices.Sort(out)
	return out
}

// specialRoles are the roles that every PVE has and nobody can change.
func specialRoles() map[string][]string {
	roles := map[string][]string{
		noAccess: nil, "Administrator": privileges(), "PVETemplateUser": {"VM.Audit", "VM.Clone"},
	}
	for _, g := range privGroups() {
		roles["PVEAdmin"] = slices.Concat(roles["PVEAdmin"], g.admin, g.user, g.audit)
		roles["PVEAuditor"] = append(roles["PVEAuditor"], g.audit...)
		if g.name == "Permissions" {
			continue
		}
		roles["PVE"+g.name+"Admin"] = slices.Concat(g.admin, g.user, g.audit)
		if g.name != "User" && g.name != "Sys" {
			roles["PVE"+g.name+"User"] = slices.Concat(g.user, g.audit)
		}
	}
	for name := range roles {
		slices.Sort(roles[name])
	}
	return roles
}

// noAccess is the role that takes everything away.
const noAccess = "NoAccess"

// rolesAt are the roles of a user or token (root@pam!x) on a path, each with
// whether it goes on to the paths below. Roles nearer to the path replace those
// from above, and those of a user replace those of his groups.
func (a *access) rolesAt(who, path string) map[string]bool {
	user, id, isToken := strings.Cut(who, "!")
	if isToken {
		t := a.find(user, id)
		if t == nil {
			return nil
		}
		if !t.Privsep {
			return a.rolesAt(user, path)
		}
	} else if who == rootUser {
		return map[string]bool{"Administrator": true}
	}
	var roles map[string]bool
	for _, at := range pathsTo(path) {
		own, groups := map[string]bool{}, map[string]bool{}
		for _, e := range a.ACL {
			if e.Path != at || at != path && !e.Propagate {
				continue
			}
			switch {
			case e.Kind == "group" && !isToken && a.inGroup(user, e.Who):
				groups[e.Role] = e.Propagate
			case e.Kind != "group" && e.Who == who:
				own[e.Role] = e.Propagate
			}
		}
		if len(own) == 0 {
			own = groups
		}
		if len(own) > 0 {
			roles = own
		}
	}
	if propagate, ok := roles[noAccess]; ok {
		return map[string]bool{noAccess: propagate}
	}
	return roles
}

// pathsTo are the paths from "/" down to path.
func pathsTo(path string) []string {
	out := []string{"/"}
	for i := 1; i < len(path); i++ {
		if path[i] == '/' {
			out = append(out, path[:i])
		}
	}
	if path != "/" {
		out = append(out, path)
	}
	return out
}

func (a *access) inGroup(user, group string) bool {
	u := a.user(user)
	return u != nil && slices.Contains(u.Groups, group)
}

// privsAt are the privileges of who on a path, each with whether it goes on
// below. A guest or storage in a pool has the roles of the pool too. The caller
// holds mu.
func (l *Lab) privsAt(who, path string) map[string]bool {
	roles := map[string]bool{}
	for role, propagate := range l.access.rolesAt(who, path) {
		roles[role] = propagate
	}
	if _, none := roles[noAccess]; none {
		return map[string]bool{}
	}
	for _, pool := range l.poolsOf(path) {
		for role := range l.access.rolesAt(who, "/pool/"+pool) {
			roles[role] = roles[role] || false
		}
	}
	privs := map[string]bool{}
	if len(roles) == 0 {
		return privs
	}
	special := specialRoles()
	for role, propagate := range roles {
		for _, p := range l.access.privsOf(special, role) {
			privs[p] = privs[p] || propagate
		}
	}
	// A token with separated privileges has at most what its user has.
	if user, id, isToken := strings.Cut(who, "!"); isToken && user != rootUser {
		if t := l.access.find(user, id); t != nil && t.Privsep {
			most := l.privsAt(user, path)
			for p := range privs {
				if _, ok := most[p]; !ok {
					delete(privs, p)
				}
			}
		}
	}
	return privs
}

func (a *access) privsOf(special map[string][]string, role string) []string {
	if privs, ok := special[role]; ok {
		return privs
	}
	if r := a.role(role); r != nil {
		return r.Privs
	}
	return nil
}

// poolsOf are the pools that the guest or storage of a path is in; the caller
// holds mu.
func (l *Lab) poolsOf(path string) []string {
	kind, name, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !ok {
		return nil
	}
	var out []string
	for _, id := range sortedKeys(l.pools) {
		p := l.pools[id]
		vm := slices.ContainsFunc(p.VMs, func(v uint) bool { return vmidText(v) == name })
		if kind == "vms" && vm || kind == "storage" && slices.Contains(p.Storage, name) {
			out = append(out, id)
		}
	}
	return out
}

// may reports whether the caller has all the privileges on a path.
func (c *call) may(path string, privs ...string) bool { return c.missing(path, privs) == "" }

// mayAny reports whether the caller has one of the privileges on a path.
func (c *call) mayAny(path string, privs ...string) bool {
	return slices.ContainsFunc(privs, func(p string) bool { return c.may(path, p) })
}

// need is PVE's refusal when the caller lacks one of the privileges on a path.
func (c *call) need(path string, privs ...string) error {
	if p := c.missing(path, privs); p != "" {
		return errorf(403, "Permission check failed ("+path+", "+p+")")
	}
	return nil
}

// needAny is PVE's refusal when the caller has none of the privileges.
func (c *call) needAny(path string, privs ...string) error {
	if c.mayAny(path, privs...) {
		return nil
	}
	return errorf(403, "Permission check failed ("+path+", "+strings.Join(privs, "|")+")")
}

// missing is the first of the privileges that the caller lacks on a path.
func (c *call) missing(path string, privs []string) string {
	if c.who.all {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	have := c.privsAt(c.who.String(), path)
	for _, p := range privs {
		if _, ok := have[p]; !ok {
			return p
		}
	}
	return ""
}
