package lab_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/homestak/homestak/runtime/lab"
	"github.com/homestak/homestak/runtime/seed"
	"github.com/homestak/homestak/stdlib"
)

// clock is the real one, but nobody waits for it.
type clock struct{}

func (clock) Now() time.Time                                   { return time.Now() }
func (clock) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// site is what a driver has: keys.
type site struct {
	t        *testing.T
	user, ca ssh.Signer
	hostCA   ssh.Signer
}

func newSite(t *testing.T) *site {
	s := &site{t: t}
	for _, k := range []*ssh.Signer{&s.user, &s.ca, &s.hostCA} {
		*k, _ = newKey(t)
	}
	cert := &ssh.Certificate{Key: s.user.PublicKey(), CertType: ssh.UserCert, ValidPrincipals: []string{seed.DriverUser}, ValidBefore: ssh.CertTimeInfinity,
		Permissions: ssh.Permissions{Extensions: map[string]string{"permit-port-forwarding": ""}}}
	if err := cert.SignCert(rand.Reader, s.ca); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.user, err = ssh.NewCertSigner(cert, s.user); err != nil {
		t.Fatal(err)
	}
	return s
}

func newKey(t *testing.T) (ssh.Signer, []byte) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	return s, pem.EncodeToMemory(block)
}

func (s *site) seed(name, mac string) []byte {
	s.t.Helper()
	host, key := newKey(s.t)
	cert := &ssh.Certificate{Key: host.PublicKey(), CertType: ssh.HostCert, ValidPrincipals: []string{name}, ValidBefore: ssh.CertTimeInfinity}
	if err := cert.SignCert(rand.Reader, s.hostCA); err != nil {
		s.t.Fatal(err)
	}
	data, err := seed.Build(seed.Seed{Instance: name + "-1", Hostname: name, MAC: mac, IP: "dhcp",
		UserCA: string(ssh.MarshalAuthorizedKey(s.ca.PublicKey())), HostKeyPEM: key, HostCert: string(ssh.MarshalAuthorizedKey(cert))})
	if err != nil {
		s.t.Fatal(err)
	}
	return data
}

// login opens an SSH connection to the guest of that name at an address.
func (s *site) login(dial dialer, name, addr string) *ssh.Client {
	s.t.Helper()
	conn, err := dial(s.t.Context(), "tcp", addr+":22")
	if err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	checker := &ssh.CertChecker{IsHostAuthority: func(k ssh.PublicKey, _ string) bool {
		return bytes.Equal(k.Marshal(), s.hostCA.PublicKey().Marshal())
	}}
	cfg := &ssh.ClientConfig{User: seed.DriverUser, Auth: []ssh.AuthMethod{ssh.PublicKeys(s.user)}, HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
		cert, ok := key.(*ssh.Certificate)
		if !ok || !checker.IsHostAuthority(cert.SignatureKey, "") {
			return errors.New("not certified by the site")
		}
		return checker.CheckCert(name, cert)
	}}
	c, chans, reqs, err := ssh.NewClientConn(conn, addr, cfg)
	if err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	client := ssh.NewClient(c, chans, reqs)
	s.t.Cleanup(func() { client.Close() })
	return client
}

// host is a PVE host, the lab's or a guest's.
type host struct {
	t     *testing.T
	url   string
	node  string
	token string
	http  *http.Client
}

func newHost(t *testing.T, endpoint, node, token string, dial dialer) *host {
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DialContext: dial}
	t.Cleanup(tr.CloseIdleConnections)
	return &host{t: t, url: endpoint, node: node, token: token, http: &http.Client{Transport: tr}}
}

func (h *host) send(method, path, kind string, body io.Reader) any {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url+"/api2/json"+strings.ReplaceAll(path, "NODE", h.node), body)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "PVEAPIToken="+h.token)
	req.Header.Set("Content-Type", kind)
	resp, err := h.http.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct{ Data any }
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 || json.Unmarshal(text, &answer) != nil {
		h.t.Fatalf("%s %s: %s %s %v", method, path, resp.Status, text, err)
	}
	return answer.Data
}

func (h *host) get(path string) any { h.t.Helper(); return h.send("GET", path, "", nil) }

