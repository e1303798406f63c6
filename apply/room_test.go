package apply_test

import (
	"strings"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
)

// What a host has no room for is told with the plan, and refused before anything is
// written when it cannot work; what may work, because space and memory can be
// promised twice, is only told.
func TestRoom(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, preset, storage string
		told                  string // in the plan's finding
		refused               bool
	}{
		{"processors", "cores: 64\nmemory: 1GiB\ndisk: 10GiB\n", "", " needs 64 processors, and host lab has 16", true},
		{"memory of one", "cores: 1\nmemory: 128GiB\ndisk: 10GiB\n", "", " needs 128GiB of memory, and host lab has 64GiB", true},
		{"memory of all", "cores: 1\nmemory: 40GiB\ndisk: 10GiB\n", "", "the plan needs 80GiB of memory, and host lab has 60GiB free", false},
		{"space that may be promised", "cores: 1\nmemory: 1GiB\ndisk: 900GiB\n", "", "of space on storage data, and host lab has", false},
		{"space that is taken at once", "cores: 1\nmemory: 1GiB\ndisk: 900GiB\n", "thick", "of space on storage thick, and host lab has", true},
		{"room", "cores: 16\nmemory: 8GiB\ndisk: 10GiB\n", "thick", "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, map[string]string{"m": "schema_version: 2\nname: m\nnodes:\n  - {name: a, spec: web, preset: odd}\n  - {name: b, spec: web, preset: odd}\n"})
			w.write("presets/odd.yaml", tc.preset)
			if tc.storage != "" {
				w.do("POST", "/storage", "storage", tc.storage, "type", "lvm", "vgname", "vg", "content", "images,rootdir")
				h := w.env.Hosts["lab"]
				h.Storage = tc.storage
				w.env.Hosts["lab"] = h
			}
			p := w.plan("m", plan.GoalCreate)
			told := false
			for _, f := range p.Notes.Findings {
				if f.Code != "HS0730" {
					continue
				}
				told = true
				if tc.told == "" || !strings.Contains(f.Message, tc.told) {
					t.Errorf("the plan tells: %s", f.Message)
				}
			}
			if told != (tc.told != "") {
				t.Errorf("findings: %v", p.Notes.Findings)
			}
			before := w.writes()
			r := w.run(p, apply.Options{})
			if !tc.refused {
				if r.Outcome != apply.Done {
					t.Errorf("%s\n%s", r.Outcome, tell(r))
				}
				return
			}
			if r.Outcome != apply.Refused || !strings.Contains(codes(r), "HS0691") || !strings.Contains(tell(r), tc.told) {
				t.Errorf("%s\n%s", r.Outcome, tell(r))
			}
			if n := w.writes() - before; n != 0 {
				t.Errorf("%d writes", n)
			}
		})
	}
}
