package cli

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/lang/diag"
)

func validateCommand() command {
	return command{
		name: "validate", args: "[-M NAME] [--format text|json]", short: "check a manifest, or the whole site",
		long: `
Compiles one manifest, or with no -M every file of the site, and reports every
mistake at once, each with its place, a code and what to do. Nothing is
contacted. Exit 0 when there is no error, 1 when there is.

  homestak validate                      everything
  homestak validate -M n2-push           one manifest and what it uses
  homestak validate --format json        one JSON object a line, for tools`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var s siteFlags
			var format string
			s.declareManifest(f)
			f.StringVar(&format, "format", "text", "`text` or json")
			return func(_ context.Context, a *app, args []string) error {
				if len(args) > 0 {
					return usage("validate takes no arguments, only -M NAME")
				}
				return a.validate(s, format)
			}
		},
	}
}

func (a *app) validate(s siteFlags, format string) error {
	if format != "text" && format != "json" {
		return usage("--format %q: text or json", format)
	}
	_, site, findings, err := a.loadSite(s.site)
	if err != nil {
		return err
	}
	what := "site"
	if s.manifest != "" {
		what = s.manifest
		_, more := compiler.Compile(site, compiler.Options{Manifest: s.manifest, Mode: s.mode, Vars: s.vars})
		findings = append(findings, more...)
	} else {
		findings = append(findings, site.Check()...)
	}
	findings.Sort()
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
		fmt.Fprintf(a.stdout, "%s is valid\n", what)
	}
	return nil
}
