package lab

import (
	"fmt"
	"slices"
)

// put adds or replaces a token.
func (a *access) put(t token) {
	a.drop(t.User, t.ID)
	a.Tokens = append(a.Tokens, t)
}

func (a *access) drop(user, id string) {
	a.Tokens = slices.DeleteFunc(slices.Clone(a.Tokens), func(o token) bool { return o.User == user && o.ID == id })
}

func (a *access) find(user, id string) *token {
	for i := range a.Tokens {
		if a.Tokens[i].User == user && a.Tokens[i].ID == id {
			return &a.Tokens[i]
		}
	}
	return nil
}

func (t *token) row() map[string]any {
	row := map[string]any{"expire": t.Expire, "privsep": 0}
	if t.Privsep {
		row["privsep"] = 1
	}
	if t.Comment != "" {
		row["comment"] = t.Comment
	}
	return row
}

// mayToken checks who may see and change a user's tokens: he himself and who
// may modify users.
func (c *call) mayToken() error {
	if c.who.all || c.who.user == c.str("userid") && c.who.token == "" {
		return c.mustUser()
	}
	return errorf(403, "Permission check failed (/access/users, User.Modify)")
}

// mustUser finds the user in the path; the lab has root@pam alone.
func (c *call) mustUser() error {
	if c.str("userid") != "root@pam" {
		return fmt.Errorf("no such user ('%s')", c.str("userid"))
	}
	return nil
}

func (c *call) userList() (any, error) {
	if !c.who.all {
		return []any{}, nil
	}
	row := map[string]any{"userid": "root@pam", "enable": 1, "expire": 0, "realm-type": "pam"}
	if c.flag("full") {
		row["groups"], row["tokens"] = "", c.tokenRows("root@pam")
	}
	if c.has("enabled") && !c.flag("enabled") {
		return []any{}, nil
	}
	return []any{row}, nil
}

func (c *call) tokenRows(user string) []any {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := []any{}
	for _, t := range c.access.Tokens {
		if t.User == user {
			row := t.row()
			row["tokenid"] = t.ID
			list = append(list, row)
		}
	}
	return list
}

func (c *call) tokenList() (any, error) {
	if err := c.mayToken(); err != nil {
		return nil, err
	}
	return c.tokenRows(c.str("userid")), nil
}

func (c *call) tokenGet() (any, error) {
	if err := c.mayToken(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.access.find(c.str("userid"), c.str("tokenid"))
	if t == nil {
		return nil, fmt.Errorf("no such token '%s' for user '%s'", c.str("tokenid"), c.str("userid"))
	}
	return t.row(), nil
}

// tokenCreate makes a token; its secret is in this answer and nowhere else.
func (c *call) tokenCreate() (any, error) {
	if err := c.mayToken(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	user, id := c.str("userid"), c.str("tokenid")
	if c.access.find(user, id) != nil {
		return nil, badParam("tokenid", "Token already exists.")
	}
	secret := newUUID()
	t := token{
		User: user, ID: id, Hash: hashSecret(secret), Comment: c.str("comment"),
		Expire: c.number("expire", 0), Privsep: c.flagOr("privsep", true),
	}
	changed := c.access
	changed.put(t)
	if err := c.dir.save(changed, "access.json"); err != nil {
		return nil, err
	}
	c.access = changed
	info := map[string]any{"privsep": "0"} // a string in this answer
	if t.Privsep {
		info["privsep"] = "1"
	}
	if t.Comment != "" {
		info["comment"] = t.Comment
	}
	if c.has("expire") {
		info["expire"] = c.str("expire")
	}
	return map[string]any{"full-tokenid": user + "!" + id, "value": secret, "info": info}, nil
}

func (c *call) tokenDelete() (any, error) {
	if err := c.mayToken(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	user, id := c.str("userid"), c.str("tokenid")
	if c.access.find(user, id) == nil {
		return nil, fmt.Errorf("no such token '%s' for user '%s'", id, user)
	}
	changed := c.access
	changed.drop(user, id)
	if err := c.dir.save(changed, "access.json"); err != nil {
		return nil, err
	}
	c.access = changed
	return nil, nil
}

// Privileges of PVE 9 that the lab knows of.
var privileges = []string{
	"Datastore.Allocate", "Datastore.AllocateSpace", "Datastore.AllocateTemplate", "Datastore.Audit",
	"Mapping.Audit", "Mapping.Modify", "Mapping.Use", "Permissions.Modify", "Pool.Allocate", "Pool.Audit",
	"SDN.Allocate", "SDN.Audit", "SDN.Use", "Sys.AccessNetwork", "Sys.Audit", "Sys.Console", "Sys.Incoming", "Sys.Modify",
	"Sys.PowerMgmt", "Sys.Syslog", "User.Modify", "VM.Allocate", "VM.Audit", "VM.Backup", "VM.Clone", "VM.Config.CDROM",
	"VM.Config.CPU", "VM.Config.Cloudinit", "VM.Config.Disk", "VM.Config.HWType", "VM.Config.Memory", "VM.Config.Network",
	"VM.Config.Options", "VM.Console", "VM.GuestAgent.Audit", "VM.GuestAgent.FileRead", "VM.GuestAgent.FileSystemMgmt",
	"VM.GuestAgent.FileWrite", "VM.GuestAgent.Unrestricted", "VM.Migrate", "VM.PowerMgmt", "VM.Replicate", "VM.Snapshot",
	"VM.Snapshot.Rollback", "Realm.Allocate", "Realm.AllocateUser", "Group.Allocate",
}

// permissions is GET /access/permissions: what the caller, or a token of his,
// may do by path.
func (c *call) permissions() (any, error) {
	all := c.who.all
	if user := c.str("userid"); user != "" && user != c.who.String() {
		if !all {
			return nil, errorf(403, "Permission check failed (/access, Sys.Audit)")
		}
		id, err := c.known(user)
		if err != nil {
			return nil, err
		}
		all = id.all
	}
	out := map[string]any{}
	if !all {
		return out, nil
	}
	paths := []string{"/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms"}
	if c.has("path") {
		paths = []string{c.str("path")}
	}
	for _, p := range paths {
		privs := map[string]any{}
		for _, priv := range privileges {
			privs[priv] = 1
		}
		out[p] = privs
	}
	return out, nil
}

// known is the identity of a user or token by name.
func (c *call) known(name string) (identity, error) {
	if name == "root@pam" {
		return identity{user: name, all: true}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.access.Tokens {
		if t.User+"!"+t.ID == name {
			return identity{user: t.User, token: t.ID, all: !t.Privsep}, nil
		}
	}
	return identity{}, fmt.Errorf("no such user ('%s')", name)
}
