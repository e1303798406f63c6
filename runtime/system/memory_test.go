package system

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func machine(t testing.TB, os string) *Memory {
	t.Helper()
	m, err := NewMemory(os)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestUnknownOS(t *testing.T) {
	if _, err := NewMemory("plan9"); !errors.Is(err, ErrNotExist) || !strings.Contains(err.Error(), "debian-12") {
		t.Errorf("got %v", err)
	}
}

// Installing what a spec names gives the units it enables.
func TestCatalogue(t *testing.T) {
	ctx := context.Background()
	for pkg, units := range map[string][]string{
		"proxmox-ve": {"pveproxy", "pvedaemon", "pvestatd", "pve-cluster", "open-iscsi"}, "postfix": {"postfix"}, "chrony": {"chrony", "chronyd"},
		"nginx": {"nginx.service"}, "mariadb-server": {"mariadb", "mysql"}, "certbot": {"certbot.timer"}, "nfs-common": {"rpcbind", "rpcbind.socket"},
	} {
		m := machine(t, "debian-12")
		must(t, m.Install(ctx, pkg))
		for _, name := range units {
			if u, _ := m.Unit(ctx, name); !u.Known || !u.Active || !u.Enabled {
				t.Errorf("%s leaves %s as %+v", pkg, name, u)
			}
		}
	}
	all := catalogue().pkgs
	if !slices.IsSortedFunc(all, func(a, b pkg) int { return strings.Compare(a.name, b.name) }) || len(all) < 150 {
		t.Errorf("%d packages", len(all))
	}
	for _, p := range all {
		for _, n := range p.needs {
			if _, ok := lookupPackage(n); !ok {
				t.Errorf("%s needs %s, which nobody has", p.name, n)
			}
		}
		for _, u := range p.units {
			if unitName(u.name) != u.name {
				t.Errorf("%s has a unit %q without a suffix", p.name, u.name)
			}
		}
	}
	for _, b := range bases() {
		for _, p := range b.packages {
			if _, ok := lookupPackage(p); !ok {
				t.Errorf("%s has %s installed, which nobody has", b.name, p)
			}
		}
	}
}

// Debian's fail2ban does not start on a machine without log files unless its
// jail reads the journal.
func TestFail2banNeedsTheJournal(t *testing.T) {
	ctx := context.Background()
	m := machine(t, "debian-12")
	must(t, m.Install(ctx, "fail2ban"))
	if u, _ := m.Unit(ctx, "fail2ban"); u.Active || !u.Enabled {
		t.Fatalf("after installing it is %+v", u)
	}
	if err := m.SetUnit(ctx, "fail2ban", true, true); err == nil || !strings.Contains(err.Error(), "Have not found any log file for sshd jail") {
		t.Fatalf("starting gives %v", err)
	}
	must(t, m.WriteFile(ctx, "/etc/fail2ban/jail.d/x.local", []byte("[sshd]\nbackend = systemd\n"), rootFile(0o644)))
	must(t, m.SetUnit(ctx, "fail2ban", true, true))
	_, err := m.Run(ctx, nil, "fail2ban-client", "status", "sshd")
	must(t, err)
	must(t, m.WriteFile(ctx, "/etc/fail2ban/jail.d/x.local", []byte("[sshd]\nenabled\n"), rootFile(0o644)))
	if _, err := m.Run(ctx, nil, "fail2ban-client", "-t"); err == nil {
		t.Error("nonsense passes the test")
	}
}

func TestBoot(t *testing.T) {
	ctx := context.Background()
	m := machine(t, "debian-12")
	must(t, m.SetUnit(ctx, "cron", false, true))
	must(t, m.SetUnit(ctx, "chrony", true, false))
	for _, path := range []string{"/run/x/pid", "/tmp/y", "/var/tmp/z"} {
		must(t, m.WriteFile(ctx, path, []byte("1"), rootFile(0o600)))
	}
	var started []string
	m.Watch(func(e Event) {
		if e.Kind == UnitStarted {
			started = append(started, e.Name)
		}
	})
	m.Boot()
	if u, _ := m.Unit(ctx, "cron"); u.Active {
		t.Error("a disabled unit is active after a boot")
	}
	if u, _ := m.Unit(ctx, "chrony"); !u.Active {
		t.Error("an enabled unit is not active after a boot")
	}
	if slices.Contains(started, "cron.service") || !slices.Contains(started, "ssh.service") {
		t.Errorf("started %q", started)
	}
	for path, want := range map[string]bool{"/run/x/pid": false, "/run/x": false, "/tmp/y": false, "/var/tmp/z": true, "/run": true} {
		if _, err := m.Stat(path); (err == nil) != want {
			t.Errorf("after a boot %s: %v", path, err)
		}
	}
	if m.Boots() != 1 {
		t.Errorf("%d boots", m.Boots())
	}

	must(t, m.WriteFile(ctx, "/etc/ssh/sshd_config.d/x.conf", []byte("Nonsense yes\n"), rootFile(0o644)))
	if _, running := m.SSHD(); !running {
		t.Error("sshd stopped because a file changed")
	}
	m.Boot()
	if _, running := m.SSHD(); running {
		t.Error("sshd starts with a configuration it refuses")
	}
}

func TestEvents(t *testing.T) {
	ctx := context.Background()
	m := machine(t, "debian-12")
	var got []string
	m.Watch(func(e Event) {
		got = append(got, fmt.Sprint(e.Kind, " ", e.Name))
		m.Units() // a watcher may look at the machine
	})
	must(t, m.Install(ctx, "pve-cluster"))
	must(t, m.SetUnit(ctx, "pve-cluster", true, true))
	must(t, m.SetUnit(ctx, "pve-cluster", true, false))
	must(t, m.Remove(ctx, "pve-cluster"))
	want := []string{
		fmt.Sprint(PackageInstalled, " pve-cluster"), fmt.Sprint(UnitStarted, " pve-cluster.service"),
		fmt.Sprint(UnitStopped, " pve-cluster.service"), fmt.Sprint(PackageRemoved, " pve-cluster"),
	}
	if !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
}

func TestReferences(t *testing.T) {
	ctx := context.Background()
	m := machine(t, "debian-12")
	big := bytes.Repeat([]byte("x"), 1000)
	ref := Reference{Digest: strings.Repeat("ab", 32), Size: int64(len(big))}
	must(t, m.PutReference("/opt/big", ref, rootFile(0o755)))
	if _, _, err := m.ReadFile(ctx, "/opt/big"); err == nil || errors.Is(err, ErrNotExist) {
		t.Errorf("without content: %v", err)
	}
	m.SetResolver(func(digest string) ([]byte, error) {
		if digest != ref.Digest {
			return nil, errors.New("no such content")
		}
		return big, nil
	})
	must(t, m.Rename("/opt/big", "/opt/moved"))
	must(t, m.Chmod("/opt/moved", 0o700))
	data, info, err := m.ReadFile(ctx, "/opt/moved")
	if err != nil || !bytes.Equal(data, big) || info.Mode != 0o700 {
		t.Errorf("read %d bytes, %v, %v", len(data), info, err)
	}
	if d, err := m.Digest("/opt/moved"); err != nil || d != ref.Digest {
		t.Errorf("digest %s %v", d, err)
	}
	if st, err := m.Stat("/opt/moved"); err != nil || st.Size != ref.Size {
		t.Errorf("stat %+v %v", st, err)
	}
	stored, err := m.MarshalBinary()
	must(t, err)
	if len(stored) > 400 {
		t.Errorf("a reference is stored in %d bytes", len(stored))
	}
	if _, _, err := m.ReadFile(ctx, "/opt/big"); !errors.Is(err, ErrNotExist) {
		t.Errorf("the old name: %v", err)
	}
}

func TestDirectories(t *testing.T) {
	m := machine(t, "debian-12")
	must(t, m.Mkdir("/opt/a/b", FileInfo{Mode: 0o700, Owner: "nobody", Group: "root"}))
	must(t, m.Mkdir("/opt/a/b", rootFile(0o755)))
	if st, err := m.Stat("/opt/a/b"); err != nil || !st.Dir || st.Mode != 0o700 || st.Owner != "nobody" {
		t.Errorf("%+v %v", st, err)
	}
	if names, err := m.List("/opt"); err != nil || !slices.Equal(names, []string{"a"}) {
		t.Errorf("%q %v", names, err)
	}
	if names, err := m.List("/etc/ssh"); err != nil || !slices.Equal(names, []string{"sshd_config", "sshd_config.d"}) {
		t.Errorf("%q %v", names, err)
	}
	if err := m.RemoveDir("/opt/a"); err == nil {
		t.Error("removed a directory with something in it")
	}
	must(t, m.RemoveDir("/opt/a/b"))
	if err := m.RemoveDir("/opt"); err == nil {
		must(t, m.RemoveDir("/opt/a"))
		if err := m.RemoveDir("/opt"); err == nil {
			t.Error("removed a directory of the system")
		}
	}
	if err := m.Mkdir("/etc/hostname", rootFile(0o755)); err == nil {
		t.Error("made a directory over a file")
	}
}

// A stored machine is the same machine: whatever was done to it, it answers
// alike afterwards and stores to the same bytes.
func TestStateRoundTrip(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		m := machine(t, rapid.SampledFrom(Bases()).Draw(rt, "os"))
		act := func(m *Memory, what int) {
			name := []string{"alice", "bob"}[what%2]
			switch what % 11 {
			case 0:
				_ = m.PutUser(ctx, User{Name: name, Groups: []string{"sudo"}})
			case 1:
				_ = m.Install(ctx, []string{"htop", "proxmox-ve", "fail2ban"}[what%3])
			case 2:
				_ = m.Remove(ctx, []string{"chrony", "openssh-server", "proxmox-ve"}[what%3])
			case 3:
				_ = m.WriteFile(ctx, "/etc/ssh/sshd_config.d/"+name, fmt.Append(nil, "Port ", what, "\n"), rootFile(0o644))
			case 4:
				_ = m.RemoveFile(ctx, []string{"/etc/hostname", "/etc/hosts"}[what%2])
			case 5:
				_ = m.SetHostname(ctx, name)
				_ = m.SetTimezone(ctx, "Asia/Tokyo")
			case 6:
				_ = m.SetUnit(ctx, []string{"cron", "pveproxy", "ssh"}[what%3], what%2 == 0, what%5 == 0)
			case 7:
				m.Boot()
			case 8:
				_ = m.PutReference("/opt/x", Reference{strings.Repeat("0", 64), int64(what)}, rootFile(0o755))
			case 9:
				_ = m.Mkdir("/srv/"+name, FileInfo{0o711, "nobody", "root"})
			case 10:
				_ = m.ReloadUnit(ctx, "ssh")
				m.SetAddresses("10.0.0."+fmt.Sprint(what%200), "fe80::1")
			}
		}
		for _, what := range rapid.SliceOf(rapid.IntRange(0, 1000)).Draw(rt, "before") {
			act(m, what)
		}
		one, err := m.MarshalBinary()
		must(t, err)
		var copied Memory
		must(t, copied.UnmarshalBinary(one))
		for _, what := range rapid.SliceOf(rapid.IntRange(0, 1000)).Draw(rt, "after") {
			act(m, what)
			act(&copied, what)
		}
		a, err := m.MarshalBinary()
		must(t, err)
		b, err := copied.MarshalBinary()
		must(t, err)
		if !bytes.Equal(a, b) {
			rt.Fatal("the copy went another way")
		}
		ca, oka := m.SSHD()
		cb, okb := copied.SSHD()
		if fmt.Sprint(ca, oka, m.Units(), m.Packages(), m.Users()) != fmt.Sprint(cb, okb, copied.Units(), copied.Packages(), copied.Users()) {
			rt.Fatal("the copy answers differently")
		}
	})
}

