package apply

import (
	"context"

	"github.com/homestak/homestak/plan"
)

// guestMove brings a guest to another node of its cluster. A VM goes on running
// meanwhile, a container is restarted there.
type guestMove struct{ *task }

func (o guestMove) probe(ctx context.Context) (bool, error) {
	_, g, err := o.look(ctx)
	if err != nil || !o.ours(g, o.n) {
		return false, err
	}
	return g.node == o.s.Text(plan.ArgTarget), nil
}

func (o guestMove) act(ctx context.Context) error {
	h, g, err := o.mine(ctx)
	if err != nil {
		return err
	}
	power, err := h.power(ctx, g)
	if err != nil {
		return err
	}
	target := o.s.Text(plan.ArgTarget)
	upid, err := h.on(g).Migrate(ctx, target, power == plan.PowerRunning)
	if err := o.wait(ctx, h, upid, err); err != nil {
		return err
	}
	h.remember(g.VMID, spot{target, g.Kind})
	return nil
}
