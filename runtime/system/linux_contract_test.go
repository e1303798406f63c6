//go:build linux

package system_test

import (
	"os"
	"testing"

	"github.com/homestak/homestak/runtime/system"
	"github.com/homestak/homestak/runtime/system/systemtest"
)

// TestLinuxContract changes the machine it runs on in every way there is, so it
// does that inside a guest of the lab only: golden/guests runs it there, one
// test of the suite in each guest.
func TestLinuxContract(t *testing.T) {
	if os.Getenv("container") != "homestak" {
		t.Log("this is no guest of the lab: left out here, golden/guests runs it")
		return
	}
	s, err := system.Local()
	if err != nil {
		t.Fatal(err)
	}
	o := systemtest.Options{Package: "htop", UnitPackage: "nginx-light", Unit: "nginx.service"}
	systemtest.Run(t, o, func(*testing.T) system.System { return s })
}

// TestLinuxLinks: a user who puts a link where root writes does not make root
// write elsewhere, and links of root's lead where they lead.
func TestLinuxLinks(t *testing.T) {
	if os.Getenv("container") != "homestak" {
		t.Log("this is no guest of the lab: left out here, golden/guests runs it")
		return
	}
	s, err := system.Local()
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	sh := func(line string) string {
		t.Helper()
		out, err := s.Run(ctx, nil, "sh", "-c", line)
		must(err)
		return string(out)
	}
	mine := system.FileInfo{Mode: 0o600, Owner: "mallory", Group: "mallory"}
	must(s.PutUser(ctx, system.User{Name: "mallory", Home: "/home/mallory", Shell: "/bin/sh"}))
	sh("runuser -u mallory -- ln -s /etc/sudoers.d /home/mallory/.ssh")
	for what, err := range map[string]error{
		"write":  s.WriteFile(ctx, "/home/mallory/.ssh/keys", []byte("ALL ALL=(ALL) NOPASSWD: ALL\n"), mine),
		"remove": s.RemoveFile(ctx, "/home/mallory/.ssh/README"),
	} {
		if err == nil {
			t.Errorf("%s went through mallory's link", what)
		}
	}
	if _, _, err := s.ReadFile(ctx, "/home/mallory/.ssh/README"); err == nil {
		t.Error("read went through mallory's link")
	}
	if got := sh("ls /etc/sudoers.d"); got != "README\n" {
		t.Errorf("/etc/sudoers.d holds %q", got)
	}

	root := system.FileInfo{Mode: 0o644, Owner: "root", Group: "root"}
	sh("mkdir /srv/real && ln -s real /srv/link && ln -s /srv/link/../real/f /srv/file")
	must(s.WriteFile(ctx, "/srv/link/f", []byte("one"), root))
	must(s.WriteFile(ctx, "/srv/file", []byte("two"), root))
	if got := sh("cat /srv/real/f; readlink /srv/file"); got != "two/srv/link/../real/f\n" {
		t.Errorf("through root's links: %q", got)
	}
	must(s.RemoveFile(ctx, "/srv/file"))
	if got := sh("ls /srv /srv/real"); got != "/srv:\nlink\nreal\n\n/srv/real:\nf\n" {
		t.Errorf("after removing a link: %q", got)
	}
	sh("ln -s b /srv/a && ln -s a /srv/b")
	if err := s.WriteFile(ctx, "/srv/a", nil, root); err == nil {
		t.Error("a circle of links was written to")
	}
}
