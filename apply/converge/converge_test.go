package converge

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/homestak/homestak/plan/program"
	"github.com/homestak/homestak/runtime/seed"
	"github.com/homestak/homestak/runtime/system"
)

func TestFullProgram(t *testing.T) {
	for _, os := range system.Bases() {
		m := guest(t, os)
		if r, _ := converge(t, m, full(), bundle(), true); r.Exit() != ExitDiffers || r.Changed > 0 {
			t.Fatalf("%s: a fresh machine checks as %+v", os, r)
		}
		mustConverge(t, m, full(), bundle())
		before, _ := m.MarshalBinary()
		for _, check := range []bool{false, true} {
			if r, rs := converge(t, m, full(), bundle(), check); r.OK != len(rs) || r.Exit() != ExitOK {
				t.Fatalf("%s: the second run says%s", os, show(rs))
			}
		}
		if after, _ := m.MarshalBinary(); !bytes.Equal(before, after) {
			t.Errorf("%s: a run that changed nothing changed the machine", os)
		}
	}
}

// What the results say is true of the machine, seen through other eyes.
func TestEffects(t *testing.T) {
	ctx := context.Background()
	m := guest(t, "debian-12")
	mustConverge(t, m, full(), bundle())

	c, running := m.SSHD()
	if !running || c.PermitRootLogin != "prohibit-password" || c.PasswordAuthentication || !slices.Equal(c.Ports, []uint{22}) {
		t.Errorf("sshd runs with %+v", c)
	}
	if got := m.AuthorizedKeys("alice"); !slices.Equal(got, []string{keyAlice, keyBob}) {
		t.Errorf("alice gets in with %q", got)
	}
	if got := m.TrustedUserCAs(); len(got) != 1 {
		t.Errorf("the driver's CA is gone: %q", got)
	}
	if out, err := m.Run(ctx, nil, "fail2ban-client", "status", "sshd"); err != nil {
		t.Errorf("fail2ban: %s %v", out, err)
	}
	if out, err := m.Run(ctx, nil, "hostname", "-f"); err != nil || string(out) != "pve1.home.arpa\n" {
		t.Errorf("hostname -f: %q %v", out, err)
	}
	hosts, _, _ := m.ReadFile(ctx, "/etc/hosts")
	if !strings.Contains(string(hosts), "10.0.9.20 pve1.home.arpa pve1\n") || strings.Contains(string(hosts), "127.0.1.1") {
		t.Errorf("/etc/hosts:\n%s", hosts)
	}
	if u, _ := m.Unit(ctx, "rpcbind"); u.Enabled || u.Active {
		t.Errorf("rpcbind is %+v", u)
	}
	if u, _ := m.LookupUser(ctx, "root"); u.PasswordHash != hashRoot {
		t.Error("root's password was not set")
	}
	m.Boot()
	if r, rs := converge(t, m, full(), bundle(), true); !r.Holds() {
		t.Errorf("after a reboot:%s", show(rs))
	}
}

// A posture that is loosened and tightened again ends where it began.
func TestPosturesTighten(t *testing.T) {
	strict := full()
	loose := full()
	for i := range loose.Resources {
		switch r := &loose.Resources[i]; r.Kind() {
		case program.KindSSHD:
			r.SSHD = &program.SSHD{Port: 2222, PermitRootLogin: "yes", PasswordAuthentication: "yes"}
		case program.KindFail2ban:
			r.Fail2ban = &program.Fail2ban{}
		case program.KindPVE:
			r.PVE = &program.PVE{}
		case program.KindUser:
			r.User = &program.User{Name: r.User.Name, Sudo: !r.User.Sudo}
		case program.KindKeys:
			r.Keys = &program.AuthorizedKeys{User: r.Keys.User}
		case program.KindSudo:
			r.Sudo = &program.Sudo{NoPassword: false}
		}
	}
	m := guest(t, "pve-9")
	mustConverge(t, m, strict, bundle())
	mustConverge(t, m, loose, bundle())
	if c, _ := m.SSHD(); !slices.Equal(c.Ports, []uint{2222}) || c.PermitRootLogin != "yes" {
		t.Errorf("loose sshd: %+v", c)
	}
	if len(m.AuthorizedKeys("alice")) > 0 {
		t.Error("keys that are no longer listed still open the account")
	}
	js, _, _ := m.ReadFile(context.Background(), toolkit)
	if !strings.Contains(string(js), nagShown) {
		t.Error("the notice did not come back")
	}
	if u, _ := m.LookupUser(context.Background(), "alice"); slices.Contains(u.Groups, "sudo") {
		t.Error("alice kept group sudo")
	}
	mustConverge(t, m, strict, bundle())
	if u, _ := m.LookupUser(context.Background(), "bob"); slices.Contains(u.Groups, "sudo") {
		t.Error("bob kept group sudo")
	}
	if r, rs := converge(t, m, strict, bundle(), true); !r.Holds() {
		t.Errorf("tightened again:%s", show(rs))
	}
}

