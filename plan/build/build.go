package build

import (
	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
)

// Options are what a plan depends on besides deployment, facts and goal.
type Options struct {
	DefaultHost string           // where root nodes go that name no host (-H)
	Secrets     []plan.SecretRef // the site's secrets.lock; nil when it has none
	OnError     string           // stop, rollback, continue; "" = the manifest's setting
	Notes       plan.Notes       // Tool, Commit, IR and so on; findings and sources are added
}

// Plan makes the plan. It is nil when, and only when, the list has an error;
// the list is sorted and holds warnings too, which are also findings in the
// plan's notes.
func Plan(d *ir.Deployment, f *plan.Facts, goal plan.Goal, o Options) (*plan.Plan, diag.List) {
	return nil, diag.List{}
}
