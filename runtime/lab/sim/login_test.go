package sim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/homestak/homestak/runtime/seed"
)

func TestRefusedLogins(t *testing.T) {
	b := newBench(t)
	m, _ := b.up(100, "web")
	addr := address(t, m) + ":22"
	other, _ := newSigner(t)
	foreign := newBench(t)
	for what, try := range map[string]struct {
		user string
		auth ssh.AuthMethod
	}{
		"no key":            {seed.DriverUser, ssh.Password("x")},
		"a stranger's key":  {seed.DriverUser, ssh.PublicKeys(other)},
		"another CA":        {seed.DriverUser, ssh.PublicKeys(foreign.userCert([]string{seed.DriverUser}))},
		"another principal": {seed.DriverUser, ssh.PublicKeys(b.userCert([]string{"alice"}))},
		"no principal":      {seed.DriverUser, ssh.PublicKeys(b.userCert(nil))},
		"expired": {seed.DriverUser, ssh.PublicKeys(b.userCert([]string{seed.DriverUser}, func(c *ssh.Certificate) {
			c.ValidBefore = uint64(today.Add(-time.Second).Unix())
		}))},
		"not yet": {seed.DriverUser, ssh.PublicKeys(b.userCert([]string{seed.DriverUser}, func(c *ssh.Certificate) {
			c.ValidAfter = uint64(today.Add(time.Second).Unix())
		}))},
		"a host certificate": {seed.DriverUser, ssh.PublicKeys(b.userCert([]string{seed.DriverUser}, func(c *ssh.Certificate) { c.CertType = ssh.HostCert }))},
		"forced command": {seed.DriverUser, ssh.PublicKeys(b.userCert([]string{seed.DriverUser}, func(c *ssh.Certificate) {
			c.CriticalOptions = map[string]string{"force-command": "true"}
		}))},
		"source address": {seed.DriverUser, ssh.PublicKeys(b.userCert([]string{seed.DriverUser}, func(c *ssh.Certificate) {
			c.CriticalOptions = map[string]string{"source-address": "192.0.2.0/24"}
		}))},
		"nobody": {"ghost", ssh.PublicKeys(b.userCert([]string{"ghost"}))},
	} {
		if c, err := b.login(b.hv.Dial, addr, try.user, 100, try.auth); err == nil {
			c.Close()
			t.Errorf("%s got in", what)
		}
	}
	// The certificate ends while the lab runs.
	cert := ssh.PublicKeys(b.userCert([]string{seed.DriverUser}))
	if c, err := b.login(b.hv.Dial, addr, seed.DriverUser, 100, cert); err != nil {
		t.Error(err)
	} else {
		c.Close()
	}
	b.clock.set(today.Add(2 * time.Hour))
	if _, err := b.login(b.hv.Dial, addr, seed.DriverUser, 100, cert); err == nil {
		t.Error("an expired certificate got in")
	}
}

// The host's identity is its certificate: another machine's does not pass.
func TestHostCertificate(t *testing.T) {
	b := newBench(t)
	m, _ := b.up(100, "web")
	if _, err := b.login(b.hv.Dial, address(t, m)+":22", seed.DriverUser, 101, ssh.PublicKeys(b.userCert([]string{seed.DriverUser}))); err == nil {
		t.Error("vm 100 passed for vm 101")
	}
}

