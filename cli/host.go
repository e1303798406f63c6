package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/compiler"
)

func hostCommand() command {
	return command{
		name: "host", args: "list | trust NAME [URL] | check [NAME…]", short: "the site's Proxmox VE hosts: pin their certificates, try them",
		long: `
  homestak host list                  the hosts of the site; nobody is asked
  homestak host trust father          pin the certificate father shows
  homestak host trust father https://192.0.2.10:8006
                                      the same for a host the site does not have yet
  homestak host check                 try every host as a plan would; nothing is written

trust connects to every endpoint of the entry, sends nothing, shows the
certificates, and writes their fingerprints into the entry once somebody has said
that they are right: at the prompt, by --expect with what ` + "`pvenode cert info`" + `
prints on the host, or by --yes for whoever answers first. A certificate that is
pinned already is replaced with --replace only.

check says for each endpoint whether the certificate is the pinned one, whether
the token (or user) is accepted and what it may do, and whether node, storages
and bridges are as the entry says. Exit 1 when something is wrong.`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var o hostFlags
			f.StringSliceVar(&o.expect, "expect", nil, "trust: `fingerprint` the certificate must have; repeatable, one for each endpoint")
			f.BoolVar(&o.yes, "yes", false, "trust: pin what is shown without asking")
			f.BoolVar(&o.replace, "replace", false, "trust: replace what is pinned already")
			f.StringVar(&o.format, "format", "text", "list, check: `format`: text, json")
			o.site.declare(f)
			return func(ctx context.Context, a *app, args []string) error {
				if o.format != "text" && o.format != "json" {
					return notOneOf("--format", o.format, "text", "json")
				}
				if len(args) == 0 {
					return usage("host is list, trust or check")
				}
				switch verb, rest := args[0], args[1:]; verb {
				case "list":
					if len(rest) > 0 {
						return usage("host list takes no arguments")
					}
					return a.hostList(o)
				case "trust":
					if len(rest) < 1 || len(rest) > 2 {
						return usage("host trust takes the name of a host, and its URL where the site does not have it yet")
					}
					return a.hostTrust(ctx, o, rest)
				case "check":
					return a.hostCheck(ctx, o, rest)
				default:
					return notOneOf("host", verb, "list", "trust", "check")
				}
			}
		},
	}
}

type hostFlags struct {
	site         siteFlags
	expect       []string
	yes, replace bool
	format       string
}

// siteHosts reads the entries of the site's hosts.
func (a *app) siteHosts(o hostFlags) (dir string, site *compiler.Site, entries []compiler.Host, err error) {
	dir, site, findings, err := a.loadSite(o.site.site)
	if err != nil {
		return "", nil, nil, err
	}
	entries, more := site.Hosts()
	findings = append(findings, more...)
	findings.Sort()
	return dir, site, entries, a.check(findings)
}

// hostLine is a host of the site as `host list` shows it.
type hostLine struct {
	Name        string   `json:"name"`
	Node        string   `json:"node"`
	Endpoints   []string `json:"endpoints"`
	Pinned      string   `json:"pinned"`
	Credentials string   `json:"credentials"` // the secret's name; its value is read by nobody
	File        string   `json:"file"`
}

func (a *app) hostList(o hostFlags) error {
	_, site, entries, err := a.siteHosts(o)
	if err != nil {
		return err
	}
	lines := []hostLine{}
	for _, h := range entries {
		l := hostLine{Name: h.Name, Node: h.Node, Endpoints: h.Endpoints, Pinned: h.Fingerprint, Credentials: h.TokenName}
		if l.Endpoints == nil {
			l.Endpoints = []string{}
		}
		if h.Range.File != nil {
			l.File = h.Range.File.Name
		}
		if h.CA != "" {
			l.Pinned = strings.TrimPrefix(l.Pinned+","+h.CA, ",")
		}
		if h.User != "" {
			l.Credentials = h.PasswordName
		}
		if !slices.Contains(site.SecretNames(), l.Credentials) {
			l.Credentials = ""
		}
		lines = append(lines, l)
	}
	if o.format == "json" {
		return writeJSON(a.stdout, lines)
	}
	if len(lines) == 0 {
		fmt.Fprintln(a.stdout, "the site has no host; `homestak host trust NAME https://ADDRESS:8006` makes an entry")
		return nil
	}
	w := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "HOST\tENDPOINT\tCERTIFICATE\tCREDENTIALS")
	for _, l := range lines {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", l.Name, cmp.Or(strings.Join(l.Endpoints, " "), "none"), pinnedShort(l.Pinned), cmp.Or(l.Credentials, "none"))
	}
	return w.Flush()
}

// fullPrint is the length of a SHA-256 fingerprint as PVE prints it.
const fullPrint = 32*3 - 1

// pinnedShort is enough of a pin to tell it from another.
func pinnedShort(pins string) string {
	if pins == "" {
		return "not pinned"
	}
	parts := strings.Split(pins, ",")
	for i, p := range parts {
		if len(p) == fullPrint {
			parts[i] = p[:fullPrint/4] + ":…"
		}
	}
	return strings.Join(parts, " ")
}

// hostNamed finds an entry; the error names those there are.
func hostNamed(name string, entries []compiler.Host) (*compiler.Host, error) {
	if i := slices.IndexFunc(entries, func(h compiler.Host) bool { return h.Name == name }); i >= 0 {
		return &entries[i], nil
	}
	return nil, unknownHost(name, entries)
}
