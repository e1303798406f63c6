package view

import (
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
)

// Schema names this projection and its version.
const Schema = "homestak.plan/1"

// Plan is one plan file. The digest covers everything except Notes.
type Plan struct {
	Schema   string    `json:"schema"`
	Digest   string    `json:"digest"` // "sha256:<64 hex>"
	Goal     string    `json:"goal"`
	Manifest string    `json:"manifest"`
	SiteID   string    `json:"site_id"`
	Partial  bool      `json:"partial"`
	Selector string    `json:"selector,omitempty"` // of a partial plan: which nodes it is about
	OnError  string    `json:"on_error"`
	Summary  Summary   `json:"summary"`
	Hosts    []Host    `json:"hosts"`
	Changes  []Change  `json:"changes"`
	Steps    []Step    `json:"steps"`
	Undo     []Step    `json:"undo"`
	Programs []Program `json:"programs"`
	Secrets  []Secret  `json:"secrets"`
	Notes    Notes     `json:"notes"`
}

// Summary counts changes by action, and what they cost.
type Summary struct {
	Create    int `json:"create"`
	Update    int `json:"update"`
	Replace   int `json:"replace"`
	Move      int `json:"move"`
	Adopt     int `json:"adopt"`
	Rename    int `json:"rename"`
	Delete    int `json:"delete"`
	Forget    int `json:"forget"`
	Unchanged int `json:"unchanged"`
	Steps     int `json:"steps"`
	Downtime  int `json:"steps_with_downtime"`
	DataLoss  int `json:"steps_that_destroy_data"`
}

// Changes is the number of nodes that will differ afterwards.
func (s Summary) Changes() int {
	return s.Create + s.Update + s.Replace + s.Move + s.Adopt + s.Rename + s.Delete + s.Forget
}

// Host is a place where guests run: one of the site's hosts, or a node that is a
// host itself.
type Host struct {
	Name        string `json:"name"`             // of the site's host; the address of the node that is this host
	Parent      string `json:"parent,omitempty"` // name of the host that node lives on; absent for the site's hosts
	Cluster     string `json:"cluster,omitempty"`
	Node        string `json:"node"`
	Fingerprint string `json:"fingerprint,omitempty"` // absent: known only while applying
	IOWidth     uint   `json:"io_width"`
}

// Change is what will be different about one node.
type Change struct {
	Addr   string   `json:"addr"`
	Host   string   `json:"host"`
	VMID   uint     `json:"vmid"`
	UUID   string   `json:"uuid"`
	Kind   string   `json:"kind"`
	Action string   `json:"action"`
	Reason string   `json:"reason"`
	Attrs  []Attr   `json:"attrs"`
	Stake  []string `json:"stake"`
	Was    string   `json:"was,omitempty"`
}

// Attr is one attribute that changes.
type Attr struct {
	Name  string `json:"name"`
	From  string `json:"from"`
	To    string `json:"to"`
	Class string `json:"class"`
}

// Step is one op.
type Step struct {
	ID       string   `json:"id"`
	Addr     string   `json:"addr,omitempty"`
	Host     string   `json:"host"`
	Op       string   `json:"op"`
	Phase    string   `json:"phase"`
	Mode     string   `json:"mode,omitempty"`
	Executor string   `json:"executor"`
	Args     []Arg    `json:"args"`
	After    []string `json:"after"`
	Guards   []Guard  `json:"guards"`
	Locks    []Lock   `json:"locks"`
	Undo     []string `json:"undo"`
	Reason   string   `json:"reason"`
	Risk     string   `json:"risk"`
	Deadline uint     `json:"deadline_seconds"`
}

// Arg is one argument; exactly one of Value, List and Late is present.
type Arg struct {
	Name  string   `json:"name"`
	Value *string  `json:"value,omitempty"`
	List  []string `json:"list,omitempty"`
	Late  *Late    `json:"late,omitempty"`
}

// Late is a value that exists only while applying.
type Late struct {
	Kind string `json:"kind"`
	Of   string `json:"of"`
	Step string `json:"step,omitempty"`
}

// Guard is what must hold before the step writes.
type Guard struct {
	Kind   string `json:"kind"`
	VMID   uint   `json:"vmid,omitempty"`
	UUID   string `json:"uuid,omitempty"`
	Expect []KV   `json:"expect,omitempty"`
}

// KV is one key with its value.
type KV struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Lock is a lane the step needs.
type Lock struct {
	Kind string `json:"kind"`
	Of   string `json:"of"`
}

// Secret is a secret the plan needs, by name and keyed digest.
type Secret struct {
	Name   string `json:"name"`
	Digest string `json:"digest,omitempty"`
}

// Notes are outside the digest.
type Notes struct {
	Tool     string    `json:"tool,omitempty"`
	Commit   string    `json:"commit,omitempty"`
	IR       string    `json:"ir,omitempty"`
	Facts    string    `json:"facts,omitempty"`
	Findings []Finding `json:"findings"`
	Sources  []Source  `json:"sources"`
}

// Finding is a lint or policy result.
type Finding struct {
	Code    string `json:"code"`
	Level   string `json:"level"`
	Addr    string `json:"addr,omitempty"`
	Message string `json:"message"`
}

