package compiler_test

import (
	"bytes"
	"io/fs"
	"maps"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/lang/diag"
)

// variants are texts that a file of the site below may have; "" is no file.
var variants = map[string][]string{
	"site.yaml":              {"", "site_id: 7d3b6c1a-52f4-4a0e-9d7e-1f2a3b4c5d6e\n", "site_id: nonsense\ndefaults: {dns_servers: [192.0.2.1]}\n", "a: ["},
	"secrets.yaml":           {"", "ssh_keys: {ann: ssh-ed25519 AAAA}\n", "ssh_keys: {bob: ssh-ed25519 AAAA}\n"},
	"secrets.yaml.age":       {"", "age-encryption.org/v1\n"},
	"secrets.lock":           {"", "ssh_keys.ann: hmac:00\n"},
	"specs/web.yaml":         {"", "schema_version: 1\naccess: {users: [{name: ann, ssh_keys: [ann]}]}\n", "schema_version: 1\nports: 3\n", "x: ["},
	"presets/p.yaml":         {"", "cores: 2\nmemory: 2048\n", "cores: none\n"},
	"manifests/a.yaml":       {"", "schema_version: 2\nnodes:\n  - {name: a, spec: web, preset: p}\n", "schema_version: 2\nnodes:\n  - {name: a, vmid: 99}\n  - {name: b, vmid: 99}\n", "schema_version: 2\nnodes: ["},
	"manifests/b.hcl":        {"", "manifest \"b\" {\n  node \"x\" {\n    spec = spec.web\n    preset = \"p\"\n  }\n}\n", "manifest \"b\" {\n", "preset \"q\" {\n  cores = 1\n}\nmanifest \"b\" {\n  node \"x\" { preset = preset.q }\n}\n"},
	"manifests/c.yaml":       {"", "schema_version: 2\nnodes:\n  - {name: c, preset: q, disk: 1}\n", "# homestak:allow HS0205 reason=\"x\"\nschema_version: 2\nnodes:\n  - {name: c, image: pve-8}\n"},
	"more.hcl":               {"", "preset \"q\" {\n  cores = 3\n}\n", "locals {\n  x = 1\n}\n", "manifest \"d\" {\n  node \"n\" {}\n}\n", "{"},
	"manifests/link.yaml":    {"", "-> nowhere"},
	"manifests/e.hcl":        {"", "manifest \"e\" {\n  node \"n\" {}\n  module \"x\" { source = \"../modules/one.hcl\" }\n  module \"y\" { source = \"./b.hcl\" }\n}\n"},
	"manifests/f.yaml":       {"", "schema_version: 2\nmodules: [{name: z, source: ../modules/two.yaml}, {name: s, source: stdlib:egde}]\n"},
	"modules/one.hcl":        {"", "manifest \"one\" {\n  node \"in\" {\n    preset = \"p\"\n  }\n}\n", "manifest \"one\" {\n  module \"deep\" { source = \"./two.yaml\" }\n}\n", "{"},
	"modules/two.yaml":       {"", "nodes: [{name: t, preset: q}]\n", "nodes: ["},
	"modules/tow.yaml":       {"", "nodes: [{name: t}]\n"},
	"v2/manifests/deep.yaml": {"", "schema_version: 2\nnodes: [{name: deep, spec: nothing}]\n"},
}

// However a site got to be what it is, reading and checking it again for what
// changed finds what reading and checking it all finds.
func TestReloadFindsTheSame(t *testing.T) {
	names := slices.Sorted(maps.Keys(variants))
	rapid.Check(t, func(t *rapid.T) {
		files := fstest.MapFS{}
		var last *compiler.Site
		var checks compiler.Checks
		for range rapid.IntRange(2, 12).Draw(t, "rounds") {
			for range rapid.IntRange(0, 4).Draw(t, "edits") {
				name := rapid.SampledFrom(names).Draw(t, "name")
				put(files, name, rapid.SampledFrom(variants[name]).Draw(t, "text"))
			}
			fresh, want := compiler.Load(files)
			want = append(want, fresh.Check()...)
			again, got := compiler.Reload(last, files)
			more, ok := checks.Check(again, nil)
			got = append(got, more...)
			if !ok || render(t, got) != render(t, want) {
				t.Fatalf("again:\n%s\nfresh:\n%s", render(t, got), render(t, want))
			}
			last = again
		}
	})
}

func put(files fstest.MapFS, name, text string) {
	switch {
	case text == "":
		delete(files, name)
	case text == "-> nowhere":
		files[name] = &fstest.MapFile{Mode: fs.ModeNamedPipe | 0o644}
	default:
		files[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
}

func render(t interface{ Fatal(...any) }, l diag.List) string {
	l.Sort()
	var b bytes.Buffer
	if err := diag.JSON(&b, l); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// An edit of one manifest compiles it and no other; files that are what they
// were stay the same.
func TestReloadKeepsWhatIsTheSame(t *testing.T) {
	files := fstest.MapFS{}
	for _, f := range txtar.Parse([]byte("-- site.yaml --\nsite_id: 7d3b6c1a-52f4-4a0e-9d7e-1f2a3b4c5d6e\n-- presets/p.yaml --\ncores: 2\n" +
		"-- manifests/a.yaml --\nschema_version: 2\nnodes: [{name: a, preset: p}]\n-- manifests/b.yaml --\nschema_version: 2\nnodes: [{name: b, preset: p}]\n")).Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
	}
	first, _ := compiler.Load(files)
	same, _ := compiler.Reload(first, files)
	if !same.Same(first) {
		t.Error("nothing changed, and the site is another")
	}
	files["manifests/a.yaml"] = &fstest.MapFile{Data: []byte("schema_version: 2\nnodes: [{name: other}]\n"), Mode: 0o644}
	second, _ := compiler.Reload(first, files)
	if second.Same(first) {
		t.Error("a file changed, and the site is the same")
	}
	for i, f := range second.Files() {
		if (f == first.Files()[i]) != (f.Name != "manifests/a.yaml") {
			t.Errorf("%s: kept when changed, or read again when not", f.Name)
		}
	}
}

// What is being checked can be given up.
func TestChecksStop(t *testing.T) {
	s, _ := compiler.Load(bigSite(10))
	stop := make(chan struct{})
	close(stop)
	var checks compiler.Checks
	if list, ok := checks.Check(s, stop); ok || list != nil {
		t.Errorf("went on to the end: %v", list)
	}
	if list, ok := checks.Check(s, nil); !ok || list.HasErrors() {
		t.Errorf("a run that was given up spoilt the next: %v", list)
	}
}
