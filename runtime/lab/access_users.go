package lab

import (
	"fmt"
	"slices"
	"strings"
)

// row is a user in listings, as PVE's user.cfg has him: the line of a user ends
// with the last field that is set, and what was cut off is absent.
func (u *user) row() map[string]any {
	row := map[string]any{"enable": 1, "expire": u.Expire}
	if u.Disabled {
		row["enable"] = 0
	}
	if u.Email != "" || u.Comment != "" || u.Keys != "" {
		row["email"] = u.Email
	}
	for key, value := range map[string]string{"comment": u.Comment, "firstname": u.FirstName, "lastname": u.LastName, "keys": u.Keys} {
		if value != "" {
			row[key] = value
		}
	}
	return row
}

func (c *call) userList() (any, error) {
	all := c.mayAny("/access/groups", "User.Modify", "Sys.Audit")
	c.mu.Lock()
	defer c.mu.Unlock()
	list := []any{}
	for _, id := range c.access.userIDs() {
		u := c.access.user(id)
		if !all && c.who.String() != id || c.has("enabled") && c.flag("enabled") == u.Disabled {
			continue
		}
		_, realm, _ := strings.Cut(id, "@")
		row := u.row()
		row["userid"], row["realm-type"] = id, realm
		if c.flag("full") {
			row["groups"], row["tokens"] = strings.Join(u.Groups, ","), nil
			if tokens := c.tokenRows(id); len(tokens) > 0 {
				row["tokens"] = tokens
			}
		}
		list = append(list, row)
	}
	return list, nil
}

func (c *call) userGet() (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.access.user(c.str("userid"))
	if u == nil {
		return nil, noUser(c.str("userid"))
	}
	row := u.row()
	row["groups"] = append([]string{}, u.Groups...)
	tokens := map[string]any{}
	for _, t := range c.access.Tokens {
		if t.User == u.ID {
			tokens[t.ID] = t.row()
		}
	}
	row["tokens"] = tokens
	return row, nil
}

// setUser takes what a request says about a user.
func (c *call) setUser(a *access, u *user) error {
	for key, field := range map[string]*string{
		"comment": &u.Comment, "email": &u.Email, "firstname": &u.FirstName, "lastname": &u.LastName, "keys": &u.Keys,
	} {
		if c.has(key) {
			*field = c.str(key)
		}
	}
	u.Disabled = !c.flagOr("enable", !u.Disabled)
	u.Expire = c.number("expire", u.Expire)
	if !c.has("groups") {
		return nil
	}
	groups := splitList(c.str("groups"))
	for _, g := range groups {
		if a.group(g) == nil {
			return fmt.Errorf("no such group '%s'", g)
		}
	}
	if c.flag("append") {
		groups = append(groups, u.Groups...)
	}
	slices.Sort(groups)
	u.Groups = slices.Compact(groups)
	return nil
}

func (c *call) userCreate() (any, error) {
	id := c.str("userid")
	password := ""
	if c.has("password") {
		password = hashPassword(c.str("password"))
	}
	return nil, c.edit("create user failed", func(a *access) error {
		if a.user(id) != nil {
			return fmt.Errorf("user '%s' already exists", id)
		}
		if _, realm, _ := strings.Cut(id, "@"); realm != "pam" && realm != "pve" {
			return fmt.Errorf("domain '%s' does not exist", realm)
		}
		u := user{ID: id, Password: password}
		if err := c.setUser(a, &u); err != nil {
			return err
		}
		a.putUser(u)
		return nil
	})
}

func (c *call) userUpdate() (any, error) {
	id := c.str("userid")
	return nil, c.edit("update user failed", func(a *access) error {
		if a.user(id) == nil {
			return noUser(id)
		}
		u := *a.user(id)
		if err := c.setUser(a, &u); err != nil {
			return err
		}
		a.putUser(u)
		return nil
	})
}

func (c *call) userDelete() (any, error) {
	id := c.str("userid")
	if id == c.who.user {
		return nil, badParam("userid", "unable to delete your own account")
	}
	return nil, c.edit("delete user failed", func(a *access) error {
		if a.user(id) == nil || id == rootUser {
			return fmt.Errorf("user '%s' does not exist", id)
		}
		a.dropUser(id)
		a.forget("user", id)
		for _, t := range slices.Clone(a.Tokens) {
			if t.User == id {
				a.drop(id, t.ID)
				a.forget("token", id+"!"+t.ID)
			}
		}
		return nil
	})
}

// passwordChange is PUT /access/password. The lab keeps the passwords of both
// realms: it has no PAM.
func (c *call) passwordChange() (any, error) {
	id, hash := c.str("userid"), hashPassword(c.str("password"))
	return nil, c.edit("", func(a *access) error {
		if a.user(id) == nil {
			return noUser(id)
		}
		u := *a.user(id)
		u.Password = hash
		a.putUser(u)
		return nil
	})
}

func (c *call) groupList() (any, error) {
	list := []any{}
	c.mu.Lock()
	groups := c.access.Groups
	members := c.groupMembers()
	c.mu.Unlock()
	for _, g := range groups {
		if c.mayAny("/access/groups/"+g.ID, "User.Modify", "Sys.Audit", "Group.Allocate") {
			row := map[string]any{"groupid": g.ID, "users": strings.Join(members[g.ID], ",")}
			if g.Comment != "" {
				row["comment"] = g.Comment
			}
			list = append(list, row)
		}
	}
	return list, nil
}

// groupMembers are the users by group; the caller holds mu.
func (c *call) groupMembers() map[string][]string {
	members := map[string][]string{}
	for _, id := range c.access.userIDs() {
		for _, g := range c.access.user(id).Groups {
			members[g] = append(members[g], id)
		}
	}
	return members
}

func (c *call) groupCreate() (any, error) {
	id := c.str("groupid")
	return nil, c.edit("create group failed", func(a *access) error {
		if a.group(id) != nil {
			return fmt.Errorf("group '%s' already exists", id)
		}
		a.Groups = append(slices.Clone(a.Groups), group{ID: id, Comment: c.str("comment")})
		return nil
	})
}

func (c *call) groupGet() (any, error) {
	id := c.str("groupid")
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.access.group(id)
	if g == nil {
		return nil, fmt.Errorf("group '%s' does not exist", id)
	}
	row := map[string]any{"members": append([]string{}, c.groupMembers()[id]...)}
	if g.Comment != "" {
		row["comment"] = g.Comment
	}
	return row, nil
}

func (c *call) groupUpdate() (any, error) {
	id := c.str("groupid")
	return nil, c.edit("update group failed", func(a *access) error {
		if a.group(id) == nil {
			return fmt.Errorf("group '%s' does not exist", id)
		}
		a.Groups = slices.Clone(a.Groups)
		if c.has("comment") {
			a.group(id).Comment = c.str("comment")
		}
		return nil
	})
}

func (c *call) groupDelete() (any, error) {
	id := c.str("groupid")
	return nil, c.edit("delete group failed", func(a *access) error {
		if a.group(id) == nil {
			return fmt.Errorf("group '%s' does not exist", id)
		}
		a.Groups = slices.DeleteFunc(slices.Clone(a.Groups), func(g group) bool { return g.ID == id })
		a.Users = slices.Clone(a.Users)
		for i := range a.Users {
			a.Users[i].Groups = without(a.Users[i].Groups, id)
		}
		a.forget("group", id)
		return nil
	})
}
