package cli

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/perm"
)

// permsSchema is the version of perms' JSON.
const permsSchema = "homestak.perms/1"

// permsFlags say for whom and for what the roles are.
type permsFlags struct {
	format, user, token, release string
	exact, why                   bool
}

func permsCommand() command {
	return command{
		name: "perms", args: "[PLAN] [--exact] [--release 9.2]", short: "the roles, token and permissions a plan needs",
		long: `
Prints the commands that give a token what the plan needs and nothing else: run
them as root on a node of the cluster. ` + "`homestak apply`" + ` checks the same table
before it writes anything. Without PLAN: what any plan can need.

Roles hold for all guests (/vms). With --exact they hold for the guests of the
plan alone; Proxmox VE forgets such a permission when it destroys the guest, so
they must be given again before the guest is made again.

  homestak perms plan.bin
  homestak perms plan.bin | ssh root@father sh
  homestak perms plan.bin --why         which step needs what
  homestak perms --release 8.4          before there is a plan, for Proxmox VE 8.4`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var o permsFlags
			f.StringVar(&o.format, "format", "text", "`text` or json")
			f.StringVar(&o.user, "user", "homestak@pve", "the `user` who gets the roles")
			f.StringVar(&o.token, "token", "driver", "the `name` of the token that is made for the user")
			f.StringVar(&o.release, "release", "", "`release` of Proxmox VE, 7.4 or later; default: the newest")
			f.BoolVar(&o.exact, "exact", false, "for the guests of the plan alone")
			f.BoolVar(&o.why, "why", false, "also say which step needs what")
			return func(_ context.Context, a *app, args []string) error {
				if len(args) > 1 {
					return usage("perms takes at most one plan file")
				}
				if err := o.valid(len(args) == 0); err != nil {
					return err
				}
				var p *plan.Plan
				if len(args) == 1 {
					var err error
					if p, err = a.readPlan(args[0]); err != nil {
						return err
					}
				}
				return a.perms(p, o)
			}
		},
	}
}

// What PVE takes as a user and as the name of a token; both go into commands.
var (
	userName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*@[A-Za-z][A-Za-z0-9._-]+$`)
	tokenName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]+$`)
)

func (o permsFlags) valid(always bool) error {
	switch {
	case o.format != "text" && o.format != "json":
		return notOneOf("--format", o.format, "text", "json")
	case !userName.MatchString(o.user):
		return usage("--user %q: NAME@REALM, as in homestak@pve", o.user)
	case !tokenName.MatchString(o.token):
		return usage("--token %q: a letter, then letters, digits, dots, dashes and underscores", o.token)
	case o.exact && always:
		return usage("--exact is about the guests of a plan: name one")
	}
	if r := perm.ParseRelease(o.release); o.release != "" && (r == perm.Release{} || !r.Supported()) {
		return usage("--release %q: 7.4 or later, as in 8.4", o.release)
	}
	return nil
}

// permsReport is what perms prints.
type permsReport struct {
	Schema   string       `json:"schema"`
	Digest   string       `json:"digest,omitempty"` // of the plan
	Manifest string       `json:"manifest,omitempty"`
	Release  string       `json:"release"`
	User     string       `json:"user"`
	Token    string       `json:"token"`
	Clusters []permsPlace `json:"clusters"`
	Inside   []string     `json:"inside,omitempty"` // hosts that are nodes: homestak makes a token there itself
}

// permsPlace is a cluster, or a host on its own: it has one list of users.
type permsPlace struct {
	Hosts    []string    `json:"hosts,omitempty"` // of the site
	Roles    []permsRole `json:"roles"`
	Needs    []permsNeed `json:"needs"`
	Commands []string    `json:"commands"`
}

type permsRole struct {
	Name       string     `json:"name"`
	Privileges []string   `json:"privileges"`
	ACL        []permsACL `json:"acl"`
}

type permsACL struct {
	Path      string `json:"path"`
	Propagate bool   `json:"propagate"`
}

type permsNeed struct {
	For string       `json:"for"`
	Any []permsGrant `json:"any"` // one of them is enough
}

type permsGrant struct {
	Path       string   `json:"path"`
	Privileges []string `json:"privileges"`
}