func drawProgram(t *rapid.T) *program.Program {
	p := &program.Program{Format: program.FormatVersion, Node: "prop/node"}
	add := func(r program.Resource) { p.Resources = append(p.Resources, r) }
	yes := rapid.Bool()
	if yes.Draw(t, "hostname") {
		add(program.Resource{Hostname: &program.Hostname{
			Name: rapid.SampledFrom([]string{"a", "web-1", "localhost"}).Draw(t, "name"), Routable: yes.Draw(t, "routable"),
			Domain: rapid.SampledFrom([]string{"", "home.arpa"}).Draw(t, "domain"),
		}})
	}
	if yes.Draw(t, "timezone") {
		add(program.Resource{Timezone: &program.Timezone{Name: rapid.SampledFrom([]string{"UTC", "Etc/UTC", "Europe/Berlin"}).Draw(t, "zone")}})
	}
	for _, name := range []string{"htop", "chrony", "rsyslog", "fail2ban", "proxmox-ve"} {
		if yes.Draw(t, "package "+name) {
			add(program.Resource{Package: &program.Package{Name: name}})
		}
	}
	for _, name := range []string{"alice", "bob", "root"} {
		if !yes.Draw(t, "user "+name) {
			continue
		}
		add(program.Resource{User: &program.User{Name: name, Sudo: yes.Draw(t, "sudo "+name)}})
		if yes.Draw(t, "password "+name) {
			add(program.Resource{Password: &program.Password{User: name, Secret: rapid.SampledFrom([]string{"passwords.vm_root", "passwords.none"}).Draw(t, "secret")}})
		}
		add(program.Resource{Keys: &program.AuthorizedKeys{User: name, Keys: rapid.SampledFrom([][]string{nil, {"ssh_keys.bob"}, {"ssh_keys.alice", "ssh_keys.bob"}}).Draw(t, "keys "+name)}})
	}
	if yes.Draw(t, "sudo") {
		add(program.Resource{Sudo: &program.Sudo{NoPassword: yes.Draw(t, "nopasswd")}})
	}
	if yes.Draw(t, "pve") {
		add(program.Resource{PVE: &program.PVE{RemoveSubscriptionNag: yes.Draw(t, "nag")}})
	}
	if yes.Draw(t, "services") {
		add(program.Resource{Service: &program.Service{Name: "cron", Enabled: yes.Draw(t, "cron")}})
		add(program.Resource{Service: &program.Service{Name: "never-heard-of"}})
	}
	if yes.Draw(t, "fail2ban") {
		add(program.Resource{Fail2ban: &program.Fail2ban{Enabled: yes.Draw(t, "jail")}})
	}
	if yes.Draw(t, "sshd") {
		add(program.Resource{SSHD: &program.SSHD{
			Port: rapid.SampledFrom([]uint{22, 2222}).Draw(t, "port"), PermitRootLogin: rapid.SampledFrom([]string{"yes", "no", "prohibit-password"}).Draw(t, "root"),
			PasswordAuthentication: rapid.SampledFrom([]string{"yes", "no"}).Draw(t, "passwords"),
		}})
	}
	return p
}

// Safety and liveness: from any program to any other one run is enough, a
// second changes nothing, and the driver can still get in.
func TestIdempotent(t *testing.T) {
	secrets := bundle()
	secrets.Values = slices.Insert(secrets.Values, 0, program.BundleValue{Name: "passwords.none"})
	rapid.Check(t, func(rt *rapid.T) {
		m := guest(t, rapid.SampledFrom(system.Bases()).Draw(rt, "os"))
		protected := driverFiles(t, m)
		for range rapid.IntRange(1, 3).Draw(rt, "programs") {
			p := drawProgram(rt)
			r, rs := converge(t, m, p, secrets, false)
			if !r.Holds() {
				rt.Fatalf("one run is not enough:%s", show(rs))
			}
			before, _ := m.MarshalBinary()
			if r, rs = converge(t, m, p, secrets, false); r.OK != len(rs) {
				rt.Fatalf("the second run changes:%s", show(rs))
			}
			if after, _ := m.MarshalBinary(); !bytes.Equal(before, after) {
				rt.Fatal("the second run changed the machine and says it did not")
			}
			if !slices.Equal(driverFiles(t, m), protected) || len(m.TrustedUserCAs()) != 1 {
				rt.Fatal("the driver's way in was touched")
			}
		}
	})
}

func driverFiles(t testing.TB, m *system.Memory) []string {
	t.Helper()
	u, err := m.LookupUser(context.Background(), seed.DriverUser)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{u.Home, u.Shell, u.PasswordHash, strings.Join(u.Groups, " ")}
	for _, path := range []string{seed.UserCAPath, seed.HostKeyPath, seed.HostCertPath, seed.SSHDDropIn, seed.SudoDropIn} {
		data, info, err := m.ReadFile(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(data), metadata(info))
	}
	return out
}

