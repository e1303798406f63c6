package systemtest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/runtime/system"
)

// Options name things of the machine the suite may use.
type Options struct {
	Package     string // can be installed, is not yet, has no unit
	UnitPackage string // can be installed, is not yet, and then has an active unit
	Unit        string // that unit
}

type testCase struct {
	name string
	f    func(*testing.T, system.System, Options)
}

func cases() []testCase {
	return []testCase{
		{"hostname", hostname}, {"timezone", timezone}, {"files", files}, {"file errors", fileErrors}, {"packages", packages},
		{"unknown package", unknownPackage}, {"users", users}, {"user errors", userErrors}, {"units", units}, {"unknown unit", unknownUnit},
		{"run", run}, {"sshd", sshd}, {"sudoers", sudoers}, {"directories", directories},
	}
}

// Names lists the tests of the suite, for callers that give each a machine of
// its own.
func Names() []string {
	var names []string
	for _, c := range cases() {
		names = append(names, strings.ReplaceAll(c.name, " ", "_"))
	}
	return names
}

// Run runs the suite; fresh is called for each test.
func Run(t *testing.T, o Options, fresh func(t *testing.T) system.System) {
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) { c.f(t, fresh(t), o) })
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, what string, err error) *system.ExitError {
	t.Helper()
	if err == nil {
		t.Fatalf("%s was accepted", what)
	}
	var exit *system.ExitError
	errors.As(err, &exit)
	return exit
}

func hostname(t *testing.T, s system.System, _ Options) {
	for range 2 {
		ok(t, s.SetHostname(t.Context(), "contract"))
		got, err := s.Hostname(t.Context())
		ok(t, err)
		if got != "contract" {
			t.Fatalf("host name is %q", got)
		}
	}
	out, err := s.Run(t.Context(), nil, "hostname")
	ok(t, err)
	if strings.TrimSpace(string(out)) != "contract" {
		t.Errorf("hostname prints %q", out)
	}
	data, _, err := s.ReadFile(t.Context(), "/etc/hostname")
	ok(t, err)
	if string(data) != "contract\n" {
		t.Errorf("/etc/hostname holds %q", data)
	}
	refused(t, "a name with a slash", s.SetHostname(t.Context(), "a/b"))
}

func timezone(t *testing.T, s system.System, _ Options) {
	ok(t, s.SetTimezone(t.Context(), "America/Denver"))
	refused(t, "a zone that does not exist", s.SetTimezone(t.Context(), "America/Nowhere"))
	got, err := s.Timezone(t.Context())
	ok(t, err)
	if got != "America/Denver" {
		t.Fatalf("zone is %q", got)
	}
}

func files(t *testing.T, s system.System, _ Options) {
	const path = "/var/lib/contract/deep/file"
	if _, _, err := s.ReadFile(t.Context(), path); !errors.Is(err, system.ErrNotExist) {
		t.Fatalf("reading nothing gives %v", err)
	}
	for _, v := range []struct {
		text string
		info system.FileInfo
	}{
		{"one\n", system.FileInfo{Mode: 0o640, Owner: "root", Group: "daemon"}},
		{"one\n", system.FileInfo{Mode: 0o640, Owner: "root", Group: "daemon"}},
		{"two, with \x00 bytes", system.FileInfo{Mode: 0o600, Owner: "nobody", Group: "root"}},
		{"", system.FileInfo{Mode: 0o755, Owner: "root", Group: "root"}},
	} {
		ok(t, s.WriteFile(t.Context(), path, []byte(v.text), v.info))
		data, info, err := s.ReadFile(t.Context(), path)
		ok(t, err)
		if string(data) != v.text || info != v.info {
			t.Fatalf("wrote %q %v, read %q %v", v.text, v.info, data, info)
		}
	}
	out, err := s.Run(t.Context(), nil, "stat", "-c", "%F|%a %U", "/var/lib/contract/deep")
	ok(t, err)
	if strings.TrimSpace(string(out)) != "directory|755 root" {
		t.Errorf("the parent made on the way is %q", out)
	}
	for range 2 {
		ok(t, s.RemoveFile(t.Context(), path))
	}
	if _, _, err := s.ReadFile(t.Context(), path); !errors.Is(err, system.ErrNotExist) {
		t.Fatalf("a removed file gives %v", err)
	}
}

func fileErrors(t *testing.T, s system.System, _ Options) {
	root := system.FileInfo{Mode: 0o644, Owner: "root", Group: "root"}
	refused(t, "writing over a directory", s.WriteFile(t.Context(), "/etc/ssh", []byte("x"), root))
	refused(t, "a file below a file", s.WriteFile(t.Context(), "/etc/hostname/x", []byte("x"), root))
	refused(t, "an owner that does not exist", s.WriteFile(t.Context(), "/tmp/x", []byte("x"), system.FileInfo{Mode: 0o644, Owner: "ghost", Group: "root"}))
	refused(t, "removing a directory", s.RemoveFile(t.Context(), "/etc/ssh"))
	if _, _, err := s.ReadFile(t.Context(), "/etc/ssh"); err == nil || errors.Is(err, system.ErrNotExist) {
		t.Errorf("reading a directory gives %v", err)
	}
}

