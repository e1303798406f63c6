package apply

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/homestak/homestak/apply/walk"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/program"
	"github.com/homestak/homestak/runtime/perm"
	"github.com/homestak/homestak/runtime/pve"
)

const (
	codeDrifted  diag.Code = "HS0668"
	codeNoSecret diag.Code = "HS0669"
	codeRotated  diag.Code = "HS0670"
	codeSupplies diag.Code = "HS0671"
)

// inspectedAtOnce bounds the reads of preflight; they take no lanes.
const inspectedAtOnce = 16

// preflight looks at everything that can be looked at before anything is
// written: keys and secrets, every host and its certificate, and for each step
// whose host and guest exist now its probe and guards. holds is true when every
// step is done already.
func (r *run) preflight(ctx context.Context) (holds bool, bad diag.List) {
	if r.env.Keys == nil {
		return false, diag.List{noKeys()}
	}
	if bad := r.checkSecrets(); len(bad) > 0 {
		return false, bad
	}
	if bad := r.checkHosts(ctx); len(bad) > 0 {
		return false, bad
	}
	if bad := r.checkNestedHosts(ctx); len(bad) > 0 {
		return false, bad
	}
	in := &inspection{
		run: r, verdicts: make([]verdict, len(r.p.Steps)), findings: make([]*diag.Diagnostic, len(r.p.Steps)),
		acting: map[addr.Address]bool{}, supplies: map[string]*supplies{},
	}
	walk.Run(r.p.Steps, walk.Options{
		Jobs: inspectedAtOnce, Width: func(plan.Lock) int { return inspectedAtOnce }, KeepGoing: true, Stop: ctx.Done(),
	}, func(i int) bool {
		in.look(ctx, i)
		return true
	})
	bad = slices.DeleteFunc(in.findings, func(d *diag.Diagnostic) bool { return d == nil })
	for _, d := range in.checkCopies(ctx) {
		if !slices.ContainsFunc(bad, func(have *diag.Diagnostic) bool { return have.Message == d.Message }) {
			bad = append(bad, d)
		}
	}
	if len(bad) == 0 {
		bad = in.checkRoom(ctx)
	}
	holds = !slices.ContainsFunc(in.verdicts, func(v verdict) bool { return v != done })
	if holds {
		for i := range r.p.Steps {
			s := &r.p.Steps[i]
			r.report.Steps = append(r.report.Steps, StepReport{Step: s.ID, Addr: s.Addr, Host: s.Host, Op: s.Op.String(), State: StateSkipped})
		}
	}
	return holds, bad
}

// checkSecrets finds out before the first write whether every secret is there,
// and still is the one that was reviewed.
func (r *run) checkSecrets() (bad diag.List) {
	needed := map[string]bool{}
	for i := range r.p.Steps {
		if r.p.Steps[i].Op != plan.TargetPush && r.p.Steps[i].Op != plan.CheckReady {
			continue
		}
		p, err := program.Decode(r.programs[r.p.Steps[i].Text(plan.ArgProgram)])
		if err != nil {
			return append(bad, r.env.explain(err))
		}
		for _, name := range p.Secrets() {
			needed[name] = true
		}
	}
	for _, ref := range r.p.Secrets {
		if !needed[ref.Name] || ref.Digest == "" || r.env.Secrets == nil {
			continue
		}
		if now, ok := r.env.Secrets.Digest(ref.Name, r.env.Keys.LockDigest); ok && now != ref.Digest {
			d := codeRotated.Errorf("secret %s is not the one the plan was made with", ref.Name)
			d.Help = "run `homestak secrets lock` and plan again, so that the new value is reviewed as a change"
			bad = append(bad, d)
		}
	}
	names := make([]string, 0, len(needed))
	for name := range needed {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if _, ok := r.secret(name); !ok {
			d := codeNoSecret.Errorf("secret %s is needed and the site does not have it", name)
			d.Help = "add it to the site's secrets file"
			bad = append(bad, d)
		}
	}
	return bad
}

func (r *run) secret(name string) ([]byte, bool) {
	if r.env.Secrets == nil {
		return nil, false
	}
	v, ok := r.env.Secrets.Get(name)
	return v.Reveal(), ok
}

