package sim_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/homestak/homestak/runtime/lab/guest"
	"github.com/homestak/homestak/runtime/lab/sim"
	"github.com/homestak/homestak/runtime/seed"
	"github.com/homestak/homestak/stdlib"
)

// clock is a settable clock whose Sleep does not wait, unless it is held.
type clock struct {
	mu   sync.Mutex
	now  time.Time
	held chan struct{} // when set, Sleep waits until it is closed
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

func (c *clock) Sleep(ctx context.Context, _ time.Duration) error {
	c.mu.Lock()
	held := c.held
	c.mu.Unlock()
	if held == nil {
		return ctx.Err()
	}
	select {
	case <-held:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

var today = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// bench is a hypervisor with what tests need around it.
type bench struct {
	t       testing.TB
	hv      *sim.Hypervisor
	clock   *clock
	dir     string
	ca      ssh.Signer // user CA
	hostCA  ssh.Signer
	logs    chan string
	cfg     sim.Config
	offs    chan uint
	machine map[uint]guest.Machine
}

func newSigner(t testing.TB) (ssh.Signer, ed25519.PrivateKey) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return s, key
}

func newBench(t testing.TB, edit ...func(*sim.Config)) *bench {
	t.Helper()
	b := &bench{t: t, clock: &clock{now: today}, dir: t.TempDir(), logs: make(chan string, 10_000), offs: make(chan uint, 10), machine: map[uint]guest.Machine{}}
	b.ca, _ = newSigner(t)
	b.hostCA, _ = newSigner(t)
	b.cfg = sim.Config{
		Subnet: netip.MustParsePrefix("10.10.0.0/16"), Clock: b.clock,
		Log: func(vmid uint, event, detail string) { b.logs <- fmt.Sprintf("%d %s: %s", vmid, event, detail) },
	}
	for _, e := range edit {
		e(&b.cfg)
	}
	b.open()
	t.Cleanup(func() {
		if err := b.hv.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *bench) open() {
	b.t.Helper()
	hv, err := sim.New(b.cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	b.hv, b.machine = hv, map[uint]guest.Machine{}
}

// reopen closes the hypervisor, as at the end of the lab's process.
func (b *bench) reopen() {
	b.t.Helper()
	if err := b.hv.Close(); err != nil {
		b.t.Fatal(err)
	}
	b.open()
}

func (b *bench) waitLog(part string) string {
	b.t.Helper()
	for {
		select {
		case line := <-b.logs:
			if strings.Contains(line, part) {
				return line
			}
		case <-b.t.Context().Done():
			b.t.Fatalf("the log never said %q", part)
		}
	}
}

// disk writes a file for a drive.
func (b *bench) disk(name string, data []byte) string {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		b.t.Fatal(err)
	}
	return path
}

func mac(vmid uint) string { return fmt.Sprintf("02:00:00:00:%02X:%02X", vmid>>8, vmid&0xff) }

func uuid(vmid uint) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", vmid) }

// hardware is a guest made of a builtin image, with no seed.
func (b *bench) hardware(vmid uint, image string) guest.Hardware {
	b.t.Helper()
	data, ok := stdlib.Builtin(image)
	if !ok {
		b.t.Fatalf("no image %s", image)
	}
	return guest.Hardware{
		VMID: vmid, Node: "lab", Name: fmt.Sprint("vm", vmid), UUID: uuid(vmid), Cores: 1, Memory: 512, Agent: true, Boot: []string{"scsi0"},
		Disks: []guest.Disk{{Slot: "scsi0", Path: b.disk(fmt.Sprintf("%d-0.raw", vmid), data), State: filepath.Join(b.dir, fmt.Sprintf("%d-0.state", vmid)), Size: 3 << 30}},
		NICs:  []guest.NIC{{Slot: "net0", Model: "virtio", MAC: mac(vmid), Bridge: "vmbr0"}},
	}
}

// seed is what a driver makes for a guest.
func (b *bench) seed(vmid uint, hostname string) seed.Seed {
	b.t.Helper()
	host, key := newSigner(b.t)
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		b.t.Fatal(err)
	}
	cert := &ssh.Certificate{Key: host.PublicKey(), CertType: ssh.HostCert, ValidPrincipals: []string{uuid(vmid)}, ValidBefore: ssh.CertTimeInfinity}
	if err := cert.SignCert(rand.Reader, b.hostCA); err != nil {
		b.t.Fatal(err)
	}
	return seed.Seed{
		Instance: uuid(vmid) + "-1", Hostname: hostname, Domain: "lab.test", MAC: mac(vmid), IP: "dhcp",
		UserCA: string(ssh.MarshalAuthorizedKey(b.ca.PublicKey())), HostKeyPEM: pem.EncodeToMemory(block), HostCert: string(ssh.MarshalAuthorizedKey(cert)),
	}
}

// seeded adds the seed disk.
func (b *bench) seeded(hw guest.Hardware, s seed.Seed) guest.Hardware {
	b.t.Helper()
	data, err := seed.Build(s)
	if err != nil {
		b.t.Fatal(err)
	}
	hw.Disks = append(hw.Disks[:1:1], guest.Disk{Slot: "scsi1", Path: b.disk(fmt.Sprintf("%d-1.raw", hw.VMID), data), State: filepath.Join(b.dir, fmt.Sprintf("%d-1.state", hw.VMID)), Size: int64(len(data))})
	return hw
}

func (b *bench) get(vmid uint) guest.Machine {
	if b.machine[vmid] == nil {
		b.machine[vmid] = b.hv.Machine(vmid, func() { b.offs <- vmid })
	}
	return b.machine[vmid]
}

// start boots a guest and waits until it is up.
func (b *bench) start(hw guest.Hardware) guest.Machine {
	b.t.Helper()
	m := b.get(hw.VMID)
	if err := m.Start(b.t.Context(), hw); err != nil {
		b.t.Fatal(err)
	}
	b.waitLog(fmt.Sprintf("%d boot: ", hw.VMID))
	return m
}

// up boots a seeded Debian 12 guest.
func (b *bench) up(vmid uint, hostname string) (guest.Machine, guest.Hardware) {
	b.t.Helper()
	hw := b.seeded(b.hardware(vmid, "debian-12"), b.seed(vmid, hostname))
	return b.start(hw), hw
}

func address(t testing.TB, m guest.Machine) string {
	t.Helper()
	for _, i := range m.Interfaces() {
		if i.Name != "lo" && len(i.Addresses) > 0 {
			return i.Addresses[0].Addr().String()
		}
	}
	t.Fatalf("no address among %v", m.Interfaces())
	return ""
}

// userCert is a certificate that lets the bearer in as a principal.
func (b *bench) userCert(principals []string, edit ...func(*ssh.Certificate)) ssh.Signer {
	b.t.Helper()
	key, _ := newSigner(b.t)
	cert := &ssh.Certificate{
		Key: key.PublicKey(), KeyId: "test", CertType: ssh.UserCert, ValidPrincipals: principals,
		ValidAfter: uint64(today.Add(-time.Minute).Unix()), ValidBefore: uint64(today.Add(time.Hour).Unix()),
		Permissions: ssh.Permissions{Extensions: map[string]string{"permit-port-forwarding": ""}},
	}
	for _, e := range edit {
		e(cert)
	}
	if err := cert.SignCert(rand.Reader, b.ca); err != nil {
		b.t.Fatal(err)
	}
	s, err := ssh.NewCertSigner(cert, key)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// login makes an SSH connection that trusts only the host CA, for the guest of
// that uuid.
func (b *bench) login(dial dialer, addr, user string, vmid uint, auth ...ssh.AuthMethod) (*ssh.Client, error) {
	c, err := dial(b.t.Context(), "tcp", addr)
	if err != nil {
		return nil, err
	}
	checker := &ssh.CertChecker{
		Clock:           b.clock.Now,
		IsHostAuthority: func(k ssh.PublicKey, _ string) bool { return bytes.Equal(k.Marshal(), b.hostCA.PublicKey().Marshal()) },
	}
	cfg := &ssh.ClientConfig{User: user, Auth: auth, HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
		cert, ok := key.(*ssh.Certificate)
		if !ok {
			return errors.New("no host certificate")
		}
		if !checker.IsHostAuthority(cert.SignatureKey, "") {
			return errors.New("another host CA")
		}
		return checker.CheckCert(uuid(vmid), cert)
	}}
	conn, chans, reqs, err := ssh.NewClientConn(c, addr, cfg)
	if err != nil {
		c.Close()
		return nil, err
	}
	return ssh.NewClient(conn, chans, reqs), nil
}

// driver logs in as the driver does.
func (b *bench) driver(dial dialer, m guest.Machine, vmid uint) *ssh.Client {
	b.t.Helper()
	c, err := b.login(dial, address(b.t, m)+":22", seed.DriverUser, vmid, ssh.PublicKeys(b.userCert([]string{seed.DriverUser})))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { c.Close() })
	return c
}

// run runs a command and returns stdout, stderr and the exit status.
func run(t testing.TB, c *ssh.Client, cmd string, stdin io.Reader) (string, string, int) {
	t.Helper()
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var out, errs bytes.Buffer
	s.Stdin, s.Stdout, s.Stderr = stdin, &out, &errs
	err = s.Run(cmd)
	var exit *ssh.ExitError
	switch {
	case errors.As(err, &exit):
		return out.String(), errs.String(), exit.ExitStatus()
	case err != nil:
		t.Fatalf("%s: %v", cmd, err)
	}
	return out.String(), errs.String(), 0
}

// must runs a command that succeeds, and returns its stdout without the end of
// line.
func must(t testing.TB, c *ssh.Client, cmd string) string {
	t.Helper()
	out, errs, code := run(t, c, cmd, nil)
	if code != 0 {
		t.Fatalf("%s: exit %d: %s", cmd, code, errs)
	}
	return strings.TrimSuffix(out, "\n")
}
