package cli

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/pve"
	"github.com/homestak/homestak/runtime/secret"
)

const (
	codeNotAsSaid diag.Code = "HS0846"
	codeClock     diag.Code = "HS0847"
)

// clockSlack is how far a host's clock may be off before somebody should know:
// its Date header has whole seconds, and the answer was on its way.
const clockSlack = 5 * time.Second

// endpointReport is what one endpoint of a host answered.
type endpointReport struct {
	Host         string   `json:"host"`
	Endpoint     string   `json:"endpoint"`
	OK           bool     `json:"ok"`
	Pinned       string   `json:"pinned"`
	Credentials  string   `json:"credentials"` // the user or the token's name
	Version      string   `json:"version,omitempty"`
	Node         string   `json:"node,omitempty"`    // that answered
	Cluster      string   `json:"cluster,omitempty"` // "" for a host on its own
	Nodes        []string `json:"nodes,omitempty"`   // of the cluster
	Storages     []string `json:"storages,omitempty"`
	Bridges      []string `json:"bridges,omitempty"`
	Privileges   []string `json:"privileges,omitempty"` // "path: how many"
	ClockSeconds float64  `json:"clock_seconds"`        // how far it is ahead
	Problems     []string `json:"problems,omitempty"`   // "code: message"

	findings diag.List
}

// hostCheck asks every endpoint of the named hosts, or of all, side by side.
func (a *app) hostCheck(ctx context.Context, o hostFlags, names []string) error {
	dir, site, entries, err := a.siteHosts(o)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		for _, h := range entries {
			names = append(names, h.Name)
		}
	}
	if len(names) == 0 {
		return usage("host check: the site has no host; try `homestak host check %s`", labHost)
	}
	secrets, err := secret.Load(dir)
	if err != nil {
		return err
	}
	a.findings(secrets.Warnings())
	w := &world{env: &apply.Env{Hosts: map[string]apply.HostEnv{}}}
	defer func() { _ = w.close() }()
	var all [][]*endpointReport
	for _, name := range names {
		list, err := a.lookAtHost(ctx, w, dir, site, entries, secrets, name)
		if err != nil {
			return err
		}
		all = append(all, list)
	}
	return a.reportHosts(o, slices.Concat(all...))
}

// lookAtHost asks the endpoints of one host. The error is for what is no matter of
// the host: an unknown name, a lab that does not open.
func (a *app) lookAtHost(ctx context.Context, w *world, dir string, site *compiler.Site, entries []compiler.Host, secrets *secret.Store, name string) ([]*endpointReport, error) {
	entry, err := hostNamed(name, entries)
	if err != nil {
		if name != labHost {
			return nil, err
		}
		entry = &compiler.Host{Name: name, Node: labHost}
		if err := a.openLab(ctx, w, dir, site.SiteID()); err != nil {
			return nil, err
		}
	} else if w.env.Hosts[name], err = hostEnv(dir, *entry, secrets); err != nil {
		r := &endpointReport{Host: name, Endpoint: join(entry.Endpoints, 4), Pinned: entry.Fingerprint}
		r.failed(err)
		return []*endpointReport{r}, nil
	}
	env := w.env.Hosts[name]
	list := make([]*endpointReport, len(env.Endpoints))
	var g errgroup.Group
	for i, e := range env.Endpoints {
		list[i] = &endpointReport{Host: name, Endpoint: e}
		g.Go(func() error {
			// The first endpoint speaks for the host, the others for themselves.
			if err := list[i].look(ctx, env, entry, i == 0); err != nil {
				list[i].failed(err)
			}
			return nil
		})
	}
	return list, g.Wait()
}

func (r *endpointReport) failed(err error) {
	if d, ok := said(err).(*diag.Diagnostic); ok {
		r.findings = append(r.findings, d)
		return
	}
	d := codeUnexpected.Errorf("%s", strings.TrimSpace(err.Error()))
	d.Help = "if this message does not say enough, please report it"
	r.findings = append(r.findings, d)
}

