package lab

import (
	"fmt"
	"slices"
)

// rootUser may do everything.
const rootUser = "root@pam"

// access is the content of access.json: who there is and what they may do.
// Lists are replaced, never changed in place, so that a copy stays as it was.
type access struct {
	Tokens []token    `json:"tokens"`
	Users  []user     `json:"users,omitempty"` // besides root@pam, unless he has a record of his own
	Groups []group    `json:"groups,omitempty"`
	Roles  []role     `json:"roles,omitempty"` // besides the special ones
	ACL    []aclEntry `json:"acl,omitempty"`
	Key    string     `json:"key,omitempty"` // hex; signs tickets
}

// user is a user at rest; of his password only a hash is kept.
type user struct {
	ID        string   `json:"id"`
	Comment   string   `json:"comment,omitempty"`
	Email     string   `json:"email,omitempty"`
	FirstName string   `json:"firstname,omitempty"`
	LastName  string   `json:"lastname,omitempty"`
	Keys      string   `json:"keys,omitempty"`
	Disabled  bool     `json:"disabled,omitempty"`
	Expire    int64    `json:"expire,omitempty"` // seconds since the epoch, 0 = never
	Groups    []string `json:"groups,omitempty"` // sorted
	Password  string   `json:"password,omitempty"`
}

// role is a role that was made.
type role struct {
	ID    string   `json:"id"`
	Privs []string `json:"privs,omitempty"` // sorted
}

type group struct {
	ID      string `json:"id"`
	Comment string `json:"comment,omitempty"`
}

// aclEntry gives a role to a user, group or token on a path.
type aclEntry struct {
	Path      string `json:"path"`
	Kind      string `json:"kind"` // user, group, token
	Who       string `json:"who"`
	Role      string `json:"role"`
	Propagate bool   `json:"propagate,omitempty"`
}

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

// user is nil when there is none of the name.
func (a *access) user(id string) *user {
	for i := range a.Users {
		if a.Users[i].ID == id {
			return &a.Users[i]
		}
	}
	if id == rootUser {
		return &user{ID: rootUser}
	}
	return nil
}

func (a *access) putUser(u user) {
	a.dropUser(u.ID)
	a.Users = append(a.Users, u)
}

func (a *access) dropUser(id string) {
	a.Users = slices.DeleteFunc(slices.Clone(a.Users), func(o user) bool { return o.ID == id })
}

// userIDs are all users, sorted.
func (a *access) userIDs() []string {
	ids := []string{rootUser}
	for _, u := range a.Users {
		ids = append(ids, u.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (a *access) role(id string) *role {
	for i := range a.Roles {
		if a.Roles[i].ID == id {
			return &a.Roles[i]
		}
	}
	return nil
}

func (a *access) hasRole(id string) bool {
	_, special := specialRoles()[id]
	return special || a.role(id) != nil
}

func (a *access) group(id string) *group {
	for i := range a.Groups {
		if a.Groups[i].ID == id {
			return &a.Groups[i]
		}
	}
	return nil
}

// forget takes a user, group or token out of all ACLs.
func (a *access) forget(kind, who string) {
	a.ACL = slices.DeleteFunc(slices.Clone(a.ACL), func(e aclEntry) bool { return e.Kind == kind && e.Who == who })
}

// edit changes who may do what: on disk first, then for everybody. An error of
// change gets PVE's prefix for the kind of edit, unless it is an answer of its
// own.
func (l *Lab) edit(failed string, change func(a *access) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	changed := l.access
	if err := change(&changed); err != nil {
		if _, isFault := err.(*fault); isFault || failed == "" {
			return err
		}
		return fmt.Errorf("%s: %w", failed, err)
	}
	if err := l.dir.save(changed, "access.json"); err != nil {
		return err
	}
	l.access = changed
	return nil
}

func noUser(id string) error { return fmt.Errorf("no such user ('%s')", id) }
