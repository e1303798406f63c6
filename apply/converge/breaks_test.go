package converge

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/plan/program"
	"github.com/homestak/homestak/runtime/system"
)

// For every kind of resource somebody breaks the machine behind homestak's
// back: check names exactly that resource, and apply cures it.
func TestEveryBreakIsNamed(t *testing.T) {
	ctx := context.Background()
	root := system.FileInfo{Mode: 0o644, Owner: "root", Group: "root"}
	write := func(t *testing.T, m *system.Memory, path, text string, info system.FileInfo) {
		t.Helper()
		if err := m.WriteFile(ctx, path, []byte(text), info); err != nil {
			t.Fatal(err)
		}
	}
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	edit := func(t *testing.T, m *system.Memory, name string, f func(*system.User)) {
		t.Helper()
		u, err := m.LookupUser(ctx, name)
		must(t, err)
		f(&u)
		must(t, m.PutUser(ctx, u))
	}
	breaks := []struct {
		kind, what string
		names      []string
		do         func(t *testing.T, m *system.Memory)
	}{
		{program.KindHostname, "renamed", []string{"hostname"}, func(t *testing.T, m *system.Memory) { must(t, m.SetHostname(ctx, "other")) }},
		{program.KindHostname, "name leads to loopback", []string{"hostname"}, func(t *testing.T, m *system.Memory) {
			write(t, m, hostsPath, "127.0.0.1 localhost\n127.0.1.1 pve1\n", root)
		}},
		{program.KindTimezone, "moved", []string{"timezone"}, func(t *testing.T, m *system.Memory) { must(t, m.SetTimezone(ctx, "Asia/Tokyo")) }},
		{program.KindPackage, "removed", []string{"package htop"}, func(t *testing.T, m *system.Memory) { must(t, m.Remove(ctx, "htop")) }},
		{program.KindUser, "lost sudo", []string{"user alice"}, func(t *testing.T, m *system.Memory) {
			edit(t, m, "alice", func(u *system.User) { u.Groups = nil })
		}},
		{program.KindUser, "gained sudo", []string{"user bob"}, func(t *testing.T, m *system.Memory) {
			edit(t, m, "bob", func(u *system.User) { u.Groups = []string{"sudo"} })
		}},
		{program.KindUser, "shell", []string{"user bob"}, func(t *testing.T, m *system.Memory) {
			edit(t, m, "bob", func(u *system.User) { u.Shell = "/usr/sbin/nologin" })
		}},
		{program.KindUser, "deleted", []string{"user bob", "authorized-keys bob"}, func(_ *testing.T, m *system.Memory) { m.RemoveUser("bob") }},
		{program.KindPassword, "changed", []string{"password root"}, func(t *testing.T, m *system.Memory) {
			edit(t, m, "root", func(u *system.User) { u.PasswordHash = "$6$other$hash" })
		}},
		{program.KindKeys, "a key more", []string{"authorized-keys alice"}, func(t *testing.T, m *system.Memory) {
			write(t, m, "/home/alice/.ssh/authorized_keys", keyAlice+"\n"+keyBob+"\nssh-rsa AAAAevil\n", system.FileInfo{Mode: 0o600, Owner: "alice", Group: "alice"})
		}},
		{program.KindKeys, "writable for all", []string{"authorized-keys bob"}, func(t *testing.T, m *system.Memory) {
			must(t, m.Chmod("/home/bob/.ssh/authorized_keys", 0o666))
		}},
		{program.KindKeys, "directory of another", []string{"authorized-keys bob"}, func(t *testing.T, m *system.Memory) {
			must(t, m.Chown("/home/bob/.ssh", "alice", "alice"))
		}},
		{program.KindKeys, "a second file", []string{"authorized-keys bob"}, func(t *testing.T, m *system.Memory) {
			write(t, m, "/home/bob/.ssh/authorized_keys2", keyAlice+"\n", system.FileInfo{Mode: 0o600, Owner: "bob", Group: "bob"})
		}},
		{program.KindKeys, "gone", []string{"authorized-keys bob"}, func(t *testing.T, m *system.Memory) {
			must(t, m.RemoveFile(ctx, "/home/bob/.ssh/authorized_keys"))
		}},
		{program.KindSudo, "edited", []string{"sudo"}, func(t *testing.T, m *system.Memory) {
			write(t, m, SudoDropIn, "%sudo ALL=(ALL:ALL) PASSWD: ALL\n", system.FileInfo{Mode: 0o440, Owner: "root", Group: "root"})
		}},
		{program.KindSSHD, "drop-in removed", []string{"sshd"}, func(t *testing.T, m *system.Memory) { must(t, m.RemoveFile(ctx, SSHDDropIn)) }},
		{program.KindSSHD, "stopped", []string{"sshd"}, func(t *testing.T, m *system.Memory) { must(t, m.SetUnit(ctx, "ssh", true, false)) }},
		{program.KindFail2ban, "stopped", []string{"fail2ban"}, func(t *testing.T, m *system.Memory) { must(t, m.SetUnit(ctx, "fail2ban", false, false)) }},
		{program.KindFail2ban, "jail switched off", []string{"fail2ban"}, func(t *testing.T, m *system.Memory) {
			write(t, m, Fail2banJail, "[sshd]\nenabled = false\n", root)
		}},
		{program.KindService, "stopped", []string{"service chrony"}, func(t *testing.T, m *system.Memory) { must(t, m.SetUnit(ctx, "chrony", true, false)) }},
		{program.KindService, "started", []string{"service rpcbind"}, func(t *testing.T, m *system.Memory) { must(t, m.SetUnit(ctx, "rpcbind", false, true)) }},
		{program.KindPVE, "hook removed", []string{"pve"}, func(t *testing.T, m *system.Memory) { must(t, m.RemoveFile(ctx, NagHook)) }},
		{program.KindPVE, "notice is back", []string{"pve"}, func(t *testing.T, m *system.Memory) {
			must(t, m.Remove(ctx, "proxmox-ve"))
			write(t, m, toolkit, "if ("+nagShown+") {}\n", root)
		}},
	}
	covered := map[string]bool{}
	for _, b := range breaks {
		covered[b.kind] = true
		t.Run(b.kind+" "+b.what, func(t *testing.T) {
			m := guest(t, "debian-13")
			must(t, m.Install(ctx, "proxmox-ve"))
			mustConverge(t, m, full(), bundle())
			b.do(t, m)
			before, _ := m.MarshalBinary()
			r, rs := converge(t, m, full(), bundle(), true)
			if got := wrong(rs); !slices.Equal(got, b.names) || r.Holds() {
				t.Fatalf("check names %q, want %q%s", got, b.names, show(rs))
			}
			if after, _ := m.MarshalBinary(); string(after) != string(before) {
				t.Error("check mode changed the machine")
			}
			mustConverge(t, m, full(), bundle())
		})
	}
	for _, k := range program.Kinds() {
		if !covered[k] {
			t.Errorf("nobody breaks a %s", k)
		}
	}
}

