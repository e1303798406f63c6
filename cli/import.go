package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/convert"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/format"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
)

const (
	codeNothingToImport diag.Code = "HS0978"
	codeImportExists    diag.Code = "HS0977"
)

func importCommand() command {
	return command{
		name: "import", args: "HOST [--select WHICH] [--write FILE]", short: "write a manifest of guests that are there already",
		long: `
Looks at the guests of a host and writes a manifest that declares them as they
are. It has what a person would write down (size, disk, network, tags); what a
manifest does not say of an adopted guest, homestak leaves alone. Guests that
are homestak's already, templates, and those of other sites are left out.
Nothing is written to the host.

The guests become homestak's when they are adopted, which writes marks into
their notes and tags and changes nothing else; import prints the command.

  homestak import father                              to look at
  homestak import father --select 'web-*' --write manifests/old.yaml
  homestak import father --select 101 --select 102 --write manifests/old.hcl
  homestak plan -M old --adopt web=101 -o adopt.bin   then: homestak apply adopt.bin`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var s siteFlags
			var which []string
			var out string
			s.declare(f)
			f.StringArrayVar(&which, "select", nil, "`which` guests: a vmid, or a pattern of names; repeatable; default: all")
			f.StringVar(&out, "write", "", "`file` to make, manifests/NAME.yaml or .hcl of the site; default: standard output")
			return func(ctx context.Context, a *app, args []string) error {
				if len(args) != 1 {
					return usage("import takes one host: lab, or a name from hosts/")
				}
				for _, p := range which {
					if _, err := path.Match(p, ""); err != nil {
						return usage("--select %q: a vmid, or a pattern such as web-*", p)
					}
				}
				return a.importGuests(ctx, s, args[0], which, out)
			}
		},
	}
}

var manifestFile = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?)\.(yaml|yml|hcl)$`)

func (a *app) importGuests(ctx context.Context, s siteFlags, host string, which []string, out string) error {
	dir, site, findings, err := a.loadSite(s.site)
	if err != nil {
		return err
	}
	if err := a.check(findings); err != nil {
		return err
	}
	manifest, syntax := "imported", "yaml"
	if out != "" {
		m := manifestFile.FindStringSubmatch(filepath.Base(out))
		if m == nil {
			return usage("--write %q: manifests/NAME.yaml or NAME.hcl; NAME is what the manifest is called", out)
		}
		manifest, syntax = m[1], m[3]
		if _, err := os.Lstat(out); !errors.Is(err, fs.ErrNotExist) {
			d := codeImportExists.Errorf("%s exists", out)
			d.Help = "name another file, or remove this one first"
			return d
		}
	}
	w, err := a.openWorld(ctx, dir, site, []string{host})
	if err != nil {
		return err
	}
	facts, err := apply.Survey(ctx, w.env, host)
	if err := errors.Join(err, w.close()); err != nil {
		return err
	}
	d, adopt, left := build.Import(facts, site.SiteID(), manifest, func(g *plan.GuestFacts) bool { return selects(which, g) })
	for _, why := range left {
		fmt.Fprintln(a.stderr, "left out: "+why)
	}
	if len(d.Nodes) == 0 {
		d := codeNothingToImport.Errorf("there is no guest on %s to import", host)
		d.Label = fmt.Sprintf("%d guests are on it, %d of them chosen and left out", len(facts.Guests), len(left))
		d.Help = "choose others with --select: a vmid, or a pattern of names"
		return d
	}
	text, bad := manifestText(compiler.Print(d), manifest, syntax)
	if err := a.check(bad); err != nil {
		return err
	}
	if out == "" {
		_, err := a.stdout.Write(text)
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	if err := writeFile(out, text); err != nil {
		return err
	}
	command := "homestak plan -M " + manifest
	for _, x := range adopt {
		command += fmt.Sprintf(" --adopt %s=%d", x.Addr.Name(), x.VMID)
	}
	fmt.Fprintf(a.stdout, "%s: %d nodes. Read it, then adopt the guests:\n  %s -o adopt.bin\n  homestak apply adopt.bin\n", out, len(d.Nodes), command)
	return nil
}

// selects reports whether one of the patterns takes a guest; none takes all.
func selects(which []string, g *plan.GuestFacts) bool {
	for _, p := range which {
		if p == strconv.FormatUint(uint64(g.VMID), 10) {
			return true
		}
		if ok, _ := path.Match(p, g.Name); ok {
			return true
		}
	}
	return len(which) == 0
}

// manifestText brings a manifest into canonical form, in either syntax.
func manifestText(text []byte, manifest, syntax string) ([]byte, diag.List) {
	f := source.NewFile("manifests/"+manifest+".yaml", text)
	if syntax != "hcl" {
		return format.Source(f)
	}
	parts, bad := convert.File(f, convert.Options{To: convert.HCL})
	var all []string
	for _, p := range parts {
		all = append(all, string(p.Text))
	}
	return []byte(strings.Join(all, "\n")), bad
}
