package build

import (
	"strconv"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/unit"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
)

// Deadlines in seconds. They are far beyond what a healthy host needs: a step
// that meets one is stuck. Copies get time for their size, at 16 MiB/s, which a
// single spinning disk and a slow link both reach.
const (
	second         = 1
	minute         = 60 * second
	quickDeadline  = 2 * minute  // one call, one short task
	powerDeadline  = 5 * minute  // a guest comes up or goes down
	copyDeadline   = 10 * minute // and the time for its size
	awaitDeadline  = 20 * minute // first boot with cloud-init on a slow disk
	pushDeadline   = 30 * minute // packages over a slow link
	enrollDeadline = 10 * minute
	shutdownGrace  = 90 * second // what a guest gets to power off by itself
	copyRate       = 16 << 20    // bytes a second
)

func copyTime(size unit.Size) uint { return copyDeadline + uint(max(size, 0)/copyRate) }

// deadline is the manifest's own limit when it sets one.
func (b *builder) deadline(own uint) uint {
	if t := b.d.Settings.TimeoutSeconds.V; t > 0 {
		return uint(t)
	}
	return own
}

// nodeSteps makes the steps of one node; what they have in common is made once.
type nodeSteps struct {
	b      *builder
	n      *node
	vmid   plan.Value
	guest  []plan.Lock
	copies []plan.Lock // guest and host I/O
	ours   []plan.Guard
	reason string
	// removes is the incarnation of the guest that the steps take away and replace,
	// "" for none.
	removes string
}

func (b *builder) stepsOf(n *node, reason string) nodeSteps {
	id := strconv.FormatUint(uint64(n.vmid), 10)
	guest := plan.Lock{Kind: plan.LockGuest, Of: n.host.name + "/" + id}
	return nodeSteps{
		b: b, n: n, reason: reason,
		vmid:   plan.Value{Text: id},
		guest:  []plan.Lock{guest},
		copies: []plan.Lock{{Kind: plan.LockHostIO, Of: n.host.name}, guest},
		ours:   []plan.Guard{{Kind: plan.GuardOurs, VMID: n.vmid, UUID: n.uuid, Expect: n.copies}},
	}
}

// step is a step of the driver's in the create phase; callers change what differs.
func (s nodeSteps) step(op plan.Op, deadline uint, args ...plan.Arg) plan.Step {
	return plan.Step{
		Addr: s.n.Address, Host: s.n.host.name, Op: op, Phase: plan.PhaseCreate, Executor: plan.ExecutorDriver,
		Args: args, Reason: s.reason, Deadline: s.b.deadline(deadline),
	}
}

// onGuest is a step that writes to the node's own guest.
func (s nodeSteps) onGuest(op plan.Op, deadline uint, args ...plan.Arg) plan.Step {
	args = append(args, plan.Arg{Name: plan.ArgVMID, Value: s.vmid})
	if s.n.is() == canon.LXC {
		args = append(args, text(plan.ArgKind, canon.LXC))
	}
	if s.removes != "" {
		args = append(args, text(plan.ArgIncarnation, s.removes))
	}
	step := s.step(op, deadline, args...)
	step.Locks, step.Guards = s.guest, s.ours
	return step
}

// is is the kind of the node's guest: what it is, or will be.
func (n *node) is() string {
	if n.match != nil {
		return n.match.guest.Kind
	}
	return n.kind()
}

// config is a step of the config phase, in the node's mode.
func (s nodeSteps) config(step plan.Step) plan.Step {
	step.Phase, step.Mode = plan.PhaseConfig, string(s.n.Modes[ir.Config].V)
	return step
}

func (s nodeSteps) add(step plan.Step, ordinal string, after ...int32) int32 {
	return s.b.drafts.add(step, ordinal, after...)
}

func text(name, value string) plan.Arg {
	return plan.Arg{Name: name, Value: plan.Value{Text: value}}
}

func list(name string, values ...string) plan.Arg {
	return plan.Arg{Name: name, Value: plan.Value{List: values}}
}

// located adds where a disk is that the guest has already: what a step needs to be
// allowed depends on it. Of a disk that the plan makes, the plan says so elsewhere.
func (s nodeSteps) located(slot string, args ...plan.Arg) []plan.Arg {
	if s.n.match == nil {
		return args
	}
	if storage, _, ok := strings.Cut(canon.Volume(s.n.match.guest.Config, slot), ":"); ok {
		args = append(args, text(plan.ArgStorage, storage))
	}
	return args
}

