package cli

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/plan/diff"
)

func diffCommand() command {
	return command{
		name: "diff", args: "OLD NEW [--format text|json]", short: "what a second plan does differently, and if it is riskier",
		long: `
Compares two plan files by what their steps do to whom, not by position: new,
gone, changed, and the same effect in another order. Exit 0 when both are the
same program, 2 when they differ, 3 when the second is riskier.`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var format string
			f.StringVar(&format, "format", "text", "`text` or json")
			return func(_ context.Context, a *app, args []string) error {
				if len(args) != 2 {
					return usage("diff takes two plan files")
				}
				if format != "text" && format != "json" {
					return notOneOf("--format", format, "text", "json")
				}
				return a.diff(args[0], args[1], format)
			}
		},
	}
}

func (a *app) diff(from, to, format string) error {
	x, err := a.readPlan(from)
	if err != nil {
		return err
	}
	y, err := a.readPlan(to)
	if err != nil {
		return err
	}
	r := diff.Plans(&x.Program, &y.Program)
	if format == "json" {
		if err := writeJSON(a.stdout, r); err != nil {
			return err
		}
	} else {
		a.printDiff(r)
	}
	switch {
	case r.Same():
		return nil
	case r.Riskier():
		return exit{code: exitDestroys}
	default:
		return exit{code: exitChanges}
	}
}

func (a *app) printDiff(r diff.Report) {
	if r.Same() {
		fmt.Fprintf(a.stdout, "the same program, digest %s\n", r.From)
		return
	}
	mark := map[diff.Kind]string{diff.New: "+", diff.Gone: "-", diff.Changed: "~", diff.Reordered: "="}
	for _, e := range r.Entries {
		risk := ""
		if e.Riskier {
			risk = "  RISKIER"
		}
		fmt.Fprintf(a.stdout, "%s %s %s%s\n", mark[e.Kind], e.What, e.Subject, risk)
		for _, d := range e.Details {
			fmt.Fprintf(a.stdout, "    %s\n", d)
		}
	}
	fmt.Fprintf(a.stdout, "\nfrom %s\nto   %s\n", r.From, r.To)
}
