package system

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
)

// baseUsers exist on every machine.
var baseUsers = []User{
	{Name: "daemon", Home: "/usr/sbin", Shell: "/usr/sbin/nologin", PasswordHash: "*"},
	{Name: "nobody", Home: "/nonexistent", Shell: "/usr/sbin/nologin", PasswordHash: "*"},
	{Name: "root", Home: "/root", Shell: "/bin/bash", PasswordHash: "*"},
	{Name: "sshd", Home: "/run/sshd", Shell: "/usr/sbin/nologin", PasswordHash: "!"},
	{Name: "www-data", Home: "/var/www", Shell: "/usr/sbin/nologin", PasswordHash: "*"},
}

// baseGroups exist on every machine, besides one for each user.
var baseGroups = []string{"adm", "audio", "cdrom", "crontab", "dialout", "disk", "floppy", "kvm", "netdev", "plugdev", "shadow", "staff", "sudo", "systemd-journal", "users", "video"}

var accountName = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,31}$`)

// LookupUser implements System.
func (m *Memory) LookupUser(_ context.Context, name string) (User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, ok := m.user(name)
	if !ok {
		return User{}, fmt.Errorf("user %q: %w", name, ErrNotExist)
	}
	u.Groups = slices.Clone(u.Groups)
	return u, nil
}

func (m *Memory) user(name string) (User, bool) {
	if u, ok := m.s.users[name]; ok {
		return u, true
	}
	i := slices.IndexFunc(baseUsers, func(u User) bool { return u.Name == name })
	if i < 0 {
		return User{}, false
	}
	return baseUsers[i], true
}

// Users lists the accounts, by name.
func (m *Memory) Users() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for _, u := range m.users() {
		names = append(names, u.Name)
	}
	return names
}

func (m *Memory) users() []User {
	var all []User
	for _, u := range m.s.users {
		all = append(all, u)
	}
	for _, u := range baseUsers {
		if _, changed := m.s.users[u.Name]; !changed {
			all = append(all, u)
		}
	}
	slices.SortFunc(all, func(a, b User) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return all
}

func (m *Memory) group(name string) bool {
	_, user := m.user(name)
	return user || slices.Contains(baseGroups, name)
}

// PutUser implements System. A new account gets a group of its own name and,
// unless told otherwise, /home/NAME and /bin/sh.
func (m *Memory) PutUser(_ context.Context, u User) error {
	fail := func(why string) error {
		return &ExitError{Argv: []string{"useradd", u.Name}, Code: 3, Stderr: "useradd: " + why}
	}
	return m.change(func() ([]Event, error) {
		if !accountName.MatchString(u.Name) {
			return nil, fail("invalid user name '" + u.Name + "'")
		}
		old, exists := m.user(u.Name)
		if u.PasswordHash == "" {
			u.PasswordHash = "!"
			if exists {
				u.PasswordHash = old.PasswordHash
			}
		}
		if u.Home == "" {
			u.Home = "/home/" + u.Name
		}
		if u.Shell == "" {
			u.Shell = "/bin/sh"
		}
		if !path.IsAbs(u.Home) || !path.IsAbs(u.Shell) {
			return nil, fail("home and shell must be absolute paths")
		}
		u.Groups = slices.Compact(slices.Sorted(slices.Values(u.Groups)))
		for _, g := range u.Groups {
			if !m.group(g) {
				return nil, fail("group '" + g + "' does not exist")
			}
		}
		m.s.users[u.Name] = u
		return nil, nil
	})
}

// RemoveUser deletes an account and keeps its files, as userdel does. Nothing
// happens when there is none; the image's own accounts stay.
func (m *Memory) RemoveUser(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.s.users, name)
}