func (a *app) perms(p *plan.Plan, o permsFlags) error {
	r := permsReport{Schema: permsSchema, Release: cmp.Or(o.release, "newest"), User: o.user, Token: o.user + "!" + o.token}
	release := perm.ParseRelease(o.release)
	if p == nil {
		r.Clusters = []permsPlace{o.place(nil, perm.Everything(release), "homestak")}
	} else {
		r.Digest, r.Manifest = "sha256:"+p.Program.Digest(), p.Program.Manifest
		for _, hosts := range clustersOf(&p.Program) {
			var needs []perm.Need
			for _, h := range hosts {
				needs = append(needs, perm.Plan(&p.Program, h, perm.World{Release: func(string) perm.Release { return release }})...)
			}
			if len(needs) > 0 {
				r.Clusters = append(r.Clusters, o.place(hosts, needs, "hs-"+p.Program.Manifest))
			}
		}
	}
	if p != nil {
		for _, h := range p.Program.Hosts {
			if h.Parent != "" {
				r.Inside = append(r.Inside, h.Name)
			}
		}
	}
	if o.format == "json" {
		return writeJSON(a.stdout, r)
	}
	a.printPerms(r, o.why)
	return nil
}

// clustersOf groups the plan's site hosts by cluster. Hosts that are nodes are
// driven with a token that homestak makes there itself.
func clustersOf(p *plan.Program) [][]string {
	var order []string
	members := map[string][]string{}
	for _, h := range p.Hosts {
		if h.Parent != "" {
			continue
		}
		key := cmp.Or(h.Cluster, h.Name)
		if !slices.Contains(order, key) {
			order = append(order, key)
		}
		members[key] = append(members[key], h.Name)
	}
	var out [][]string
	for _, key := range order {
		out = append(out, members[key])
	}
	return out
}

func (o permsFlags) place(hosts []string, needs []perm.Need, prefix string) permsPlace {
	if !o.exact {
		needs = perm.Widen(needs)
	}
	roles := perm.Roles(perm.Least(needs), prefix)
	at := permsPlace{Hosts: hosts, Commands: perm.Commands(roles, o.user, o.token)}
	for _, r := range roles {
		role := permsRole{Name: r.Name, Privileges: r.Privs}
		for _, acl := range r.At {
			role.ACL = append(role.ACL, permsACL(acl))
		}
		at.Roles = append(at.Roles, role)
	}
	for _, n := range needs {
		need := permsNeed{For: n.For}
		for _, g := range n.Any {
			need.Any = append(need.Any, permsGrant{Path: g.Path, Privileges: g.Privs})
		}
		at.Needs = append(at.Needs, need)
	}
	return at
}

// printPerms prints a script: what is not a command is a comment.
func (a *app) printPerms(r permsReport, why bool) {
	p := func(format string, args ...any) { fmt.Fprintf(a.stdout, format+"\n", args...) }
	if r.Digest != "" {
		p("# what plan %s of %s needs on Proxmox VE (%s)", r.Digest, r.Manifest, r.Release)
	} else {
		p("# what any plan can need on Proxmox VE (%s)", r.Release)
	}
	if len(r.Clusters) == 0 {
		p("# nothing: it has no steps")
		return
	}
	p("# run as root on a node of the cluster; a role that is there already: role modify instead of role add")
	for _, c := range r.Clusters {
		p("")
		if len(c.Hosts) > 0 {
			p("# on %s", strings.Join(c.Hosts, ", "))
		}
		for _, line := range c.Commands {
			p("%s", line)
		}
		if why {
			a.printWhy(c)
		}
	}
	p("")
	if len(r.Inside) > 0 {
		p("# not on %s: there homestak makes a token itself, over SSH", join(r.Inside, 8))
	}
	p("# the token's value is shown once: keep it in secrets.yaml, api_tokens: {HOST: %s=VALUE}", r.Token)
}

// printWhy says what each privilege is for, once for each place it is needed at.
func (a *app) printWhy(c permsPlace) {
	type line struct {
		what string
		whys []string
	}
	var lines []*line
	find := func(what string) *line {
		for _, l := range lines {
			if l.what == what {
				return l
			}
		}
		lines = append(lines, &line{what: what})
		return lines[len(lines)-1]
	}
	for _, n := range c.Needs {
		if n.For == "" {
			continue
		}
		var parts []string
		for _, g := range n.Any {
			parts = append(parts, strings.Join(g.Privileges, ",")+" at "+g.Path)
		}
		l := find(strings.Join(parts, " or "))
		if !slices.Contains(l.whys, n.For) {
			l.whys = append(l.whys, n.For)
		}
	}
	fmt.Fprintln(a.stdout, "#")
	for _, l := range lines {
		fmt.Fprintf(a.stdout, "# %s: %s\n", l.what, join(l.whys, 4))
	}
}
