package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/selector"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
)

const (
	codeFactsFile diag.Code = "HS0986"
	codePlanFile  diag.Code = "HS0987"
)

// planFlags say which plan to make.
type planFlags struct {
	siteFlags
	host    string
	goal    string
	facts   string
	onError string
	only    []string
	skip    []string
	marks   markFlags
	replace []string
}

func (p *planFlags) declare(f *pflag.FlagSet) {
	f.StringVarP(&p.host, "host", "H", "", "`host` for nodes that name none: lab, or one of hosts/")
	f.StringVar(&p.onError, "on-error", "", "stop, rollback or continue; overrides the manifest's `setting`")
	f.StringArrayVar(&p.only, "only", nil, "only the nodes this `selector` selects, and what they need; repeatable")
	f.StringArrayVar(&p.skip, "skip", nil, "not the nodes this `selector` selects; repeatable")
	p.declareManifest(f)
}

// replaced reads which nodes' guests are to be made anew. An address may leave out
// the manifest.
func (p *planFlags) replaced(d *ir.Deployment, goal plan.Goal) ([]addr.Address, error) {
	var out []addr.Address
	for _, node := range p.replace {
		a, err := declared(d, "--replace", node)
		switch {
		case err != nil:
			return nil, err
		case goal != plan.GoalCreate && goal != plan.GoalReconcile:
			return nil, usage("--replace makes guests anew: leave out --goal %s", goal)
		case p.marks.any():
			return nil, usage("--adopt and --forget write marks and nothing else: leave out --replace")
		}
		out = append(out, a)
	}
	return out, nil
}

// made is a plan with everything around it.
type made struct {
	*compiled
	part  *build.Selection // what the plan is about, nil for everything
	plan  *plan.Plan
	bytes []byte
	world *world // nil when the facts came from a file
}

func (m *made) close() error {
	if m == nil {
		return nil
	}
	return m.world.close()
}

// makePlan runs compile → observe → build → encode. Findings are shown; the
// plan is nil exactly when err is not.
func (a *app) makePlan(ctx context.Context, p planFlags, goal plan.Goal) (*made, error) {
	m, wanted, err := a.wanted(ctx, &p)
	if err != nil {
		return nil, err
	}
	adopt, forget, err := p.marks.parse(m.d, goal, &p)
	if err != nil {
		return nil, errors.Join(err, m.close())
	}
	wanted = build.Adopting(wanted, adopt)
	replace, err := p.replaced(m.d, goal)
	if err != nil {
		return nil, errors.Join(err, m.close())
	}
	wanted.Stake = goalsThatDelete(goal) || len(replace) > 0
	facts, err := a.facts(ctx, m, p.facts, wanted)
	if err != nil {
		return nil, errors.Join(err, m.close())
	}
	pl, findings := build.Plan(m.d, facts, goal, build.Options{
		DefaultHost: p.host,
		Selection:   m.part,
		Adopt:       adopt,
		Forget:      forget,
		Replace:     replace,
		Secrets:     secretRefs(m.site),
		OnError:     p.onError,
		Notes:       plan.Notes{Tool: "homestak " + buildVersion().version, IR: m.d.Digest()},
	})
	// Warnings are in the plan's notes, and shown with it.
	if findings.HasErrors() {
		a.findings(findings)
		return nil, errors.Join(exit{code: refusal(findings)}, m.close())
	}
	m.plan = pl
	if m.bytes, err = plan.Encode(pl); err != nil {
		return nil, errors.Join(err, m.close())
	}
	return m, nil
}

// wanted compiles the manifest and says what the plan is about and what to look
// for. A site with one host needs no -H.
func (a *app) wanted(ctx context.Context, p *planFlags) (*made, plan.WantedSet, error) {
	if !slices.Contains([]string{"", "stop", "rollback", "continue"}, p.onError) {
		return nil, plan.WantedSet{}, notOneOf("--on-error", p.onError, "stop", "rollback", "continue")
	}
	only, skip, err := a.selectors(p)
	if err != nil {
		return nil, plan.WantedSet{}, err
	}
	c, err := a.compile(ctx, p.siteFlags)
	if err != nil {
		return nil, plan.WantedSet{}, err
	}
	var broken diag.List
	if p.host == "" {
		p.host, broken = onlyHost(c.site)
	}
	part, findings := build.Select(c.d, p.host, only, skip)
	if err := a.check(findings); err != nil {
		return nil, plan.WantedSet{}, err
	}
	w := part.Narrow(build.Wanted(c.d, p.host))
	if p.host == "" && homeless(c.d, part) {
		if err := a.check(broken); err != nil { // one of those may have been the host
			return nil, w, err
		}
		return nil, w, usage("say where %s shall run: -H lab, or -H with a name from hosts/", c.d.Manifest)
	}
	return &made{compiled: c, part: part}, w, nil
}