func installed(t *testing.T, s system.System, name string) bool {
	t.Helper()
	version, there, err := s.Installed(t.Context(), name)
	ok(t, err)
	if there != (version != "") {
		t.Fatalf("%s: installed %v, version %q", name, there, version)
	}
	return there
}

func packages(t *testing.T, s system.System, o Options) {
	if installed(t, s, o.Package) {
		t.Fatalf("%s is there already", o.Package)
	}
	for range 2 {
		ok(t, s.Install(t.Context(), o.Package, o.UnitPackage))
		if !installed(t, s, o.Package) || !installed(t, s, o.UnitPackage) {
			t.Fatal("not installed after Install")
		}
	}
	for range 2 {
		ok(t, s.Remove(t.Context(), o.Package))
		if installed(t, s, o.Package) {
			t.Fatal("installed after Remove")
		}
	}
	if !installed(t, s, o.UnitPackage) || !installed(t, s, "openssh-server") {
		t.Error("Remove took more than it was asked for")
	}
}

func unknownPackage(t *testing.T, s system.System, o Options) {
	exit := refused(t, "an unknown package", s.Install(t.Context(), o.Package, "no-such-package-anywhere"))
	if exit == nil || exit.Code != 100 || !strings.Contains(exit.Stderr, "no-such-package-anywhere") {
		t.Errorf("the refusal is %+v, want apt's exit code 100 naming the package", exit)
	}
	if installed(t, s, o.Package) {
		t.Error("half of a refused installation was done")
	}
}

func users(t *testing.T, s system.System, _ Options) {
	if _, err := s.LookupUser(t.Context(), "alice"); !errors.Is(err, system.ErrNotExist) {
		t.Fatalf("looking up nobody gives %v", err)
	}
	ok(t, s.PutUser(t.Context(), system.User{Name: "alice", Home: "/home/alice", Shell: "/bin/bash", Groups: []string{"sudo", "adm"}}))
	u, err := s.LookupUser(t.Context(), "alice")
	ok(t, err)
	if u.Home != "/home/alice" || u.Shell != "/bin/bash" || !slices.Equal(u.Groups, []string{"adm", "sudo"}) || u.PasswordHash != "!" {
		t.Fatalf("a new account is %+v", u)
	}
	out, err := s.Run(t.Context(), nil, "stat", "-c", "%F %U", "/home/alice")
	ok(t, err)
	if strings.TrimSpace(string(out)) != "directory alice" {
		t.Errorf("the home is %q", out)
	}
	ok(t, s.WriteFile(t.Context(), "/home/alice/file", nil, system.FileInfo{Mode: 0o600, Owner: "alice", Group: "alice"}))

	u.PasswordHash = "$6$salt$hash"
	ok(t, s.PutUser(t.Context(), u))
	u.PasswordHash, u.Groups, u.Shell = "", nil, "/bin/sh"
	for range 2 {
		ok(t, s.PutUser(t.Context(), u))
	}
	u, err = s.LookupUser(t.Context(), "alice")
	ok(t, err)
	if u.PasswordHash != "$6$salt$hash" || len(u.Groups) != 0 || u.Shell != "/bin/sh" {
		t.Errorf("after changes the account is %+v", u)
	}
	root, err := s.LookupUser(t.Context(), "root")
	ok(t, err)
	if root.Home != "/root" {
		t.Errorf("root lives in %q", root.Home)
	}
}

func userErrors(t *testing.T, s system.System, _ Options) {
	refused(t, "a group that does not exist", s.PutUser(t.Context(), system.User{Name: "bob", Home: "/home/bob", Shell: "/bin/sh", Groups: []string{"ghosts"}}))
	refused(t, "a name that is none", s.PutUser(t.Context(), system.User{Name: "0:0", Home: "/home/x", Shell: "/bin/sh"}))
	if _, err := s.LookupUser(t.Context(), "bob"); !errors.Is(err, system.ErrNotExist) {
		t.Errorf("a refused account gives %v", err)
	}
}

func unit(t *testing.T, s system.System, name string) system.Unit {
	t.Helper()
	u, err := s.Unit(t.Context(), name)
	ok(t, err)
	return u
}

