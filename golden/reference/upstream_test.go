package reference_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
)

// folder is where the recorded data is, "" when there is none.
func folder(t *testing.T, what string) string {
	dir := os.Getenv("HOMESTAK_REFERENCE")
	if dir == "" {
		t.Logf("HOMESTAK_REFERENCE is not set: left out %s", what)
	}
	return dir
}

// siteConfig is upstream's site as its installer leaves it: the files as they
// are, site.yaml and secrets.yaml from their examples, and one key.
func siteConfig(t *testing.T, dir, prefix string) fstest.MapFS {
	t.Helper()
	site := fstest.MapFS{}
	root := filepath.Join(dir, "site-config")
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		rel, _ := filepath.Rel(root, p)
		name := filepath.ToSlash(rel)
		switch name {
		case "site.yaml.example":
			name = "site.yaml"
		case "secrets.yaml.example":
			name = "secrets.yaml"
			data = []byte(strings.Replace(string(data), "ssh_keys: {}", "ssh_keys: {me: ssh-ed25519 AAAA}", 1))
		default:
			name = prefix + name
		}
		site[name] = &fstest.MapFile{Data: data, Mode: 0o644}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return site
}

// Upstream's current site loads unchanged, in both layouts; the only thing to
// say about it is that it has no identity of its own.
func TestSiteConfig(t *testing.T) {
	dir := folder(t, "upstream's site")
	if dir == "" {
		return
	}
	digests := map[string]string{}
	for _, prefix := range []string{"", "v2/"} {
		s, list := compiler.Load(siteConfig(t, dir, prefix))
		list = append(list, s.Check()...)
		if len(list) != 1 || list[0].Code != "HS0238" {
			t.Fatalf("%q: %v", prefix, list)
		}
		if want := []string{"n1-pull", "n1-push", "n2-pull", "n2-push", "n3-deep"}; !slices.Equal(s.Manifests(), want) {
			t.Fatalf("manifests %v", s.Manifests())
		}
		for _, name := range s.Manifests() {
			d, list := compiler.Compile(s, compiler.Options{Manifest: name})
			if d == nil {
				t.Fatalf("%s: %v", name, list)
			}
			if old := digests[name]; old != "" && old != d.Digest() {
				t.Errorf("%s: the two layouts differ", name)
			}
			digests[name] = d.Digest()
			for i := range d.Nodes {
				if n := &d.Nodes[i]; len(n.Becomes.Users) != 1 || len(n.Becomes.Users[0].Keys) != 1 || n.Becomes.RootPassword.V != "" {
					t.Errorf("%s: users %v", n.Address, n.Becomes.Users)
				}
			}
		}
	}
}

// fragment is one manifest of the document.
type fragment struct {
	title string
	text  string
}

var fence = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")

// fragments extracts every manifest the document shows: whole code blocks in
// YAML, and what stands indented below "Manifest:" in the test scenarios.
func fragments(t *testing.T, dir string) []fragment {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "node-orchestration.md"))
	if err != nil {
		t.Fatal(err)
	}
	doc := string(data)
	var all []fragment
	for _, m := range fence.FindAllStringSubmatchIndex(doc, -1) {
		body, yaml := doc[m[4]:m[5]], doc[m[2]:m[3]] == "yaml"
		line := 1 + strings.Count(doc[:m[0]], "\n")
		title := fmt.Sprintf("line %d", line)
		switch {
		case yaml && strings.Contains(body, "name: string"):
			// A sketch of the schema, with types in place of values.
		case yaml && (strings.Contains(body, "nodes:") || strings.Contains(body, "levels:")):
			all = append(all, fragment{title, body})
		case !yaml && strings.Contains(body, "\nManifest:\n") || strings.HasPrefix(body, "Manifest:\n"):
			_, rest, _ := strings.Cut(body, "Manifest:\n")
			all = append(all, fragment{title, indented(rest)})
		}
	}
	return all
}

// indented is the leading part of text that is indented, dedented.
func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "  "); ok {
			b.WriteString(rest)
		} else if strings.TrimSpace(line) != "" {
			break
		} else {
			b.WriteString(line)
		}
	}
	return b.String()
}

