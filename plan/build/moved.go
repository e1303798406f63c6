package build

import (
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
)

// attrNode is how a change says on which node of the cluster the guest is.
const attrNode = "node"

// bring is the step that takes a pinned guest back to its node.
func (s nodeSteps) bring(power string) plan.Step {
	step := s.onGuest(plan.GuestMove, s.diskTime(), text(plan.ArgWhat, plan.WhatGuest), text(plan.ArgTarget, s.n.host.facts.Node))
	step.Guards, step.Locks = s.unchanged(power), s.copies
	if s.n.is() == canon.LXC && power == plan.PowerRunning {
		step.Risk = plan.Downtime // it restarts on the other node
	}
	return step
}

// diskTime is how long it may take to copy all the guest has.
func (s nodeSteps) diskTime() uint {
	size := s.n.Disk.V
	for _, d := range s.n.Extra().Disks {
		size += d.Size.V
	}
	return copyTime(size)
}