// cut ends a run before the n-th call that would change the machine.
type cut struct {
	*system.Memory
	left   int
	cancel func()
}

func (c *cut) stop() error {
	if c.left--; c.left < 0 {
		c.cancel()
		return context.Canceled
	}
	return nil
}

func (c *cut) WriteFile(ctx context.Context, path string, data []byte, info system.FileInfo) error {
	if err := c.stop(); err != nil {
		return err
	}
	return c.Memory.WriteFile(ctx, path, data, info)
}

func (c *cut) PutUser(ctx context.Context, u system.User) error {
	if err := c.stop(); err != nil {
		return err
	}
	return c.Memory.PutUser(ctx, u)
}

func (c *cut) ReloadUnit(ctx context.Context, name string) error {
	if err := c.stop(); err != nil {
		return err
	}
	return c.Memory.ReloadUnit(ctx, name)
}

func (c *cut) SetUnit(ctx context.Context, name string, enabled, active bool) error {
	if err := c.stop(); err != nil {
		return err
	}
	return c.Memory.SetUnit(ctx, name, enabled, active)
}

// A run that dies before any of its writes leaves a machine that the next run
// brings to the same end, daemons included.
func TestCutOffAnywhere(t *testing.T) {
	undisturbed := guest(t, "debian-13")
	mustConverge(t, undisturbed, full(), bundle())
	want, _ := undisturbed.MarshalBinary()
	for n := 0; ; n++ {
		m := guest(t, "debian-13")
		ctx, cancel := context.WithCancel(context.Background())
		c := &cut{Memory: m, left: n, cancel: cancel}
		var rs []Result
		r := Run(ctx, c, full(), bundle(), Options{}, func(res Result) { rs = append(rs, res) })
		cancel()
		if c.left >= 0 {
			if !r.Holds() || n < 15 {
				t.Fatalf("after %d writes%s", n, show(rs))
			}
			return
		}
		if r.Unknown == 0 || r.Failed > 0 || len(rs) != len(full().Resources) {
			t.Fatalf("cut off at write %d the report is %+v%s", n, r, show(rs))
		}
		mustConverge(t, m, full(), bundle())
		if got, _ := m.MarshalBinary(); !bytes.Equal(got, want) {
			t.Fatalf("cut off at write %d the machine ends differently", n)
		}
	}
}

// Nothing that leaves a run holds a secret's value, whatever goes wrong.
func TestNoSecretLeaves(t *testing.T) {
	canaries := []string{"CANARY"}
	look := func(what string, out []byte) {
		t.Helper()
		for _, c := range canaries {
			if bytes.Contains(out, []byte(c)) {
				t.Errorf("%s shows a secret: %s", what, out)
			}
		}
	}
	serve := func(what string, sys system.System, verb string, p *program.Program, b *program.Bundle) {
		t.Helper()
		data, err := program.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		req, err := EncodeRequest(Request{Program: data, Bundle: *b})
		if err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		Serve(context.Background(), sys, []string{"config", verb, "--stdin"}, bytes.NewReader(req), &out, &errs)
		look(what, append(out.Bytes(), errs.Bytes()...))
	}
	m := guest(t, "debian-12")
	serve("checking a fresh machine", m, "check", full(), bundle())
	serve("applying", m, "apply", full(), bundle())

	// The machine holds other secrets than the program wants.
	ctx := context.Background()
	u, _ := m.LookupUser(ctx, "root")
	u.PasswordHash = "$6$CANARY$other"
	if err := m.PutUser(ctx, u); err != nil {
		t.Fatal(err)
	}
	_ = m.WriteFile(ctx, "/home/alice/.ssh/authorized_keys", []byte("ssh-rsa AAAACANARY\n"), system.FileInfo{Mode: 0o600, Owner: "alice", Group: "alice"})
	serve("checking changed secrets", m, "check", full(), bundle())

	// Values that cannot be used.
	b := bundle()
	b.Values[0].Value = []byte("plain CANARY password")
	b.Values[1].Value = []byte("-----BEGIN OPENSSH PRIVATE KEY-----\nCANARY")
	serve("unusable values", m, "apply", full(), b)

	// A system whose own words quote what it was given.
	serve("a talkative system", &talkative{m}, "apply", full(), bundle())
}

type talkative struct{ *system.Memory }

func (s *talkative) PutUser(_ context.Context, u system.User) error {
	return errors.New("usermod -p '" + u.PasswordHash + "' " + u.Name + " failed")
}

func (s *talkative) WriteFile(_ context.Context, path string, data []byte, _ system.FileInfo) error {
	return errors.New("cannot write " + string(data) + " to " + path)
}
