package lab

import (
	"testing"
	"time"
)

// What pvestatd has not seen yet is there, and no more is known of it.
func TestPolled(t *testing.T) {
	clock := newClock()
	c := newClient(t, open(t, Config{Clock: clock, PollTime: 10 * time.Second}))
	c.ok("POST", "/pools", "poolid=prod")
	c.task("POST", "/nodes/pve1/qemu", "vmid=100", "name=web", "tags=a", "pool=prod")
	resource := func() map[string]any {
		return c.ok("GET", "/cluster/resources", "type=vm").([]any)[0].(map[string]any)
	}
	fresh := resource()
	if fresh["status"] != "unknown" || fresh["name"] != nil || fresh["tags"] != "a" || fresh["pool"] != "prod" {
		t.Error(fresh)
	}
	if live := c.ok("GET", "/nodes/pve1/qemu").([]any)[0].(map[string]any); live["name"] != "web" || live["status"] != "stopped" {
		t.Error(live)
	}
	_ = clock.Sleep(t.Context(), 10*time.Second)
	if seen := resource(); seen["status"] != "stopped" || seen["name"] != "web" || seen["maxmem"] == nil {
		t.Error(seen)
	}
}

func TestClusterReads(t *testing.T) {
	c := newClient(t, open(t, Config{}))
	c.task("POST", "/nodes/pve1/qemu", "vmid=100", "tags=b;a")
	options := c.ok("GET", "/cluster/options").(map[string]any)
	if tags := options["allowed-tags"].([]any); len(tags) != 2 || tags[0] != "a" {
		t.Error(options)
	}
	for path, members := range map[string]int{
		"/cluster/ha/resources": 0, "/nodes/pve1/qemu/100/status": 7, "/nodes/pve1/network": 2,
	} {
		if list := c.ok("GET", path).([]any); len(list) != members {
			t.Errorf("%s: %v", path, list)
		}
	}
	if r := c.do("GET", "/nodes/pve1/query-url-metadata", "url=https://nosuch.invalid/x.iso"); r.Status != "500 invalid server response: '500 Can't connect to nosuch.invalid:443 (Temporary failure in name resolution)'" {
		t.Error(r.Status)
	}
	if r := c.do("GET", "/nodes/pve1/qemu/999"); r.Status != "500 Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist" {
		t.Error(r.Status)
	}
}
