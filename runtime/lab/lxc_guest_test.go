package lab_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/homestak/homestak/runtime/seed"
	"github.com/homestak/homestak/stdlib"
)

// template puts a container template on the host's storage.
func (h *host) template(name string) string {
	h.t.Helper()
	data, ok := stdlib.Builtin(name)
	if !ok {
		h.t.Fatalf("no builtin %s", name)
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	w.WriteField("content", "vztmpl")
	part, err := w.CreateFormFile("filename", name+".tar.zst")
	if err != nil {
		h.t.Fatal(err)
	}
	part.Write(data)
	w.Close()
	h.wait(h.send("POST", "/nodes/NODE/storage/local/upload", w.FormDataContentType(), &b))
	return "local:vztmpl/" + name + ".tar.zst"
}

// ctAddress is the first address of a container's eth0.
func (h *host) ctAddress(vmid int) string {
	h.t.Helper()
	for h.t.Context().Err() == nil {
		list, _ := h.get(fmt.Sprintf("/nodes/NODE/lxc/%d/interfaces", vmid)).([]any)
		for _, item := range list {
			i := item.(map[string]any)
			if inet, ok := i["inet"].(string); ok && i["name"] == "eth0" {
				address, _, _ := strings.Cut(inet, "/")
				return address
			}
		}
	}
	h.t.Fatalf("no address of container %d", vmid)
	return ""
}

// rootLogin opens an SSH connection as root, with any host key, which it returns.
func rootLogin(t *testing.T, dial dialer, addr string, auth ssh.AuthMethod) (*ssh.Client, string, error) {
	t.Helper()
	conn, err := dial(t.Context(), "tcp", addr+":22")
	if err != nil {
		t.Fatal(err)
	}
	key := ""
	cfg := &ssh.ClientConfig{User: "root", Auth: []ssh.AuthMethod{auth}, HostKeyCallback: func(_ string, _ net.Addr, k ssh.PublicKey) error {
		key = ssh.FingerprintSHA256(k)
		return nil
	}}
	c, chans, reqs, err := ssh.NewClientConn(conn, addr, cfg)
	if err != nil {
		return nil, key, err
	}
	client := ssh.NewClient(c, chans, reqs)
	t.Cleanup(func() { client.Close() })
	return client, key, nil
}

// A container comes up through the API alone: root is let in by a CA that
// ssh-public-keys names; what it writes outlives the lab's process, goes with
// its clones and back with its snapshots.
func TestContainer(t *testing.T) {
	dir, s := t.TempDir(), newSite(t)
	l := openLab(t, dir)
	h := newHost(t, l.URL(), "pve1", l.Token(), nil)
	image := h.template("debian-13-standard")
	ca := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.ca.PublicKey())))
	other, _ := newKey(t)
	h.task("POST", "/nodes/NODE/lxc", "vmid=200", "ostemplate="+image, "hostname=web", "memory=256", "cores=2", "unprivileged=1",
		"rootfs=data:4", "net0=name=eth0,bridge=vmbr0,hwaddr=02:00:00:00:00:C8,ip=10.10.3.4/16,gw=10.10.0.1", "net1=name=eth1,bridge=vmbr0,ip=dhcp",
		"mp0=local:2,mp=/srv/data", "password=correct horse", "nameserver=10.10.0.1", "searchdomain=example.org",
		"ssh-public-keys=cert-authority,principals=\""+seed.DriverUser+"\" "+ca+"\n"+string(ssh.MarshalAuthorizedKey(other.PublicKey())))
	h.task("POST", "/nodes/NODE/lxc/200/status/start")
	if got := h.ctAddress(200); got != "10.10.3.4" {
		t.Fatalf("the container is at %s", got)
	}
	c, key, err := rootLogin(t, via(l), "10.10.3.4", ssh.PublicKeys(s.user))
	if err != nil {
		t.Fatal(err)
	}
	for cmd, want := range map[string]string{
		"hostname": "web", "test -d /srv/data && echo mounted": "mounted", "cat /etc/resolv.conf": "# --- BEGIN PVE ---\nsearch example.org\nnameserver 10.10.0.1\n# --- END PVE ---",
	} {
		if got := output(t, c, cmd); got != want {
			t.Errorf("%s: %q", cmd, got)
		}
	}
	if got := output(t, c, "cat /etc/network/interfaces"); !strings.Contains(got, "iface eth0 inet static\n\taddress 10.10.3.4/16\n\tgateway 10.10.0.1") {
		t.Errorf("interfaces are\n%s", got)
	}
	if got := output(t, c, "hostname -I"); !strings.HasPrefix(got, "10.10.3.4 10.10.") {
		t.Errorf("it has the addresses %s", got)
	}
	output(t, c, "echo here > /root/mark")
	stranger, _ := newKey(t)
	if _, _, err := rootLogin(t, via(l), "10.10.3.4", ssh.PublicKeys(stranger)); err == nil {
		t.Error("a key that nobody listed opens the container")
	}
	if _, _, err := rootLogin(t, via(l), "10.10.3.4", ssh.PublicKeys(other)); err != nil {
		t.Errorf("a listed key: %v", err)
	}
	if _, _, err := rootLogin(t, via(l), "10.10.3.4", ssh.Password("correct horse")); err == nil {
		t.Error("sshd lets root in by password, which Debian's does not")
	}

	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openLab(t, dir)
	t.Cleanup(func() { l.Close() })
	h = newHost(t, l.URL(), "pve1", l.Token(), nil)
	c, again, err := rootLogin(t, via(l), "10.10.3.4", ssh.PublicKeys(s.user))
	if err != nil || again != key {
		t.Fatalf("after the lab's end: host key %s, was %s: %v", again, key, err)
	}
	if got := output(t, c, "cat /root/mark"); got != "here" {
		t.Errorf("the mark is %q", got)
	}

	h.task("PUT", "/nodes/NODE/lxc/200/config", "delete=mp0") // pending: raw on a directory has no snapshots
	h.task("POST", "/nodes/NODE/lxc/200/status/reboot")
	h.task("POST", "/nodes/NODE/lxc/200/snapshot", "snapname=before")
	h.ctAddress(200)
	c, _, err = rootLogin(t, via(l), "10.10.3.4", ssh.PublicKeys(s.user))
	if err != nil {
		t.Fatal(err)
	}
	output(t, c, "echo gone > /root/mark")
	h.task("POST", "/nodes/NODE/lxc/200/snapshot/before/rollback", "start=1")
	h.ctAddress(200)
	if c, _, err = rootLogin(t, via(l), "10.10.3.4", ssh.PublicKeys(s.user)); err != nil {
		t.Fatal(err)
	}
	if got := output(t, c, "cat /root/mark"); got != "here" {
		t.Errorf("after the rollback the mark is %q", got)
	}
	h.task("POST", "/nodes/NODE/lxc/200/status/shutdown")
	h.task("POST", "/nodes/NODE/lxc/200/clone", "newid=201", "hostname=copy", "full=1", "storage=local")
	h.task("PUT", "/nodes/NODE/lxc/201/config", "net0=name=eth0,bridge=vmbr0,ip=10.10.3.5/16", "delete=net1")
	h.task("POST", "/nodes/NODE/lxc/201/status/start")
	h.ctAddress(201)
	c, _, err = rootLogin(t, via(l), "10.10.3.5", ssh.PublicKeys(s.user))
	if err != nil {
		t.Fatal(err)
	}
	if got := output(t, c, "hostname && cat /root/mark"); got != "copy\nhere" {
		t.Errorf("the clone says %q", got)
	}
	output(t, c, "poweroff")
	for h.get("/nodes/NODE/lxc/201/status/current").(map[string]any)["status"] != "stopped" {
	}
	h.task("DELETE", "/nodes/NODE/lxc/201")
	h.task("DELETE", "/nodes/NODE/lxc/200")
	if left := h.get("/nodes/NODE/storage/data/content").([]any); len(left) != 0 {
		t.Errorf("volumes are left: %v", left)
	}
}

