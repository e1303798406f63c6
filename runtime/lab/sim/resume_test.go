package sim_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReopenResumes(t *testing.T) {
	b := newBench(t)
	m, hw := b.up(100, "web")
	addr := address(t, m)
	c := b.driver(b.hv.Dial, m, 100)
	must(t, c, "sudo -n sh -c 'echo kept > /srv/file && echo kept > /run/file && systemctl stop cron'")
	b.reopen()
	m = b.get(100)
	if err := m.Resume(t.Context(), hw); err != nil {
		t.Fatal(err)
	}
	if got := address(t, m); got != addr { // at once: Resume has waited
		t.Errorf("address %s, was %s", got, addr)
	}
	c = b.driver(b.hv.Dial, m, 100)
	if got := must(t, c, "cat /srv/file /run/file"); got != "kept\nkept" {
		t.Errorf("files %q", got)
	}
	if out, _, _ := run(t, c, "systemctl is-active cron", nil); out != "inactive\n" {
		t.Errorf("a resume booted: cron is %q", out)
	}
}

// A process that is killed leaves what the state file says: everything that
// was answered, and a machine that was on.
func TestKilledProcess(t *testing.T) {
	b := newBench(t)
	m, hw := b.up(100, "web")
	must(t, b.driver(b.hv.Dial, m, 100), "sudo -n sh -c 'echo kept > /run/file'")
	snapshot, err := os.ReadFile(filepath.Join(hw.Disks[0].State, "os"))
	if err != nil {
		t.Fatal(err)
	}
	hw.Disks[0].State = filepath.Join(b.dir, "killed.state")
	if err := os.Mkdir(hw.Disks[0].State, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(hw.Disks[0].State, "os"), snapshot, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(hw.Disks[0].State, "os.new"), snapshot[:10], 0o600); err != nil { // a write that was cut off
		t.Fatal(err)
	}
	b.reopen()
	m = b.get(100)
	if err := m.Resume(t.Context(), hw); err != nil {
		t.Fatal(err)
	}
	b.waitLog("100 boot: ")
	if got := must(t, b.driver(b.hv.Dial, m, 100), "cat /run/file"); got != "kept" {
		t.Errorf("file %q", got)
	}
}

// Resume of a machine that was off, or never came up, is a boot.
func TestResumeOfNothingBoots(t *testing.T) {
	b := newBench(t)
	hw := b.seeded(b.hardware(100, "debian-12"), b.seed(100, "web"))
	if err := b.get(100).Resume(t.Context(), hw); err != nil {
		t.Fatal(err)
	}
	b.waitLog("100 boot: ")
	if got := must(t, b.driver(b.hv.Dial, b.get(100), 100), "hostname"); got != "web" {
		t.Errorf("host name %q", got)
	}
}

func TestDamagedState(t *testing.T) {
	b := newBench(t)
	m, hw := b.up(100, "web")
	if err := m.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(hw.Disks[0].State, "os"), []byte("not cbor"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := m.Start(t.Context(), hw); err != nil {
		t.Fatal(err)
	}
	if line := b.waitLog("100 boot: "); !strings.Contains(line, "cannot be read") {
		t.Errorf("log %q", line)
	}
	if m.AgentReady() {
		t.Error("it runs")
	}
}
