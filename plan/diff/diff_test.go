package diff

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/homestak/homestak/plan"
)

func program() *plan.Program {
	return &plan.Program{
		Format: 1, Goal: plan.GoalCreate, Manifest: "m", OnError: "stop",
		Hosts: []plan.Host{{Name: "lab", Node: "lab", Fingerprint: "AA"}},
		Steps: []plan.Step{
			{ID: "aaaaaaaa", Addr: "m/x", Host: "lab", Op: plan.GuestCreate, Args: []plan.Arg{{Name: "cores", Value: plan.Value{Text: "2"}}}, Guards: []plan.Guard{{Kind: plan.GuardAbsent}}},
			{ID: "bbbbbbbb", Addr: "m/x", Host: "lab", Op: plan.GuestStart, After: []plan.StepID{"aaaaaaaa"}},
			{ID: "cccccccc", Addr: "m/y", Host: "lab", Op: plan.GuestStart},
		},
	}
}

func TestPlans(t *testing.T) {
	for _, c := range []struct {
		name    string
		edit    func(*plan.Program)
		want    []Entry
		riskier bool
	}{
		{name: "same", edit: func(*plan.Program) {}, want: []Entry{}},
		{name: "argument", edit: func(p *plan.Program) { p.Steps[0].Args[0].Value.Text = "4" },
			want: []Entry{{Kind: Changed, What: "step", ID: "aaaaaaaa", Subject: "Guest.Create m/x", Details: []string{`cores: "2" → "4"`}}}},
		{name: "new step that loses data", edit: func(p *plan.Program) {
			p.Steps = append(p.Steps, plan.Step{ID: "dddddddd", Addr: "m/z", Op: plan.GuestDelete, Risk: plan.DataLoss})
		}, want: []Entry{{Kind: New, What: "step", ID: "dddddddd", Subject: "Guest.Delete m/z", Riskier: true}}, riskier: true},
		{name: "gone", edit: func(p *plan.Program) { p.Steps = p.Steps[:2] },
			want: []Entry{{Kind: Gone, What: "step", ID: "cccccccc", Subject: "Guest.Start m/y"}}},
		{name: "reordered", edit: func(p *plan.Program) { p.Steps[1], p.Steps[2] = p.Steps[2], p.Steps[1] },
			want: []Entry{{Kind: Reordered, What: "step", ID: "cccccccc", Subject: "Guest.Start m/y"}, {Kind: Reordered, What: "step", ID: "bbbbbbbb", Subject: "Guest.Start m/x"}}},
		{name: "other certificate", edit: func(p *plan.Program) { p.Hosts[0].Fingerprint = "BB" },
			want: []Entry{{Kind: Changed, What: "host", Subject: "lab", Details: []string{"fingerprint: AA → BB"}, Riskier: true}}, riskier: true},
		{name: "guard lost", edit: func(p *plan.Program) { p.Steps[0].Guards = nil },
			want: []Entry{{Kind: Changed, What: "step", ID: "aaaaaaaa", Subject: "Guest.Create m/x", Details: []string{"guards: [{absent 0  []}] → []"}, Riskier: true}}, riskier: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := program(), program()
			c.edit(b)
			r := Plans(a, b)
			if d := cmp.Diff(c.want, r.Entries); d != "" {
				t.Error(d)
			}
			if r.Riskier() != c.riskier || r.Same() != (c.name == "same") {
				t.Errorf("riskier %v, same %v", r.Riskier(), r.Same())
			}
		})
	}
}
