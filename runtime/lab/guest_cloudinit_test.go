package lab_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/homestak/homestak/stdlib"
)

// as logs in, when the guest is up, with a key that it was told of.
func (s *site) as(dial dialer, user, addr string, key ssh.Signer) *ssh.Client {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	conn, err := dial(ctx, "tcp", addr+":22")
	for err != nil && ctx.Err() == nil { // it boots
		conn, err = dial(ctx, "tcp", addr+":22")
	}
	if err != nil {
		s.t.Fatal(err)
	}
	c, chans, reqs, err := ssh.NewClientConn(conn, addr, &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	client := ssh.NewClient(c, chans, reqs)
	s.t.Cleanup(func() { client.Close() })
	return client
}

// A guest reads the seed that PVE generates. Its clones are instances of their
// own, with what was on the disk; snapshots bring it back; it goes on after a
// pause and after its disk has moved.
func TestGeneratedSeed(t *testing.T) {
	s := newSite(t)
	l := openLab(t, t.TempDir())
	defer l.Close()
	h := newHost(t, l.URL(), "pve1", l.Token(), nil)
	key, _ := newKey(t)
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey())))
	image, _ := stdlib.Builtin("debian-12")
	h.upload("debian-12.raw", image)
	const vm = "/nodes/NODE/qemu/100"
	h.task("POST", "/nodes/NODE/qemu", "vmid=100", "name=first", "boot=order=scsi0", "net0=virtio,bridge=vmbr0",
		"scsi0=local:0,import-from=local:import/debian-12.raw,format=qcow2", "ide2=local:cloudinit", "ciuser=admin",
		"ipconfig0=ip=10.10.0.50/16,gw=10.10.0.1", "sshkeys="+strings.ReplaceAll(url.QueryEscape(line), "+", "%20"))
	h.task("POST", vm+"/status/start")
	first := s.as(via(l), "admin", "10.10.0.50", key)
	if got := output(t, first, "hostname && cloud-init status"); got != "first\nstatus: done" {
		t.Error(got)
	}
	output(t, first, "sudo -n sh -c 'echo one > /srv/file'")
	h.task("POST", vm+"/snapshot", "snapname=s1", "vmstate=1")
	output(t, first, "sudo -n sh -c 'echo two > /srv/file'")

	h.task("POST", vm+"/clone", "newid=101", "name=second", "full=1")
	h.task("PUT", "/nodes/NODE/qemu/101/config", "ipconfig0=ip=10.10.0.51/16,gw=10.10.0.1")
	h.task("POST", "/nodes/NODE/qemu/101/status/start")
	second := s.as(via(l), "admin", "10.10.0.51", key)
	if got := output(t, second, "hostname && cat /srv/file"); got != "second\ntwo" {
		t.Error(got)
	}

	h.task("POST", vm+"/status/suspend")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if conn, err := via(l)(ctx, "tcp", "10.10.0.50:22"); err == nil {
		conn.Close()
		t.Error("a guest that stands still answers")
	}
	h.task("POST", vm+"/status/resume")
	h.task("POST", vm+"/move_disk", "disk=scsi0", "storage=data")
	first = s.as(via(l), "admin", "10.10.0.50", key)
	if got := output(t, first, "cat /srv/file"); got != "two" {
		t.Error(got)
	}
	output(t, first, "sudo -n sh -c 'echo three > /srv/file'")
	h.task("POST", vm+"/status/stop")
	h.task("POST", vm+"/status/start")
	first = s.as(via(l), "admin", "10.10.0.50", key)
	if got := output(t, first, "cat /srv/file"); got != "three" {
		t.Error(got)
	}
	h.task("POST", vm+"/snapshot/s1/rollback")
	first = s.as(via(l), "admin", "10.10.0.50", key)
	if got := output(t, first, "cat /srv/file"); got != "one" {
		t.Error(got)
	}
}
