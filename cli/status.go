package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/unit"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
)

// Versions of the JSON of status and drift.
const (
	statusSchema = "homestak.status/1"
	driftSchema  = "homestak.drift/1"
)

// statusReport is what status and drift print as JSON.
type statusReport struct {
	Schema   string       `json:"schema"`
	Manifest string       `json:"manifest"`
	Nodes    []nodeStatus `json:"nodes"`
	Findings []string     `json:"findings,omitempty"` // what could not be seen, and why
}

type nodeStatus struct {
	Addr        string       `json:"addr"`
	Condition   string       `json:"condition"`
	Kind        string       `json:"kind"`
	Host        string       `json:"host"`
	Node        string       `json:"node,omitempty"`
	Moved       bool         `json:"moved,omitempty"`
	VMID        uint         `json:"vmid,omitempty"`
	Name        string       `json:"name,omitempty"`
	Power       string       `json:"power,omitempty"`
	UUID        string       `json:"uuid,omitempty"`
	Incarnation uint         `json:"incarnation,omitempty"`
	Was         string       `json:"was,omitempty"`
	Lacks       []string     `json:"lacks,omitempty"` // marks
	HA          string       `json:"ha,omitempty"`
	Snapshots   []string     `json:"snapshots,omitempty"`
	Jobs        []string     `json:"backup_jobs,omitempty"`
	Drift       []difference `json:"drift,omitempty"`
	Pending     []string     `json:"pending,omitempty"`
}

type difference struct {
	Name string `json:"name"`
	Want string `json:"manifest"`
	Have string `json:"guest"`
	By   string `json:"by"` // manifest, hand, both, unknown
}

func statusCommand() command {
	return command{
		name: "status", args: "-M NAME [-H HOST]", short: "what has become of a manifest's nodes",
		long: `
Looks at the hosts and says of each node whether its guest is there, where, and
in what condition:

  absent       no guest is it
  unfinished   it exists and never became ready
  ready        it was proven ready with what the manifest says
  outdated     it was proven ready with something else
  adopted      it was there before homestak, and what is inside is its owner's
  removed      it exists, and the manifest no longer names it
  unknown      its host could not be asked

Nothing is written to any host. ` + "`homestak drift`" + ` shows the differences.

  homestak status -M shop -H father
  homestak status -M shop --format json    for programs (` + statusSchema + `)`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var p planFlags
			var format string
			p.declareLook(f)
			f.StringVar(&format, "format", "text", "`text` or json")
			return func(ctx context.Context, a *app, args []string) error {
				if len(args) > 0 {
					return usage("status takes no arguments: name the manifest with -M")
				}
				r, known, err := a.look(ctx, p, format, statusSchema)
				if err != nil {
					return err
				}
				if format == "json" {
					return errors.Join(writeJSON(a.stdout, r), unseen(known))
				}
				printStatus(a.stdout, r)
				a.findings(known)
				return unseen(known)
			}
		},
	}
}

func driftCommand() command {
	return command{
		name: "drift", args: "-M NAME [-H HOST]", short: "what was changed since homestak applied it",
		long: `
Compares, attribute by attribute, what the manifest says, what homestak last
applied, and what the guest is now, and says who made the difference:

  hand       the guest was changed since homestak applied it
  manifest   the manifest is new, the guest is as homestak left it
  both       it was changed by hand, and the manifest says the same now
  unknown    homestak never applied it

Marks that are gone, guests that others moved and changes that wait for a
restart are told as well. What was applied is on the guest itself, as keyed
hashes. Exit 0: nothing was changed behind homestak's back, 2: something was.

  homestak drift -M shop -H father
  homestak drift -M shop --format json     for programs (` + driftSchema + `)`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var p planFlags
			var format string
			p.declareLook(f)
			f.StringVar(&format, "format", "text", "`text` or json")
			return func(ctx context.Context, a *app, args []string) error {
				if len(args) > 0 {
					return usage("drift takes no arguments: name the manifest with -M")
				}
				r, known, err := a.look(ctx, p, format, driftSchema)
				if err != nil {
					return err
				}
				drifted := slices.ContainsFunc(r.Nodes, func(n nodeStatus) bool { return n.drifted() })
				if format == "json" {
					err = writeJSON(a.stdout, r)
				} else {
					printDrift(a.stdout, r)
					a.findings(known)
				}
				if err = errors.Join(err, unseen(known)); err == nil && drifted {
					return exit{code: exitChanges}
				}
				return err
			}
		},
	}
}

// unseen ends a verb that could not see everything: what it told is true, and
// not all.
func unseen(known diag.List) error {
	if known.HasErrors() {
		return exit{code: exitRefused}
	}
	return nil
}

// declareLook declares the flags of a verb that looks and makes no plan.
func (p *planFlags) declareLook(f *pflag.FlagSet) {
	f.StringVarP(&p.host, "host", "H", "", "`host` for nodes that name none: lab, or one of hosts/")
	f.StringVar(&p.facts, "facts", "", "`file` from `homestak facts`; default: ask the hosts")
	p.declareManifest(f)
}

