package lab

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Every row of the table has a handler, and every handler a row.
func TestTable(t *testing.T) {
	run := handlers()
	for _, m := range api().methods {
		if run[m.verb+" "+m.path] == nil {
			t.Errorf("%s %s has no handler", m.verb, m.path)
		}
		delete(run, m.verb+" "+m.path)
	}
	for _, name := range sortedKeys(run) {
		t.Errorf("%s is not in api.txt", name)
	}
}

// A format that nothing checks is on the list of those, and only those are.
func TestFormats(t *testing.T) {
	var unchecked []string
	known := func(f string) bool {
		_, byPattern := patternFormats[f]
		_, byCode := codeFormats[f]
		_, byObject := objectFormats[f]
		return byPattern || byCode || byObject
	}
	visit := func(p *property) {
		if p.object != "" && api().schemas[p.object] == nil {
			t.Errorf("%s: no property string %s", p.name, p.object)
		}
		f := p.format
		if f == "" || known(f) || f == "pve-tag-list" {
			return
		}
		if item := f[:len(f)-min(len(f), len("-list"))]; f == item+"-list" && known(item) {
			return
		}
		unchecked = append(unchecked, f)
	}
	for _, m := range api().methods {
		m.params.all(visit)
	}
	for _, s := range api().schemas {
		s.all(visit)
	}
	slices.Sort(unchecked)
	if unchecked = slices.Compact(unchecked); !slices.Equal(unchecked, uncheckedFormats) {
		t.Errorf("unchecked formats are %v, the list has %v", unchecked, uncheckedFormats)
	}
}

// A drive that was printed parses to the same and prints the same.
func TestPropertyStrings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := object{"file": rapid.SampledFrom([]string{"local:1", "none", "local:100/vm-100-disk-0.raw", "data:vm-100-disk-1"}).Draw(t, "file")}
		for key, values := range map[string][]string{
			"ssd": {"0", "1"}, "size": {"1G", "528K"}, "cache": {"none", "writeback"}, "serial": {"a%20b"}, "bps": {"5"}, "media": {"disk", "cdrom"},
		} {
			if rapid.Bool().Draw(t, key) {
				o[key] = rapid.SampledFrom(values).Draw(t, key)
			}
		}
		text := printDrive("scsi0", o)
		back, err := api().parseObject("scsi", "scsi0", text)
		if err != nil || printDrive("scsi0", back) != text || len(back) != len(o) {
			t.Fatalf("%v → %s → %v, %v", o, text, back, err)
		}
	})
	for in, want := range map[string]string{
		"virtio,bridge=vmbr0,macaddr=BC:24:11:00:00:01": "virtio=BC:24:11:00:00:01,bridge=vmbr0",
		"tag=5,model=e1000,bridge=vmbr0":                "e1000,bridge=vmbr0,tag=5",
		"bridge=vmbr0,virtio=BC:24:11:00:00:01":         "virtio=BC:24:11:00:00:01,bridge=vmbr0",
	} {
		o, err := api().parseObject("net", "net0", in)
		if err != nil || api().printObject("net", o) != want {
			t.Errorf("%s → %s, %v", in, api().printObject("net", o), err)
		}
	}
}

// Nothing that a client sends makes the lab panic, and an answer is always one
// of PVE's statuses.
func FuzzRequest(f *testing.F) {
	f.Add("POST", "/nodes/pve1/qemu", "vmid", "100", "scsi0", "local:0,import-from=local:import/a.raw")
	f.Add("PUT", "/nodes/pve1/qemu/100/config", "delete", "scsi0,,", "net0", "virtio=,bridge=")
	f.Add("GET", "/nodes/pve1/storage/local/content//local:iso/../x", "content", "", "vmid", "-1")
	f.Add("PUT", "/pools/a/b", "vms", "100,,x", "boot", "order=;;")
	f.Add("PUT", "/nodes/pve1/qemu/100/resize", "disk", "scsi0", "size", "+99999999999999999999G")
	l, err := Open(f.Context(), Config{Dir: f.TempDir(), Node: "pve1", Clock: newClock(), Hypervisor: Bare})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { l.Close() })
	l.Do(f.Context(), "POST", "/nodes/pve1/qemu", []KV{{"vmid", "100"}, {"scsi0", "local:1"}})
	f.Fuzz(func(t *testing.T, verb, path, k1, v1, k2, v2 string) {
		status, _, reason := l.Do(t.Context(), verb, path, []KV{{k1, v1}, {k2, v2}})
		if status < 200 || status > 599 || status != 200 && reason == "" {
			t.Errorf("%d %q", status, reason)
		}
	})
}