// checkHosts asks every site host the plan uses who it is, whether this version can
// configure what is on it, and what the site's token may do there. The certificate is the one the plan pins, or nothing is sent
// to it.
func (r *run) checkHosts(ctx context.Context) diag.List {
	used := map[string]bool{}
	for i := range r.p.Steps {
		used[r.p.Steps[i].Host] = true
	}
	findings := make([]diag.List, len(r.p.Hosts))
	var wg sync.WaitGroup
	for i := range r.p.Hosts {
		h := &r.p.Hosts[i]
		if h.Parent != "" || !used[h.Name] {
			continue
		}
		wg.Go(func() {
			var bad diag.List
			err := steady(ctx, func() error {
				host, err := r.fleet.host(ctx, h.Name)
				if err != nil {
					return err
				}
				version, err := host.api.Version(ctx)
				if err != nil {
					return err
				}
				if d := r.configurable(h.Name, version); d != nil {
					return d
				}
				bad, err = r.checkPrivileges(ctx, host, perm.ParseRelease(version.Version))
				return err
			})
			if err != nil {
				bad = diag.List{r.env.explain(err)}
			}
			findings[i] = bad
		})
	}
	wg.Wait()
	return slices.Concat(findings...)
}

// checkNestedHosts compares the certificates that the plan pins for hosts that are
// nodes, as far as they run and were proven ready. One that does not answer is left
// to the steps that need it: the plan may be about to start it again.
func (r *run) checkNestedHosts(ctx context.Context) (bad diag.List) {
	for i := range r.p.Hosts {
		name := r.p.Hosts[i].Name
		n := r.hostNode(name)
		if n == nil || r.p.Hosts[i].Fingerprint == "" {
			continue
		}
		err := steady(ctx, func() error {
			h, err := r.fleet.host(ctx, n.host)
			if err != nil {
				return err
			}
			g, err := r.read(ctx, h, n.vmid)
			if err != nil {
				return err
			}
			if is, err := r.isProvenHost(ctx, h, n, g); !is {
				return err
			}
			_, err = r.fleet.host(ctx, name)
			return err
		})
		var d *diag.Diagnostic
		if errors.As(err, &d) && d.Code == codeHostCertificate && ctx.Err() == nil {
			bad = append(bad, r.env.explain(d))
		}
	}
	return bad
}

// steady asks again, twice, when what failed may pass: all of preflight is
// reading, and one lost answer is no reason to refuse a plan.
func steady(ctx context.Context, ask func() error) error {
	err := ask()
	for again := range 2 {
		if err == nil || !mayPass(err) || pause(ctx, time.Duration(again+1)*firstLook) != nil {
			break
		}
		err = ask()
	}
	return err
}

// labRepo is what the embedded lab answers where PVE names the commit it was
// built from.
const labRepo = "lab"

// configurable refuses a plan that would make real machines and then be unable
// to configure them: this version's target side knows the lab's guests only.
// Plans that configure nobody, to destroy or to resize, run anywhere.
func (r *run) configurable(host string, v *pve.Version) *diag.Diagnostic {
	if v.RepoID == labRepo {
		return nil
	}
	for i := range r.p.Steps {
		s := &r.p.Steps[i]
		if s.Op != plan.TargetPush || r.siteHost(s.Host) != host {
			continue
		}
		d := about(codeRealMachine.Errorf("configuring real machines is not supported in this version"), s)
		d.Label = "host " + host + " runs Proxmox VE " + v.Version
		d.Help = "rehearse the manifest with -H lab; nothing was written"
		return d
	}
	return nil
}

// siteHost is the site host that carries a host.
func (r *run) siteHost(name string) string {
	for n := r.hostNode(name); n != nil; n = r.hostNode(name) {
		name = n.host
	}
	return name
}

// verdict is what preflight knows of a step.
type verdict uint8

const (
	later verdict = iota // what it is about does not exist yet
	todo
	done
)

// inspection is preflight's look at the steps.
type inspection struct {
	*run
	mu       sync.Mutex
	verdicts []verdict
	findings []*diag.Diagnostic
	acting   map[addr.Address]bool // nodes that a step is going to change
	supplies map[string]*supplies
}

// look judges one step after all it comes after were judged.
func (in *inspection) look(ctx context.Context, i int) {
	s := &in.p.Steps[i]
	if in.changes(s) {
		in.lookInside(ctx, i)
		in.lookAround(ctx, i)
		return
	}
	var verdict verdict
	err := steady(ctx, func() (err error) {
		verdict, err = in.judge(ctx, s)
		return err
	})
	in.mu.Lock()
	defer in.mu.Unlock()
	in.verdicts[i] = verdict
	if verdict != done && !onlyPrepares(s) {
		in.acting[s.Addr] = true
	}
	if err != nil && ctx.Err() == nil {
		in.findings[i] = about(in.env.explain(err), s)
	}
}

