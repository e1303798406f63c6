package compiler_test

import (
	"strings"
	"testing"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
)

// compiled is the manifest m of a site in which some files are others.
func compiled(t *testing.T, o compiler.Options, files map[string]string) (*ir.Deployment, diag.List) {
	t.Helper()
	fsys := siteWith("node.tags", "[a]", "")
	for name, text := range files {
		fsys[name] = siteWith("node.tags", "[a]", "")["site.yaml"]
		c := *fsys[name]
		c.Data = []byte(text)
		fsys[name] = &c
	}
	site, list := compiler.Load(fsys)
	o.Manifest = "m"
	d, more := compiler.Compile(site, o)
	return d, append(list, more...)
}

// Every kind of file has variables and locals, and what they hold is in the
// deployment.
func TestScopeReachesTheDeployment(t *testing.T) {
	const node = "nodes: [{name: a, spec: tried, preset: tried, image: tried}]\n"
	for kind, c := range map[string]struct{ file, text string }{
		"manifest": {"manifests/m.yaml", "schema_version: 2\ndescription: n ${local.n}\n" + node},
		"spec":     {"specs/tried.yaml", "schema_version: 1\nidentity: {hostname: 'n${local.n}'}\n"},
		"posture":  {"postures/tried.yaml", "ssh:\n  port: ${local.n}\n"},
		"preset":   {"presets/tried.yaml", "cores: ${local.n}\nmemory: 1024\ndisk: 20\n"},
		"image":    {"images/tried.yaml", "source: builtin:debian-12\nos: 'debian-${local.n}'\n"},
	} {
		if schema.Of(kind) == nil {
			t.Fatal(kind)
		}
		var digests []string
		for _, number := range []string{"3", "4"} {
			files := map[string]string{
				"manifests/m.yaml": "schema_version: 2\n" + node,
				"specs/tried.yaml": "schema_version: 1\naccess: {posture: tried}\n",
			}
			files[c.file] = "expressions: true\nvariables:\n  n: {type: number, default: " + number + "}\nlocals: {n: '${var.n}'}\n" + c.text
			d, list := compiled(t, compiler.Options{}, files)
			if list.HasErrors() {
				t.Errorf("%s: %v", kind, list)
				continue
			}
			digests = append(digests, d.Digest())
		}
		if len(digests) == 2 && digests[0] == digests[1] {
			t.Errorf("the variables of a %s change nothing", kind)
		}
	}
}

// Each field of a variable makes a difference, and the same one in both
// syntaxes.
func TestFieldsOfVariables(t *testing.T) {
	for _, c := range []struct {
		field, yaml, hcl string
		vars             map[string]string
		want             string // the description, or a code
	}{
		{field: "default", yaml: "{default: x}", hcl: `default = "x"`, want: "x"},
		{field: "type", yaml: "{type: string, default: '007'}", hcl: `type = string
default = "007"`, want: "007"},
		{field: "type", yaml: "{type: number, default: '007'}", hcl: `type = number
default = "007"`, want: "7"},
		{field: "nullable", yaml: "{default: x, nullable: true}", hcl: "default = \"x\"\nnullable = true", vars: map[string]string{"file": "v: null\n"}, want: "HS0159"},
		{field: "nullable", yaml: "{default: x, nullable: false}", hcl: "default = \"x\"\nnullable = false", vars: map[string]string{"file": "v: null\n"}, want: "x"},
		{field: "nullable", yaml: "{default: null, nullable: false}", hcl: "default = null\nnullable = false", want: "HS0223"},
		{field: "sensitive", yaml: "{default: x, sensitive: true}", hcl: "default = \"x\"\nsensitive = true", want: "HS0281"},
		{field: "sensitive", yaml: "{default: x, sensitive: false}", hcl: "default = \"x\"\nsensitive = false", want: "x"},
		{field: "validation", yaml: "{default: x, validation: [{condition: '${length(var.v) > 1}', error_message: too short}]}",
			hcl: "default = \"x\"\nvalidation {\n condition = length(var.v) > 1\n error_message = \"too short\"\n}", want: "HS0282"},
		{field: "validation", yaml: "{default: x, validation: [{condition: '${length(var.v) > 1}', error_message: too short}]}",
			hcl: "default = \"x\"\nvalidation {\n condition = length(var.v) > 1\n error_message = \"too short\"\n}", vars: map[string]string{"v": "xy"}, want: "xy"},
	} {
		yaml := "schema_version: 2\nexpressions: true\nvariables:\n  v: " + c.yaml + "\ndescription: 'is ${var.v}'\nnodes: [{name: a}]\n"
		hcl := "variable \"v\" {\n" + c.hcl + "\n}\nmanifest \"m\" {\n description = \"is ${var.v}\"\n node \"a\" {}\n}\n"
		for name, text := range map[string]string{"manifests/m.yaml": yaml, "manifests/m.hcl": hcl} {
			o := compiler.Options{Vars: map[string]string{}}
			for k, v := range c.vars {
				if k == "file" {
					o.VarFiles = []*source.File{source.NewFile("values.yaml", []byte(v))}
				} else {
					o.Vars[k] = v
				}
			}
			fsys := siteWith("node.tags", "[a]", "")
			delete(fsys, "manifests/m.yaml")
			data := *fsys["site.yaml"]
			data.Data = []byte(text)
			fsys[name] = &data
			site, list := compiler.Load(fsys)
			o.Manifest = "m"
			d, more := compiler.Compile(site, o)
			list = append(list, more...)
			got := ""
			for _, f := range list {
				got += string(f.Code)
			}
			if d != nil {
				got = strings.TrimPrefix(d.Description, "is ")
			}
			if got != c.want {
				t.Errorf("%s, %s: %s, want %s (%v)", name, c.field, got, c.want, list)
			}
		}
	}
}
