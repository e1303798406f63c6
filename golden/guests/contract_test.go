//go:build linux

package guests_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/homestak/homestak/runtime/lab/linux"
	"github.com/homestak/homestak/runtime/system/systemtest"
)

func TestMain(m *testing.M) {
	linux.Child()
	os.Exit(m.Run())
}

// bench is a network with guests that find packages on it.
type bench struct {
	root string
	net  *linux.Network
	next byte
}

const (
	gate      = "10.77.0.1"
	proxyPort = "3142"
)

// prepare makes a bench, or says why there is none.
func prepare(t *testing.T) *bench {
	if os.Getenv("HOMESTAK_GUESTS") == "" {
		t.Log("HOMESTAK_GUESTS is not set: left out what needs root, mmdebstrap and a Debian mirror")
		return nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	root, err := linux.Root(t.Context(), filepath.Join(cache, "homestak", "roots"), linux.BaseRoot("bookworm"))
	if err != nil {
		t.Fatal(err)
	}
	mirrors, err := linux.Mirrors(root)
	if err != nil {
		t.Fatal(err)
	}
	n, err := linux.NewNetwork(netip.MustParsePrefix(gate + "/16"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	l, err := n.Listen(t.Context(), gate+":"+proxyPort)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &http.Server{Handler: linux.Proxy(func(host string) bool { return slices.Contains(mirrors, host) })}
	go proxy.Serve(l)
	t.Cleanup(func() { proxy.Close() })
	return &bench{root: root, net: n, next: 9}
}

// guest starts a guest with the given files of this machine and waits until its
// systemd is up.
func (b *bench) guest(t *testing.T, name string, binds ...linux.Bind) *linux.Guest {
	b.next++
	address := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 77, 0, b.next}), 16)
	state := t.TempDir()
	g, err := linux.Start(t.Context(), linux.Config{
		Name: fmt.Sprintf("test-%d-%s", os.Getpid(), name), Root: b.root, State: state, Binds: binds,
		Files: []linux.File{
			{Path: "/etc/hostname", Data: []byte(name + "\n"), Mode: 0o644},
			{Path: "/etc/ssh/ssh_host_ed25519_key", Data: hostKey(t), Mode: 0o600},
			{Path: "/etc/apt/apt.conf.d/99lab", Data: []byte("Acquire::http::Proxy \"http://" + gate + ":" + proxyPort + "\";\n"), Mode: 0o644},
		},
		Limits: linux.Limits{Memory: 1 << 30, Tasks: 1000},
		Network: func(pid int) error {
			return b.net.Plug(pid, linux.NIC{Port: "t-" + name, Name: "eth0", MAC: []byte{2, 0, 0, 0, 0, b.next}, Address: address})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Stop(); err != nil {
			t.Error(err)
		}
	})
	out, err := run(t.Context(), g, "/bin/sh", "-c", "until [ -S /run/systemd/private ]; do sleep 0.02; done; systemctl is-system-running --wait")
	if err != nil || strings.TrimSpace(lastLine(out)) != "running" {
		console, _ := os.ReadFile(filepath.Join(state, "console"))
		t.Fatalf("the guest does not come up: %v\n%s\n%s", err, out, console)
	}
	return g
}

func hostKey(t *testing.T) []byte {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(block)
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

func run(ctx context.Context, g *linux.Guest, argv ...string) (string, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "container=homestak", "LC_ALL=C", "HOME=/root"}
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = &out, &out
	err := g.Run(cmd)
	return out.String(), err
}

// TestContract: what holds for the machine in memory holds for a real one.
func TestContract(t *testing.T) {
	b := prepare(t)
	if b == nil {
		return
	}
	suite := filepath.Join(t.TempDir(), "system.test")
	build := exec.Command("go", "test", "-c", "-o", suite, "github.com/homestak/homestak/runtime/system")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const inside = "/usr/local/bin/system.test"
	tests := []string{"^TestLinuxLinks$"}
	for _, name := range systemtest.Names() {
		tests = append(tests, "^TestLinuxContract$/^"+name+"$")
	}
	for i, pattern := range tests {
		t.Run(pattern, func(t *testing.T) {
			g := b.guest(t, fmt.Sprintf("contract%d", i), linux.Bind{From: suite, To: inside})
			out, err := run(t.Context(), g, inside, "-test.v", "-test.run", pattern)
			want := strings.NewReplacer("^", "", "$", "").Replace("--- PASS: " + pattern)
			if err != nil || !strings.Contains(out, want) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
