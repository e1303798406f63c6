package apply

import (
	"context"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
)

const codeDeployed diag.Code = "HS0681"

const notOfATest = "its marker does not say that a test made it"

// testMay reports whether this plan may treat a guest as its own to throw away.
// A test takes away what a test made, and nothing else. A guest that lost its
// marker cannot say, and was looked at when the plan was made.
func (r *run) testMay(g *guest) bool {
	return r.p.Goal != plan.GoalTest || g == nil || !g.marker.authentic || g.marker.Test
}

// adopts reports whether this plan wants a guest for good that a test made.
func (r *run) adopts(m marker) bool { return r.p.Goal != plan.GoalTest && m.authentic && m.Test }

// guardDeployed keeps a test away from a deployment that somebody made since the
// test was planned.
func (t *task) guardDeployed(ctx context.Context) error {
	if t.p.Goal != plan.GoalTest || t.n == nil || onlyPrepares(t.s) {
		return nil
	}
	h, g, err := t.look(ctx)
	if err != nil || !t.ours(g, t.n) || t.testMay(g) {
		return err
	}
	d := codeDeployed.Errorf("%s (VM %d on %s) is deployed, and a test would destroy it", t.n.addr, g.VMID, h.name)
	d.Label = notOfATest
	d.Help = "destroy the deployment first, or keep it and run homestak create"
	return d
}