// task runs a request and waits for its task's end.
func (h *host) task(method, path string, params ...string) {
	h.t.Helper()
	form := url.Values{}
	for _, p := range params {
		k, v, _ := strings.Cut(p, "=")
		form.Set(k, v)
	}
	var body io.Reader = strings.NewReader(form.Encode())
	if method == "DELETE" {
		body = nil
	}
	h.wait(h.send(method, path, "application/x-www-form-urlencoded", body))
}

func (h *host) wait(upid any) {
	h.t.Helper()
	id, ok := upid.(string)
	if !ok {
		return
	}
	for {
		st := h.get("/nodes/NODE/tasks/" + url.PathEscape(id) + "/status").(map[string]any)
		if st["status"] == "stopped" {
			if st["exitstatus"] != "OK" {
				h.t.Fatalf("%s: %v", id, st["exitstatus"])
			}
			return
		}
	}
}

func (h *host) upload(name string, data []byte) {
	h.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	w.WriteField("content", "import")
	part, err := w.CreateFormFile("filename", name)
	if err != nil {
		h.t.Fatal(err)
	}
	part.Write(data)
	w.Close()
	h.wait(h.send("POST", "/nodes/NODE/storage/local/upload", w.FormDataContentType(), &b))
}

// guest makes and starts a guest, and returns its address when the agent
// answers.
func (h *host) guest(s *site, vmid int, name, image string, extra ...string) string {
	h.t.Helper()
	mac := fmt.Sprintf("02:00:00:00:00:%02X", vmid%256)
	data, _ := stdlib.Builtin(image)
	h.upload(image+".raw", data)
	h.upload(name+"-seed.raw", s.seed(name, mac))
	h.task("POST", "/nodes/NODE/qemu", append([]string{
		fmt.Sprint("vmid=", vmid), "name=" + name, "agent=1", "boot=order=scsi0", "net0=virtio=" + mac + ",bridge=vmbr0",
		"scsi0=local:0,import-from=local:import/" + image + ".raw", "scsi1=local:0,import-from=local:import/" + name + "-seed.raw"}, extra...)...)
	h.task("POST", fmt.Sprintf("/nodes/NODE/qemu/%d/status/start", vmid))
	return h.address(vmid)
}

// address waits for the agent of a guest.
func (h *host) address(vmid int) string {
	h.t.Helper()
	for h.t.Context().Err() == nil {
		req, err := http.NewRequestWithContext(h.t.Context(), "GET", fmt.Sprintf("%s/api2/json/nodes/%s/qemu/%d/agent/network-get-interfaces", h.url, h.node, vmid), nil)
		if err != nil {
			h.t.Fatal(err)
		}
		req.Header.Set("Authorization", "PVEAPIToken="+h.token)
		resp, err := h.http.Do(req)
		if err != nil {
			h.t.Fatal(err)
		}
		var answer struct {
			Data struct {
				Result []struct {
					Name string `json:"name"`
					IPs  []struct {
						IP string `json:"ip-address"`
					} `json:"ip-addresses"`
				} `json:"result"`
			} `json:"data"`
		}
		err = json.NewDecoder(resp.Body).Decode(&answer)
		resp.Body.Close()
		if err != nil {
			continue // the agent does not answer yet
		}
		for _, i := range answer.Data.Result {
			if i.Name != "lo" && len(i.IPs) > 0 {
				return i.IPs[0].IP
			}
		}
	}
	h.t.Fatalf("no address of guest %d", vmid)
	return ""
}

// inner is the PVE host that a guest is, reached over an SSH connection to it,
// with a token that pvesh mints.
func (h *host) inner(c *ssh.Client, node string) *host {
	h.t.Helper()
	text := output(h.t, c, "sudo -n pvesh create /access/users/root@pam/token/t"+node+" --privsep 0 --output-format json")
	var minted struct {
		ID    string `json:"full-tokenid"`
		Value string `json:"value"`
	}
	if err := json.Unmarshal([]byte(text), &minted); err != nil {
		h.t.Fatal(err)
	}
	return newHost(h.t, "https://127.0.0.1:8006", node, minted.ID+"="+minted.Value, c.DialContext)
}

func output(t *testing.T, c *ssh.Client, cmd string) string {
	t.Helper()
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var errs strings.Builder
	s.Stderr = &errs
	out, err := s.Output(cmd)
	if err != nil {
		t.Fatalf("%s: %v: %s", cmd, err, errs.String())
	}
	return strings.TrimSpace(string(out))
}

