package lab

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// check is a permission check of PVE's schema, as api.txt has it:
//
//	["perm", PATH, [PRIV…], "any", 1, "require_param", NAME]
//	["and", CHECK…] ["or", CHECK…]
//	["userid-param", "self" | PRIV] ["userid-group", [PRIV…], "groups_param", MODE]
//	["perm-modify", PATH]
//
// or "root": a method without any, which root@pam alone may use.
type check struct {
	kind  string
	path  string   // may have {parameters}
	privs []string // or the one word of a userid-param
	any   bool
	param string // of perm: refused when this is not given
	mode  string // of userid-group
	parts []check
}

func parseCheck(text string) (*check, error) {
	var raw []any
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	return newCheck(raw)
}

func newCheck(raw []any) (*check, error) {
	bad := fmt.Errorf("unknown check %v", raw)
	if len(raw) < 2 {
		return nil, bad
	}
	kind, _ := raw[0].(string)
	c := &check{kind: kind}
	options := raw[2:]
	switch kind {
	case "and", "or":
		for _, part := range raw[1:] {
			list, _ := part.([]any)
			p, err := newCheck(list)
			if err != nil {
				return nil, err
			}
			c.parts = append(c.parts, *p)
		}
		return c, nil
	case "perm-modify":
		c.path, _ = raw[1].(string)
	case "userid-param":
		word, _ := raw[1].(string)
		c.privs = []string{word}
	case "userid-group":
		c.privs = texts(raw[1])
	case "perm":
		c.path, _ = raw[1].(string)
		c.privs = texts(raw[2])
		options = raw[3:]
	default:
		return nil, bad
	}
	for i := 0; i+1 < len(options); i += 2 {
		switch options[i] {
		case "any":
			c.any = true
		case "require_param":
			c.param, _ = options[i+1].(string)
		case "groups_param":
			c.mode, _ = options[i+1].(string)
		default:
			return nil, bad
		}
	}
	return c, nil
}

func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, x := range list {
		s, _ := x.(string)
		out = append(out, s)
	}
	return out
}

// String is the check as the schema has it, without blanks.
func (k *check) String() string {
	quote := func(v any) string { b, _ := json.Marshal(v); return string(b) }
	switch k.kind {
	case "root":
		return k.kind
	case "and", "or":
		parts := []string{quote(k.kind)}
		for i := range k.parts {
			parts = append(parts, k.parts[i].String())
		}
		return "[" + strings.Join(parts, ",") + "]"
	case "perm-modify":
		return quote([]string{k.kind, k.path})
	case "userid-param":
		return quote([]string{k.kind, k.privs[0]})
	}
	raw := []any{k.kind}
	if k.kind == "perm" {
		raw = append(raw, k.path)
	}
	raw = append(raw, k.privs)
	if k.any {
		raw = append(raw, "any", 1)
	}
	if k.param != "" {
		raw = append(raw, "require_param", k.param)
	}
	if k.mode != "" {
		raw = append(raw, "groups_param", k.mode)
	}
	return quote(raw)
}

var pathParam = regexp.MustCompile(`\{[a-z]+\}`)

// allow is nil or PVE's refusal. It comes before the parameters are checked, so
// they are what the client sent.
func (c *call) allow(k *check) error {
	if k != nil && k.kind == "root" && !c.who.isRoot() {
		return errorf(403, "Permission check failed (user != root@pam)")
	}
	if k == nil || c.who.all {
		return nil
	}
	switch k.kind {
	case "and":
		for i := range k.parts {
			if err := c.allow(&k.parts[i]); err != nil {
				return err
			}
		}
		return nil
	case "or":
		for i := range k.parts {
			if c.allow(&k.parts[i]) == nil {
				return nil
			}
		}
		return errorf(403, "Permission check failed")
	case "perm-modify":
		return c.mayModify(c.fill(k.path))
	case "userid-param":
		return c.allowUser(k.privs[0])
	case "userid-group":
		return c.allowGroups(k)
	}
	if k.param != "" && !c.has(k.param) {
		return errorf(403, "Permission check failed")
	}
	if k.any {
		return c.needAny(c.fill(k.path), k.privs...)
	}
	return c.need(c.fill(k.path), k.privs...)
}

// fill puts parameters into a path.
func (c *call) fill(path string) string {
	return pathParam.ReplaceAllStringFunc(path, func(p string) string {
		if v, ok := c.params[p[1:len(p)-1]]; ok {
			return v
		}
		return p
	})
}

// mayModify is who may change the permissions of a path: also who may allocate
// the thing there.
func (c *call) mayModify(path string) error {
	kind, _, below := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	allocate := map[string]string{"storage": "Datastore.Allocate", "vms": "VM.Allocate", "pool": "Pool.Allocate"}[kind]
	if below && allocate != "" {
		return c.needAny(path, "Permissions.Modify", allocate)
	}
	return c.needAny(path, "Permissions.Modify")
}

// allowUser checks the user that a request is about: "self", or a privilege on
// his realm.
func (c *call) allowUser(word string) error {
	user := c.str("userid")
	if word == "self" {
		if c.who.String() == user || c.who.user == user && c.who.token == "" {
			return nil
		}
		return errorf(403, "Permission check failed")
	}
	_, realm, _ := strings.Cut(user, "@")
	return c.need("/access/realm/"+realm, word)
}

// allowGroups checks a privilege on the groups of the user that a request is
// about, or on all groups.
func (c *call) allowGroups(k *check) error {
	const all = "/access/groups"
	if given := splitList(c.str("groups")); k.mode != "" && len(given) > 0 {
		for _, g := range given {
			if err := c.needAny(all+"/"+g, k.privs...); err != nil {
				return err
			}
		}
		if k.mode == "create" {
			return nil
		}
	}
	if c.mayAny(all, k.privs...) {
		return nil
	}
	if k.mode != "create" {
		c.mu.Lock()
		var groups []string
		if u := c.access.user(c.str("userid")); u != nil {
			groups = u.Groups
		}
		c.mu.Unlock()
		for _, g := range groups {
			if c.mayAny(all+"/"+g, k.privs...) {
				return nil
			}
		}
	}
	return c.needAny(all, k.privs...)
}