// marker is the argument that rewrites the guest's notes.
func (s nodeSteps) marker() plan.Arg {
	return plan.Arg{Name: plan.ArgDescription, Value: plan.Value{Late: &plan.Late{Kind: plan.LateMarker, Of: string(s.n.Address)}}}
}

// pulls reports whether the target configures itself.
func (s nodeSteps) pulls() bool {
	m := s.n.Modes[ir.Config].V
	return m == ir.Pull || m == ir.Hybrid
}

// tail says what has to happen once a guest runs.
type tail struct {
	await  bool  // its address is needed
	guard  bool  // nothing before the wait has looked at the guest
	unseed bool  // the seed may still be there
	seed   *seed // of a guest that is made
	push   bool  // the program must be converged
	mark   bool  // the marker does not name the program and its secrets yet
	enroll bool  // it becomes a host, or becomes one again
}

// finish brings a running guest to its program and, if it is a host, to life as
// one. It sets what others wait for. There is always something to wait for: the
// address, at least.
func (s nodeSteps) finish(t tail, after ...int32) {
	n := s.n
	s.b.findable(n, t.seed != nil)
	conditions := []string{plan.AwaitAgent, plan.AwaitIP}
	if n.agentless() || t.seed != nil && t.seed.content == plan.ContentPVE {
		conditions = conditions[1:]
	}
	if t.unseed {
		conditions = append(conditions, plan.AwaitCloudInit)
	}
	if !s.pulls() {
		conditions = append(conditions, plan.AwaitSSH)
	}
	step := s.step(plan.GuestAwait, awaitDeadline, list(plan.ArgFor, conditions...), text(plan.ArgMAC, n.mac),
		plan.Arg{Name: plan.ArgVMID, Value: s.vmid})
	if n.is() == canon.LXC {
		step.Args = append(step.Args, text(plan.ArgKind, canon.LXC))
	}
	if t.guard {
		step.Guards = s.unchanged(plan.PowerRunning)
	}
	at := s.add(step, "", after...)
	address := plan.Arg{Name: plan.ArgAddress, Value: s.b.drafts.from(plan.LateGuestAddress, string(n.Address), at)}
	if t.unseed {
		at = s.unseed(t.seed, at)
	}
	if t.push {
		at = s.converge(address, at)
	}
	if t.push || s.b.goal == plan.GoalTest {
		at = s.check(address, at)
	}
	if t.mark {
		args := []plan.Arg{s.marker(), {Name: plan.ArgProgram, Value: s.b.carry(n)}}
		if n.locked != "" {
			args = append(args, text(plan.ArgSecrets, n.locked))
		}
		at = s.add(s.config(s.onGuest(plan.GuestConfigure, quickDeadline, args...)), "ready", at)
	}
	n.ready, n.last = at, at
	if t.enroll {
		n.hosts.enroll = s.add(s.config(s.step(plan.HostEnroll, enrollDeadline, address, text(plan.ArgStorage, freshStorage))), "", at)
		n.last = n.hosts.enroll
	}
}

// converge is how the program gets to the target: pushed by the driver, or
// fetched by the target, which then reports.
func (s nodeSteps) converge(address plan.Arg, at int32) int32 {
	program := plan.Arg{Name: plan.ArgProgram, Value: s.b.carry(s.n)}
	if s.pulls() {
		step := s.config(s.step(plan.TargetAwait, pushDeadline, program))
		step.Executor = plan.ExecutorTarget
		return s.add(step, "", at)
	}
	return s.add(s.config(s.step(plan.TargetPush, pushDeadline, address, program)), "", at)
}

// check asserts the program over a new connection. A target that configures
// itself has no way in; its report is the check.
func (s nodeSteps) check(address plan.Arg, at int32) int32 {
	if s.pulls() || !s.b.d.Settings.Verify.V {
		return at
	}
	program := plan.Arg{Name: plan.ArgProgram, Value: s.b.carry(s.n)}
	return s.add(s.config(s.step(plan.CheckReady, powerDeadline, address, program)), "", at)
}

// publish makes a self-configuring target's program available before it boots.
func (s nodeSteps) publish(at ...int32) []int32 {
	if !s.pulls() {
		return at
	}
	program := plan.Arg{Name: plan.ArgProgram, Value: s.b.carry(s.n)}
	return []int32{s.add(s.config(s.step(plan.SpecPublish, quickDeadline, program)), "", at...)}
}
