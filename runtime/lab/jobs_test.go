package lab

import (
	"fmt"
	"strings"
	"testing"
)

// Backup jobs and HA resources are kept, shown with their guests, and purged
// with them.
func TestJobs(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Config{Dir: dir})
	c := newClient(t, l)
	image := c.ctTemplate()
	for _, id := range []string{"100", "101"} {
		c.fails("POST /nodes/pve1/qemu vmid="+id, "OK")
	}
	c.fails("POST /nodes/pve1/lxc vmid=200 unprivileged=1 ostemplate="+image, "OK")
	const bad = "400 Parameter verification failed."
	for _, tc := range [][2]string{
		{"POST /cluster/backup id=nightly schedule=02:30 vmid=100,101 storage=local mode=snapshot", "200 OK"},
		{"POST /cluster/backup id=nightly schedule=02:30 vmid=100", "500 Job 'nightly' already exists"},
		{"POST /cluster/backup id=one starttime=03:00 dow=sat vmid=100", "200 OK"},
		{"POST /cluster/backup id=none schedule=02:30", bad},
		{"POST /cluster/backup id=all schedule=02:30 all=1 exclude=100,200", "200 OK"},
		{"GET /cluster/backup/other", bad},
		{"PUT /cluster/backup/all enabled=0 comment=off", "200 OK"},
		{"DELETE /cluster/backup/other", bad},
		{"POST /cluster/ha/resources sid=100 comment=x", "200 OK"},
		{"POST /cluster/ha/resources sid=vm:100", "500 resource ID 'vm:100' already defined"},
		{"POST /cluster/ha/resources sid=vm:200", "500 resource 'vm:200' does not exist in cluster"},
		{"POST /cluster/ha/resources sid=ct:200 state=stopped", "200 OK"},
		{"PUT /cluster/ha/resources/ct:200 state=ignored", "200 OK"},
		{"GET /cluster/ha/resources/101", "500 no such resource 'vm:101'"},
		{"DELETE /nodes/pve1/qemu/100", "500 unable to remove VM 100 - used in HA resources and purge parameter not set."},
		{"DELETE /nodes/pve1/lxc/200", "500 unable to remove CT 200 - used in HA resources and purge parameter not set."},
	} {
		c.expect(tc[0], tc[1])
	}
	if got := c.ok("GET", "/nodes/pve1/qemu/100/status/current").(map[string]any)["ha"]; fmt.Sprint(got) != "map[managed:1 state:started]" {
		t.Errorf("ha of 100: %v", got)
	}
	if got := fmt.Sprint(c.ok("GET", "/cluster/resources", "type=vm")); strings.Count(got, "hastate:") != 2 || !strings.Contains(got, "hastate:ignored") {
		t.Error(got)
	}
	if one := c.ok("GET", "/cluster/backup/one").(map[string]any); one["schedule"] != "sat 03:00" || one["enabled"] != 1.0 || one["type"] != "vzdump" {
		t.Errorf("job one: %v", one)
	}
	c.fails("DELETE /nodes/pve1/qemu/100 purge=1", "OK")
	c.fails("DELETE /nodes/pve1/lxc/200 purge=1", "OK")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c = newClient(t, open(t, Config{Dir: dir}))
	var left []string
	for _, row := range c.ok("GET", "/cluster/backup").([]any) {
		r := row.(map[string]any)
		left = append(left, fmt.Sprint(r["id"], " ", r["vmid"], " ", r["exclude"], " ", r["enabled"]))
	}
	if got := strings.Join(left, "; "); got != "all <nil> <nil> 0; nightly 101 <nil> 1" {
		t.Errorf("jobs left: %s", got)
	}
	if got := c.ok("GET", "/cluster/ha/resources").([]any); len(got) != 0 {
		t.Errorf("HA resources left: %v", got)
	}
}