// A failed resource stops what needs it, by name, and nothing else.
func TestFailureStaysLocal(t *testing.T) {
	m := guest(t, "debian-12")
	p := &program.Program{Format: program.FormatVersion, Node: "x/y", Resources: []program.Resource{
		{Package: &program.Package{Name: "no-such-package"}},
		{Package: &program.Package{Name: "htop"}},
		{Service: &program.Service{Name: "no-such-package", Enabled: true}},
		{Service: &program.Service{Name: "no-such-unit.timer", Enabled: true}},
		{Keys: &program.AuthorizedKeys{User: "alice", Keys: []string{"ssh_keys.gone"}}},
		{User: &program.User{Name: "alice"}},
		{Sudo: &program.Sudo{}},
	}}
	for _, check := range []bool{false, true} {
		r, rs := converge(t, m, p, &program.Bundle{}, check)
		if r.Exit() != ExitFailed {
			t.Errorf("exit %d", r.Exit())
		}
		byName := map[string]Result{}
		for _, res := range rs {
			byName[res.Resource] = res
		}
		if check {
			continue
		}
		if res := byName["package no-such-package"]; res.Status != Failed || !strings.Contains(res.Reason, "Unable to locate package no-such-package") {
			t.Errorf("the failed package: %+v", res)
		}
		if res := byName["service no-such-package"]; res.Status != Unknown || !strings.Contains(res.Reason, `"package no-such-package" failed`) {
			t.Errorf("what needs it: %+v", res)
		}
		if res := byName["service no-such-unit.timer"]; res.Status != Failed || !strings.Contains(res.Reason, "could not be found") {
			t.Errorf("a unit nobody has: %+v", res)
		}
		for _, name := range []string{"package htop", "user alice", "sudo"} {
			if byName[name].Status != Changed {
				t.Errorf("%s did not go on: %+v", name, byName[name])
			}
		}
	}
	if r, rs := converge(t, m, p, &program.Bundle{}, false); r.Failed != 3 || rs[4].Code != string(codeSecret) {
		t.Errorf("a secret that was not sent: %+v", rs[4])
	}
}

