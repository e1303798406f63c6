package apply

import (
	"context"
	"errors"
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/pve"
)

// stakes finds out what goes with the guests of a host besides their volumes: all
// their snapshots, one read for each guest that has any, and the backup jobs that
// name them, one read for all. Who may not look at backup jobs is not told of them.
func (o *observer) stakes(ctx context.Context, h *host, f *plan.HostFacts) error {
	jobs, err := h.api.BackupJobs(ctx)
	if err != nil && !withheld(err) {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(guestsAtOnce)
	for i := range f.Guests {
		one := &f.Guests[i]
		one.Jobs = jobs[one.VMID]
		if len(one.Snapshots) == 0 {
			continue
		}
		g.Go(func() error {
			all, err := h.api.Guest(one.Kind, one.Node, one.VMID).Snapshots(ctx)
			if err == nil && len(all) > 0 {
				one.Snapshots = all
			}
			if pve.ClassOf(err) == pve.NotExist {
				return nil
			}
			return err
		})
	}
	return g.Wait()
}

// withheld reports whether a host refused to say, or does not know the question.
func withheld(err error) bool {
	var answer *pve.Error
	return pve.ClassOf(err) == pve.Privilege || errors.As(err, &answer) && answer.Status == http.StatusNotImplemented
}
