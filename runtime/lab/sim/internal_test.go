package sim

import (
	"io"
	"io/fs"
	"net"
	"strings"
	"testing"

	"github.com/homestak/homestak/runtime/lab/sim/shell"
	"github.com/homestak/homestak/runtime/lab/vnet"
	"github.com/homestak/homestak/runtime/system"
)

// Vectors are glibc's, made by crypt(3) and openssl passwd -6.
func TestCrypt(t *testing.T) {
	for _, v := range [][2]string{
		{"Hello world!", "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"},
		{"a very much longer text to encrypt.  This one even stretches over morethan one line.",
			"$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1"},
		{"plain", "$5$i3TxsHdf$WwtflhZjxdBsk58msO5WcwTTR/gpwByDYKjdNfXJj73"},
		{"x", "$6$rounds=1000$roundstoolow$qx2Fl7m6z8W9xTQWleBFcfpSbZdad3Xf2nPBvXW832RViQ1pt1l8BiR/kE7LCJI9fKa5xkt1idWWzK2.UlHOF/"},
		{"", "$6$ab$xnh5Qsr2NdbFw1PgdZie7nLON3gv.S.23iQDBqAzkdoXPtDnVSpludXkM5UWybQO3OI7hBj9wHg9Ow6sUWD60/"},
	} {
		if !verifyPassword(v[1], []byte(v[0])) {
			t.Errorf("%q: %s", v[0], Crypt([]byte(v[0]), v[1]))
		}
		if verifyPassword(v[1], []byte(v[0]+"x")) || verifyPassword("!"+v[1], []byte(v[0])) {
			t.Errorf("%q: a wrong password or a locked account passed", v[0])
		}
	}
	for _, hash := range []string{"", "!", "*", "$6$", "$6$x", "$y$j9T$abc$def", "$6$rounds=999999999$x$y", "plain"} {
		if verifyPassword(hash, nil) || verifyPassword(hash, []byte(hash)) {
			t.Errorf("hash %q let somebody in", hash)
		}
	}
}

func TestSudoers(t *testing.T) {
	memory, err := system.NewMemory("debian-12")
	if err != nil {
		t.Fatal(err)
	}
	o := newOS(memory, nil, nil, nil)
	put := func(name, text string, mode fs.FileMode) {
		t.Helper()
		info := system.FileInfo{Mode: mode, Owner: "root", Group: "root"}
		if err := o.WriteFile(t.Context(), "/etc/sudoers.d/"+name, []byte(text), info); err != nil {
			t.Fatal(err)
		}
	}
	alice := shell.Identity{Name: "alice", Groups: []string{"alice", "sudo"}}
	bob := shell.Identity{Name: "bob", Groups: []string{"bob"}}
	check := func(id shell.Identity, target, program string, args []string, allowed, password bool) {
		t.Helper()
		a, p := o.sudoers(t.Context()).decide(id, target, program, args)
		if a != allowed || a && p != password {
			t.Errorf("%s as %s %s %v: allowed %v, password %v", id.Name, target, program, args, a, p)
		}
	}
	check(alice, "root", "/usr/bin/id", nil, true, true) // Debian's %sudo
	check(bob, "root", "/usr/bin/id", nil, false, false)
	put("10-group", "# drop-in\n%sudo ALL=(ALL:ALL) NOPASSWD: ALL\n", 0o440)
	check(alice, "bob", "/usr/bin/id", nil, true, false)
	put("20-bob", "bob ALL = (root) NOPASSWD: /usr/bin/systemctl reload ssh, \\\n /usr/bin/id\n", 0o440)
	check(bob, "root", "/usr/bin/systemctl", []string{"reload", "ssh"}, true, false)
	check(bob, "root", "/usr/bin/systemctl", []string{"stop", "ssh"}, false, false)
	check(bob, "root", "/usr/bin/id", []string{"-un"}, true, false)
	check(bob, "alice", "/usr/bin/id", nil, false, false)
	put("30-no", "bob ALL=(root) !/usr/bin/id\n", 0o440) // the last match wins
	check(bob, "root", "/usr/bin/id", nil, false, false)
	put("40-open", "bob ALL=(ALL) NOPASSWD: ALL\n", 0o666) // others could have written it
	put("50.dotted", "bob ALL=(ALL) NOPASSWD: ALL\n", 0o440)
	put("60-backup~", "bob ALL=(ALL) NOPASSWD: ALL\n", 0o440)
	check(bob, "root", "/usr/bin/id", nil, false, false)
}

func TestNetplan(t *testing.T) {
	n, err := parseNetplan([]byte("network:\n  version: 2\n  ethernets:\n    b: {match: {macaddress: 'AA:00:00:00:00:01'}, set-name: lan, addresses: [10.0.0.5/24]}\n    ens19: {dhcp4: true}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if e, name, ok := n.of("aa:00:00:00:00:01", "ens18"); !ok || name != "lan" || e.Addresses[0] != "10.0.0.5/24" {
		t.Errorf("by MAC: %v %q %v", e, name, ok)
	}
	if e, name, ok := n.of("AA:00:00:00:00:02", "ens19"); !ok || name != "ens19" || !e.DHCP4 {
		t.Errorf("by name: %v %q %v", e, name, ok)
	}
	if _, _, ok := n.of("AA:00:00:00:00:03", "ens20"); ok {
		t.Error("a card that is not configured")
	}
	for text, want := range map[string]string{
		"version: 1\nconfig: []\n": "config", // unknown field
		"version: 1\n":             "version 1",
		"version: 2\nbonds: {}\n":  "bonds",
		"version: 2\nethernets: {a: {addresses: [10.0.0.1]}}": "prefix length",
		"\tx": "YAML",
	} {
		if _, err := parseNetplan([]byte(text)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestGate(t *testing.T) {
	host := vnet.NewHost()
	defer host.Close()
	g := NewGate()
	accepted := make(chan net.Conn, 1)
	go func() {
		for {
			c, err := g.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- c
		}
	}()
	open := func() net.Conn {
		t.Helper()
		l, err := host.Listen(apiPort)
		if err != nil {
			t.Fatal(err)
		}
		g.Open(l)
		c, err := host.Dial(t.Context(), "tcp", "127.0.0.1:8006")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for range 2 {
		c := open()
		s := <-accepted
		if _, err := io.WriteString(s, "hello"); err != nil || !g.IsOpen() {
			t.Fatal(err)
		}
		g.Shut()
		if text, err := io.ReadAll(c); err != nil && string(text) != "hello" {
			t.Errorf("%q, %v", text, err)
		}
		if _, err := s.Write([]byte("x")); err == nil {
			t.Error("a connection outlived its gate")
		}
		if _, err := host.Dial(t.Context(), "tcp", "127.0.0.1:8006"); err == nil {
			t.Error("a shut gate answers")
		}
	}
	g.Close()
	if _, more := <-accepted; more {
		t.Error("a closed gate accepts")
	}
	l, err := host.Listen(apiPort)
	if err != nil {
		t.Fatal(err)
	}
	g.Open(l)
	if len(host.Listening()) != 0 {
		t.Error("a closed gate opened")
	}
}
