package pve

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// One strange entry must not hide the others, and PVE gives the same field as a
// number, a string, a boolean or null.
func TestGuestsTolerates(t *testing.T) {
	f := newFake(t)
	f.data("GET /cluster/resources", `[
		{"type":"qemu","vmid":102,"node":"pve1","status":"stopped","name":"x","tags":"b;a","id":"qemu/102"},
		{"type":"lxc","vmid":"101","node":"pve2","name":"web","status":"running","template":"1","tags":"","lock":null},
		{"type":"qemu","vmid":"abc"},{"type":"qemu","vmid":{"a":1}},{"type":"qemu"},
		{"type":"qemu","vmid":100,"name":7,"template":true,"maxmem":"a lot","tags":"x, y"}]`)
	got, skipped, err := f.client(t).Guests(t.Context())
	if err != nil || skipped != 3 {
		t.Fatalf("%d skipped, %v", skipped, err)
	}
	want := []Resource{
		{VMID: 100, Kind: "qemu", Name: "7", Template: true, Tags: []string{"x", "y"}},
		{VMID: 101, Kind: "lxc", Node: "pve2", Name: "web", Status: "running", Template: true, Tags: []string{}},
		{VMID: 102, Kind: "qemu", Node: "pve1", Name: "x", Status: "stopped", Tags: []string{"a", "b"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// What pvestatd has not told the cluster is asked of the node, once however many
// guests it has; a node that is down keeps nobody from the others.
func TestGuestsFillsWhatTheClusterDoesNotKnowYet(t *testing.T) {
	f := newFake(t)
	f.data("GET /cluster/resources", `[
		{"type":"qemu","vmid":100,"node":"pve1","status":"unknown","tags":"hs-m"},
		{"type":"qemu","vmid":101,"node":"pve1","status":"unknown"},
		{"type":"qemu","vmid":102,"node":"pve2","status":"unknown"},
		{"type":"lxc","vmid":103,"node":"pve1","status":"unknown"},
		{"type":"qemu","vmid":104,"node":"pve1","status":"stopped","name":"old"}]`)
	f.data("GET /nodes/pve1/qemu", `[{"vmid":"101","status":"stopped","name":"b"},{"vmid":100,"status":"running","name":"a","lock":"backup"},
		{"vmid":104,"status":"running","name":"new"},{"vmid":999,"status":"running","name":"hidden"},{"vmid":"no"}]`)
	f.data("GET /nodes/pve1/lxc", `[{"vmid":"103","status":"running","name":"c"}]`)
	f.on("GET /nodes/pve2/qemu", func(w http.ResponseWriter, _ *http.Request) { say(w, 595, "No route to host", "") })
	c := f.client(t)
	got, _, err := c.Guests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []Resource{
		{VMID: 100, Node: "pve1", Kind: "qemu", Name: "a", Status: "running", Lock: "backup", Tags: []string{"hs-m"}},
		{VMID: 101, Node: "pve1", Kind: "qemu", Name: "b", Status: "stopped", Tags: []string{}},
		{VMID: 102, Node: "pve2", Kind: "qemu", Status: "unknown", Tags: []string{}},
		{VMID: 103, Node: "pve1", Kind: "lxc", Name: "c", Status: "running", Tags: []string{}},
		{VMID: 104, Node: "pve1", Kind: "qemu", Name: "old", Status: "stopped", Tags: []string{}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if n := len(f.seen()); n != 4 {
		t.Errorf("%d requests", n)
	}

	// What the cluster does know may be old.
	if err := c.Refresh(t.Context(), got); err != nil || got[4].Name != "new" || got[4].Status != "running" || got[2].Status != "unknown" {
		t.Errorf("%v %+v", err, got)
	}
	f.on("GET /nodes/pve1/qemu", func(w http.ResponseWriter, _ *http.Request) { say(w, 403, "Permission check failed", "") })
	if _, _, err := c.Guests(t.Context()); ClassOf(err) != Privilege {
		t.Errorf("got %v", err)
	}
}
