package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// maxExpression bounds an expression from stdin, in bytes.
const maxExpression = 1 << 20

func evalCommand() command {
	return command{
		name: "eval", args: "EXPR [-M NAME]", short: "the value of an expression",
		long: `
Evaluates an expression and prints its value as it would be written in HCL. With
-M it sees the variables and locals of the manifest's file, which is compiled no
further. What is made of a sensitive variable is shown as (sensitive). Nothing is
contacted. EXPR is "-" to read it from stdin.

  homestak eval 'cidrhost("10.0.9.0/24", 20)'
  homestak eval local.domain -M site --var zone=dev
  homestak eval '[for n in range(3) : "web-${n}"]' --json`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var s siteFlags
			f.StringVarP(&s.manifest, "manifest", "M", "", "`name` of the manifest whose variables and locals are seen")
			s.declareVariables(f)
			s.declare(f)
			asJSON := f.Bool("json", false, "print the value as JSON")
			return func(_ context.Context, a *app, args []string) error {
				switch {
				case len(args) != 1:
					return usage("eval takes one expression: put it into quotes")
				case s.manifest == "" && s.given():
					return usage("--var and --var-file go with the name of a manifest: -M NAME")
				}
				return a.eval(s, args[0], *asJSON)
			}
		},
	}
}

func (a *app) eval(s siteFlags, text string, asJSON bool) error {
	f := source.NewFile("EXPR", []byte(text))
	if text == "-" {
		input, err := io.ReadAll(io.LimitReader(a.stdin, maxExpression+1))
		if err != nil {
			return err
		}
		f = source.NewFile("stdin", input)
	}
	if len(f.Text) > maxExpression {
		return usage("an expression has at most 1 MiB")
	}
	o, err := s.options()
	if err != nil {
		return err
	}
	var site *compiler.Site
	var findings diag.List
	if s.manifest != "" {
		if _, site, findings, err = a.loadSite(s.site); err != nil {
			return err
		}
	}
	v, more := compiler.Eval(site, o, f)
	findings = append(findings, more...)
	findings.Sort()
	if err := a.check(findings); err != nil {
		return err
	}
	out := v.HCL()
	if asJSON {
		out = v.JSON()
	}
	_, err = fmt.Fprintln(a.stdout, out)
	return err
}