// lookInside evaluates a guard over the guests of a host that is a node although
// earlier steps are going to change that node: they do not change who is on it. What
// cannot be asked yet has no guests yet.
func (in *inspection) lookInside(ctx context.Context, i int) {
	s := &in.p.Steps[i]
	if in.newTask(s, false).isOver() {
		return
	}
	for _, g := range s.Guards {
		if g.Kind != plan.GuardGuests {
			continue
		}
		var d *diag.Diagnostic
		if err := in.guard(ctx, s, g); errors.As(err, &d) && d.Code == codeInside && ctx.Err() == nil {
			in.mu.Lock()
			in.findings[i] = about(in.env.explain(d), s)
			in.mu.Unlock()
		}
	}
}

// lookAround checks what a step names of its host and what it needs there, although
// earlier steps are going to change its guest: they do not change the host. A host
// that is changed itself, or is not there yet, cannot be looked at.
func (in *inspection) lookAround(ctx context.Context, i int) {
	t := in.newTask(&in.p.Steps[i], false)
	if t.isOver() || in.hostChanges(t.s) || in.fleet.connected(t.s.Host) == nil {
		return
	}
	var err error
	if d := in.checkDisks(ctx, t); d != nil {
		err = d
	} else {
		err = steady(ctx, func() error { return in.checkSupplies(ctx, t.s) })
	}
	if err != nil && ctx.Err() == nil {
		in.mu.Lock()
		in.findings[i] = about(in.env.explain(err), t.s)
		in.mu.Unlock()
	}
}

// hostChanges reports whether an earlier step is going to change a node that
// carries a step's host.
func (in *inspection) hostChanges(s *plan.Step) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	for n := in.hostNode(s.Host); n != nil; n = in.hostNode(n.host) {
		if in.acting[n.addr] {
			return true
		}
	}
	return false
}

// onlyPrepares reports whether a step brings files to a host and leaves the node
// it is for as it is.
func onlyPrepares(s *plan.Step) bool {
	return s.Op == plan.ImageFetch || s.Op == plan.TemplateBuild || s.Op == plan.SeedUpload || s.Op == plan.SeedRemove && s.Text(plan.ArgWhat) == plan.WhatUpload
}

// changes reports whether an earlier step is going to change what this one is
// about: its node, or any node that carries its host. What will be true then
// cannot be seen now.
func (in *inspection) changes(s *plan.Step) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.acting[s.Addr] {
		return true
	}
	for n := in.hostNode(s.Host); n != nil; n = in.hostNode(n.host) {
		if in.acting[n.addr] {
			return true
		}
	}
	return false
}

// judge asks a step's probe, and when there is work, whether it may be done.
func (in *inspection) judge(ctx context.Context, s *plan.Step) (verdict, error) {
	t := in.newTask(s, false)
	if t.isOver() {
		return done, nil
	}
	holds, err := t.probe(ctx)
	if err != nil {
		return todo, err
	}
	if holds {
		return done, nil
	}
	if err := in.drifted(ctx, t); err != nil {
		return todo, err
	}
	if _, ok := t.op.(reader); ok {
		return todo, nil
	}
	if err := t.checkGuards(ctx); err != nil {
		return todo, err
	}
	if d := in.checkDisks(ctx, t); d != nil {
		return todo, d
	}
	return todo, in.checkSupplies(ctx, s)
}

// drifted: a node that this plan made and proved ready has everything the plan
// does to it. When a step finds work all the same, the world moved after the plan
// was done, and doing it again would undo what somebody did.
func (in *inspection) drifted(ctx context.Context, t *task) error {
	n := t.n
	if n == nil || n.created == nil || n.ready == nil || n.destroyed || !in.comesAfter(n.ready, t.s) {
		return nil
	}
	h, err := in.fleet.host(ctx, n.host)
	if err != nil {
		return err
	}
	g, err := in.read(ctx, h, n.vmid)
	if err != nil || !in.ours(g, n) || !g.marker.proves(n.ready) || g.replaced(n) {
		return err
	}
	d := codeDrifted.Errorf("%s was ready and has changed since this plan was applied", n.addr)
	d.Label = t.s.Op.String() + " would have to act again"
	if t.why != "" {
		d.Label += ": " + t.why
	}
	return replan(d)
}
