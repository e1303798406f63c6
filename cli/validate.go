package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

func validateCommand() command {
	return command{
		name: "validate", args: "[-M NAME] [--fix] [--format text|json]", short: "check a manifest, or the whole site",
		long: `
Compiles one manifest, or with no -M every file of the site, and reports every
mistake at once, each with its place, a code and what to do. Nothing is
contacted. Exit 0 when there is no error, 1 when there is.

  homestak validate                      everything
  homestak validate -M n2-push           one manifest and what it uses
  homestak validate --fix                cure what has one certain cure
  homestak validate --format json        one JSON object a line, for tools`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var s siteFlags
			var format string
			var fix bool
			s.declareManifest(f)
			f.StringVar(&format, "format", "text", "`text` or json")
			f.BoolVar(&fix, "fix", false, "make the changes that certainly cure a finding, then validate again")
			return func(_ context.Context, a *app, args []string) error {
				switch {
				case len(args) > 0:
					return usage("validate takes no arguments, only -M NAME")
				case s.manifest == "" && (f.Changed("manifest") || s.mode != "" || len(s.vars) > 0):
					return usage("--mode and --var go with the name of a manifest: -M NAME")
				case format != "text" && format != "json":
					return usage("--format %q: text or json", format)
				}
				if fix {
					if err := a.fix(s); err != nil {
						return err
					}
				}
				return a.validate(s, format)
			}
		},
	}
}

func (a *app) validate(s siteFlags, format string) error {
	_, findings, err := a.examine(s)
	if err != nil {
		return err
	}
	if format == "json" {
		if err := diag.JSON(a.stdout, findings); err != nil {
			return err
		}
	} else {
		a.findings(findings)
	}
	if findings.HasErrors() {
		return exit{code: exitError}
	}
	if format == "text" {
		what := s.manifest
		if what == "" {
			what = "site"
		}
		fmt.Fprintf(a.stdout, "%s is valid\n", what)
	}
	return nil
}

// examine compiles one manifest, or everything, and returns all findings.
func (a *app) examine(s siteFlags) (dir string, findings diag.List, err error) {
	dir, site, findings, err := a.loadSite(s.site)
	if err != nil {
		return "", nil, err
	}
	if s.manifest != "" {
		_, more := compiler.Compile(site, compiler.Options{Manifest: s.manifest, Mode: s.mode, Vars: s.vars})
		findings = append(findings, more...)
	} else {
		findings = append(findings, site.Check()...)
	}
	findings.Sort()
	return dir, findings, nil
}

// fix applies the fixes of all findings, file by file. A cured mistake may have
// hidden another one, so it goes on while something changes, a few times.
func (a *app) fix(s siteFlags) error {
	const rounds = 5
	total := 0
	for range rounds {
		dir, findings, err := a.examine(s)
		if err != nil {
			return err
		}
		fixed := diag.Apply(findings)
		if len(fixed) == 0 {
			break
		}
		for _, f := range fixed {
			if err := rewrite(dir, f.File, f.Text); err != nil {
				return err
			}
			total += f.Edits
		}
	}
	fmt.Fprintf(a.stderr, "%s\n", changed(total))
	return nil
}

func changed(n int) string {
	switch n {
	case 0:
		return "nothing to fix"
	case 1:
		return "1 change made"
	}
	return fmt.Sprintf("%d changes made", n)
}

// rewrite replaces a file of the site, unless it is no longer what was read.
func rewrite(dir string, f *source.File, text []byte) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	now, err := root.ReadFile(f.Name)
	if err == nil && !bytes.Equal(now, f.Text) {
		err = errors.New("it was changed meanwhile")
	}
	var info os.FileInfo
	if err == nil {
		info, err = root.Stat(f.Name)
	}
	if err == nil {
		tmp := f.Name + ".homestak-fix"
		if err = root.WriteFile(tmp, text, info.Mode().Perm()); err == nil {
			err = root.Rename(tmp, f.Name)
		}
	}
	if err == nil {
		return nil
	}
	d := codeNoWrite.Errorf("cannot write %s", f.Name)
	d.Label, d.Help = cause(err).Error(), "see who else writes to it, then try again"
	return d
}
