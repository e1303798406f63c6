package jsonschema_test

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/langtest"
	"github.com/homestak/homestak/lang/schema/jsonschema"
	"github.com/homestak/homestak/stdlib"
)

// compile checks the document against the draft's own schema, too.
func compile(t *testing.T, kind string) *validator.Schema {
	t.Helper()
	text, ok := jsonschema.Of(kind)
	if !ok {
		t.Fatalf("no schema for %s", kind)
	}
	return compileText(t, kind, text)
}

// compiled keeps schemas, because making one takes longer than using it.
type compiled map[string]*validator.Schema

func (c compiled) of(t *testing.T, kind string) *validator.Schema {
	t.Helper()
	if c[kind] == nil {
		c[kind] = compile(t, kind)
	}
	return c[kind]
}

func compileText(t *testing.T, kind string, text []byte) *validator.Schema {
	t.Helper()
	doc, err := validator.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource(kind+".json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(kind + ".json")
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return s
}

// kindOf is the kind of a site's YAML file, "" for files without a schema.
func kindOf(name string) string {
	if path.Base(name) == "site.yaml" {
		return "site"
	}
	kind := strings.TrimSuffix(path.Base(path.Dir(name)), "s")
	if kind == "policie" {
		kind = "policy"
	}
	if path.Ext(name) == ".yaml" {
		if _, ok := jsonschema.Of(kind); ok {
			return kind
		}
	}
	return ""
}

// What homestak ships is valid.
func TestOwnFiles(t *testing.T) {
	for title, fsys := range map[string]fs.FS{"stdlib": stdlib.Files(), "examples": os.DirFS("../../../examples")} {
		n := 0
		err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
			kind := kindOf(name)
			if err != nil || d.IsDir() || kind == "" {
				return err
			}
			text, err := fs.ReadFile(fsys, name)
			if err != nil {
				return err
			}
			n++
			if err := compile(t, kind).Validate(langtest.Plain(t, name, text, lang.ParseText)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			return nil
		})
		if err != nil || n < 9 {
			t.Errorf("%s: %d files, %v", title, n, err)
		}
	}
}

const node = "schema_version: 2\nnodes:\n  - name: a\n"

