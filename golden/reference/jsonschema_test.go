package reference_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/langtest"
	"github.com/homestak/homestak/lang/schema/jsonschema"
)

// Every file of upstream's current site, and its hosts of before, is valid by
// the JSON Schema of its kind; upstream's schema v1 is not.
func TestJSONSchemaOfUpstreamFiles(t *testing.T) {
	dir := folder(t, "upstream's files against the JSON Schemas")
	if dir == "" {
		return
	}
	for _, c := range []struct {
		kind, glob string
		least      int
		valid      bool
	}{
		{"manifest", "site-config/manifests/*.yaml", 5, true},
		{"spec", "site-config/specs/*.yaml", 2, true},
		{"posture", "site-config/postures/*.yaml", 4, true},
		{"preset", "site-config/presets/*.yaml", 5, true},
		{"site", "site-config/site.yaml.example", 1, true},
		{"secrets", "site-config/secrets.yaml.example", 1, true},
		{"host", "site-config-history/*/nodes/*.yaml", 1, true},
		{"preset", "site-config-history/*/vms/presets/*.yaml", 5, true},
		{"manifest", "site-config-history/*/manifests/*.yaml", 2, false},
		{"manifest", "v1-samples/*.yaml", 5, false},
	} {
		files, err := filepath.Glob(filepath.Join(dir, c.glob))
		if err != nil || len(files) < c.least {
			t.Errorf("%s: %d files, %v", c.glob, len(files), err)
		}
		schema := schemaOf(t, c.kind)
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			err = schema.Validate(langtest.Plain(t, "file.yaml", data, lang.ParseText))
			if c.valid != (err == nil) {
				t.Errorf("%s: valid %v, want %v: %v", filepath.Base(file), err == nil, c.valid, err)
			}
		}
	}
}

// The manifests of the document are valid, but for the one of schema v1.
func TestJSONSchemaOfTheDocument(t *testing.T) {
	dir := folder(t, "the document's manifests against the JSON Schema")
	if dir == "" {
		return
	}
	schema := schemaOf(t, "manifest")
	for _, f := range fragments(t, dir) {
		err := schema.Validate(langtest.Plain(t, "file.yaml", []byte(f.complete("m")), lang.Parse))
		if valid := !strings.Contains(f.text, "levels:"); valid != (err == nil) {
			t.Errorf("%s: valid %v, want %v: %v", f.title, err == nil, valid, err)
		}
	}
}

func schemaOf(t *testing.T, kind string) *validator.Schema {
	t.Helper()
	text, _ := jsonschema.Of(kind)
	doc, err := validator.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := validator.NewCompiler()
	if err := compiler.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}