// Source is where a node is declared.
type Source struct {
	Addr string `json:"addr"`
	At   string `json:"at"`
}

// Of projects p. The only error is a node program that does not decode, which
// plan.Decode has excluded for plans that were read from a file.
func Of(p *plan.Plan) (*Plan, error) {
	programs, err := programsOf(p.Program.Programs)
	if err != nil {
		return nil, err
	}
	v := &Plan{
		Schema:   Schema,
		Digest:   "sha256:" + p.Program.Digest(),
		Goal:     p.Program.Goal.String(),
		Manifest: p.Program.Manifest,
		SiteID:   p.Program.SiteID,
		Partial:  p.Program.Partial != "",
		Selector: p.Program.Partial,
		OnError:  p.Program.OnError,
		Summary:  Summarize(&p.Program),
		Hosts:    each(p.Program.Hosts, hostsOf(&p.Program)),
		Changes:  each(p.Program.Changes, changeOf),
		Steps:    each(p.Program.Steps, StepOf),
		Undo:     each(p.Program.Undo, StepOf),
		Programs: programs,
		Secrets:  each(p.Program.Secrets, func(s plan.SecretRef) Secret { return Secret(s) }),
		Notes: Notes{
			Tool: p.Notes.Tool, Commit: p.Notes.Commit, IR: p.Notes.IR, Facts: p.Notes.Facts,
			Findings: each(p.Notes.Findings, func(f plan.Finding) Finding { return Finding(f) }),
			Sources:  each(p.Notes.Sources, func(s plan.Source) Source { return Source{string(s.Addr), s.At} }),
		},
	}
	return v, nil
}

// Summarize counts what a program does.
func Summarize(p *plan.Program) Summary {
	var s Summary
	by := map[plan.Action]*int{
		plan.None: &s.Unchanged, plan.Create: &s.Create, plan.Update: &s.Update, plan.Replace: &s.Replace, plan.Move: &s.Move,
		plan.Adopt: &s.Adopt, plan.Rename: &s.Rename, plan.Delete: &s.Delete, plan.Forget: &s.Forget,
	}
	for i := range p.Changes {
		if n := by[p.Changes[i].Action]; n != nil {
			*n++
		}
	}
	s.Steps = len(p.Steps)
	for i := range p.Steps {
		switch p.Steps[i].Risk {
		case plan.Downtime:
			s.Downtime++
		case plan.DataLoss:
			s.DataLoss++
		}
	}
	return s
}

// hostsOf projects hosts. The program says of a host that it is a node; on which
// host that node lives is said by the node's change.
func hostsOf(p *plan.Program) func(plan.Host) Host {
	lives := map[addr.Address]string{}
	for i := range p.Changes {
		lives[p.Changes[i].Addr] = p.Changes[i].Host
	}
	return func(h plan.Host) Host {
		v := Host{Name: h.Name, Cluster: h.Cluster, Node: h.Node, Fingerprint: h.Fingerprint, IOWidth: h.IOWidth}
		if h.Parent != "" {
			v.Parent = lives[h.Parent]
		}
		return v
	}
}

func changeOf(c plan.Change) Change {
	return Change{
		Addr: string(c.Addr), Host: c.Host, VMID: c.VMID, UUID: c.UUID, Kind: c.Kind,
		Action: c.Action.String(), Reason: c.Reason,
		Attrs: each(c.Attrs, func(a plan.Attr) Attr { return Attr{a.Name, a.From, a.To, a.Class.String()} }),
		Stake: each(c.Stake, same), Was: string(c.Was),
	}
}

// StepOf projects one step.
func StepOf(s plan.Step) Step {
	return Step{
		ID: string(s.ID), Addr: string(s.Addr), Host: s.Host, Op: s.Op.String(), Phase: s.Phase.String(), Mode: s.Mode,
		Executor: s.Executor,
		Args:     each(s.Args, argOf),
		After:    each(s.After, stepID),
		Guards: each(s.Guards, func(g plan.Guard) Guard {
			return Guard{g.Kind.String(), g.VMID, g.UUID, each(g.Expect, func(kv plan.KV) KV { return KV(kv) })}
		}),
		Locks:    each(s.Locks, func(l plan.Lock) Lock { return Lock{l.Kind.String(), l.Of} }),
		Undo:     each(s.Undo, stepID),
		Reason:   s.Reason,
		Risk:     s.Risk.String(),
		Deadline: s.Deadline,
	}
}

func argOf(a plan.Arg) Arg {
	switch v := a.Value; {
	case v.Late != nil:
		return Arg{Name: a.Name, Late: &Late{v.Late.Kind.String(), v.Late.Of, string(v.Late.Step)}}
	case v.List != nil:
		return Arg{Name: a.Name, List: v.List}
	default:
		return Arg{Name: a.Name, Value: &v.Text}
	}
}

func stepID(id plan.StepID) string { return string(id) }

func same(s string) string { return s }

// each maps a list; the result is never nil, so that JSON shows [].
func each[A, B any](in []A, f func(A) B) []B {
	out := make([]B, len(in))
	for i := range in {
		out[i] = f(in[i])
	}
	return out
}