// A container on a host that is itself a guest is reached through it, and comes
// back when that boots, if it is to.
func TestNestedContainer(t *testing.T) {
	s := newSite(t)
	l := openLab(t, t.TempDir())
	t.Cleanup(func() { l.Close() })
	outer := newHost(t, l.URL(), "pve1", l.Token(), nil)
	parent := s.login(via(l), "parent", outer.guest(s, 100, "parent", "debian-13-pve"))
	inner := outer.inner(parent, "parent")
	ca := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.ca.PublicKey())))
	inner.task("POST", "/nodes/NODE/lxc", "vmid=200", "ostemplate="+inner.template("debian-12-standard"), "hostname=deep", "unprivileged=1",
		"onboot=1", "start=1", "net0=name=eth0,bridge=vmbr0,ip=dhcp", "ssh-public-keys=cert-authority,principals=\""+seed.DriverUser+"\" "+ca)
	addr := inner.ctAddress(200)
	if c, err := via(l)(t.Context(), "tcp", addr+":22"); err == nil {
		c.Close()
		t.Error("the container is reachable from outside")
	}
	deep, key, err := rootLogin(t, parent.DialContext, addr, ssh.PublicKeys(s.user))
	if err != nil {
		t.Fatal(err)
	}
	if got := output(t, deep, "hostname && cat /etc/debian_version"); got != "deep\n12" {
		t.Errorf("it says %q", got)
	}
	outer.task("POST", "/nodes/NODE/qemu/100/status/reboot")
	parent = s.login(via(l), "parent", outer.address(100))
	inner.http = newHost(t, "https://127.0.0.1:8006", "parent", inner.token, parent.DialContext).http
	deep, again, err := rootLogin(t, parent.DialContext, inner.ctAddress(200), ssh.PublicKeys(s.user))
	if err != nil || again != key {
		t.Fatalf("after the reboot: host key %s, was %s: %v", again, key, err)
	}
	if got := output(t, deep, "hostname"); got != "deep" {
		t.Errorf("it says %q", got)
	}
}
