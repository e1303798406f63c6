package apply

import (
	"context"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
)

const codeNotReady diag.Code = "HS0677"

// checkReady asserts every resource of a node again, over a connection of its
// own: what push reported is not taken for granted.
type checkReady struct{ *task }

func (checkReady) onlyReads() {}

// probe: it passed before, and nothing has touched the node since this run began.
func (o checkReady) probe(ctx context.Context) (bool, error) {
	_, g, err := o.look(ctx)
	return o.isProven(g) && g.marker.Program == o.s.Text(plan.ArgProgram), err
}

func (o checkReady) act(ctx context.Context) error {
	c, err := o.fleet.login(ctx, o.n)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	bin, err := o.binary()
	if err != nil {
		return err
	}
	return o.resources(ctx, c, bin, "check", codeNotReady, "is not ready")
}