func TestUnmarshalRefuses(t *testing.T) {
	m := machine(t, "debian-12")
	good, err := m.MarshalBinary()
	must(t, err)
	for _, data := range [][]byte{nil, good[:len(good)-1], append(bytes.Clone(good), 0), []byte("\xa2\x01\x01\x02\x61x"), []byte("\xa2\x01\x02\x02\x69debian-12")} {
		if err := new(Memory).UnmarshalBinary(data); err == nil {
			t.Errorf("took %x", data)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	ctx := context.Background()
	m := machine(t, "debian-13")
	var n sync.WaitGroup
	for i := range 8 {
		n.Go(func() {
			name := fmt.Sprintf("user%d", i)
			_ = m.PutUser(ctx, User{Name: name, Groups: []string{"sudo"}})
			_ = m.WriteFile(ctx, "/home/"+name+"/f", []byte(name), FileInfo{0o600, name, name})
			_ = m.Install(ctx, "nginx", "htop")
			_ = m.SetUnit(ctx, "nginx", true, i%2 == 0)
			m.Boot()
			m.SSHD()
			m.AuthorizedKeys(name)
			_, _ = m.Run(ctx, nil, "sshd", "-T")
			_, _ = m.MarshalBinary()
		})
	}
	n.Wait()
	for i := range 8 {
		if data, _, err := m.ReadFile(ctx, fmt.Sprintf("/home/user%d/f", i)); err != nil || string(data) != fmt.Sprintf("user%d", i) {
			t.Errorf("user%d: %q %v", i, data, err)
		}
	}
}

func TestRunPrograms(t *testing.T) {
	ctx := context.Background()
	m := machine(t, "debian-12")
	m.SetAddresses("10.0.9.20", "fe80::1")
	must(t, m.SetHostname(ctx, "box"))
	must(t, m.WriteFile(ctx, "/etc/hosts", []byte("127.0.0.1 localhost\n10.0.9.20 box.home.arpa box # me\n"), rootFile(0o644)))
	// In order: what is started is stopped again.
	for _, c := range []struct{ argv, want string }{
		{"hostname", "box\n"}, {"hostname -s", "box\n"}, {"hostname -f", "box.home.arpa\n"}, {"hostname -I", "10.0.9.20 fe80::1\n"},
		{"systemctl is-active ssh", "active\n"}, {"systemctl is-enabled sshd.service", "enabled\n"}, {"systemctl --quiet daemon-reload", ""},
		{"apt-get update", "Reading package lists...\n"}, {"apt-get install -y --no-install-recommends htop", ""}, {"systemctl restart cron", ""},
		{"systemctl disable --now cron", ""}, {"stat -c %a:%U:%G:%s /etc/hostname", "644:root:root:4\n"},
	} {
		out, err := m.Run(ctx, nil, strings.Fields(c.argv)...)
		if err != nil || string(out) != c.want {
			t.Errorf("%s: %q, %v", c.argv, out, err)
		}
	}
	for argv, code := range map[string]int{
		"systemctl is-active cron": 3, "systemctl is-enabled nothing": 1, "systemctl start nothing": 5, "apt-get install nothing-of-that-name": 100,
		"fail2ban-client ping": 127, "vim": 127, "hostname --what": 255, "visudo -q": 1, "sshd -D": 1, "getent passwd ghost": 2,
	} {
		_, err := m.Run(ctx, nil, strings.Fields(argv)...)
		var exit *ExitError
		if !errors.As(err, &exit) || exit.Code != code || exit.Error() == "" {
			t.Errorf("%s: %v, want exit code %d", argv, err, code)
		}
	}
}

// Thousands fit in a process: a machine that was only made and booted costs
// next to nothing.
func BenchmarkMachine(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		m := machine(b, "pve-9")
		m.Boot()
	}
}

func TestMachinesAreCheap(t *testing.T) {
	machine(t, "pve-9")
	n := testing.AllocsPerRun(20, func() { machine(t, "pve-9") })
	if n > 20 {
		t.Errorf("a machine takes %v allocations", n)
	}
	m := machine(t, "pve-9")
	m.Boot()
	if data, err := m.MarshalBinary(); err != nil || len(data) > 512 {
		t.Errorf("a machine that only booted is stored in %d bytes, %v", len(data), err)
	}
}
