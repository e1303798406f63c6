package lab

import "fmt"

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

func noToken(user, id string) error { return fmt.Errorf("no such token '%s' for user '%s'", id, user) }

// tokenRows are a user's tokens; the caller holds mu.
func (c *call) tokenRows(user string) []any {
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
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.access.user(c.str("userid")) == nil {
		return nil, noUser(c.str("userid"))
	}
	return c.tokenRows(c.str("userid")), nil
}

func (c *call) tokenGet() (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.access.find(c.str("userid"), c.str("tokenid"))
	if t == nil {
		return nil, noToken(c.str("userid"), c.str("tokenid"))
	}
	return t.row(), nil
}

// tokenCreate makes a token; its secret is in this answer and nowhere else.
func (c *call) tokenCreate() (any, error) {
	user, id := c.str("userid"), c.str("tokenid")
	secret := newUUID()
	t := token{
		User: user, ID: id, Hash: hashSecret(secret), Comment: c.str("comment"),
		Expire: c.number("expire", 0), Privsep: c.flagOr("privsep", true),
	}
	err := c.edit("", func(a *access) error {
		if a.user(user) == nil {
			return noUser(user)
		}
		if a.find(user, id) != nil {
			return badParam("tokenid", "Token already exists.")
		}
		a.put(t)
		return nil
	})
	if err != nil {
		return nil, err
	}
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
	user, id := c.str("userid"), c.str("tokenid")
	return nil, c.edit("", func(a *access) error {
		if a.find(user, id) == nil {
			return noToken(user, id)
		}
		a.drop(user, id)
		a.forget("token", user+"!"+id)
		return nil
	})
}

// tokenUpdate is PUT on a token; with regenerate it gets another secret, which
// is in this answer and nowhere else.
func (c *call) tokenUpdate() (any, error) {
	user, id := c.str("userid"), c.str("tokenid")
	secret := newUUID()
	var row map[string]any
	err := c.edit("", func(a *access) error {
		if a.find(user, id) == nil {
			return noToken(user, id)
		}
		t := *a.find(user, id)
		for _, k := range splitList(c.str("delete")) {
			switch k {
			case "comment":
				t.Comment = ""
			case "expire":
				t.Expire = 0
			case "privsep":
				t.Privsep = true
			default:
				return badParam("delete", "unknown option '"+k+"'")
			}
		}
		if c.has("comment") {
			t.Comment = c.str("comment")
		}
		t.Expire, t.Privsep = c.number("expire", t.Expire), c.flagOr("privsep", t.Privsep)
		if c.flag("regenerate") {
			t.Hash = hashSecret(secret)
		}
		a.put(t)
		row = t.row()
		return nil
	})
	if err != nil {
		return nil, err
	}
	if c.flag("regenerate") {
		row["full-tokenid"], row["value"] = user+"!"+id, secret
	}
	return row, nil
}
