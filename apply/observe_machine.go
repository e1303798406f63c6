package apply

import (
	"context"
	"slices"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/pve"
)

// machine reads what the node has of processors and memory. A token that may not
// look at the node leaves it unknown: apply will say which privilege it lacks.
func (o *observer) machine(ctx context.Context, h *host, f *plan.HostFacts) error {
	st, err := h.api.NodeStatus(ctx, h.node)
	if pve.ClassOf(err) == pve.Privilege {
		return nil
	}
	if err != nil {
		return err
	}
	addMachine(f, st)
	return nil
}

// addMachine puts a node's status into facts.
func addMachine(f *plan.HostFacts, st *pve.NodeStatus) {
	f.CPUs, f.Memory, f.Free = st.CPUs, st.Memory, st.Free
	if len(st.Flags) == 0 {
		return
	}
	f.Virtual = "none"
	for _, flag := range []string{"vmx", "svm"} {
		if slices.Contains(st.Flags, flag) {
			f.Virtual = flag
		}
	}
}
