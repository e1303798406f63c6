package lab

import (
	"strings"
	"testing"
)

// Interfaces are changed first and applied then; guests see what was applied.
func TestNetwork(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Config{Dir: dir, Nodes: []string{"pve2"}})
	c := newClient(t, l)
	const network = "/nodes/pve1/network"
	list := func(node string) (names string, changes string) {
		t.Helper()
		r := c.do("GET", "/nodes/"+node+"/network")
		var all []string
		for _, row := range r.Data.([]any) {
			all = append(all, row.(map[string]any)["iface"].(string))
		}
		return strings.Join(all, " "), r.Changes
	}
	if names, changes := list("pve1"); names != "vmbr0 eno1" || changes != "" {
		t.Errorf("at first: %s, %q", names, changes)
	}
	c.ok("POST", network, "iface=vmbr1", "type=bridge", "cidr=192.168.7.1/24", "autostart=1", "bridge_ports=eno1", "comments=lab")
	c.ok("POST", network, "iface=vmbr0.5", "type=vlan", "address=10.5.0.1", "netmask=255.255.0.0", "gateway=10.5.0.254")
	names, changes := list("pve1")
	if names != "vmbr0 vmbr1 eno1 vmbr0.5" || !strings.Contains(changes, "\n+auto vmbr1\n+iface vmbr1 inet static\n+\taddress 192.168.7.1/24\n") {
		t.Errorf("with changes: %s, %q", names, changes)
	}
	row := c.ok("GET", network+"/vmbr1").(map[string]any)
	if row["address"] != "192.168.7.1" || row["netmask"] != "24" || row["method"] != "static" || row["active"] != nil || row["bridge_fd"] != "0" {
		t.Errorf("vmbr1: %v", row)
	}
	for want, request := range map[string][]string{
		"interface already exists":                               {"POST", "", "iface=vmbr1", "type=bridge"},
		"interface does not exist":                               {"PUT", "/vmbr9", "type=bridge"},
		"Default gateway already exists on interface 'vmbr0.5'.": {"POST", "", "iface=vmbr2", "type=bridge", "cidr=10.8.0.1/16", "gateway=10.8.0.254"},
		"eno1 is already used on interface 'vmbr1'.":             {"POST", "", "iface=vmbr2", "type=bridge", "bridge_ports=eno1"},
	} {
		r := c.do(request[0], network+request[1], request[2:]...)
		if r.Status != "400 Parameter verification failed." || !strings.Contains(r.Body, want) {
			t.Errorf("%v: %s %s", request, r.Status, r.Body)
		}
	}
	start := func(vmid, bridge string) string {
		c.task("POST", "/nodes/pve1/qemu", "vmid="+vmid, "net0=virtio,bridge="+bridge)
		return c.task("POST", "/nodes/pve1/qemu/"+vmid+"/status/start")
	}
	if exit := start("100", "vmbr1"); exit != "bridge 'vmbr1' does not exist" {
		t.Errorf("before it is applied: %s", exit)
	}
	upid := c.ok("PUT", network)
	if exit := c.wait(upid); exit != "OK" || !strings.Contains(upid.(string), ":srvreload:networking:") {
		t.Error(upid, exit)
	}
	if exit := c.task("POST", "/nodes/pve1/qemu/100/status/start"); exit != "OK" {
		t.Errorf("once it is applied: %s", exit)
	}
	if names, changes := list("pve1"); names != "vmbr0 vmbr1 eno1 vmbr0.5" || changes != "" {
		t.Errorf("once applied: %s, %q", names, changes)
	}
	if names, _ := list("pve2"); names != "vmbr0 eno1" {
		t.Errorf("pve2 has %s", names)
	}
	c.ok("PUT", network+"/vmbr1", "type=bridge", "cidr=192.168.8.1/24", "delete=comments")
	c.ok("DELETE", network+"/vmbr0.5")
	c.ok("DELETE", network)
	if names, changes := list("pve1"); names != "vmbr0 vmbr1 eno1 vmbr0.5" || changes != "" {
		t.Errorf("reverted: %s, %q", names, changes)
	}
	if p, ok := l.subnetOf("vmbr1"); !ok || p.String() != "192.168.7.0/24" {
		t.Errorf("vmbr1 is in %s", p)
	}
	c.ok("PUT", network+"/vmbr1", "type=bridge", "cidr=192.168.8.1/24")
	l.Close()
	c = newClient(t, open(t, Config{Dir: dir}))
	if names, changes := list("pve1"); names != "vmbr0 vmbr1 eno1 vmbr0.5" || !strings.Contains(changes, "192.168.8.1") {
		t.Errorf("after the lab was opened again: %s, %q", names, changes)
	}
}
