package converge

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/homestak/homestak/plan/program"
	"github.com/homestak/homestak/runtime/system"
)

// authorizedKeys: the exact content of ~/.ssh/authorized_keys, readable by the
// user alone, and nothing in authorized_keys2, which sshd reads as well.
func authorizedKeys(k program.AuthorizedKeys) kind {
	return kind{
		needs: []string{program.KindUser + " " + k.User},
		check: func(ctx context.Context, m *machine) ([]Diff, error) {
			want, second, err := keyFiles(ctx, m, k)
			if errors.Is(err, system.ErrNotExist) {
				return noAccount(), nil
			}
			if err != nil {
				return nil, err
			}
			dir, err := m.directory(ctx, path.Dir(want.path))
			if errors.Is(err, system.ErrNotExist) {
				if len(want.data) == 0 {
					return nil, nil
				}
				return []Diff{{want.path, "absent", keyCount(want.data)}}, nil
			}
			if err != nil {
				return nil, err
			}
			ds, err := keyDiff(ctx, m, want)
			if err != nil {
				return nil, err
			}
			if right := "700 " + k.User; dir != right {
				ds = append(ds, Diff{path.Dir(want.path), dir, right})
			}
			more, err := m.absent(ctx, second)
			return append(ds, more...), err
		},
		apply: func(ctx context.Context, m *machine) error {
			want, second, err := keyFiles(ctx, m, k)
			if err != nil {
				return err
			}
			dir := path.Dir(want.path)
			if _, err := m.directory(ctx, dir); err != nil && !errors.Is(err, system.ErrNotExist) {
				return err
			}
			if err := m.makeDirectory(ctx, dir, k.User); err != nil {
				return err
			}
			if err := m.RemoveFile(ctx, second); err != nil {
				return err
			}
			if len(want.data) == 0 {
				return m.RemoveFile(ctx, want.path)
			}
			return m.write(ctx, want)
		},
	}
}

// keyFiles gives the file as it should be, and the path of the other one.
func keyFiles(ctx context.Context, m *machine, k program.AuthorizedKeys) (wantFile, string, error) {
	var b strings.Builder
	for _, name := range k.Keys {
		v, err := m.secret(name)
		if err != nil {
			return wantFile{}, "", err
		}
		for line := range strings.Lines(string(v)) {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			if !publicKey(line) {
				d := codeValue.Errorf("secret %q is not a public SSH key", name)
				d.Help = "it should read like the line in a .pub file: ssh-ed25519 AAAA… comment"
				return wantFile{}, "", d
			}
			b.WriteString(line + "\n")
		}
	}
	u, err := m.LookupUser(ctx, k.User)
	if err != nil {
		return wantFile{}, "", err
	}
	dir := path.Join(u.Home, ".ssh")
	return wantFile{
		path: dir + "/authorized_keys",
		data: []byte(b.String()),
		info: system.FileInfo{Mode: 0o600, Owner: k.User, Group: k.User},
	}, dir + "/authorized_keys2", nil
}

// publicKey tells a line of authorized_keys from a private key or a typing
// error; sshd judges the rest.
func publicKey(line string) bool {
	if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) || strings.Contains(line, "PRIVATE KEY") {
		return false
	}
	for _, word := range strings.Fields(line) {
		if strings.HasPrefix(word, "AAAA") {
			return true
		}
	}
	return false
}

func keyDiff(ctx context.Context, m *machine, want wantFile) ([]Diff, error) {
	data, info, err := m.ReadFile(ctx, want.path)
	if errors.Is(err, system.ErrNotExist) {
		if len(want.data) == 0 {
			return nil, nil
		}
		return []Diff{{want.path, "absent", keyCount(want.data)}}, nil
	}
	if err != nil {
		return nil, err
	}
	var ds []Diff
	if string(data) != string(want.data) {
		ds = append(ds, Diff{want.path, keyCount(data) + ", not all of them right", keyCount(want.data)})
	}
	if len(want.data) > 0 && info != want.info {
		ds = append(ds, Diff{want.path, metadata(info), metadata(want.info)})
	}
	return ds, nil
}

func keyCount(data []byte) string {
	if n := strings.Count(string(data), "\n"); n != 1 {
		return fmt.Sprintf("%d keys", n)
	}
	return "1 key"
}