// Every form the compiler takes is valid, and typical mistakes are not.
func TestForms(t *testing.T) {
	schemas := compiled{}
	for _, c := range []struct {
		kind, good, bad string // bad has one mistake; "" where there is no such form
	}{
		{"manifest", "schema_version: 2\nnodes: []", "nodes: []"},
		{"manifest", "", "schema_version: 1\nnodes: []"},
		{"manifest", "", "schema_version: 2\nlevels: []\nnodes: []"},
		{"manifest", node + "    parent: null", node + "    parents: b"},
		{"manifest", node + "    type: pve", node + "    type: toaster"},
		{"manifest", node + "    vmid: 99011", node + "    vmid: 99"},
		{"manifest", node + "    vmid: 100", node + "    vmid: '100'"},
		{"manifest", node + "    memory: 512", node + "    memory: 64"},
		{"manifest", node + "    memory: 2 GiB", node + "    memory: 2GB"},
		{"manifest", node + "    disk: 64", node + "    disk: 1.5"},
		{"manifest", node + "    protect: true", node + "    protect: on"},
		{"manifest", node + "    network: {ip: 10.0.0.2/24, gateway: ''}", node + "    network: {ip: 10.0.0.256/24}"},
		{"manifest", node + "    network: {ip: dhcp}", node + "    network: {ip: 10.0.0.2/33}"},
		{"manifest", node + "    network: {mac: bc:24:11:00:00:01}", node + "    network: {mac: bd:24:11:00:00:01}"},
		{"manifest", node + "    network: {bridge: vmbr0}", node + "    network: {bridge: 0}"},
		{"manifest", node + "    depends_on: [b, {node: c, until: created}]", node + "    depends_on: [{until: created}]"},
		{"manifest", node + "    tags: [web]", node + "    tags: [Web]"},
		{"manifest", node + "    nodes: [{name: b, nodes: [{name: c}]}]", node + "    nodes: [{name: b, nodes: [{nme: c}]}]"},
		{"manifest", node + "    template: debian", node + "    disks: [{size: 1}]"},
		{"manifest", node + "    execution: {mode: pull}", node + "    execution: {mode: pushy}"},
		{"manifest", node + "expressions: true", node + "expressions: 1"},
		{"manifest", node + "pattern: hub-spoke", node + "pattern: banana"},
		{"manifest", node + "settings: {timeout: 1h30m, verify_ssh: true}", node + "settings: {timeout: soon}"},
		{"manifest", node + "settings: {timeout: 1w2d3s}", node + "settings: {timeout: 1m2h}"},
		{"manifest", node + "settings: {timeout: '0'}", node + "settings: {timeout: h}"},
		{"manifest", node + "settings: {timeout: 90}", node + "settings: {timeout: -1}"},
		{"manifest", "", "schema_version: 2\nnodes: [{name: A_b}]"},
		{"manifest", node + "expressions: true\nlocals: {a: 1}\nvariables: {b: {type: number, default: 2}}", node + "locals: {a: 1}"},
		{"manifest", node + "    cores: ${var.x}\n    tags: ['${var.y}', 'a-${var.y}']\n    network: ${local.n}\nexpressions: true", node + "    cores: ${var.x}"},
		{"manifest", node + "    type: ${var.x}\n    depends_on: [{node: '${each.key}', until: ready}]\nexpressions: true", node + "    type: toaster\nexpressions: true"},
		{"manifest", node + "    nodes: '${local.more}'\nexpressions: true", node + "    nodes: [{nme: '${local.more}'}]\nexpressions: true"},
		{"preset", "{expressions: true, cores: '${1 + 1}', memory: 2048, disk: 10}", "{cores: '${1 + 1}', memory: 2048, disk: 10}"},
		{"manifest", node + "    for_each: {a: 1, b: {c: d}}", node + "    for_each_: [a]"},
		{"manifest", "schema_version: 2\nmodules: [{name: a, source: './a.hcl', with: {b: [1]}, for_each: [c]}]", "schema_version: 2\nmodules: [{name: a}]"},
		{"manifest", node + "    modules: [{name: a, source: 'stdlib:edge', count: 2, depends_on: [b]}]", "schema_version: 2\nname: nothing"},
		{"module", "nodes: [{name: a}]", "nodes: [{name: a}]\npattern: flat"},
		{"module", "expressions: true\nvariables: {n: {type: number}}\nnodes: [{name: a, count: '${var.n}'}]", "variables: {n: {type: number}}"},
		{"policy", "", "{rule: 'true', colour: red}"},
		{"spec", "schema_version: 1\naccess: {users: [{name: ann, sudo: true}]}", "schema_version: 1\naccess: {users: [{sudo: true}]}"},
		{"spec", "schema_version: 1\nconfig: {custom: 1}", "schema_version: 1\nplatform: {pakages: [git]}"},
		{"spec", "schema_version: 1\napply: {trigger: manual}", "schema_version: 1\naply: {trigger: manual}"},
		{"posture", "ssh: {port: 22, permit_root_login: 'no'}", "ssh: {port: 70000}"},
		{"posture", "", "ssh_port: 22"},
		{"posture", "", "ssh: {permit_root_login: false}"},
		{"preset", "{cores: 2, memory: 2048, disk: 10}", "{cores: 2, memory: 2048}"},
		{"preset", "{cores: 2, memory: 2048, disk: 10TiB}", "{cores: two, memory: 2048, disk: 10}"},
		{"image", "{source: 'builtin:debian-12', format: qcow2}", "{format: qcow2}"},
		{"image", "{source: x, min_disk: 0}", "{source: x, format: vmdk}"},
		{"host", "{api_endpoint: '', datastore: '', io: ''}", "{endpoint: 'http://192.0.2.1:8006'}"},
		{"host", "{endpoint: 'https://192.0.2.1:8006', network: {anything: 1}}", "{endpoint: 1}"},
		{"host", "", "{bridge: vmbr1}"},
		{"site", "defaults: {gateway: '', dns_servers: '', domain: ''}", "defaults: {gateway: none}"},
		{"site", "vmids: {first: 100}", "vmids: {start: 100}"},
		{"site", "", "site_id: mine"},
		{"secrets", "{api_tokens: {father: ''}, ssh_keys: {}, passwords: {vm_root: ''}, auth: {signing_key: ''}}", "{ssh_keys: [ssh-ed25519 AAAA]}"},
		{"secrets", "{api_tokens: {father: 'root@pam!t=01234567-89ab-cdef-0123-456789abcdef'}}", "{api_tokens: {father: hunter2}}"},
		{"secrets", "{ssh_keys: {pat: 'ssh-ed25519 AAAAC3Nz pat@home'}}", "{ssh_keys: {pat: ssh-ed25519}}"},
		{"secrets", "{passwords: {vm_root: '$6$salt$hash', other: 1}}", "{passwords: {vm_root: hunter2}}"},
	} {
		s := schemas.of(t, c.kind)
		if c.good != "" {
			if err := s.Validate(langtest.Plain(t, "good.yaml", []byte(c.good), lang.ParseText)); err != nil {
				t.Errorf("%s is refused: %v", c.good, err)
			}
		}
		if c.bad != "" && s.Validate(langtest.Plain(t, "bad.yaml", []byte(c.bad), lang.ParseText)) == nil {
			t.Errorf("%s, with a mistake, is accepted:\n%s", c.kind, c.bad)
		}
	}
}

// Where the names of a site are known, a reference is one of them; a kind that
// the site was not asked for may have any.
func TestNames(t *testing.T) {
	text, ok := jsonschema.In("manifest", jsonschema.Names{"spec": {"base", "web"}, "host": {}})
	if !ok {
		t.Fatal("no schema")
	}
	s := compileText(t, "manifest", text)
	for form, valid := range map[string]bool{
		"spec: web": true, "spec: wob": false, "preset: any": true, "host: father": false, "spec: null": true,
		"parent: whoever": true, "spec: ''": false,
	} {
		err := s.Validate(langtest.Plain(t, "m.yaml", []byte(node+"    "+form), lang.ParseText))
		if valid != (err == nil) {
			t.Errorf("%s: valid %v, want %v: %v", form, err == nil, valid, err)
		}
	}
}

// The bytes are the same each time, and documented field by field.
func TestDocuments(t *testing.T) {
	for _, kind := range jsonschema.Kinds() {
		a, _ := jsonschema.Of(kind)
		b, _ := jsonschema.Of(kind)
		if !bytes.Equal(a, b) || kind != "secrets" && !bytes.Contains(a, []byte(`"additionalProperties": false`)) || bytes.Contains(a, []byte(`\u003c`)) {
			t.Errorf("%s: not stable, not closed, or escaped for HTML", kind)
		}
	}
	if _, ok := jsonschema.Of("node"); ok {
		t.Error("a node is no file")
	}
	text, _ := jsonschema.Of("host")
	for _, want := range []string{
		"\"description\": \"Now called endpoint. URL of the API, as in https://192.0.2.1:8006.\",",
		"\"deprecated\": true",
		"\"deprecationMessage\": \"api_endpoint is now called endpoint\"",
		"\"$id\": \"urn:homestak:schema:host\"",
		"\"errorMessage\": \"expected a whole number, 1 to 1024\"",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("host lacks %s", want)
		}
	}
}
