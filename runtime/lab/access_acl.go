package lab

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

func (c *call) accessIndex() (any, error) {
	return subdirs("users groups domains openid tfa roles acl password permissions ticket"), nil
}

func (c *call) roleList() (any, error) {
	special := specialRoles()
	c.mu.Lock()
	defer c.mu.Unlock()
	list := []any{}
	for _, id := range sortedKeys(special) {
		list = append(list, map[string]any{"roleid": id, "privs": strings.Join(special[id], ","), "special": 1})
	}
	for _, r := range c.access.Roles {
		list = append(list, map[string]any{"roleid": r.ID, "privs": strings.Join(r.Privs, ","), "special": 0})
	}
	return list, nil
}

func (c *call) roleGet() (any, error) {
	id := c.str("roleid")
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.access.hasRole(id) {
		return nil, fmt.Errorf("role '%s' does not exist", id)
	}
	privs := map[string]any{}
	for _, p := range c.access.privsOf(specialRoles(), id) {
		privs[p] = 1
	}
	return privs, nil
}

func (c *call) roleCreate() (any, error) {
	id := c.str("roleid")
	return nil, c.edit("create role failed", func(a *access) error {
		switch {
		case a.hasRole(id):
			return fmt.Errorf("role '%s' already exists", id)
		case strings.HasPrefix(strings.ToLower(id), "pve"):
			return badParam("roleid", "cannot use role ID starting with the (case-insensitive) 'PVE' namespace")
		}
		r := role{ID: id}
		if err := c.setRole(&r); err != nil {
			return err
		}
		a.Roles = append(slices.Clone(a.Roles), r)
		return nil
	})
}

func (c *call) setRole(r *role) error {
	if !c.flag("append") {
		r.Privs = nil
	}
	privs := append(splitList(c.str("privs")), r.Privs...)
	known := privileges()
	for _, p := range privs {
		if !slices.Contains(known, p) {
			return fmt.Errorf("invalid privilege '%s'", p)
		}
	}
	slices.Sort(privs)
	r.Privs = slices.Compact(privs)
	return nil
}

func (c *call) roleUpdate() (any, error) {
	id := c.str("roleid")
	return nil, c.edit("update role failed", func(a *access) error {
		if a.role(id) == nil {
			return c.noRole(id, "modify")
		}
		r := *a.role(id)
		if err := c.setRole(&r); err != nil {
			return err
		}
		a.Roles = slices.Clone(a.Roles)
		*a.role(id) = r
		return nil
	})
}

// noRole says why a role cannot be changed: it is not there, or special.
func (c *call) noRole(id, verb string) error {
	if _, special := specialRoles()[id]; special {
		return fmt.Errorf("auto-generated role '%s' cannot be %s", id, map[string]string{"modify": "modified", "delete": "deleted"}[verb])
	}
	return fmt.Errorf("role '%s' does not exist", id)
}

func (c *call) roleDelete() (any, error) {
	id := c.str("roleid")
	return nil, c.edit("delete role failed", func(a *access) error {
		if a.role(id) == nil {
			return c.noRole(id, "delete")
		}
		a.Roles = slices.DeleteFunc(slices.Clone(a.Roles), func(r role) bool { return r.ID == id })
		a.ACL = slices.DeleteFunc(slices.Clone(a.ACL), func(e aclEntry) bool { return e.Role == id })
		return nil
	})
}

// aclPath are the paths that PVE knows.
var aclPath = regexp.MustCompile(`^/(?:|access(?:/(?:groups|realm)(?:/[[:alnum:]._-]+)?)?|nodes(?:/[[:alnum:].-]+)?|pool(?:/[A-Za-z0-9._-]+){0,3}|` +
	`sdn(?:/(?:zones|fabrics|controllers|dns|ipams)(?:/[[:alnum:]._-]+){0,3})?|storage(?:/[[:alnum:]._-]+)?|vms(?:/[1-9][0-9]{2,})?|` +
	`mapping(?:/(?:dir|pci|usb|notifications)(?:/[[:alnum:]._-]+)?)?)$`)

var slashes = regexp.MustCompile(`/+`)

// normalACLPath is the path as ACLs have it, "" for none.
func normalACLPath(path string) string {
	path = slashes.ReplaceAllString("/"+path, "/")
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	if !aclPath.MatchString(path) {
		return ""
	}
	return path
}

