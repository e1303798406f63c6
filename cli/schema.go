package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema/jsonschema"
)

func schemaCommand() command {
	return command{
		name: "schema", args: strings.Join(jsonschema.Kinds(), "|"), short: "JSON Schema of a kind of file, for editors",
		long: `
Prints the JSON Schema (draft 2020-12) of one kind of YAML file, made from the
tables that homestak itself reads files by. What it cannot say, such as which
specs there are, validate does.

  homestak schema manifest > manifest.schema.json

An editor with a YAML language server uses it for files that begin with

  # yaml-language-server: $schema=../manifest.schema.json`,
		setup: func(*pflag.FlagSet) func(context.Context, *app, []string) error { return printSchema },
	}
}

func printSchema(_ context.Context, a *app, args []string) error {
	kinds := jsonschema.Kinds()
	if len(args) != 1 {
		return usage("schema takes one kind of file: %s", strings.Join(kinds, ", "))
	}
	document, ok := jsonschema.Of(args[0])
	if !ok {
		hint := strings.Join(kinds, ", ")
		if s := diag.Suggest(args[0], kinds); s != "" {
			hint = fmt.Sprintf("did you mean %s?", s)
		}
		return usage("there is no schema of %q: %s", args[0], hint)
	}
	_, err := a.stdout.Write(document)
	return err
}