// sshd is never left with settings it refuses or that do not take effect.
func TestSSHDRollsBack(t *testing.T) {
	ctx := context.Background()
	want := &program.Program{Format: program.FormatVersion, Node: "x/y", Resources: []program.Resource{
		{SSHD: &program.SSHD{Port: 22, PermitRootLogin: "no", PasswordAuthentication: "no"}},
	}}
	info := system.FileInfo{Mode: 0o644, Owner: "root", Group: "root"}
	for _, c := range []struct{ name, path, text, reason string }{
		{"overruled", "/etc/ssh/sshd_config.d/00-aaa.conf", "PermitRootLogin yes\n", `PermitRootLogin is "yes", not "no"`},
		{"another port", "/etc/ssh/sshd_config.d/99.conf", "Port 2200\n", "overrules"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := guest(t, "debian-12")
			if err := m.WriteFile(ctx, c.path, []byte(c.text), info); err != nil {
				t.Fatal(err)
			}
			if err := m.ReloadUnit(ctx, "ssh"); err != nil {
				t.Fatal(err)
			}
			before, _ := m.SSHD()
			r, rs := converge(t, m, want, &program.Bundle{}, false)
			if r.Failed != 1 || !strings.Contains(rs[0].Reason, c.reason) {
				t.Fatalf("result %+v", rs[0])
			}
			if _, _, err := m.ReadFile(ctx, SSHDDropIn); err == nil {
				t.Error("the drop-in was left")
			}
			if after, ok := m.SSHD(); !ok || after.PermitRootLogin != before.PermitRootLogin || !slices.Equal(after.Ports, before.Ports) {
				t.Errorf("sshd runs with %+v", after)
			}
		})
	}

	t.Run("reload refused", func(t *testing.T) {
		m := guest(t, "debian-12")
		mustConverge(t, m, want, &program.Bundle{})
		p := &program.Program{Format: program.FormatVersion, Node: "x/y", Resources: []program.Resource{
			{SSHD: &program.SSHD{Port: 2222, PermitRootLogin: "yes", PasswordAuthentication: "yes"}},
		}}
		r, rs := converge(t, &stubborn{Memory: m}, p, &program.Bundle{}, false)
		if r.Failed != 1 || !strings.Contains(rs[0].Reason, "cannot bind") {
			t.Fatalf("result %+v", rs[0])
		}
		if c, ok := m.SSHD(); !ok || !slices.Equal(c.Ports, []uint{22}) || c.PermitRootLogin != "no" {
			t.Errorf("sshd runs with %+v", c)
		}
		if r, rs := converge(t, m, want, &program.Bundle{}, true); !r.Holds() {
			t.Errorf("the old settings do not hold:%s", show(rs))
		}
	})
}

// stubborn fails the first reload after the daemon has read its files.
type stubborn struct {
	*system.Memory
	failed bool
}

func (s *stubborn) ReloadUnit(ctx context.Context, name string) error {
	if err := s.Memory.ReloadUnit(ctx, name); err != nil || s.failed {
		return err
	}
	s.failed = true
	return &system.ExitError{Argv: []string{"systemctl"}, Code: 1, Stderr: "cannot bind"}
}

// No program may reach the account the driver comes in with, nor close sshd.
func TestDriverIsOutOfReach(t *testing.T) {
	for _, r := range []program.Resource{
		{User: &program.User{Name: program.DriverUser}},
		{Keys: &program.AuthorizedKeys{User: program.DriverUser}},
		{Password: &program.Password{User: program.DriverUser, Secret: "passwords.x"}},
		{Service: &program.Service{Name: "ssh"}},
		{Service: &program.Service{Name: "sshd.service"}},
	} {
		p := &program.Program{Format: program.FormatVersion, Node: "x/y", Resources: []program.Resource{r}}
		m := guest(t, "debian-12")
		rep := Run(context.Background(), m, p, &program.Bundle{}, Options{}, nil)
		if rep.Error == "" || rep.Exit() != ExitFailed {
			t.Errorf("%s was taken: %+v", r, rep)
		}
	}
}

// One link in a home must not lead root's pen elsewhere.
func TestKeysFollowNoLink(t *testing.T) {
	m := guest(t, "debian-12")
	p := &program.Program{Format: program.FormatVersion, Node: "x/y", Resources: []program.Resource{
		{User: &program.User{Name: "bob"}}, {Keys: &program.AuthorizedKeys{User: "bob", Keys: []string{"ssh_keys.bob"}}},
	}}
	mustConverge(t, m, p, bundle())
	r, rs := converge(t, &linked{m}, p, bundle(), false)
	if r.Failed != 1 || !strings.Contains(rs[1].Reason, "symbolic link") {
		t.Errorf("result %+v", rs[1])
	}
}

// linked is a machine where bob has replaced his .ssh by a symbolic link.
type linked struct{ *system.Memory }

func (l *linked) Run(ctx context.Context, stdin []byte, argv ...string) ([]byte, error) {
	if argv[0] == "stat" && strings.HasSuffix(argv[len(argv)-1], "/.ssh") {
		return []byte("symbolic link|777 bob\n"), nil
	}
	return l.Memory.Run(ctx, stdin, argv...)
}
