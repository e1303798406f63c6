package lab_test

import (
	"strings"
	"testing"
)

// Two guests with Proxmox VE become one cluster, inside a lab that is none.
func TestNestedCluster(t *testing.T) {
	s := newSite(t)
	l := openLab(t, t.TempDir())
	defer l.Close()
	outer := newHost(t, l.URL(), "pve1", l.Token(), nil)
	firstIP := outer.guest(s, 100, "first", "pve-9")
	secondIP := outer.guest(s, 101, "second", "pve-9")
	first, second := s.login(via(l), "first", firstIP), s.login(via(l), "second", secondIP)
	output(t, first, "sudo -n pvesh set /access/password --userid root@pam --password secret123")
	output(t, first, "sudo -n pvesh create /cluster/config --clustername inner")
	inner := outer.inner(first, "first")
	for t.Context().Err() == nil && len(inner.get("/cluster/config/nodes").([]any)) == 0 {
	}
	nodes := inner.get("/cluster/config/join").(map[string]any)["nodelist"].([]any)
	fp, _ := nodes[0].(map[string]any)["pve_fp"].(string)
	output(t, second, "sudo -n pvesh create /cluster/config/join --hostname "+firstIP+" --fingerprint "+fp+" --password secret123")
	for t.Context().Err() == nil && len(inner.get("/nodes").([]any)) < 2 {
	}
	inner.node = "second"
	ip := inner.guest(s, 300, "leaf", "debian-12")
	if got := output(t, s.login(first.DialContext, "leaf", ip), "hostname"); got != "leaf" {
		t.Errorf("the guest is %q", got)
	}
	if got := output(t, second, "sudo -n pvesh get /nodes/second/qemu/300/config --output-format json"); !strings.Contains(got, `"name":"leaf"`) {
		t.Errorf("as the second node has it: %s", got)
	}
	if got := outer.get("/cluster/status").([]any); len(got) != 1 {
		t.Errorf("the lab around is in a cluster: %v", got)
	}
}
