package view_test

import (
	"testing"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/view"
)

// A host of the site stands alone; one that is a node leads to the host that node
// lives on, up to the metal.
func TestHostsFormATree(t *testing.T) {
	v, err := view.Of(&plan.Plan{Program: plan.Program{
		Hosts: []plan.Host{{Name: "father"}, {Name: "m/root", Parent: "m/root"}, {Name: "m/root/leaf", Parent: "m/root/leaf"}},
		Changes: []plan.Change{
			{Addr: "m/root", Host: "father"}, {Addr: "m/root/leaf", Host: "m/root"}, {Addr: "m/root/leaf/edge", Host: "m/root/leaf"},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", "father", "m/root"} {
		if got := v.Hosts[i].Parent; got != want {
			t.Errorf("the parent of %s is %q, want %q", v.Hosts[i].Name, got, want)
		}
	}
}