// aclUpdate is PUT /access/acl: it gives roles, or with delete takes them.
func (c *call) aclUpdate() (any, error) {
	if !c.has("users") && !c.has("groups") && !c.has("tokens") {
		text := "either 'users', 'groups' or 'tokens' is required."
		return nil, &fault{400, "Parameter verification failed.", map[string]string{"users": text, "groups": text, "tokens": text}}
	}
	path := normalACLPath(c.str("path"))
	if path == "" {
		return nil, badParam("path", "invalid ACL path '"+c.str("path")+"'")
	}
	return nil, c.edit("ACL update failed", func(a *access) error {
		var who []aclEntry
		for _, id := range splitList(c.str("groups")) {
			if a.group(id) == nil {
				return fmt.Errorf("group '%s' does not exist", id)
			}
			who = append(who, aclEntry{Kind: "group", Who: id})
		}
		for _, id := range splitList(c.str("users")) {
			if a.user(id) == nil {
				return fmt.Errorf("user '%s' does not exist", id)
			}
			who = append(who, aclEntry{Kind: "user", Who: id})
		}
		for _, id := range splitList(c.str("tokens")) {
			user, name, _ := strings.Cut(id, "!")
			if a.find(user, name) == nil {
				return noToken(user, name)
			}
			who = append(who, aclEntry{Kind: "token", Who: id})
		}
		for _, role := range splitList(c.str("roles")) {
			if !a.hasRole(role) {
				return fmt.Errorf("role '%s' does not exist", role)
			}
			for _, e := range who {
				e.Path, e.Role, e.Propagate = path, role, c.flagOr("propagate", true)
				a.ACL = slices.DeleteFunc(slices.Clone(a.ACL), func(o aclEntry) bool {
					return o.Path == e.Path && o.Kind == e.Kind && o.Who == e.Who && o.Role == e.Role
				})
				if !c.flag("delete") {
					a.ACL = append(a.ACL, e)
				}
			}
		}
		return nil
	})
}

func (c *call) aclList() (any, error) {
	c.mu.Lock()
	entries := c.access.ACL
	c.mu.Unlock()
	list := []any{}
	for _, e := range entries {
		if c.mayModify(e.Path) != nil {
			continue
		}
		propagate := 0
		if e.Propagate {
			propagate = 1
		}
		list = append(list, map[string]any{"path": e.Path, "type": e.Kind, "ugid": e.Who, "roleid": e.Role, "propagate": propagate})
	}
	return list, nil
}

// permissions is GET /access/permissions: what the caller, or somebody he may
// ask about, may do by path.
func (c *call) permissions() (any, error) {
	who := c.who.String()
	if asked := c.str("userid"); asked != "" && asked != who {
		if user, _, _ := strings.Cut(asked, "!"); user != who {
			if err := c.need("/access", "Sys.Audit"); err != nil {
				return nil, err
			}
		}
		who = asked
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	user, id, isToken := strings.Cut(who, "!")
	if isToken && c.access.find(user, id) == nil {
		return nil, noToken(user, id)
	}
	if c.access.user(user) == nil {
		return nil, noUser(user)
	}
	out := map[string]any{}
	for _, path := range c.knownPaths() {
		privs := map[string]any{}
		for p, propagate := range c.privsAt(who, path) {
			privs[p] = 0
			if propagate {
				privs[p] = 1
			}
		}
		if len(privs) > 0 {
			out[path] = privs
		}
	}
	return out, nil
}

// knownPaths are the path asked for, or those that PVE knows of: the fixed
// ones, those with ACLs, those of pools and their members. The caller holds mu.
func (c *call) knownPaths() []string {
	if c.has("path") {
		return []string{c.str("path")}
	}
	paths := []string{"/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms"}
	for _, e := range c.access.ACL {
		paths = append(paths, e.Path)
	}
	for _, id := range sortedKeys(c.pools) {
		paths = append(paths, "/pool/"+id)
		for _, vmid := range c.pools[id].VMs {
			paths = append(paths, "/vms/"+vmidText(vmid))
		}
		for _, s := range c.pools[id].Storage {
			paths = append(paths, "/storage/"+s)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}
