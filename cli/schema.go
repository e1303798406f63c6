package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/schema/jsonschema"
)

func schemaCommand() command {
	return command{
		name: "schema", args: "KIND | --dir DIR", short: "JSON Schema of a kind of file, for editors",
		long: "KIND is one of " + strings.Join(jsonschema.Kinds(), ", ") + ".\n" + `
Prints the JSON Schema (draft 2020-12) of one kind of YAML file, made from the
tables that homestak itself reads files by. It is for editors that know YAML;
those that can start a language server get more from homestak lsp.

  homestak schema manifest > manifest.schema.json
  homestak schema --dir .schemas                 all of them: .schemas/KIND.json
  homestak schema --dir .schemas --names         and which specs, presets, … there are

A YAML language server uses it for files that begin with

  # yaml-language-server: $schema=../.schemas/manifest.json

With --names a reference has to be the name of something that this site or the
library has. Run it again when the site has a new spec, preset, posture, image or host.`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var s siteFlags
			var dir string
			var names bool
			f.StringVar(&dir, "dir", "", "write the schemas of all kinds to this `directory`")
			f.BoolVar(&names, "names", false, "references have to be names that the site has")
			s.declare(f)
			return func(_ context.Context, a *app, args []string) error {
				return a.schema(args, dir, names || s.site != "", s.site)
			}
		},
	}
}

func (a *app) schema(args []string, dir string, ofSite bool, site string) error {
	kinds := jsonschema.Kinds()
	if dir == "" && len(args) != 1 || dir != "" && len(args) != 0 {
		return usage("schema takes one kind of file (%s), or --dir for all of them", strings.Join(kinds, ", "))
	}
	var names jsonschema.Names
	if ofSite {
		var err error
		if names, err = a.siteNames(site); err != nil {
			return err
		}
	}
	if dir != "" {
		return a.writeSchemas(dir, names)
	}
	document, ok := jsonschema.In(args[0], names)
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

// siteNames are what a site and the library define. Whatever else is wrong
// with the site is for validate to say.
func (a *app) siteNames(flag string) (jsonschema.Names, error) {
	_, site, _, err := a.loadSite(flag)
	if err != nil {
		return nil, err
	}
	names := jsonschema.Names{}
	for _, kind := range []string{schema.KindSpec, schema.KindPreset, schema.KindPosture, schema.KindImage, schema.KindHost} {
		names[kind] = []string{}
		for _, d := range site.Definitions(kind) {
			if n := len(names[kind]); n == 0 || names[kind][n-1] != d.Name {
				names[kind] = append(names[kind], d.Name)
			}
		}
	}
	return names, nil
}

// writeSchemas writes a file per kind, and leaves alone what is as it should be.
func (a *app) writeSchemas(dir string, names jsonschema.Names) error {
	for _, kind := range jsonschema.Kinds() {
		document, _ := jsonschema.In(kind, names)
		name := filepath.Join(dir, kind+".json")
		if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, document) {
			continue
		}
		err := os.MkdirAll(dir, 0o755)
		if err == nil {
			err = os.WriteFile(name, document, 0o644)
		}
		if err != nil {
			d := codeNoWrite.Errorf("cannot write %s", name)
			d.Label, d.Help = cause(err).Error(), "name a directory that you may write to"
			return d
		}
		fmt.Fprintln(a.stdout, name)
	}
	return nil
}
