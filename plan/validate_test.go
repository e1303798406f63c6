package plan_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
)

// Each case breaks one thing an applier relies on.
func TestContradictions(t *testing.T) {
	for name, breakIt := range map[string]func(p *plan.Program){
		"format":              func(p *plan.Program) { p.Format = 2 },
		"goal":                func(p *plan.Program) { p.Goal = 9 },
		"no goal":             func(p *plan.Program) { p.Goal = 0 },
		"on error":            func(p *plan.Program) { p.OnError = "panic" },
		"no manifest":         func(p *plan.Program) { p.Manifest = "" },
		"host order":          func(p *plan.Program) { p.Hosts[0], p.Hosts[1] = p.Hosts[1], p.Hosts[0] },
		"host twice":          func(p *plan.Program) { p.Hosts[1] = p.Hosts[0] },
		"host name":           func(p *plan.Program) { p.Hosts[1].Name = "m/b" },
		"no lane":             func(p *plan.Program) { p.Hosts[0].IOWidth = 0 },
		"change twice":        func(p *plan.Program) { p.Changes = append(p.Changes, p.Changes[0]) },
		"change host":         func(p *plan.Program) { p.Changes[0].Host = "mother" },
		"change kind":         func(p *plan.Program) { p.Changes[0].Kind = "zone" },
		"change action":       func(p *plan.Program) { p.Changes[0].Action = 9 },
		"change reason":       func(p *plan.Program) { p.Changes[0].Reason = "whim" },
		"attr class":          func(p *plan.Program) { p.Changes[0].Attrs[0].Class = 4 },
		"attr twice":          func(p *plan.Program) { p.Changes[0].Attrs = append(p.Changes[0].Attrs, p.Changes[0].Attrs[0]) },
		"step twice":          func(p *plan.Program) { p.Steps[1].ID = p.Steps[0].ID },
		"step id":             func(p *plan.Program) { p.Steps[2].ID = "GGGGGGGG" },
		"op":                  func(p *plan.Program) { p.Steps[0].Op = 99 },
		"phase":               func(p *plan.Program) { p.Steps[0].Phase = 5 },
		"mode":                func(p *plan.Program) { p.Steps[0].Mode = "shove" },
		"executor":            func(p *plan.Program) { p.Steps[0].Executor = "delegate:" },
		"step host":           func(p *plan.Program) { p.Steps[0].Host = "mother" },
		"step reason":         func(p *plan.Program) { p.Steps[0].Reason = "" },
		"risk":                func(p *plan.Program) { p.Steps[0].Risk = 3 },
		"deadline":            func(p *plan.Program) { p.Steps[0].Deadline = 0 },
		"arg order":           func(p *plan.Program) { a := p.Steps[1].Args; a[0], a[1] = a[1], a[0] },
		"arg twice":           func(p *plan.Program) { p.Steps[1].Args[1].Name = p.Steps[1].Args[0].Name },
		"two values":          func(p *plan.Program) { p.Steps[0].Args[0].Value.Text = "x" },
		"late and text":       func(p *plan.Program) { p.Steps[1].Args[0].Value.Text = "x" },
		"late kind":           func(p *plan.Program) { p.Steps[1].Args[0].Value.Late.Kind = 11 },
		"late from later":     func(p *plan.Program) { p.Steps[1].Args[0].Value.Late.Step = p.Steps[2].ID },
		"late from nowhere":   func(p *plan.Program) { p.Steps[1].Args[0].Value.Late.Step = "00000000" },
		"after itself":        func(p *plan.Program) { p.Steps[1].After[0] = p.Steps[1].ID },
		"after a later one":   func(p *plan.Program) { p.Steps[0].After = []plan.StepID{p.Steps[1].ID} },
		"after undo":          func(p *plan.Program) { p.Steps[1].After[0] = p.Undo[0].ID },
		"after twice":         func(p *plan.Program) { p.Steps[1].After = append(p.Steps[1].After, p.Steps[1].After[0]) },
		"guard kind":          func(p *plan.Program) { p.Steps[1].Guards[0].Kind = 0 },
		"guard order":         func(p *plan.Program) { e := p.Steps[1].Guards[1].Expect; e[0], e[1] = e[1], e[0] },
		"lock kind":           func(p *plan.Program) { p.Steps[1].Locks[0].Kind = 7 },
		"lock order":          func(p *plan.Program) { l := p.Steps[1].Locks; l[0], l[1] = l[1], l[0] },
		"undo of nothing":     func(p *plan.Program) { p.Steps[1].Undo[0] = "00000000" },
		"undo by a step":      func(p *plan.Program) { p.Steps[1].Undo[0] = p.Steps[0].ID },
		"undo of undo":        func(p *plan.Program) { p.Undo[0].Undo = []plan.StepID{p.Undo[0].ID} },
		"program data":        func(p *plan.Program) { p.Programs[0].Data = []byte("another") },
		"program unused":      func(p *plan.Program) { p.Steps[2].Args = nil },
		"program missing":     func(p *plan.Program) { p.Programs = nil },
		"secret order":        func(p *plan.Program) { p.Secrets[0], p.Secrets[1] = p.Secrets[1], p.Secrets[0] },
		"secret without name": func(p *plan.Program) { p.Secrets[0].Name = "" },
	} {
		p := sample()
		breakIt(&p.Program)
		if _, err := plan.Encode(p); code(t, err) != "HS0605" {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := sample()
	p.Program.Steps[0].Host = "a\xff"
	p.Program.Hosts[0].Name = "a\xff"
	p.Program.Changes[0].Host, p.Program.Steps[1].Host, p.Program.Steps[2].Host, p.Program.Undo[0].Host = "a\xff", "a\xff", "a\xff", "a\xff"
	if _, err := plan.Encode(p); code(t, err) != "HS0604" {
		t.Errorf("text that is not UTF-8 is written: %v", err)
	}
}

func TestContradictoryFacts(t *testing.T) {
	for name, breakIt := range map[string]func(f *plan.Facts){
		"format":       func(f *plan.Facts) { f.Format = 0 },
		"order":        func(f *plan.Facts) { f.Hosts[0], f.Hosts[1] = f.Hosts[1], f.Hosts[0] },
		"presence":     func(f *plan.Facts) { f.Hosts[0].Presence = 3 },
		"taken":        func(f *plan.Facts) { f.Hosts[0].Taken = []uint{2, 1} },
		"guest twice":  func(f *plan.Facts) { f.Hosts[0].Guests = append(f.Hosts[0].Guests, f.Hosts[0].Guests[0]) },
		"config order": func(f *plan.Facts) { f.Hosts[0].Guests[0].Config = []plan.KV{{Key: "b"}, {Key: "a"}} },
		"storage":      func(f *plan.Facts) { f.Hosts[0].Storages[0].Content = []string{"import", "images"} },
		"copied":       func(f *plan.Facts) { f.Hosts[0].Guests[0].Marker.VMID = 7 },
	} {
		f := sampleFacts()
		breakIt(f)
		if _, err := plan.EncodeFacts(f); code(t, err) != "HS0605" {
			t.Errorf("%s: %v", name, err)
		}
		if name != "format" && name != "presence" && name != "guest twice" && name != "copied" {
			f.Sort()
			if _, err := plan.EncodeFacts(f); err != nil {
				t.Errorf("%s, sorted: %v", name, err)
			}
		}
	}
}

func TestStepIDs(t *testing.T) {
	var keys []plan.StepKey
	for i := range 200_000 {
		keys = append(keys, plan.StepKey{Addr: addr.Address(fmt.Sprintf("m/n%d", i)), Op: plan.GuestStart})
	}
	ids := plan.StepIDs(keys)
	at, long := make(map[plan.StepID]int, len(ids)), 0
	for i, id := range ids {
		if len(id) != 8 {
			long++
		}
		if _, twice := at[id]; twice {
			t.Fatalf("two steps are %s", id)
		}
		at[id] = i
	}
	if long == 0 {
		t.Error("200,000 ids of 8 digits and no two alike: the lengthening is not tested")
	}
	// Another order, and other steps gone: the same names for those that had no twin.
	for i := range keys {
		j := len(keys) - 1 - i
		if i < j {
			keys[i], keys[j] = keys[j], keys[i]
		}
	}
	for i, id := range plan.StepIDs(keys) {
		if ids[len(keys)-1-i] != id {
			t.Fatalf("the order of steps names them: %s, %s", id, ids[len(keys)-1-i])
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		i := rapid.IntRange(0, len(keys)-1).Draw(rt, "i")
		one := plan.StepIDs(keys[i : i+1])[0]
		if full := ids[len(keys)-1-i]; len(full) < len(one) || full[:8] != one {
			rt.Fatalf("%s alone is %s", full, one)
		}
	})
}

func TestArgs(t *testing.T) {
	s := sample().Program.Steps[1]
	if s.Text(plan.ArgVMID) != "9001" || s.Text("absent") != "" || s.Text(plan.ArgSeedName) != "" || s.List(plan.ArgDNS) != nil {
		t.Error("arguments are not found by name")
	}
	first := sample().Program.Steps[0]
	if l := first.List(plan.ArgDNS); len(l) != 1 {
		t.Error("a list is not found")
	}
	if _, ok := s.Arg(plan.ArgSeedName); !ok {
		t.Error("a late argument is not found")
	}
}
