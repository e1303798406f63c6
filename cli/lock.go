package cli

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/lang/diag"
)

const codeNoLease diag.Code = "HS0979"

// lockSchema is the version of the JSON of lock status.
const lockSchema = "homestak.lock/1"

func lockCommand() command {
	return command{
		name: "lock", args: "status|break [-M NAME] [-H HOST]", short: "who is working on a manifest, and how to go on without them",
		long: `
A run holds a lease on each cluster it writes to, so that two people on two
machines do not work on one manifest at once. A lease that is not renewed
expires by itself after a minute and a half.

  homestak lock status -H father           every lease of this site on the host
  homestak lock status -M shop -H father   that of one manifest
  homestak lock break -M shop -H father    take it away; a run that still goes on
                                           stops before its next write

Break one only when its holder is gone and you cannot wait.`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var s siteFlags
			var host, format string
			var yes bool
			s.declare(f)
			f.StringVarP(&s.manifest, "manifest", "M", "", "`name` of the manifest")
			f.StringVarP(&host, "host", "H", "", "`host` to ask: lab, or one of hosts/; default: all of hosts/")
			f.StringVar(&format, "format", "text", "`text` or json")
			f.BoolVarP(&yes, "yes", "y", false, "do not ask")
			return func(ctx context.Context, a *app, args []string) error {
				switch {
				case len(args) != 1 || args[0] != "status" && args[0] != "break":
					return usage("lock takes one word: status or break")
				case format != "text" && format != "json":
					return notOneOf("--format", format, "text", "json")
				case args[0] == "break" && s.manifest == "":
					return usage("say whose lease to break with -M")
				case args[0] == "break" && !yes && host != labHost && !isTerminal(a.stdin):
					return usage("lock break asks before it acts, and there is no terminal to ask on: add --yes")
				}
				return a.lock(ctx, s, host, format, args[0] == "break", yes)
			}
		},
	}
}

// leaseRow is a lease in lock's JSON.
type leaseRow struct {
	Host     string     `json:"host"`
	Manifest string     `json:"manifest"` // "" = none of this site has that lease
	Pool     string     `json:"pool"`
	Holder   string     `json:"holder,omitempty"`
	Run      string     `json:"run,omitempty"`
	Expires  *time.Time `json:"expires,omitempty"`
	State    string     `json:"state"` // held, expired, unreadable
}

func (a *app) lock(ctx context.Context, s siteFlags, host, format string, breaks, yes bool) error {
	dir, site, findings, err := a.loadSite(s.site)
	if err != nil {
		return err
	}
	if err := a.check(findings); err != nil {
		return err
	}
	hosts := []string{host}
	if host == "" {
		hosts = nil
		entries, findings := site.Hosts()
		if err := a.check(findings); err != nil {
			return err
		}
		for _, h := range entries {
			if len(h.Endpoints) > 0 {
				hosts = append(hosts, h.Name)
			}
		}
		if len(hosts) == 0 {
			return usage("say which host to ask with -H")
		}
	}
	w, err := a.openWorld(ctx, dir, site, hosts)
	if err != nil {
		return err
	}
	manifests := site.Manifests()
	if s.manifest != "" {
		manifests = []string{s.manifest}
	}
	return errors.Join(a.leases(ctx, w, site.SiteID(), manifests, s.manifest, hosts, format, breaks, yes), w.close())
}

func (a *app) leases(ctx context.Context, w *world, siteID string, manifests []string, one string, hosts []string, format string, breaks, yes bool) error {
	var rows []leaseRow
	var found []apply.LeaseOf
	for _, h := range hosts {
		list, err := apply.Leases(ctx, w.env, h, siteID, manifests)
		if err != nil {
			return err
		}
		for _, l := range list {
			if one != "" && l.Manifest != one {
				continue
			}
			found = append(found, l)
			row := leaseRow{Host: h, Manifest: l.Manifest, Pool: l.Pool, State: "unreadable"}
			if l.Known {
				row.Holder, row.Run, row.State = l.Claim.Holder, l.Claim.Run, "held"
				row.Expires = &l.Claim.Expires
				if l.Expired {
					row.State = "expired"
				}
			}
			rows = append(rows, row)
		}
	}
	switch {
	case breaks:
		return a.breakLeases(ctx, w, siteID, one, found, yes)
	case format == "json":
		return writeJSON(a.stdout, struct {
			Schema string     `json:"schema"`
			Leases []leaseRow `json:"leases"`
		}{lockSchema, append([]leaseRow{}, rows...)})
	case len(rows) == 0:
		fmt.Fprintln(a.stdout, "nobody holds a lease")
		return nil
	}
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "HOST\tMANIFEST\tHOLDER\tRUN\tSTATE")
	for _, r := range rows {
		state := r.State
		if r.Expires != nil {
			state += " " + r.Expires.Format(time.RFC3339)
		} else {
			state += ", pool " + r.Pool
		}
		manifest := r.Manifest
		if manifest == "" {
			manifest = "(another site's)"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", r.Host, manifest, r.Holder, r.Run, state)
	}
	return t.Flush()
}

func (a *app) breakLeases(ctx context.Context, w *world, siteID, manifest string, found []apply.LeaseOf, yes bool) error {
	if len(found) == 0 {
		d := codeNoLease.Errorf("nobody holds the lease of %s", manifest)
		d.Help = "see `homestak lock status`; there is nothing to break"
		return d
	}
	for _, l := range found {
		who := "somebody who left no readable claim"
		if l.Known {
			who = l.Claim.Holder + " (run " + l.Claim.Run + ")"
		}
		if !yes && w.lab == nil {
			ok, err := a.ask(ctx, fmt.Sprintf("take the lease of %s on %s away from %s? [y/N] ", manifest, l.Host, who))
			if err != nil {
				return err
			}
			if !ok {
				fmt.Fprintln(a.stderr, "nothing was done")
				return exit{code: exitError}
			}
		}
		if err := apply.BreakLease(ctx, w.env, siteID, l); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "%s: the lease of %s was taken away from %s\n", l.Host, manifest, who)
	}
	return nil
}
