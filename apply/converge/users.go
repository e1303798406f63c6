package converge

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/homestak/homestak/plan/program"
	"github.com/homestak/homestak/runtime/system"
)

const (
	loginShell = "/bin/bash"
	sudoGroup  = "sudo"
)

func fileMode(m uint32) fs.FileMode { return fs.FileMode(m) & fs.ModePerm }

// user: an account with a home and a login shell, in group sudo or not. Other
// groups are left alone, and so is everything about root, who is always there.
func user(u program.User) kind {
	return kind{
		check: func(ctx context.Context, m *machine) ([]Diff, error) {
			have, err := m.LookupUser(ctx, u.Name)
			if errors.Is(err, system.ErrNotExist) {
				return noAccount(), nil
			}
			if err != nil || u.Name == "root" {
				return nil, err
			}
			var ds []Diff
			if have.Shell != loginShell {
				ds = append(ds, Diff{"shell", have.Shell, loginShell})
			}
			if in := slices.Contains(have.Groups, sudoGroup); in != u.Sudo {
				ds = append(ds, Diff{"group sudo", yesNo(in), yesNo(u.Sudo)})
			}
			if _, err := m.directory(ctx, have.Home); err != nil {
				if !errors.Is(err, system.ErrNotExist) {
					return nil, err
				}
				ds = append(ds, Diff{"home " + have.Home, "absent", "present"})
			}
			return ds, nil
		},
		apply: func(ctx context.Context, m *machine) error {
			want, err := m.LookupUser(ctx, u.Name)
			if errors.Is(err, system.ErrNotExist) {
				want = system.User{Name: u.Name, Home: "/home/" + u.Name}
			} else if err != nil {
				return err
			}
			want.PasswordHash = "" // keep
			want.Shell = loginShell
			want.Groups = slices.DeleteFunc(slices.Clone(want.Groups), func(g string) bool { return g == sudoGroup })
			if u.Sudo {
				want.Groups = append(want.Groups, sudoGroup)
				slices.Sort(want.Groups)
			}
			if err := m.PutUser(ctx, want); err != nil {
				return err
			}
			if _, err := m.directory(ctx, want.Home); errors.Is(err, system.ErrNotExist) {
				return m.makeDirectory(ctx, want.Home, u.Name)
			} else if err != nil {
				return err
			}
			return nil
		},
	}
}

func noAccount() []Diff { return []Diff{{"account", "absent", "present"}} }

// directory gives "MODE OWNER" of a directory. It does not follow links, so
// that nobody leads a write of ours elsewhere.
func (m *machine) directory(ctx context.Context, path string) (string, error) {
	out, err := m.Run(ctx, nil, "stat", "-c", "%F|%a %U", path)
	var exit *system.ExitError
	if errors.As(err, &exit) && strings.Contains(exit.Stderr, "No such file") {
		return "", fmt.Errorf("%s: %w", path, system.ErrNotExist)
	}
	if err != nil {
		return "", err
	}
	kind, rest, _ := strings.Cut(strings.TrimSpace(string(out)), "|")
	if kind != "directory" {
		return "", fmt.Errorf("%s is a %s, not a directory", path, kind)
	}
	return rest, nil
}

func (m *machine) makeDirectory(ctx context.Context, path, owner string) error {
	_, err := m.Run(ctx, nil, "install", "-d", "-m", "0700", "-o", owner, "-g", owner, path)
	return err
}

// password: the hash a site keeps for an account. An empty one means that no
// password opens the account.
func password(p program.Password) kind {
	hash := func(m *machine) (string, error) {
		v, err := m.secret(p.Secret)
		if err != nil {
			return "", err
		}
		h := string(v)
		if h != "" && (h[0] != '$' || strings.Count(h, "$") < 3 || strings.ContainsAny(h, ":\n ")) {
			d := codeValue.Errorf("secret %q is not a password hash", p.Secret)
			d.Help = "make one with: openssl passwd -6"
			return "", d
		}
		return h, nil
	}
	return kind{
		needs: []string{program.KindUser + " " + p.User},
		check: func(ctx context.Context, m *machine) ([]Diff, error) {
			want, err := hash(m)
			if err != nil {
				return nil, err
			}
			have, err := m.LookupUser(ctx, p.User)
			if errors.Is(err, system.ErrNotExist) {
				return noAccount(), nil
			}
			if err != nil {
				return nil, err
			}
			if have.PasswordHash == want || want == "" && locked(have.PasswordHash) {
				return nil, nil
			}
			return []Diff{{"password", hidden, hidden}}, nil
		},
		apply: func(ctx context.Context, m *machine) error {
			want, err := hash(m)
			if err != nil {
				return err
			}
			if want == "" {
				want = "!"
			}
			u, err := m.LookupUser(ctx, p.User)
			if err != nil {
				return err
			}
			u.PasswordHash = want
			return m.PutUser(ctx, u)
		},
	}
}

func locked(hash string) bool { return strings.HasPrefix(hash, "!") || strings.HasPrefix(hash, "*") }
