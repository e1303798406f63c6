package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/manual"
)

func docCommand() command {
	return command{
		name: "doc", args: "[BLOCK[.FIELD]|FUNCTION]", short: "the language: blocks, fields and functions",
		long: `
Says what a block holds, what a field takes and means, or what a function does,
in both syntaxes. Without an argument it lists all of them.

  homestak doc node              a block with its fields
  homestak doc node.memory       one field
  homestak doc network           everything of this name
  homestak doc cidrhost          a function
  homestak doc selectors         what --only and --skip take; also sizes, durations, windows`,
		setup: func(*pflag.FlagSet) func(context.Context, *app, []string) error { return printManual },
	}
}

func printManual(_ context.Context, a *app, args []string) error {
	if len(args) > 1 {
		return usage("doc takes one name, as in node.memory")
	}
	topics := manual.Topics()
	if len(args) == 0 {
		_, err := fmt.Fprintln(a.stdout, strings.Join(topics, "\n"))
		return err
	}
	text, ok := manual.Topic(args[0])
	if !ok {
		hint := "`homestak doc` lists what there is"
		if s := suggestTopic(args[0], topics); s != "" {
			hint = fmt.Sprintf("did you mean `homestak doc %s`?", s)
		}
		return usage("the language has no %q: %s", args[0], hint)
	}
	_, err := fmt.Fprint(a.stdout, text)
	return err
}

// suggestTopic tries whole paths first, then their last parts.
func suggestTopic(name string, topics []string) string {
	if s := diag.Suggest(name, topics); s != "" {
		return s
	}
	last := make([]string, len(topics))
	for i, t := range topics {
		last[i] = t[strings.LastIndexByte(t, '.')+1:]
	}
	return diag.Suggest(name[strings.LastIndexByte(name, '.')+1:], last)
}