// look asks an endpoint everything that a plan would.
func (r *endpointReport) look(ctx context.Context, env apply.HostEnv, entry *compiler.Host, whole bool) error {
	api, err := pve.New(pve.Config{
		Name: r.Host, Endpoints: []string{r.Endpoint}, Fingerprint: env.Fingerprint, CA: env.CA,
		Token: env.Token, User: env.User, Password: env.Password,
	})
	if err != nil {
		return err
	}
	defer api.Close()
	r.Pinned, r.Credentials = api.Pins(), api.Who()
	v, err := api.Version(ctx)
	if err != nil {
		return err
	}
	r.Version = v.Version
	if now, ok := api.ServerTime(); ok {
		ahead := time.Until(now)
		r.ClockSeconds = math.Round(ahead.Seconds())
		if ahead.Abs() > clockSlack {
			d := codeClock.Warnf("the clock of host %s differs by %s", r.Host, ahead.Round(time.Second))
			d.Help = "let both follow a time server"
			r.findings = append(r.findings, d)
		}
	}
	c, err := api.Cluster(ctx)
	if err != nil {
		return err
	}
	r.Node, r.Cluster, r.Nodes = c.Local, c.Name, c.Nodes
	if !whole {
		return nil
	}
	if !slices.Contains(c.Nodes, entry.Node) {
		r.notAsSaid(entry, fmt.Sprintf("it has no node %q", entry.Node), "write node: with one of: "+join(c.Nodes, 8))
		return nil
	}
	return r.lookAtNode(ctx, api, entry)
}

func (r *endpointReport) lookAtNode(ctx context.Context, api *pve.Client, entry *compiler.Host) error {
	storages, err := api.Storages(ctx, entry.Node)
	if err != nil {
		return err
	}
	for _, s := range storages {
		text := s.Name + " (" + strings.Join(s.Content, ", ") + ")"
		if !s.Active {
			text += " not active"
		}
		r.Storages = append(r.Storages, text)
	}
	r.needs(entry, storages, "datastore", entry.Storage, "images", "guest disks")
	r.needs(entry, storages, "image_datastore", entry.ImageStorage, "import", "images to make guests from")
	if r.Bridges, err = api.Bridges(ctx, entry.Node); err != nil {
		return err
	}
	if len(r.Bridges) == 0 {
		r.notAsSaid(entry, "it has no bridge that guests could be plugged into", "make one on the host: System, Network")
	}
	perms, err := api.Permissions(ctx)
	if err != nil {
		return err
	}
	for _, p := range perms {
		r.Privileges = append(r.Privileges, fmt.Sprintf("%s: %d", p.Path, len(p.Privileges)))
	}
	return nil
}

// needs looks for a storage that can hold something: the one the entry names, or any.
func (r *endpointReport) needs(entry *compiler.Host, storages []pve.Storage, field, named, content, what string) {
	holds := func(s pve.Storage) bool { return s.Active && slices.Contains(s.Content, content) }
	if named == "" {
		if !slices.ContainsFunc(storages, holds) {
			r.notAsSaid(entry, "it has no active storage for "+what, "allow content type "+content+" on one of its storages: Datacenter, Storage")
		}
		return
	}
	i := slices.IndexFunc(storages, func(s pve.Storage) bool { return s.Name == named })
	switch {
	case i < 0:
		r.notAsSaid(entry, fmt.Sprintf("it has no storage %q", named), "correct "+field+": in the entry")
	case !holds(storages[i]):
		r.notAsSaid(entry, fmt.Sprintf("storage %q does not take %s", named, what), "allow content type "+content+" on it: Datacenter, Storage")
	}
}

func (r *endpointReport) notAsSaid(entry *compiler.Host, what, help string) {
	d := codeNotAsSaid.Errorf("host %s is not as its entry says", r.Host)
	d.Range, d.Label, d.Help = entry.Range, what, help
	r.findings = append(r.findings, d)
}

// reportHosts shows what was found; errors among it end the verb with exit 1.
func (a *app) reportHosts(o hostFlags, all []*endpointReport) error {
	var findings diag.List
	for _, r := range all {
		r.OK = !r.findings.HasErrors()
		for _, d := range r.findings {
			r.Problems = append(r.Problems, string(d.Code)+": "+d.Message)
		}
		findings = append(findings, r.findings...)
	}
	if o.format == "json" {
		if err := writeJSON(a.stdout, all); err != nil {
			return err
		}
	} else {
		for _, r := range all {
			r.text(a.stdout)
		}
	}
	return a.check(findings)
}

func (r *endpointReport) text(w io.Writer) {
	state := "ok"
	if !r.OK {
		state = "not ok"
	}
	fmt.Fprintf(w, "%s  %s  %s\n", r.Host, r.Endpoint, state)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "  %-12s %s\n", name, value)
		}
	}
	if r.Version == "" {
		return
	}
	line("certificate", strings.ReplaceAll(r.Pinned, ",", "\n               "))
	line("credentials", r.Credentials)
	line("version", r.Version)
	line("node", r.Node)
	if r.Cluster != "" {
		line("cluster", r.Cluster+": "+join(r.Nodes, 16))
	}
	line("storages", strings.Join(r.Storages, ", "))
	line("bridges", strings.Join(r.Bridges, ", "))
	line("privileges", join(r.Privileges, 6))
	if math.Abs(r.ClockSeconds) > clockSlack.Seconds() {
		line("clock", fmt.Sprintf("%+g s", r.ClockSeconds))
	}
}
