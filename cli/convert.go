package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/compiler/convert"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

const codeConvertFile diag.Code = "HS0997"

func convertCommand() command {
	return command{
		name: "convert", args: "FILE [--to yaml|hcl] [--evaluate|--expressions] [-o FILE|DIR/]", short: "YAML ⇄ HCL, and schema v1 to v2",
		long: `
Prints a manifest, spec, preset, posture, image or host in the other syntax, in
canonical form. Order and comments stay, and so does what it means: the result is
read again and compared. A parent in YAML is the block around its children in HCL;
names of specs, presets and images become references there.

  homestak convert manifests/n1.yaml                   print it in HCL
  homestak convert specs.hcl -o ./                     one YAML file per definition
  homestak convert old/manifests/n2.yaml               schema v1 to v2
  homestak convert old/manifests/n2.yaml --to hcl      and that in HCL
  homestak convert farm.hcl --evaluate --var n=3       the data that it makes
  homestak convert farm.hcl --expressions              YAML with ${…} in it

YAML is data unless it says otherwise. Of HCL, each variable, local and expression
is reported with its place, and nothing is written, unless one of two is asked for:
--evaluate prints what they make, every node of count, for_each and modules written
out, with the comments that are still about something; --expressions keeps them, in
a file with "expressions: true". Of schema v1 it takes
manifests with levels, envs/, vms/, vms/presets/, nodes of v2/nodes and flat
postures; what today's schema has no place for is told on stderr. The old site is
the nearest directory with envs/ or vms/ in it, from FILE's up, or what --site
names. No file is overwritten.`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var to, out string
			var evaluate, expressions bool
			var s siteFlags
			f.StringVar(&to, "to", "", "`yaml` or hcl; by default the other one, and yaml for schema v1")
			f.StringVarP(&out, "output", "o", "", "write to `FILE`, or with a name that ends in / below that directory")
			f.BoolVar(&evaluate, "evaluate", false, "print the data that a file with expressions, for_each or modules makes")
			f.BoolVar(&expressions, "expressions", false, "keep variables and expressions, in YAML too")
			s.declareVariables(f)
			f.StringVar(&s.site, "site", "", "`directory` of the site: of schema v1 with its envs/ and vms/, or with --evaluate that of the file")
			return func(_ context.Context, a *app, args []string) error {
				switch {
				case len(args) != 1:
					return usage("convert takes one file")
				case to != "" && to != string(convert.YAML) && to != string(convert.HCL):
					return usage("--to %q: yaml or hcl", to)
				case evaluate && expressions:
					return usage("--evaluate leaves no expressions: use one of the two")
				case !evaluate && s.given():
					return usage("--var and --var-file go with --evaluate")
				}
				o := convert.Options{To: convert.Syntax(to), Evaluate: evaluate, Expressions: expressions}
				var err error
				if o.Values, err = s.options(); err != nil {
					return err
				}
				return a.convert(args[0], o, s.site, out)
			}
		},
	}
}

func (a *app) convert(name string, o convert.Options, site, out string) error {
	data, _, err := readRegular(name)
	if err != nil {
		return convertFinding(name, "read", err)
	}
	// A file that makes much of few bytes waits for its garbage to be collected,
	// and does not take memory from others.
	defer collectAt(max(440<<20, int64(len(data))*170), 100)()
	f := source.NewFile(filepath.ToSlash(name), data)
	if o.Evaluate {
		var below string
		if o.Site, below, err = a.siteWith(name, site); err != nil {
			return err
		}
		f = source.NewFile(below, data)
	} else if o.Site, err = oldSite(name, site); err != nil {
		return convertFinding(site, "read", err)
	} else if absolute, err := filepath.Abs(name); err == nil && filepath.Base(filepath.Dir(absolute)) != filepath.Base(filepath.Dir(name)) {
		f = source.NewFile(filepath.ToSlash(absolute), data) // its directory says what it defines
	}
	f.Secret = filepath.Base(name) == "secrets.yaml"
	parts, found := convert.File(f, o)
	if err := a.check(found); err != nil {
		return err
	}
	if out != "" && os.IsPathSeparator(out[len(out)-1]) {
		for _, p := range parts {
			if err := writeConverted(filepath.Join(out, filepath.FromSlash(p.Name)), p.Text); err != nil {
				return err
			}
		}
		return nil
	}
	if len(parts) > 1 {
		return usage("%s has %d definitions, and YAML files have one each: use -o DIR/", name, len(parts))
	}
	if out != "" {
		return writeConverted(out, parts[0].Text)
	}
	_, err = a.stdout.Write(parts[0].Text)
	return err
}

// siteWith is the site that a file is of, and the file's name in it: the named
// one, the nearest above it, or the file's own directory.
func (a *app) siteWith(name, site string) (fs.FS, string, error) {
	absolute, err := filepath.Abs(name)
	if err != nil {
		return nil, "", convertFinding(name, "read", err)
	}
	dir, inSite := siteAbove(filepath.Dir(absolute))
	switch {
	case site != "":
		if dir, err = filepath.Abs(site); err != nil {
			return nil, "", convertFinding(site, "read", err)
		}
	case !inSite:
		dir = filepath.Dir(absolute)
	}
	below, err := filepath.Rel(dir, absolute)
	if err != nil || !filepath.IsLocal(below) {
		return nil, "", convertFinding(name, "evaluate", errors.New("it is not in the site "+dir))
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, "", convertFinding(dir, "read", err)
	}
	return root.FS(), filepath.ToSlash(below), nil
}

// writeConverted makes a file where there is none: converting overwrites nothing.
func writeConverted(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return convertFinding(name, "write", err)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return convertFinding(name, "write", err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return convertFinding(name, "write", err)
	}
	return nil
}

// oldSite is the directory a file of schema v1 belongs to: the named one, or
// the nearest with envs/ or vms/ in it, at most three up.
func oldSite(name, site string) (fs.FS, error) {
	if site != "" {
		root, err := os.OpenRoot(site)
		if err != nil {
			return nil, err
		}
		return root.FS(), nil
	}
	dir, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	for range 3 {
		for _, part := range []string{"envs", "vms"} {
			if info, err := os.Stat(filepath.Join(dir, part)); err == nil && info.IsDir() {
				return oldSite(name, dir)
			}
		}
		dir = filepath.Dir(dir)
	}
	return nil, nil
}

func convertFinding(name, doing string, err error) error {
	d := codeConvertFile.Errorf("cannot %s %s", doing, name)
	d.Label, d.Help = cause(err).Error(), "check the name and its permissions"
	if errors.Is(err, fs.ErrExist) {
		d.Help = "convert overwrites nothing: remove the file, or name another"
	}
	return diag.List{d}
}