// look observes a manifest's guests.
func (a *app) look(ctx context.Context, p planFlags, format, schema string) (*statusReport, diag.List, error) {
	if format != "text" && format != "json" {
		return nil, nil, notOneOf("--format", format, "text", "json")
	}
	m, wanted, err := a.wanted(ctx, &p)
	if err != nil {
		return nil, nil, err
	}
	wanted.Stake = true
	facts, err := a.facts(ctx, m, p.facts, wanted)
	if err := errors.Join(err, m.close()); err != nil {
		return nil, nil, err
	}
	list, known := build.StatusOf(m.d, facts, build.Options{DefaultHost: p.host, Secrets: secretRefs(m.site)})
	r := &statusReport{Schema: schema, Manifest: m.d.Manifest, Nodes: []nodeStatus{}}
	for i := range list {
		r.Nodes = append(r.Nodes, statusOf(&list[i]))
	}
	for _, d := range known {
		r.Findings = append(r.Findings, d.Error())
	}
	return r, known, nil
}

func statusOf(s *build.Status) nodeStatus {
	n := nodeStatus{
		Addr: string(s.Addr), Condition: string(s.Condition), Kind: s.Kind, Host: s.Host, Node: s.Node, Moved: s.Moved, VMID: s.VMID,
		Name: s.Name, Power: s.Power, UUID: s.UUID, Incarnation: s.Incarnation, Was: string(s.Was), Lacks: s.Marks, HA: s.HA,
		Snapshots: s.Snapshots, Jobs: s.Jobs, Pending: s.Pending,
	}
	for _, d := range s.Drift {
		n.Drift = append(n.Drift, difference{d.Name, d.Want, d.Have, string(d.By)})
	}
	return n
}

func (n *nodeStatus) drifted() bool {
	return len(n.Lacks) > 0 || slices.ContainsFunc(n.Drift, func(d difference) bool { return d.By == string(build.ByHand) || d.By == string(build.ByBoth) })
}

func printStatus(w io.Writer, r *statusReport) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NODE\tCONDITION\tHOST\tVMID\tGUEST")
	for i := range r.Nodes {
		n := &r.Nodes[i]
		vmid := "-"
		if n.VMID > 0 && n.Node != "" {
			vmid = strconv.FormatUint(uint64(n.VMID), 10)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", n.Addr, n.Condition, n.Host, vmid, strings.Join(n.remarks(), ", "))
	}
	_ = t.Flush()
}

// remarks are what a person would want to know of a guest at a glance.
func (n *nodeStatus) remarks() []string {
	var out []string
	if n.Power != "" {
		out = append(out, n.Power)
	}
	if n.Was != "" {
		out = append(out, "marked as "+n.Was)
	}
	if n.Moved {
		out = append(out, "on "+n.Node+", others moved it")
	}
	if len(n.Lacks) > 0 {
		out = append(out, "lost its "+strings.Join(n.Lacks, " and "))
	}
	by := map[string]int{}
	for _, d := range n.Drift {
		by[d.By]++
	}
	if k := by[string(build.ByHand)]; k > 0 {
		out = append(out, fmt.Sprintf("%d changed by hand", k))
	}
	if k := len(n.Drift) - by[string(build.ByHand)] - by[string(build.ByBoth)]; k > 0 {
		out = append(out, fmt.Sprintf("%d not as declared", k))
	}
	if len(n.Pending) > 0 {
		out = append(out, fmt.Sprintf("%d waiting for a restart", len(n.Pending)))
	}
	if n.HA != "" {
		out = append(out, "HA "+n.HA)
	}
	if len(n.Snapshots) > 0 {
		out = append(out, "snapshots "+join(n.Snapshots, 3))
	}
	if n.Incarnation > 1 {
		out = append(out, fmt.Sprintf("replaced %d times", n.Incarnation-1))
	}
	return out
}

func printDrift(w io.Writer, r *statusReport) {
	some := false
	for i := range r.Nodes {
		n := &r.Nodes[i]
		var lines []string
		for _, m := range n.Lacks {
			lines = append(lines, "  its "+m+" is gone or another; the next apply writes it again")
		}
		if n.Moved {
			lines = append(lines, "  others moved it to "+n.Node)
		}
		for _, d := range n.Drift {
			lines = append(lines, fmt.Sprintf("  %s: %s", d.Name, d.text()))
		}
		if len(n.Pending) > 0 {
			lines = append(lines, "  waits for a restart: "+join(n.Pending, 8))
		}
		if len(lines) == 0 {
			continue
		}
		some = true
		fmt.Fprintf(w, "%s (vmid %d on %s)\n%s\n", n.Addr, n.VMID, n.Host, strings.Join(lines, "\n"))
	}
	if !some {
		fmt.Fprintln(w, "no drift")
	}
}

func (d *difference) text() string {
	show := func(s string) string {
		if s == "" {
			return "(none)"
		}
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && strings.HasSuffix(d.Name, ".size") {
			return unit.Size(n).String()
		}
		return s
	}
	switch build.Author(d.By) {
	case build.ByHand:
		return fmt.Sprintf("changed by hand to %s, the manifest says %s", show(d.Have), show(d.Want))
	case build.ByBoth:
		return fmt.Sprintf("changed by hand to %s, and the manifest says the same", show(d.Have))
	case build.ByManifest:
		return fmt.Sprintf("is %s as applied, the manifest says %s now", show(d.Have), show(d.Want))
	}
	return fmt.Sprintf("is %s, the manifest says %s", show(d.Have), show(d.Want))
}

// goalsThatDelete may take guests away, so what goes with them is looked at.
func goalsThatDelete(g plan.Goal) bool { return g != plan.GoalCreate }
