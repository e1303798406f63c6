package sim_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/homestak/homestak/runtime/lab/sim"
)

// node is an inner lab that repeats what it is asked.
type node struct {
	n      sim.Nest
	mu     sync.Mutex
	closed bool
}

func (f *node) Do(_ context.Context, method, path string, params []sim.Param) (int, any, string) {
	switch path {
	case "/refused":
		return 403, nil, "Permission check failed"
	case "/nothing":
		return 200, nil, ""
	case "/text":
		return 200, "UPID:x", ""
	}
	return 200, map[string]any{"asked": fmt.Sprint(method, " ", path, " ", params)}, ""
}

func (f *node) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

func nested(opened chan<- *node) func(*sim.Config) {
	return func(c *sim.Config) {
		c.Nest = func(_ context.Context, n sim.Nest) (sim.Inner, error) {
			f := &node{n: n}
			opened <- f
			return f, nil
		}
	}
}

func TestPvesh(t *testing.T) {
	opened := make(chan *node, 1)
	b := newBench(t, nested(opened))
	m := b.start(b.seeded(b.hardware(100, "pve-9"), b.seed(100, "parent")))
	f := <-opened
	if f.n.Node != "parent" || f.n.VMID != 100 || !f.n.Cold || b.cfg.Subnet.Overlaps(f.n.Subnet) {
		t.Errorf("nest %+v", f.n)
	}
	c := b.driver(b.hv.Dial, m, 100)
	for _, tc := range []struct {
		cmd, out, errs string
		code           int
	}{
		{"sudo -n pvesh get /version --output-format json", `{"asked":"GET /version []"}` + "\n", "", 0},
		{"sudo -n pvesh create pools/ --poolid a --comment 'b c' -x=1", `{"asked":"POST /pools [{poolid a} {comment b c} {x 1}]"}` + "\n", "", 0},
		{"sudo -n pvesh set /a --k v --output-format json-pretty", "{\n   \"asked\": \"PUT /a [{k v}]\"\n}\n", "", 0},
		{"sudo -n pvesh delete /nothing", "", "", 0},
		{"sudo -n pvesh get /text", "UPID:x\n", "", 0},
		{"sudo -n pvesh get /text --output-format json", "\"UPID:x\"\n", "", 0},
		{"sudo -n pvesh get /refused", "", "Permission check failed\n", 255},
		{"sudo -n pvesh ls /", "", "ERROR: unknown command 'pvesh ls'\n", 255},
		{"sudo -n pvesh get", "", "usage: pvesh get|create|set|delete PATH [--KEY VALUE]… [--output-format json]\n", 255},
		{"sudo -n pvesh get /a --k", "", "option k requires an argument\n", 255},
		{"sudo -n pvesh get /a extra", "", "400 too many arguments\n", 255},
		{"sudo -n pvesh get /a --output-format yaml", "", "output format \"yaml\" is not understood in the lab; use json\n", 255},
		{"pvesh get /version", "", "please run as root\n", 255},
	} {
		if out, errs, code := run(t, c, tc.cmd, nil); out != tc.out || errs != tc.errs || code != tc.code {
			t.Errorf("%s: %d %q %q", tc.cmd, code, out, errs)
		}
	}
	if err := m.Stop(); err != nil || !f.closed {
		t.Errorf("stop: %v, inner lab closed %v", err, f.closed)
	}
}

func TestNoNode(t *testing.T) {
	b := newBench(t, nested(make(chan *node)))
	m, _ := b.up(100, "web")
	if _, errs, code := run(t, b.driver(b.hv.Dial, m, 100), "sudo -n pvesh get /version", nil); code != 127 || !strings.Contains(errs, "not found") {
		t.Errorf("%d %q", code, errs)
	}
	// A node that cannot come up leaves the machine usable.
	b = newBench(t, func(c *sim.Config) {
		c.Nest = func(context.Context, sim.Nest) (sim.Inner, error) { return nil, errors.New("no disk") }
	})
	m = b.get(101)
	if err := m.Start(t.Context(), b.seeded(b.hardware(101, "pve-9"), b.seed(101, "parent"))); err != nil {
		t.Fatal(err)
	}
	b.waitLog("101 pve: no disk")
	b.waitLog("101 boot: pve-9 is up")
	b.driver(b.hv.Dial, m, 101)
}

// Without users in the seed there is the image's own, with the seed's keys.
func TestDefaultUser(t *testing.T) {
	b := newBench(t)
	key, _ := newSigner(t)
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey())))
	m := b.plain(100, "#cloud-config\nssh_authorized_keys: ['"+line+"']\nssh_pwauth: false\nmanage_etc_hosts: true\n", "instance-id: x\nlocal-hostname: box.example.org\n", "")
	conn, err := b.hv.Dial(t.Context(), "tcp", address(t, m)+":22")
	if err != nil {
		t.Fatal(err)
	}
	c, chans, reqs, err := ssh.NewClientConn(conn, "x", &ssh.ClientConfig{User: "debian", Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.InsecureIgnoreHostKey()})
	if err != nil {
		t.Fatal(err)
	}
	client := ssh.NewClient(c, chans, reqs)
	defer client.Close()
	if got := must(t, client, "sudo -n whoami && hostname -f && sudo -n sshd -T | grep passwordauthentication && sudo -u debian id -un"); got != "root\nbox.example.org\npasswordauthentication no\ndebian" {
		t.Errorf("%q", got)
	}
	if got := must(t, client, "sudo -n cat /var/log/cloud-init-output.log"); !strings.Contains(got, "finished boot") {
		t.Errorf("log %q", got)
	}
}
