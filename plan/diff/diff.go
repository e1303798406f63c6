package diff

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/homestak/homestak/plan"
)

// Kind of a difference.
type Kind string

const (
	New       Kind = "new"       // only the second plan has it
	Gone      Kind = "gone"      // only the first plan has it
	Changed   Kind = "changed"   // both have it, with another effect
	Reordered Kind = "reordered" // the same effect in another order
)

// Entry is one difference. Riskier is true when the second plan may cost more
// there: data, downtime, or a check less.
type Entry struct {
	Kind    Kind     `json:"kind"`
	What    string   `json:"what"` // "step", "host", "program", "secret", "plan"
	ID      string   `json:"id,omitempty"`
	Subject string   `json:"subject"` // "Guest.Create n2/edge"
	Details []string `json:"details,omitempty"`
	Riskier bool     `json:"riskier"`
}

// Report is the comparison of two program sections, in the order of the second
// plan, what is gone last.
type Report struct {
	From    string  `json:"from"` // digests, "sha256:…"
	To      string  `json:"to"`
	Entries []Entry `json:"entries"`
}

// Same reports equal programs.
func (r Report) Same() bool { return r.From == r.To }

// Riskier reports whether any difference is.
func (r Report) Riskier() bool {
	return slices.ContainsFunc(r.Entries, func(e Entry) bool { return e.Riskier })
}

// Plans compares a, approved or older, with b.
func Plans(a, b *plan.Program) Report {
	r := Report{From: "sha256:" + a.Digest(), To: "sha256:" + b.Digest(), Entries: []Entry{}}
	if r.Same() {
		return r
	}
	r.header(a, b)
	r.hosts(a.Hosts, b.Hosts)
	r.steps("step", a.Steps, b.Steps)
	r.steps("undo step", a.Undo, b.Undo)
	r.named("program", programNames(a), programNames(b))
	r.named("secret", secretNames(a), secretNames(b))
	return r
}

func (r *Report) add(e Entry) { r.Entries = append(r.Entries, e) }

func (r *Report) header(a, b *plan.Program) {
	var details []string
	note := func(what string, x, y any) {
		if x != y {
			details = append(details, fmt.Sprintf("%s: %v → %v", what, x, y))
		}
	}
	note("goal", a.Goal, b.Goal)
	note("manifest", a.Manifest, b.Manifest)
	note("site", a.SiteID, b.SiteID)
	note("selected", whole(a.Partial), whole(b.Partial))
	note("on_error", a.OnError, b.OnError)
	if details != nil {
		r.add(Entry{Kind: Changed, What: "plan", Subject: b.Manifest, Details: details, Riskier: a.SiteID != b.SiteID})
	}
}

// whole says what a plan is about.
func whole(selector string) string {
	if selector == "" {
		return "all nodes"
	}
	return selector
}

// hosts: another certificate or PVE node behind a name means the same words
// act on another machine.
func (r *Report) hosts(a, b []plan.Host) {
	old := map[string]plan.Host{}
	for _, h := range a {
		old[h.Name] = h
	}
	for _, h := range b {
		was, ok := old[h.Name]
		delete(old, h.Name)
		switch {
		case !ok:
			r.add(Entry{Kind: New, What: "host", Subject: h.Name})
		case was != h:
			r.add(Entry{Kind: Changed, What: "host", Subject: h.Name, Riskier: was.Fingerprint != h.Fingerprint || was.Node != h.Node,
				Details: fields(reflect.ValueOf(was), reflect.ValueOf(h))})
		}
	}
	for _, h := range a {
		if _, gone := old[h.Name]; gone {
			r.add(Entry{Kind: Gone, What: "host", Subject: h.Name})
		}
	}
}

func (r *Report) steps(what string, a, b []plan.Step) {
	old, place := map[plan.StepID]*plan.Step{}, map[plan.StepID]int{}
	for i := range a {
		old[a[i].ID], place[a[i].ID] = &a[i], i
	}
	kept := map[plan.StepID]bool{}
	for i := range b {
		kept[b[i].ID] = old[b[i].ID] != nil
	}
	moved := movedSteps(a, b, old, kept)
	for i := range b {
		s := &b[i]
		was := old[s.ID]
		e := Entry{What: what, ID: string(s.ID), Subject: subject(s)}
		switch {
		case was == nil:
			e.Kind, e.Riskier = New, s.Risk > plan.Safe
		case !sameEffect(was, s):
			e.Kind = Changed
			e.Details = fields(reflect.ValueOf(effect(was)), reflect.ValueOf(effect(s)))
			e.Riskier = s.Risk > was.Risk || len(s.Guards) < len(was.Guards) || s.Executor != was.Executor
		case !slices.Equal(was.After, s.After) || moved[s.ID]:
			e.Kind = Reordered
		default:
			continue
		}
		r.add(e)
	}
	for i := range a {
		if !kept[a[i].ID] {
			r.add(Entry{Kind: Gone, What: what, ID: string(a[i].ID), Subject: subject(&a[i]), Riskier: a[i].Op == plan.CheckReady})
		}
	}
}

// movedSteps are those common to both whose rank among the common ones differs.
func movedSteps(a, b []plan.Step, old map[plan.StepID]*plan.Step, kept map[plan.StepID]bool) map[plan.StepID]bool {
	var x, y []plan.StepID
	for i := range a {
		if kept[a[i].ID] {
			x = append(x, a[i].ID)
		}
	}
	for i := range b {
		if old[b[i].ID] != nil {
			y = append(y, b[i].ID)
		}
	}
	moved := map[plan.StepID]bool{}
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			moved[y[i]] = true
		}
	}
	return moved
}

// effect is a step without what only orders it.
func effect(s *plan.Step) plan.Step {
	e := *s
	e.After = nil
	return e
}

func sameEffect(a, b *plan.Step) bool { return reflect.DeepEqual(effect(a), effect(b)) }

func subject(s *plan.Step) string {
	if s.Addr == "" {
		return s.Op.String() + " " + s.Host
	}
	return s.Op.String() + " " + string(s.Addr)
}

func (r *Report) named(what string, a, b []plan.KV) {
	old := map[string]string{}
	for _, kv := range a {
		old[kv.Key] = kv.Value
	}
	seen := map[string]bool{}
	for _, kv := range b {
		was, ok := old[kv.Key]
		seen[kv.Key] = true
		switch {
		case !ok:
			r.add(Entry{Kind: New, What: what, Subject: kv.Key})
		case was != kv.Value:
			r.add(Entry{Kind: Changed, What: what, Subject: kv.Key, Details: []string{"digest changes"}})
		}
	}
	for _, kv := range a {
		if !seen[kv.Key] {
			r.add(Entry{Kind: Gone, What: what, Subject: kv.Key})
		}
	}
}

func programNames(p *plan.Program) []plan.KV {
	out := make([]plan.KV, len(p.Programs))
	for i, np := range p.Programs {
		out[i] = plan.KV{Key: np.Digest}
	}
	return out
}

func secretNames(p *plan.Program) []plan.KV {
	out := make([]plan.KV, len(p.Secrets))
	for i, s := range p.Secrets {
		out[i] = plan.KV{Key: s.Name, Value: s.Digest}
	}
	return out
}