// via dials through the lab's CONNECT.
func via(l *lab.Lab) dialer {
	return func(ctx context.Context, _, address string) (net.Conn, error) {
		d := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
		c, err := d.DialContext(ctx, "tcp", strings.TrimPrefix(l.URL(), "https://"))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\nProxy-Authorization: PVEAPIToken=%s\r\n\r\n", address, address, l.Token())
		br := bufio.NewReader(c)
		resp, err := http.ReadResponse(br, &http.Request{Method: "CONNECT"})
		if err == nil && resp.StatusCode != 200 {
			err = errors.New(resp.Status)
		}
		if err != nil {
			c.Close()
			return nil, err
		}
		return buffered{c, br}, nil
	}
}

type buffered struct {
	net.Conn
	r *bufio.Reader
}

func (b buffered) Read(p []byte) (int, error) { return b.r.Read(p) }

func openLab(t *testing.T, dir string) *lab.Lab {
	t.Helper()
	l, err := lab.Open(t.Context(), lab.Config{Dir: dir, Node: "pve1", Clock: clock{}})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Three tiers: each host and guest is reached through the one around it and in
// no other way, all of it survives the end of the process, and a parent takes
// its children down and brings those with onboot up.
func TestTiers(t *testing.T) {
	dir, s := t.TempDir(), newSite(t)
	l := openLab(t, dir)
	defer func() { l.Close() }()
	outer := newHost(t, l.URL(), "pve1", l.Token(), nil)

	parentIP := outer.guest(s, 100, "parent", "debian-13-pve")
	parent := s.login(via(l), "parent", parentIP)
	middle := outer.inner(parent, "parent")
	if v := middle.get("/version").(map[string]any); v["repoid"] != "lab" {
		t.Errorf("version %v", v)
	}
	childIP := middle.guest(s, 100, "child", "pve-9", "onboot=1")
	child := s.login(parent.DialContext, "child", childIP)
	inner := middle.inner(child, "child")
	leafIP := inner.guest(s, 100, "leaf", "debian-12")
	leaf := s.login(child.DialContext, "leaf", leafIP)
	if got := output(t, leaf, "hostname"); got != "leaf" {
		t.Errorf("leaf is %q", got)
	}
	output(t, leaf, "sudo -n sh -c 'echo kept > /srv/file'")

	for what, try := range map[string]struct {
		dial dialer
		addr string
	}{
		"leaf from outside":           {via(l), leafIP + ":22"},
		"leaf from the parent":        {parent.DialContext, leafIP + ":22"},
		"child from outside":          {via(l), childIP + ":22"},
		"child's API from outside":    {via(l), childIP + ":8006"},
		"the parent from the leaf":    {leaf.DialContext, parentIP + ":22"},
		"the lab's API over loopback": {via(l), "127.0.0.1:8006"},
	} {
		if c, err := try.dial(t.Context(), "tcp", try.addr); err == nil {
			c.Close()
			t.Errorf("%s is reachable", what)
		}
	}
	for what, try := range map[string]struct {
		dial dialer
		addr string
	}{
		"the parent's API on its address": {via(l), parentIP + ":8006"},
		"the child's API on its address":  {parent.DialContext, childIP + ":8006"},
		"the child from the leaf":         {leaf.DialContext, gateway(leafIP) + ":8006"},
	} {
		c, err := try.dial(t.Context(), "tcp", try.addr)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		c.Close()
	}
	if a, b := output(t, parent, "sudo -n cat /etc/pve/local/pve-ssl.pem"), certificateOf(t, via(l), parentIP+":8006"); a != strings.TrimSpace(string(b)) {
		t.Error("the parent's API shows another certificate than its file")
	}
	if log := logOf(t, dir); !strings.Contains(log, `"lab":"100/100"`) || !strings.Contains(log, `"lab":"100"`) {
		t.Error("the log does not show what happened inside")
	}

	// The process ends and starts again: everything goes on.
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openLab(t, dir)
	outer = newHost(t, l.URL(), "pve1", l.Token(), nil)
	parent = s.login(via(l), "parent", parentIP) // at once: opening waits for what is resumed, at any depth
	middle = newHost(t, middle.url, middle.node, middle.token, parent.DialContext)
	child = s.login(parent.DialContext, "child", childIP)
	if got := outer.address(100); got != parentIP {
		t.Errorf("parent at %s, was %s", got, parentIP)
	}
	if got := middle.address(100); got != childIP {
		t.Errorf("child at %s, was %s", got, childIP)
	}
	inner = newHost(t, inner.url, inner.node, inner.token, child.DialContext)
	if got := inner.address(100); got != leafIP {
		t.Errorf("leaf at %s, was %s", got, leafIP)
	}
	if got := output(t, s.login(child.DialContext, "leaf", leafIP), "cat /srv/file"); got != "kept" {
		t.Errorf("leaf's file %q", got)
	}

	// The parent restarts: the child has onboot and comes back, the leaf has not.
	outer.task("POST", "/nodes/NODE/qemu/100/status/shutdown")
	if _, err := via(l)(t.Context(), "tcp", parentIP+":22"); err == nil {
		t.Error("the parent answers while it is off")
	}
	outer.task("POST", "/nodes/NODE/qemu/100/status/start")
	outer.address(100)
	parent = s.login(via(l), "parent", parentIP)
	middle = newHost(t, middle.url, middle.node, middle.token, parent.DialContext)
	middle.address(100)
	child = s.login(parent.DialContext, "child", childIP)
	inner = newHost(t, inner.url, inner.node, inner.token, child.DialContext)
	if st := inner.get("/nodes/NODE/qemu/100/status/current").(map[string]any); st["status"] != "stopped" {
		t.Errorf("leaf is %v", st["status"])
	}

	// Destroying the parent removes all that was inside.
	outer.task("POST", "/nodes/NODE/qemu/100/status/stop")
	outer.task("DELETE", "/nodes/NODE/qemu/100")
	if left := grepDir(t, dir, "leaf"); left != "" {
		t.Errorf("%s still has the leaf", left)
	}
}

// A node whose pveproxy stops has no API, and its guests run on.
func TestProxyOfANode(t *testing.T) {
	dir, s := t.TempDir(), newSite(t)
	l := openLab(t, dir)
	defer l.Close()
	outer := newHost(t, l.URL(), "pve1", l.Token(), nil)
	parentIP := outer.guest(s, 100, "parent", "pve-9")
	parent := s.login(via(l), "parent", parentIP)
	middle := outer.inner(parent, "parent")
	child := s.login(parent.DialContext, "child", middle.guest(s, 100, "child", "debian-12"))
	api := func() error {
		c, err := parent.DialContext(t.Context(), "tcp", "127.0.0.1:8006")
		if err == nil {
			c.Close()
		}
		return err
	}
	if err := api(); err != nil {
		t.Fatal(err)
	}
	output(t, parent, "sudo -n systemctl stop pveproxy")
	if err := api(); err == nil {
		t.Error("the API answers without pveproxy")
	}
	output(t, child, "true")
	output(t, parent, "sudo -n pvesh get /version --output-format json")
	output(t, parent, "sudo -n systemctl start pveproxy")
	if err := api(); err != nil {
		t.Error(err)
	}
	// Another certificate, and a restart: that is what the API shows then.
	before := certificateOf(t, parent.DialContext, "127.0.0.1:8006")
	output(t, parent, "sudo -n rm /etc/pve/local/pve-ssl.pem")
	if after := certificateOf(t, parent.DialContext, "127.0.0.1:8006"); !bytes.Equal(before, after) {
		t.Error("the certificate changed without a restart")
	}
	output(t, parent, "sudo -n systemctl restart pveproxy")
	if after := certificateOf(t, parent.DialContext, "127.0.0.1:8006"); bytes.Equal(before, after) {
		t.Error("the certificate is still the old one")
	}
	middle.address(100) // and the child was resumed
}

// Debian becomes a PVE node when proxmox-ve is installed in it.
func TestInstallProxmox(t *testing.T) {
	s := newSite(t)
	l := openLab(t, t.TempDir())
	defer l.Close()
	outer := newHost(t, l.URL(), "pve1", l.Token(), nil)
	c := s.login(via(l), "box", outer.guest(s, 100, "box", "debian-13"))
	if _, err := c.DialContext(t.Context(), "tcp", "127.0.0.1:8006"); err == nil {
		t.Error("an API without Proxmox VE")
	}
	output(t, c, "sudo -n apt-get install -y proxmox-ve")
	if nodes := outer.inner(c, "box").get("/nodes").([]any); len(nodes) != 1 || nodes[0].(map[string]any)["node"] != "box" {
		t.Errorf("nodes %v", nodes)
	}
}
