package sim_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/homestak/homestak/runtime/lab/guest"
	"github.com/homestak/homestak/runtime/seed"
)

func TestBootWithSeed(t *testing.T) {
	b := newBench(t)
	m, _ := b.up(100, "web")
	if !m.Running() || !m.AgentReady() {
		t.Fatal("no agent after the boot")
	}
	nics := m.Interfaces()
	if len(nics) != 2 || nics[0].Name != "lo" || nics[1].Name != "eth0" || nics[1].MAC != strings.ToLower(mac(100)) {
		t.Fatalf("interfaces %v", nics)
	}
	if !netip.MustParsePrefix("10.10.0.0/16").Contains(nics[1].Addresses[0].Addr()) {
		t.Errorf("address %v", nics[1].Addresses)
	}
	if os := m.OS(); os.ID != "debian" || os.VersionID != "12" || os.Hostname != "web" {
		t.Errorf("os %+v", os)
	}

	c := b.driver(b.hv.Dial, m, 100)
	for cmd, want := range map[string]string{
		"hostname":    "web",
		"hostname -f": "web.lab.test",
		"hostname -I": address(t, m),
		"whoami":      seed.DriverUser,
		"sudo -n cat /var/lib/cloud/data/instance-id":                           uuid(100) + "-1",
		"sudo -n sh -c 'echo root is $USER > /root/x && cat /root/x'":           "root is root",
		"sudo -n stat -c '%a %U' " + seed.HostKeyPath:                           "600 root",
		"systemctl is-active qemu-guest-agent":                                  "active",
		"cloud-init status --wait":                                              "status: done",
		"ss -Hltn":                                                              "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*",
		"dpkg-query -W qemu-guest-agent && true":                                "qemu-guest-agent\t1:7.2+dfsg-7+deb12u18+b2",
		"test -f /etc/ssh/homestak_user_ca.pub && test ! -d /nowhere && echo y": "y",
	} {
		if got := must(t, c, cmd); got != want {
			t.Errorf("%s: %q, want %q", cmd, got, want)
		}
	}
	var result struct {
		V1 struct {
			Datasource string
			Errors     []string
		}
	}
	if err := json.Unmarshal([]byte(must(t, c, "cat /run/cloud-init/result.json")), &result); err != nil {
		t.Fatal(err)
	}
	if result.V1.Datasource != "DataSourceNoCloud [seed=/dev/sdb]" || len(result.V1.Errors) != 0 {
		t.Errorf("cloud-init result %+v", result)
	}
	// The driver can read nothing of root's without sudo.
	for _, cmd := range []string{"cat " + seed.HostKeyPath, "echo x > /etc/passwd2", "systemctl stop ssh", "poweroff"} {
		if _, _, code := run(t, c, cmd, nil); code == 0 {
			t.Errorf("%s worked without sudo", cmd)
		}
	}
}

func TestSeedOnCDROM(t *testing.T) {
	b := newBench(t)
	hw := b.seeded(b.hardware(100, "debian-13"), b.seed(100, "disc"))
	hw.Disks[1].Slot, hw.Disks[1].CDROM, hw.Disks[1].State = "ide2", true, ""
	m := b.start(hw)
	if got := must(t, b.driver(b.hv.Dial, m, 100), "cat /run/cloud-init/result.json"); !strings.Contains(got, "/dev/sr0") {
		t.Errorf("result %s", got)
	}
	if m.OS().VersionID != "13" {
		t.Errorf("os %+v", m.OS())
	}
}

// Without a seed nobody gets in and nothing is configured; the agent is not in
// Debian's image.
func TestNoSeed(t *testing.T) {
	b := newBench(t)
	m := b.start(b.hardware(100, "debian-12"))
	if m.AgentReady() {
		t.Error("agent without its package")
	}
	if m.OS().Hostname != "localhost" {
		t.Errorf("host name %q", m.OS().Hostname)
	}
	if _, err := b.login(b.hv.Dial, address(t, m)+":22", seed.DriverUser, 100); err == nil {
		t.Error("a login")
	}
}

func TestDisksThatDoNotBoot(t *testing.T) {
	b := newBench(t)
	for name, data := range map[string][]byte{"empty": {}, "noise": []byte("\xebX\x90mkfs.fat"), "header cut off": []byte("homestak builtin image 1\nos: debian-12\n")} {
		hw := b.hardware(100, "debian-12")
		hw.Disks[0].Path = b.disk("bad", data)
		m := b.start(hw)
		if !m.Running() || m.AgentReady() || len(m.Interfaces()) != 0 {
			t.Errorf("%s: running %v, agent %v", name, m.Running(), m.AgentReady())
		}
		if err := m.Shutdown(t.Context()); !errors.Is(err, guest.ErrNoReaction) {
			t.Errorf("%s: shutdown: %v", name, err)
		}
		if err := m.Stop(); err != nil || m.Running() {
			t.Errorf("%s: stop: %v", name, err)
		}
	}
	hw := b.hardware(100, "debian-12")
	hw.Disks[0].Path = b.disk("other", []byte("homestak builtin image 1\nname: x\nos: plan9\n\n"))
	if b.start(hw).AgentReady() {
		t.Error("an unknown system booted")
	}
}

