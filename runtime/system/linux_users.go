//go:build linux

package system

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
)

// LookupUser implements System. It reads the machine's own files: accounts of a
// directory service are not homestak's to change.
func (l *Linux) LookupUser(_ context.Context, name string) (User, error) {
	u, err := lookupUser(name)
	if err != nil {
		return User{}, fmt.Errorf("user %q: %w", name, err)
	}
	return u, nil
}

func lookupUser(name string) (User, error) {
	u := User{Name: name}
	entry, err := findEntry("/etc/passwd", name, 7)
	if err != nil {
		return User{}, err
	}
	u.Home, u.Shell = entry[5], entry[6]
	if shadow, err := findEntry("/etc/shadow", name, 2); err == nil {
		u.PasswordHash = shadow[1]
	} else if !errors.Is(err, ErrNotExist) {
		return User{}, err
	}
	err = eachEntry("/etc/group", 4, func(e []string) bool {
		if slices.Contains(strings.Split(e[3], ","), name) {
			u.Groups = append(u.Groups, e[0])
		}
		return true
	})
	slices.Sort(u.Groups)
	return u, err
}

// findEntry is the line of a database of /etc whose first field is name.
func findEntry(file, name string, fields int) (entry []string, err error) {
	err = eachEntry(file, fields, func(e []string) bool {
		if e[0] == name {
			entry = e
		}
		return entry == nil
	})
	if err == nil && entry == nil {
		err = ErrNotExist
	}
	return entry, err
}

// eachEntry calls f for each line that has at least that many fields, until it
// says no.
func eachEntry(file string, fields int, f func([]string) bool) error {
	data, err := os.Open(file)
	if err != nil {
		return err
	}
	defer data.Close()
	lines := bufio.NewScanner(data)
	lines.Buffer(nil, 1<<20) // a group may have many members
	for lines.Scan() {
		if e := strings.Split(lines.Text(), ":"); len(e) >= fields && !f(e) {
			return nil
		}
	}
	return lines.Err()
}

// PutUser implements System. The hash of a password goes through a pipe: the
// arguments of a program are everybody's to read.
func (l *Linux) PutUser(ctx context.Context, u User) error {
	if !accountName.MatchString(u.Name) {
		return &ExitError{Argv: []string{"useradd", u.Name}, Code: 3, Stderr: "useradd: invalid user name '" + u.Name + "'"}
	}
	have, err := l.LookupUser(ctx, u.Name)
	switch {
	case errors.Is(err, ErrNotExist):
		err = l.addUser(ctx, u)
	case err == nil:
		err = l.changeUser(ctx, have, u)
	}
	if err != nil || u.PasswordHash == "" || u.PasswordHash == have.PasswordHash {
		return err
	}
	if strings.ContainsAny(u.PasswordHash, ":\n") {
		return fmt.Errorf("user %q: that is no crypt hash", u.Name)
	}
	_, err = l.Run(ctx, []byte(u.Name+":"+u.PasswordHash+"\n"), "chpasswd", "-e")
	return err
}

func (l *Linux) addUser(ctx context.Context, u User) error {
	argv := []string{"useradd", "--create-home"}
	if u.Home != "" {
		argv = append(argv, "--home-dir", u.Home)
	}
	if u.Shell != "" {
		argv = append(argv, "--shell", u.Shell)
	}
	if len(u.Groups) > 0 {
		argv = append(argv, "--groups", strings.Join(u.Groups, ","))
	}
	argv = append(argv, "--user-group")
	if err := l.groupLeft(u.Name); err == nil {
		// A group of that name is left from an account of old: useradd wants it said.
		argv[len(argv)-1], argv = "--gid", append(argv, u.Name)
	}
	_, err := l.Run(ctx, nil, append(argv, "--", u.Name)...)
	return err
}

func (l *Linux) groupLeft(name string) error {
	_, err := findEntry("/etc/group", name, 4)
	return err
}

func (l *Linux) changeUser(ctx context.Context, have, want User) error {
	var argv []string
	if want.Home != "" && path.Clean(want.Home) != path.Clean(have.Home) {
		argv = append(argv, "--home", want.Home)
	}
	if want.Shell != "" && want.Shell != have.Shell {
		argv = append(argv, "--shell", want.Shell)
	}
	groups := slices.Compact(slices.Sorted(slices.Values(want.Groups)))
	if !slices.Equal(groups, have.Groups) {
		argv = append(argv, "--groups", strings.Join(groups, ","))
	}
	if len(argv) == 0 {
		return nil
	}
	_, err := l.Run(ctx, nil, append(append([]string{"usermod"}, argv...), "--", want.Name)...)
	return err
}