// complete adds what the document's fragments leave out.
func (f fragment) complete(name string) string {
	text := f.text
	if !regexp.MustCompile(`(?m)^name:`).MatchString(text) {
		text = "name: " + name + "\n" + text
	}
	if !regexp.MustCompile(`(?m)^schema_version:`).MatchString(text) {
		text = "schema_version: 2\n" + text
	}
	return text
}

// Every manifest of the document compiles, over upstream's site and over the
// library alone; its one v1 manifest is refused with its v2 form.
func TestManifestsOfTheDocument(t *testing.T) {
	dir := folder(t, "the manifests of node-orchestration.md")
	if dir == "" {
		return
	}
	all := fragments(t, dir)
	if len(all) != 9 {
		t.Fatalf("found %d manifests in the document, expected 9", len(all))
	}
	for _, site := range []fstest.MapFS{{}, siteConfig(t, dir, "")} {
		shapes := map[string]int{}
		for i, f := range all {
			name := fmt.Sprintf("m%d", i)
			if m := regexp.MustCompile(`(?m)^name: (\S+)`).FindStringSubmatch(f.text); m != nil {
				name = m[1]
			}
			site["manifests/"+name+".yaml"] = &fstest.MapFile{Data: []byte(f.complete(name))}
			s, _ := compiler.Load(site)
			d, list := compiler.Compile(s, compiler.Options{Manifest: name})
			if strings.Contains(f.text, "levels:") {
				refused(t, f, list)
				continue
			}
			if d == nil || len(list) != 0 {
				t.Errorf("%s: %v", f.title, list)
				continue
			}
			shapes[shape(d)]++
		}
		want := map[string]int{
			"inner-pve:pve:push test:vm:pull":                    1, // nested-test
			"inner-pve:pve:push test:vm:push":                    1, // its nodes alone
			"test-vm:vm:pull":                                    1, // ST-1
			"test-vm:vm:push":                                    1, // ST-2
			"inner-pve:pve:push test-vm:vm:push":                 1, // ST-3
			"level-1:pve:push level-2:pve:push level-3:vm:push":  1, // ST-4
			"inner-pve:pve:push app-vm:vm:pull":                  1, // ST-5
			"worker-1:vm:push worker-2:vm:push worker-3:vm:push": 1, // ST-6
		}
		if diff := cmp.Diff(want, shapes); diff != "" {
			t.Errorf("%s", diff)
		}
	}
}

// shape is each node with its config mode and type.
func shape(d *ir.Deployment) string {
	var parts []string
	for i := range d.Nodes {
		n := &d.Nodes[i]
		parts = append(parts, fmt.Sprintf("%s:%s:%s", n.Name, n.Type.V, n.Modes[ir.Config].V))
	}
	return strings.Join(parts, " ")
}

func refused(t *testing.T, f fragment, list diag.List) {
	t.Helper()
	if len(list) != 1 || list[0].Code != "HS0209" || len(list[0].Notes) == 0 ||
		!strings.Contains(list[0].Notes[0].Text, "{name: nested-pve, type: pve, spec: pve, preset: vm-large, image: debian-13-pve, vmid: 99011}") {
		t.Errorf("%s: %v", f.title, list)
	}
}

// Manifests of schema v1, samples and real ones, are refused with a way out.
func TestSchemaOneIsRefused(t *testing.T) {
	dir := folder(t, "manifests in schema v1")
	if dir == "" {
		return
	}
	var files []string
	for _, glob := range []string{"v1-samples/*.yaml", "site-config-history/*/manifests/*.yaml"} {
		found, _ := filepath.Glob(filepath.Join(dir, glob))
		files = append(files, found...)
	}
	if len(files) < 6 {
		t.Fatalf("only %d manifests", len(files))
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := compiler.Load(fstest.MapFS{"manifests/m.yaml": {Data: data}})
		if _, list := compiler.Compile(s, compiler.Options{Manifest: "m"}); len(list) != 1 || list[0].Code != "HS0209" || len(list[0].Notes) == 0 {
			t.Errorf("%s: %v", filepath.Base(file), list)
		}
	}
}