// A boot without its seed, and a boot with the same seed again, change nothing;
// a new instance starts over.
func TestRebootKeepsEverything(t *testing.T) {
	b := newBench(t)
	m, hw := b.up(100, "web")
	before := address(t, m)
	c := b.driver(b.hv.Dial, m, 100)
	must(t, c, "sudo -n sh -c 'hostname renamed && echo kept > /srv/file && echo gone > /run/file'")

	again := func(hw guest.Hardware) {
		t.Helper()
		if err := m.Shutdown(t.Context()); err != nil || m.Running() {
			t.Fatalf("shutdown: %v", err)
		}
		b.start(hw)
	}
	for what, hw := range map[string]guest.Hardware{"same seed": hw, "no seed": {}} {
		if hw.VMID == 0 {
			hw = b.hardware(100, "debian-12")
		}
		again(hw)
		if got := address(t, m); got != before {
			t.Errorf("%s: address %s, was %s", what, got, before)
		}
		c := b.driver(b.hv.Dial, m, 100) // the same host key, by its certificate
		if got := must(t, c, "hostname && cat /srv/file"); got != "renamed\nkept" {
			t.Errorf("%s: %q", what, got)
		}
		if _, _, code := run(t, c, "test -e /run/file", nil); code == 0 {
			t.Errorf("%s: /run survived", what)
		}
		if got := must(t, c, "cloud-init status"); got != "status: done" {
			t.Errorf("%s: %s", what, got)
		}
	}
	s := b.seed(100, "second")
	s.Instance = uuid(100) + "-2"
	again(b.seeded(b.hardware(100, "debian-12"), s))
	if got := must(t, b.driver(b.hv.Dial, m, 100), "hostname && cat /srv/file"); got != "second\nkept" {
		t.Errorf("new instance: %q", got)
	}
}

func TestPowerFromInside(t *testing.T) {
	b := newBench(t)
	m, _ := b.up(100, "web")
	c := b.driver(b.hv.Dial, m, 100)
	must(t, c, "sudo -n sh -c 'echo 1 > /srv/f' && sudo -n reboot")
	b.waitLog("100 boot: ")
	c = b.driver(b.hv.Dial, m, 100)
	if got := must(t, c, "cat /srv/f"); got != "1" {
		t.Errorf("after the reboot: %q", got)
	}
	must(t, c, "sudo -n systemctl poweroff")
	if vmid := <-b.offs; vmid != 100 || m.Running() {
		t.Errorf("%d powered off, running %v", vmid, m.Running())
	}
}

func TestStopCutsConnections(t *testing.T) {
	b := newBench(t)
	m, _ := b.up(100, "web")
	addr := address(t, m)
	c := b.driver(b.hv.Dial, m, 100)
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	in, err := s.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start("cat > /tmp/never"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, "half"); err != nil {
		t.Fatal(err)
	}
	if err := m.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(); err == nil {
		t.Error("the command ended well")
	}
	if _, err := b.hv.Dial(t.Context(), "tcp", addr+":22"); !errors.Is(err, syscall.EHOSTUNREACH) {
		t.Errorf("dial of a machine that is off: %v", err)
	}
}

func TestHeldBoot(t *testing.T) {
	b := newBench(t)
	b.clock.held = make(chan struct{})
	hw := b.seeded(b.hardware(100, "debian-12"), b.seed(100, "slow"))
	m := b.get(100)
	if err := m.Start(t.Context(), hw); err != nil {
		t.Fatal(err)
	}
	if !m.Running() || m.AgentReady() || m.OS() != (guest.OS{}) {
		t.Error("up before the boot has ended")
	}
	if err := m.Start(t.Context(), hw); err == nil {
		t.Error("started twice")
	}
	// A card plugged meanwhile is there afterwards.
	hw.NICs = append(hw.NICs, guest.NIC{Slot: "net1", MAC: "02:00:00:00:99:99", Bridge: "vmbr0"})
	if err := m.Hotplug(t.Context(), hw); err != nil {
		t.Fatal(err)
	}
	close(b.clock.held)
	b.waitLog("100 boot: ")
	if !m.AgentReady() || len(m.Interfaces()) != 3 {
		t.Errorf("agent %v, interfaces %v", m.AgentReady(), m.Interfaces())
	}
	// And one that is stopped while it boots stays down.
	b.clock.mu.Lock()
	b.clock.held = make(chan struct{})
	b.clock.mu.Unlock()
	if err := m.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := m.Stop(); err != nil || m.Running() {
		t.Errorf("stop: %v", err)
	}
}

func TestHotplug(t *testing.T) {
	b := newBench(t)
	m, hw := b.up(100, "web")
	addr := address(t, m)
	c := b.driver(b.hv.Dial, m, 100)
	hw.Disks = hw.Disks[:1] // the seed disk is unplugged
	if err := m.Hotplug(t.Context(), hw); err != nil {
		t.Fatal(err)
	}
	must(t, c, "true") // the card was left alone
	cut := hw
	cut.NICs = []guest.NIC{hw.NICs[0]}
	cut.NICs[0].Down = true
	if err := m.Hotplug(t.Context(), cut); err != nil {
		t.Fatal(err)
	}
	if _, err := c.NewSession(); err == nil {
		t.Error("a login over an unplugged cable")
	}
	cut.NICs = []guest.NIC{{Slot: "net0", MAC: mac(100), Bridge: "vmbr0"}}
	if err := m.Hotplug(t.Context(), cut); err != nil {
		t.Fatal(err)
	}
	if got := address(t, m); got != addr {
		t.Errorf("address %s, was %s", got, addr)
	}
	b.driver(b.hv.Dial, m, 100)
}
