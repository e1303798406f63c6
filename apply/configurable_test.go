package apply

import (
	"testing"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/pve"
)

// A plan that would make real machines and could not configure them is refused
// as a whole; one that configures nobody, or only the lab's guests, is not.
func TestConfigurable(t *testing.T) {
	push := plan.Step{ID: "aaaaaaaa", Addr: "m/p/x", Host: "m/p", Op: plan.TargetPush}
	for _, c := range []struct {
		name  string
		steps []plan.Step
		host  string
		repo  string
		want  bool
	}{
		{"real host, through its child", []plan.Step{push}, "father", "4a3b2c1d", false},
		{"the lab", []plan.Step{push}, "father", "lab", true},
		{"another host of the plan", []plan.Step{push}, "mother", "4a3b2c1d", true},
		{"nobody is configured", []plan.Step{{ID: "bbbbbbbb", Addr: "m/p/x", Host: "m/p", Op: plan.GuestDelete}}, "father", "4a3b2c1d", true},
	} {
		r := &run{index: &index{
			p:     &plan.Program{Steps: c.steps},
			hosts: map[string]*plan.Host{"father": {Name: "father"}, "mother": {Name: "mother"}, "m/p": {Name: "m/p", Parent: "m/p"}},
			nodes: map[addr.Address]*node{"m/p": {addr: "m/p", host: "father"}, "m/p/x": {addr: "m/p/x", host: "m/p"}},
		}}
		d := r.configurable(c.host, &pve.Version{Version: "9.2.11", RepoID: c.repo})
		if (d == nil) != c.want {
			t.Errorf("%s: %v", c.name, d)
		}
	}
}