func units(t *testing.T, s system.System, o Options) {
	if u := unit(t, s, o.Unit); u != (system.Unit{}) {
		t.Fatalf("before its package is there the unit is %+v", u)
	}
	ok(t, s.Install(t.Context(), o.UnitPackage))
	if u := unit(t, s, o.Unit); u != (system.Unit{Known: true, Enabled: true, Active: true}) {
		t.Fatalf("after installing the unit is %+v", u)
	}
	ok(t, s.ReloadUnit(t.Context(), o.Unit))
	for range 2 {
		ok(t, s.SetUnit(t.Context(), o.Unit, false, false))
		if u := unit(t, s, o.Unit); u != (system.Unit{Known: true}) {
			t.Fatalf("switched off the unit is %+v", u)
		}
	}
	refused(t, "reloading what does not run", s.ReloadUnit(t.Context(), o.Unit))
	ok(t, s.SetUnit(t.Context(), o.Unit, true, false))
	ok(t, s.SetUnit(t.Context(), o.Unit, true, true))
	short := strings.TrimSuffix(o.Unit, ".service")
	if u := unit(t, s, short); u != (system.Unit{Known: true, Enabled: true, Active: true}) {
		t.Fatalf("by its short name the unit is %+v", u)
	}
}

func unknownUnit(t *testing.T, s system.System, _ Options) {
	refused(t, "starting a unit that does not exist", s.SetUnit(t.Context(), "no-such-unit", true, true))
	refused(t, "reloading a unit that does not exist", s.ReloadUnit(t.Context(), "no-such-unit"))
}

func run(t *testing.T, s system.System, _ Options) {
	_, err := s.Run(t.Context(), nil, "true")
	ok(t, err)
	_, err = s.Run(t.Context(), nil, "false")
	if exit := refused(t, "false", err); exit == nil || exit.Code != 1 || !slices.Equal(exit.Argv, []string{"false"}) {
		t.Errorf("false gives %+v", exit)
	}
	_, err = s.Run(t.Context(), nil, "no-such-program-anywhere")
	refused(t, "a program that does not exist", err)
}

func sshd(t *testing.T, s system.System, _ Options) {
	ctx := t.Context()
	put := func(name, text string) {
		ok(t, s.WriteFile(ctx, "/etc/ssh/sshd_config.d/"+name, []byte(text), system.FileInfo{Mode: 0o644, Owner: "root", Group: "root"}))
	}
	effective := func() string {
		out, err := s.Run(ctx, nil, "sshd", "-T")
		ok(t, err)
		return string(out)
	}
	put("50-b.conf", "PermitRootLogin yes\n")
	put("00-a.conf", "# first\nPermitRootLogin no\nPasswordAuthentication no\n")
	_, err := s.Run(ctx, nil, "sshd", "-t")
	ok(t, err)
	if got := effective(); !strings.Contains(got, "permitrootlogin no\n") || !strings.Contains(got, "passwordauthentication no\n") || !strings.Contains(got, "port 22\n") {
		t.Errorf("sshd makes of it:\n%s", got)
	}
	put("00-a.conf", "PermitRootLogin sometimes\n")
	_, err = s.Run(ctx, nil, "sshd", "-t")
	if exit := refused(t, "nonsense for sshd", err); exit == nil || exit.Code != 255 {
		t.Errorf("sshd -t gives %+v", exit)
	}
	refused(t, "a reload of nonsense", s.ReloadUnit(ctx, "ssh"))
	if u := unit(t, s, "ssh"); !u.Active {
		t.Error("a refused reload stopped sshd")
	}
	ok(t, s.RemoveFile(ctx, "/etc/ssh/sshd_config.d/00-a.conf"))
	ok(t, s.ReloadUnit(ctx, "ssh"))
	if got := effective(); !strings.Contains(got, "permitrootlogin yes\n") {
		t.Errorf("without the first file sshd makes of it:\n%s", got)
	}
}

func sudoers(t *testing.T, s system.System, _ Options) {
	ok(t, s.Install(t.Context(), "sudo")) // templates of containers lack it
	_, err := s.Run(t.Context(), []byte("%sudo ALL=(ALL:ALL) NOPASSWD: ALL\n"), "visudo", "-cf", "-")
	ok(t, err)
	_, err = s.Run(t.Context(), []byte("%sudo ALL(ALL\n"), "visudo", "-cf", "-")
	refused(t, "nonsense for sudo", err)
	_, err = s.Run(t.Context(), nil, "visudo", "-c")
	ok(t, err)
}

func directories(t *testing.T, s system.System, _ Options) {
	ctx := context.WithoutCancel(t.Context())
	for range 2 {
		_, err := s.Run(ctx, nil, "install", "-d", "-m", "0700", "-o", "nobody", "-g", "root", "/var/lib/contract-dir")
		ok(t, err)
		out, err := s.Run(ctx, nil, "stat", "-c", "%F|%a %U", "/var/lib/contract-dir")
		ok(t, err)
		if strings.TrimSpace(string(out)) != "directory|700 nobody" {
			t.Fatalf("made %q", out)
		}
	}
	_, err := s.Run(ctx, nil, "stat", "-c", "%F", "/var/lib/nothing-here")
	if exit := refused(t, "stat of nothing", err); exit == nil || !strings.Contains(exit.Stderr, "No such file") {
		t.Errorf("stat of nothing gives %+v", exit)
	}
}