// What sshd is told takes effect when it is told to reload, not before.
func TestSSHDPolicy(t *testing.T) {
	b := newBench(t)
	m, _ := b.up(100, "web")
	c := b.driver(b.hv.Dial, m, 100)
	addr := address(t, m)
	rootCert := ssh.PublicKeys(b.userCert([]string{"root"}))
	tryRoot := func(port string) error {
		c, err := b.login(b.hv.Dial, addr+":"+port, "root", 100, rootCert)
		if err == nil {
			c.Close()
		}
		return err
	}
	if err := tryRoot("22"); err != nil { // prohibit-password takes certificates
		t.Error(err)
	}
	must(t, c, "sudo -n sh -c 'echo PermitRootLogin no > /etc/ssh/sshd_config.d/10-test.conf && echo Port 2222 >> /etc/ssh/sshd_config.d/10-test.conf'")
	if err := tryRoot("22"); err != nil {
		t.Errorf("a file that nobody reloaded took effect: %v", err)
	}
	must(t, c, "sudo -n systemctl reload ssh")
	if err := tryRoot("2222"); err == nil {
		t.Error("root got in")
	}
	if _, err := b.hv.Dial(t.Context(), "tcp", addr+":22"); err == nil {
		t.Error("still listening on 22")
	}
	must(t, c, "true") // the connection lives on
	if d, err := b.login(b.hv.Dial, addr+":2222", seed.DriverUser, 100, ssh.PublicKeys(b.userCert([]string{seed.DriverUser}))); err != nil {
		t.Error(err)
	} else {
		d.Close()
	}
	// A bad configuration does not take sshd down.
	if _, _, code := run(t, c, "sudo -n sh -c 'echo Prot 1 > /etc/ssh/sshd_config.d/20-bad.conf && systemctl reload ssh'", nil); code == 0 {
		t.Error("a bad configuration was loaded")
	}
	must(t, c, "sudo -n rm /etc/ssh/sshd_config.d/20-bad.conf && sudo -n systemctl stop ssh")
	if _, err := b.hv.Dial(t.Context(), "tcp", addr+":2222"); err == nil {
		t.Error("a stopped sshd listens")
	}
	must(t, c, "sudo -n systemctl start ssh")
	if c, err := b.hv.Dial(t.Context(), "tcp", addr+":2222"); err != nil {
		t.Error(err)
	} else {
		c.Close()
	}
}

func TestKeysAndPasswords(t *testing.T) {
	b := newBench(t)
	s := b.seed(100, "web")
	m, _ := b.up(100, s.Hostname)
	c := b.driver(b.hv.Dial, m, 100)
	addr := address(t, m) + ":22"
	alice, _ := newSigner(t)
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(alice.PublicKey())))
	try := func(user string, auth ssh.AuthMethod) error {
		c, err := b.login(b.hv.Dial, addr, user, 100, auth)
		if err == nil {
			c.Close()
		}
		return err
	}
	// Root with a key, in root's own authorized_keys.
	must(t, c, "sudo -n sh -c 'mkdir -p -m 700 /root/.ssh && echo \""+line+" alice@home\" > /root/.ssh/authorized_keys && chmod 600 /root/.ssh/authorized_keys'")
	if err := try("root", ssh.PublicKeys(alice)); err != nil {
		t.Error(err)
	}
	must(t, c, "sudo -n chmod 666 /root/.ssh/authorized_keys")
	if err := try("root", ssh.PublicKeys(alice)); err == nil {
		t.Error("a file that others may write opened the door")
	}
	must(t, c, "sudo -n sh -c 'chmod 600 /root/.ssh/authorized_keys && echo from=\\\"10.0.0.1\\\" \""+line+"\" > /root/.ssh/authorized_keys'")
	if err := try("root", ssh.PublicKeys(alice)); err == nil {
		t.Error("a line with an option that is not enforced opened the door")
	}
	if err := try("root", ssh.Password("hunter2")); err == nil {
		t.Error("root has no password")
	}
}

const userData = `#cloud-config
hostname: %s
users:
  - name: alice
    groups: sudo
    shell: /bin/bash
    lock_passwd: false
    hashed_passwd: "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
    ssh_authorized_keys: ["%s"]
  - name: bob
    sudo: ALL=(ALL) NOPASSWD:ALL
    ssh_authorized_keys: ["%s"]
  - name: ops
    shell: /usr/sbin/nologin
    ssh_authorized_keys: ["%s"]
write_files:
  - {path: /etc/motd2, content: aGVsbG8K, encoding: b64, permissions: "0640", owner: "root:adm"}
  - {path: /home/bob/note, content: "for bob\n", owner: "bob:bob", defer: true}
runcmd:
  - echo $USER > /srv/ran
  - [sh, -c, "echo two >> /srv/ran"]
timezone: Europe/Berlin
`

