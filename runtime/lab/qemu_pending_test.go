package lab

import "testing"

// A drive whose removal waited for the guest to stop leaves its volume behind,
// unused, as one that goes at once does.
func TestPendingDrive(t *testing.T) {
	c := newClient(t, open(t, Config{}))
	c.fails("POST /nodes/pve1/qemu vmid=100 sata0=local:1", "OK")
	c.fails("POST /nodes/pve1/qemu/100/status/start", "OK")
	c.ok("PUT", "/nodes/pve1/qemu/100/config", "delete=sata0")
	c.fails("POST /nodes/pve1/qemu/100/status/stop", "OK")
	if got := c.config("100"); got["sata0"] != nil || got["unused0"] != "local:100/vm-100-disk-0.raw" {
		t.Errorf("after the stop: %v", got)
	}
	c.fails("POST /nodes/pve1/qemu/100/status/start", "OK")
	c.ok("PUT", "/nodes/pve1/qemu/100/config", "delete=unused0")
	if got := c.volumes("local"); got != "" {
		t.Errorf("volumes %s", got)
	}
}
