package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
)

// hostEnroll makes a node usable as a host.
type hostEnroll struct{ *task }

// enrolledContent is what guests need of the storage they are put on.
func enrolledContent() []string { return []string{"images", "import", "rootdir", "vztmpl"} }

// probe: a token answers, and the storage takes disks and images. Whatever does
// not answer may only not answer yet: a step later its API may be up.
func (o hostEnroll) probe(ctx context.Context) (bool, error) {
	_, g, err := o.look(ctx)
	if err != nil || !o.ours(g, o.n) {
		return false, err
	}
	missing, err := o.missing(ctx)
	if err == nil {
		h := o.fleet.connected(string(o.n.addr))
		o.minted = h != nil && h.minted
		return len(missing) == 0, nil
	}
	o.why = o.env.brief(err)
	return false, nil
}

// missing lists the content types the storage lacks.
func (o hostEnroll) missing(ctx context.Context) ([]string, error) {
	h, err := o.fleet.host(ctx, string(o.n.addr))
	if err != nil {
		return nil, err
	}
	have, err := h.api.StorageContent(ctx, o.s.Text(plan.ArgStorage))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(enrolledContent(), func(c string) bool { return slices.Contains(have, c) }), nil
}

// act waits until the node's API is up, which takes a while after its packages
// are there, and opens the storage.
func (o hostEnroll) act(ctx context.Context) error {
	var missing []string
	o.awaits = "its API"
	err := o.until(ctx, func(ctx context.Context) (err error) {
		missing, err = o.missing(ctx)
		var d *diag.Diagnostic
		if err == nil || errors.As(err, &d) && (d.Code == codeHostCertificate || d.Code == codeLeaseLost) {
			return err
		}
		o.progress("waiting for its API: " + o.env.brief(err))
		return fmt.Errorf("%w: %w", errNotYet, err)
	})
	if err != nil || len(missing) == 0 {
		return err
	}
	h, err := o.fleet.host(ctx, string(o.n.addr))
	if err != nil {
		return err
	}
	storage := o.s.Text(plan.ArgStorage)
	have, err := h.api.StorageContent(ctx, storage)
	if err != nil {
		return err
	}
	all := append(have, missing...)
	slices.Sort(all)
	return h.api.SetStorageContent(ctx, storage, slices.Compact(all))
}