func TestAccountsOfCloudInit(t *testing.T) {
	b := newBench(t)
	alice, _ := newSigner(t)
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(alice.PublicKey())))
	m := b.plain(100, fmt.Sprintf(userData, "box", line, line, line), "instance-id: one\n", "")
	login := func(user string, auth ssh.AuthMethod) *ssh.Client {
		t.Helper()
		conn, err := b.hv.Dial(t.Context(), "tcp", address(t, m)+":22")
		if err != nil {
			t.Fatal(err)
		}
		c, chans, reqs, err := ssh.NewClientConn(conn, "x", &ssh.ClientConfig{User: user, Auth: []ssh.AuthMethod{auth}, HostKeyCallback: ssh.InsecureIgnoreHostKey()})
		if err != nil {
			conn.Close()
			return nil
		}
		client := ssh.NewClient(c, chans, reqs)
		t.Cleanup(func() { client.Close() })
		return client
	}
	if c := login("alice", ssh.Password("Hello world!")); c == nil {
		t.Error("the right password was refused")
	}
	if c := login("alice", ssh.Password("hello world!")); c != nil {
		t.Error("a wrong password was taken")
	}
	a, bob, ops := login("alice", ssh.PublicKeys(alice)), login("bob", ssh.PublicKeys(alice)), login("ops", ssh.PublicKeys(alice))
	if a == nil || bob == nil || ops == nil {
		t.Fatal("no login by key")
	}
	if got := must(t, bob, "sudo -n cat /srv/ran && pwd && cat note && cat /etc/timezone 2>/dev/null || true"); got != "root\ntwo\n/home/bob\nfor bob" {
		t.Errorf("bob sees %q", got)
	}
	if m.OS().Timezone != "Europe/Berlin" {
		t.Errorf("timezone %q", m.OS().Timezone)
	}
	if got := must(t, bob, "sudo -n stat -c '%a %U %G' /etc/motd2 && sudo -n cat /etc/motd2"); got != "640 root adm\nhello" {
		t.Errorf("file %q", got)
	}
	if _, errs, code := run(t, a, "sudo -n true", nil); code != 1 || !strings.Contains(errs, "a password is required") {
		t.Errorf("alice's sudo: %d %q", code, errs)
	}
	if _, _, code := run(t, a, "cat /home/bob/note", nil); code == 0 {
		t.Error("alice reads bob's home")
	}
	if out, _, code := run(t, ops, "true", nil); code != 1 || !strings.Contains(out, "not available") {
		t.Errorf("nologin: %d %q", code, out)
	}
	if got := must(t, bob, "cloud-init status --long"); !strings.Contains(got, "status: done") {
		t.Errorf("cloud-init %s", got)
	}
}

// What the lab's cloud-init cannot do is an error that the driver can see.
func TestCloudInitErrors(t *testing.T) {
	b := newBench(t)
	bob, _ := newSigner(t)
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(bob.PublicKey())))
	m := b.plain(100, "#cloud-config\nusers:\n  - {name: root2, sudo: 'ALL=(ALL) NOPASSWD:ALL', ssh_authorized_keys: ['"+line+"']}\n"+
		"packages: [no-such-package]\nswap: {size: 1}\nruncmd: [[false]]\n", "instance-id: one\n", "version: 3\n")
	conn, err := b.hv.Dial(t.Context(), "tcp", address(t, m)+":22") // the card falls back to DHCP
	if err != nil {
		t.Fatal(err)
	}
	c, chans, reqs, err := ssh.NewClientConn(conn, "x", &ssh.ClientConfig{User: "root2", Auth: []ssh.AuthMethod{ssh.PublicKeys(bob)}, HostKeyCallback: ssh.InsecureIgnoreHostKey()})
	if err != nil {
		t.Fatal(err)
	}
	client := ssh.NewClient(c, chans, reqs)
	defer client.Close()
	out, _, code := run(t, client, "cloud-init status --format json", nil)
	for _, part := range []string{`"status": "error"`, "swap: ", "no-such-package", "scripts_user: ", "network: "} {
		if !strings.Contains(out, part) {
			t.Errorf("status lacks %q: %s", part, out)
		}
	}
	if code != 1 {
		t.Errorf("exit %d", code)
	}
}