// homeless reports whether a node that the plan may come to need names no host.
func homeless(d *ir.Deployment, part *build.Selection) bool {
	for i := range d.Nodes {
		if n := &d.Nodes[i]; n.Parent < 0 && n.Host.V == "" && len(n.Extra().Placement.Hosts.V) == 0 && part.Reaches(i) {
			return true
		}
	}
	return false
}

// selectors reads --only and --skip. Every one that is wrong is reported.
func (a *app) selectors(p *planFlags) (only, skip []*selector.Selector, err error) {
	var findings diag.List
	read := func(flag string, texts []string) (list []*selector.Selector) {
		for _, text := range texts {
			s, more := selector.Parse(source.NewFile(flag, []byte(text)))
			list, findings = append(list, s), append(findings, more...)
		}
		return list
	}
	only, skip = read("--only", p.only), read("--skip", p.skip)
	return only, skip, a.check(findings)
}

// refusal tells input that is wrong (1) from a world that forbids the plan (4).
func refusal(findings diag.List) int {
	for _, d := range findings {
		if d.Severity == diag.Error && !build.Refuses(d.Code) {
			return exitError
		}
	}
	return exitRefused
}

// facts come from the hosts, from a file, or are an empty world.
func (a *app) facts(ctx context.Context, m *made, from string, wanted plan.WantedSet) (*plan.Facts, error) {
	switch from {
	case "empty":
		return build.EmptyFacts(wanted.Hosts), nil
	case "":
		w, err := a.openWorld(ctx, m.dir, m.site, wanted.Hosts)
		if err != nil {
			return nil, err
		}
		m.world = w
		return apply.Observe(ctx, w.env, wanted)
	}
	data, err := readInput(from, plan.MaxFile, a.stdin)
	if err != nil {
		d := codeFactsFile.Errorf("cannot read the facts in %s", from)
		d.Label, d.Help = err.Error(), "make them with `homestak facts -o FILE`, or use --facts empty"
		return nil, d
	}
	return plan.DecodeFacts(data)
}

// onlyHost is the site's single host with an API, or "", and what is wrong with
// the host entries: whoever goes on with the host reports it.
func onlyHost(site *compiler.Site) (name string, findings diag.List) {
	hosts, findings := site.Hosts()
	for _, h := range hosts {
		if len(h.Endpoints) == 0 {
			continue
		}
		if name != "" {
			return "", findings
		}
		name = h.Name
	}
	return name, findings
}

func secretRefs(site *compiler.Site) []plan.SecretRef {
	var refs []plan.SecretRef
	for _, e := range site.SecretLock() {
		refs = append(refs, plan.SecretRef{Name: e.Name, Digest: e.Digest})
	}
	return refs
}

// readInput reads a file, or standard input for "-", up to a limit.
func readInput(name string, limit int64, stdin io.Reader) ([]byte, error) {
	r := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, cause(err)
		}
		defer f.Close()
		if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
			return nil, errors.New("it is not a regular file")
		}
		r = f
	}
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, cause(err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("it is larger than %d MiB", limit>>20)
	}
	return data, nil
}

// cause strips the path that the message around it already says.
func cause(err error) error {
	var pe *os.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		return pe.Err
	case errors.As(err, &le):
		return le.Err
	}
	return err
}

// readPlan reads and checks a plan file.
func (a *app) readPlan(name string) (*plan.Plan, error) {
	data, err := readInput(name, plan.MaxFile, a.stdin)
	if err != nil {
		d := codePlanFile.Errorf("cannot read the plan %s", name)
		d.Label, d.Help = err.Error(), "make one with `homestak plan -M NAME -o plan.bin`"
		return nil, d
	}
	return plan.Decode(data)
}
