package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/lang/diag"
)

func explainCommand() command {
	return command{
		name: "explain", args: "[CODE]", short: "what a diagnostic code means and how to cure it",
		long: `
Every error and warning has a code such as HS0214. explain says what it means,
why it is an error, and what to do. Without a code it lists them all.`,
		setup: func(*pflag.FlagSet) func(context.Context, *app, []string) error { return explain },
	}
}

func explain(_ context.Context, a *app, args []string) error {
	if len(args) == 0 {
		for _, e := range diag.Entries() {
			fmt.Fprintf(a.stdout, "%s  %s\n", e.Code, e.Title)
		}
		return nil
	}
	if len(args) > 1 {
		return usage("explain takes one code")
	}
	code := diag.Code(strings.ToUpper(args[0]))
	e, ok := diag.Lookup(code)
	if !ok {
		var known []string
		for _, e := range diag.Entries() {
			known = append(known, string(e.Code))
		}
		hint := "`homestak explain` lists them"
		if s := diag.Suggest(string(code), known); s != "" {
			hint = "did you mean " + s + "?"
		}
		return usage("there is no code %q: %s", args[0], hint)
	}
	fmt.Fprintf(a.stdout, "%s: %s\n\n%s\n", e.Code, e.Title, strings.TrimSpace(e.Long))
	return nil
}
