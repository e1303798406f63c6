package system

import (
	"context"
	"errors"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func parse(files map[string]string) (SSHDConfig, error) {
	return parseSSHD(sshdFiles{
		read: func(name string) ([]byte, error) {
			text, ok := files[name]
			if !ok {
				return nil, errors.New("no such file")
			}
			return []byte(text), nil
		},
		list: func(dir string) []string {
			var names []string
			for p := range files {
				if path.Dir(p) == dir {
					names = append(names, path.Base(p))
				}
			}
			slices.Sort(names)
			return names
		},
	})
}

func TestSSHDReadsAsSSHDDoes(t *testing.T) {
	const d = "/etc/ssh/sshd_config.d/"
	for name, c := range map[string]struct {
		files map[string]string
		want  func(*SSHDConfig)
	}{
		"defaults": {map[string]string{sshdConfig: "# nothing\n"}, func(*SSHDConfig) {}},
		"the first value wins": {map[string]string{sshdConfig: "PermitRootLogin no\nPermitRootLogin yes\n"}, func(c *SSHDConfig) {
			c.PermitRootLogin = "no"
		}},
		"drop-ins in order, before the main file": {map[string]string{
			sshdConfig: debianSSHD + "PasswordAuthentication yes\n", d + "10-b.conf": "PasswordAuthentication yes\n",
			d + "00-a.conf": "passwordauthentication no\n", d + "zz": "PermitRootLogin yes\n", d + ".hidden.conf": "PermitRootLogin yes\n",
		}, func(c *SSHDConfig) { c.PasswordAuthentication = false }},
		"an include below comes too late": {map[string]string{
			sshdConfig: "PermitRootLogin yes\nInclude sshd_config.d/*.conf\n", d + "a.conf": "PermitRootLogin no\n",
		}, func(c *SSHDConfig) { c.PermitRootLogin = "yes" }},
		"ports and keys add up": {map[string]string{
			sshdConfig: "Port 22\nPort 2222\nHostKey /k\nHostCertificate /c\nHostCertificate /c2\n", "/k": "key",
		}, func(c *SSHDConfig) {
			c.Ports, c.HostKeys, c.HostCertificates = []uint{22, 2222}, []string{"/k"}, []string{"/c", "/c2"}
		}},
		"match is not for everybody": {map[string]string{
			sshdConfig: "Match User bob\n  PermitRootLogin yes\n  PasswordAuthentication no\nMatch all\nPubkeyAuthentication no\n",
		}, func(c *SSHDConfig) { c.PubkeyAuthentication = false }},
		"a match ends with its file": {map[string]string{
			sshdConfig: "Include sshd_config.d/*\nPermitRootLogin no\n", d + "a": "Match User bob\nPermitRootLogin yes\n",
		}, func(c *SSHDConfig) { c.PermitRootLogin = "no" }},
		"quotes, equals signs and comments": {map[string]string{
			sshdConfig: "TrustedUserCAKeys=\"/a b\" # why\n\tAuthorizedKeysFile .k %h/x\n", "/a b": "",
		}, func(c *SSHDConfig) {
			c.TrustedUserCAKeys, c.AuthorizedKeysFiles = "/a b", []string{".k", "%h/x"}
		}},
		"the old name of a value": {map[string]string{sshdConfig: "PermitRootLogin without-password\n"}, func(*SSHDConfig) {}},
		"none":                    {map[string]string{sshdConfig: "TrustedUserCAKeys none\n"}, func(*SSHDConfig) {}},
	} {
		want := SSHDConfig{
			Ports: []uint{22}, PermitRootLogin: "prohibit-password", PasswordAuthentication: true, PubkeyAuthentication: true,
			AuthorizedKeysFiles: []string{".ssh/authorized_keys", ".ssh/authorized_keys2"},
		}
		c.want(&want)
		got, err := parse(c.files)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%+v, %v, want\n%+v", name, got, err, want)
		}
	}
}

func TestSSHDRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"Nonsense 1\n":                "Bad configuration option: Nonsense",
		"Port\n":                      "no argument",
		"Port x\n":                    "port number",
		"Port 0\n":                    "port number",
		"\n\nPermitRootLogin maybe\n": "line 3: unsupported option",
		"PasswordAuthentication 1\n":  "unsupported option",
		"Banner \"open\n":             "quotes",
		"Match User a\nFoo 1\n":       "Bad configuration option",
		"HostKey /missing\n":          "no hostkeys",
		"Include sshd_config\n":       "recursive",
	} {
		if _, err := parse(map[string]string{sshdConfig: text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := parse(nil); err == nil {
		t.Error("took no file at all")
	}
}

// The running daemon keeps what it read until it is told to read again.
func TestRunningSSHDAndItsFiles(t *testing.T) {
	ctx := context.Background()
	m := machine(t, "debian-12")
	m.Boot()
	if c, ok := m.SSHD(); !ok || c.PermitRootLogin != "prohibit-password" {
		t.Fatalf("%+v %v", c, ok)
	}
	must(t, m.WriteFile(ctx, "/etc/ssh/sshd_config.d/a.conf", []byte("PermitRootLogin yes\n"), rootFile(0o644)))
	if c, _ := m.SSHD(); c.PermitRootLogin != "prohibit-password" {
		t.Error("a file took effect before a reload")
	}
	must(t, m.ReloadUnit(ctx, "sshd"))
	if c, _ := m.SSHD(); c.PermitRootLogin != "yes" {
		t.Error("a reload changed nothing")
	}
	must(t, m.SetUnit(ctx, "ssh", true, false))
	if _, ok := m.SSHD(); ok {
		t.Error("a stopped sshd answers")
	}
}

func TestAuthorizedKeys(t *testing.T) {
	ctx := context.Background()
	m := machine(t, "debian-12")
	m.Boot()
	must(t, m.PutUser(ctx, User{Name: "alice", Home: "/home/alice", Shell: "/bin/bash"}))
	const file = "/home/alice/.ssh/authorized_keys"
	mine := FileInfo{Mode: 0o600, Owner: "alice", Group: "alice"}
	must(t, m.Mkdir("/home/alice/.ssh", FileInfo{Mode: 0o700, Owner: "alice", Group: "alice"}))
	must(t, m.WriteFile(ctx, file, []byte("# me\nssh-ed25519 A one\n\nssh-ed25519 B two\n"), mine))
	both := []string{"ssh-ed25519 A one", "ssh-ed25519 B two"}
	check := func(what string, want []string) {
		t.Helper()
		if got := m.AuthorizedKeys("alice"); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	check("as usual", both)
	must(t, m.Chmod(file, 0o666))
	check("a file others may write to", nil)
	must(t, m.Chmod(file, 0o600))
	must(t, m.Chmod("/home/alice", 0o777))
	check("a home others may write to", nil)
	must(t, m.Chmod("/home/alice", 0o700))
	must(t, m.Chown(file, "nobody", ""))
	check("a file of somebody else", nil)
	must(t, m.Chown(file, "alice", ""))
	check("as before", both)
	must(t, m.WriteFile(ctx, "/etc/ssh/sshd_config.d/a.conf", []byte("PubkeyAuthentication no\n"), rootFile(0o644)))
	check("before the reload", both)
	must(t, m.ReloadUnit(ctx, "ssh"))
	check("keys switched off", nil)
	if got := m.AuthorizedKeys("ghost"); got != nil {
		t.Errorf("nobody gets in with %q", got)
	}
}
