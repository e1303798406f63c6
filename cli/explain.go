package cli

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/diag/example"
)

func explainCommand() command {
	return command{
		name: "explain", args: "[CODE]", short: "what a diagnostic code means and how to cure it",
		long: `
Every error and warning has a code such as HS0214. explain says what it means,
why it is an error, and what to do; for codes of the language it shows the
smallest input that is wrong in this way and the corrected one, in each syntax
that can say it. Without a code it lists them all.`,
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
	fmt.Fprintf(a.stdout, "%s: %s\n\n%s", e.Code, e.Title, explanation(e))
	return nil
}

// explanation is what a code means, and its example if it has one.
func explanation(e diag.Entry) string {
	text := wrap(e.Long) + "\n"
	if shown, ok := example.Of(e.Code); ok {
		text += "\n" + shown.Text()
	}
	return text
}

// wrap fills the lines of one paragraph.
func wrap(text string) string {
	const width = 96
	var b strings.Builder
	used := 0
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i > 0 && used+1+n > width:
			b.WriteByte('\n')
			used = 0
		case i > 0:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += n
	}
	return b.String()
}
