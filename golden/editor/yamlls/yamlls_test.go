package yamlls

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/homestak/homestak/golden/editor/client"
	"github.com/homestak/homestak/lang/schema/jsonschema"
)

// install is the directory with the server in it, "" if this run is without
// editors.
func install(t *testing.T) string {
	t.Helper()
	if os.Getenv("HOMESTAK_EDITORS") == "" {
		t.Log("HOMESTAK_EDITORS is not set: left out yaml-language-server with the JSON Schemas")
		return ""
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "homestak-editors", fmt.Sprintf("yamlls-%x", sha256.Sum256(lock))[:20])
	if _, err := os.Stat(filepath.Join(dir, entry)); err == nil {
		return dir
	}
	// Made beside its place and then moved there, so that a run that is killed
	// leaves nothing that looks whole.
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	made, err := os.MkdirTemp(filepath.Dir(dir), "made-")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		data, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(made, name), data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = made
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	if err := os.Rename(made, dir); err != nil {
		if _, there := os.Stat(filepath.Join(dir, entry)); there != nil {
			t.Fatal(err)
		}
		_ = os.RemoveAll(made) // another run was first
	}
	return dir
}

const entry = "node_modules/yaml-language-server/bin/yaml-language-server"

// places says which files a kind has: what docs/guide tells users to set up.
func places(t *testing.T) map[string]any {
	t.Helper()
	page, err := os.ReadFile("../../../docs/guide/editors.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(page), "```json\n{\n  \"yaml.schemas\": ")
	if !ok {
		t.Fatal("docs/guide/editors.md has no yaml.schemas")
	}
	var files map[string]any
	if err := json.NewDecoder(strings.NewReader(block)).Decode(&files); err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	for _, kind := range jsonschema.Kinds() {
		if out[kind] = files["./.schemas/"+kind+".json"]; out[kind] == nil {
			t.Errorf("docs/guide/editors.md does not say which files are of kind %s", kind)
		}
	}
	if len(out) != len(files) {
		t.Errorf("docs/guide/editors.md has %d kinds of files, there are %d", len(files), len(out))
	}
	return out
}

// editor is a client with the schemas of every kind set up, and a directory
// that its documents are said to be in.
func editor(t *testing.T, names jsonschema.Names) (*client.Client, string) {
	t.Helper()
	dir := install(t)
	if dir == "" {
		return nil, ""
	}
	root := t.TempDir()
	schemas := map[string]any{}
	for kind, globs := range places(t) {
		text, _ := jsonschema.In(kind, names)
		file := filepath.Join(root, ".schemas", kind+".json")
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		schemas["file://"+file] = globs
	}
	settings := map[string]any{"yaml": map[string]any{
		"validate": true, "hover": true, "completion": true, "schemas": schemas, "schemaStore": map[string]any{"enable": false},
	}}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	c, err := client.Start(ctx, "file://"+root, settings, "node", filepath.Join(dir, entry), "--stdio")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, root
}

// judge opens a document and waits until something is, or nothing more will be,
// said about it.
func judge(t *testing.T, c *client.Client, file, text string) []client.Diagnostic {
	t.Helper()
	uri := "file://" + file
	if err := c.Open(uri, "yaml", text); err != nil {
		t.Fatal(err)
	}
	list, err := c.Diagnostics(uri)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// refused compares what was found with what the lines announce.
func refused(t *testing.T, name, text string, list []client.Diagnostic) {
	t.Helper()
	lines := strings.Split(text, "\n")
	want := map[int]string{}
	for i, line := range lines {
		if _, after, ok := strings.Cut(line, "# refused: "); ok {
			want[i] = after
		}
	}
	for _, d := range list {
		at := d.Range.Start.Line
		text, ok := want[at]
		if !ok || !strings.Contains(d.Message, text) {
			t.Errorf("%s:%d: %s; want %q", name, at+1, d.Message, text)
		}
		delete(want, at)
	}
	for at, text := range want {
		t.Errorf("%s:%d: nothing of %q", name, at+1, text)
	}
}

// Each mistake is shown on its line, in words that say what belongs there.
func TestBadFiles(t *testing.T) {
	c, root := editor(t, nil)
	if c == nil {
		return
	}
	files, _ := fs.Glob(os.DirFS("testdata"), "*/*.yaml")
	files = append(files, "site.yaml", "secrets.yaml")
	if len(files) < 10 {
		t.Fatalf("only %d files", len(files))
	}
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		refused(t, name, string(text), judge(t, c, filepath.Join(root, name), string(text)))
	}
}

// A name that the site does not have is a mistake where its names are known.
func TestNamesOfTheSite(t *testing.T) {
	c, root := editor(t, jsonschema.Names{"preset": {"vm-small", "tiny"}, "spec": {"base"}})
	if c == nil {
		return
	}
	const text = "schema_version: 2\nnodes:\n  - name: a\n    spec: base\n    preset: vm-smal # refused: expected the name of a preset of this site\n    image: any\n"
	refused(t, "names", text, judge(t, c, filepath.Join(root, "manifests/names.yaml"), text))
}

// A file says itself which schema it has, in the line that people paste.
func TestModeline(t *testing.T) {
	c, root := editor(t, nil)
	if c == nil {
		return
	}
	const text = "# yaml-language-server: $schema=../.schemas/preset.json\ncores: 1\nmemory: 512\ndisk: much # refused: expected a size\n"
	refused(t, "modeline", text, judge(t, c, filepath.Join(root, "elsewhere/small.yaml"), text))
}

// What a field means and what may stand in it is there for who asks.
func TestHoverAndCompletion(t *testing.T) {
	c, root := editor(t, nil)
	if c == nil {
		return
	}
	file := filepath.Join(root, "manifests/asked.yaml")
	judge(t, c, file, "schema_version: 2\nnodes:\n  - name: a\n    memory: 2GiB\n    type: \n")
	at := func(line, column int) map[string]any {
		return map[string]any{"textDocument": map[string]any{"uri": "file://" + file}, "position": client.Position{Line: line, Character: column}}
	}
	var hover struct {
		Contents struct{ Value string }
	}
	if err := c.Call("textDocument/hover", at(3, 6), &hover); err != nil {
		t.Fatal(err)
	}
	if text := hover.Contents.Value; !strings.Contains(text, "Memory; overrides the preset") || !strings.Contains(text, "128MiB to 16TiB") {
		t.Errorf("memory: %q", text)
	}
	var completion struct {
		Items []struct{ Label string }
	}
	if err := c.Call("textDocument/completion", at(4, 10), &completion); err != nil {
		t.Fatal(err)
	}
	labels := fmt.Sprint(completion.Items)
	for _, want := range []string{"vm", "ct", "pve"} {
		if !strings.Contains(labels, "{"+want+"}") {
			t.Errorf("type: %s lacks %s", labels, want)
		}
	}
}

// Nothing is said about good files: upstream's and our own.
func TestGoodFiles(t *testing.T) {
	c, root := editor(t, nil)
	if c == nil {
		return
	}
	sites := map[string]fs.FS{}
	for _, dir := range examples(t) {
		sites[filepath.ToSlash(strings.TrimPrefix(dir, "../../../"))] = os.DirFS(dir)
	}
	if dir := os.Getenv("HOMESTAK_REFERENCE"); dir != "" {
		sites["upstream"] = os.DirFS(filepath.Join(dir, "site-config"))
	} else {
		t.Log("HOMESTAK_REFERENCE is not set: left out upstream's files")
	}
	for title, fsys := range sites {
		n := 0
		err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
			in := strings.TrimSuffix(name, ".example")
			if err != nil || d.IsDir() || path.Ext(in) != ".yaml" {
				return err
			}
			text, err := fs.ReadFile(fsys, name)
			if err != nil {
				return err
			}
			n++
			// The same file with a mistake first: when that is found, the server
			// has the schema, and what it says next is its verdict.
			broken := filepath.Join(root, title, path.Dir(in), "broken-"+path.Base(in))
			if path.Dir(in) == "." {
				broken = filepath.Join(root, title, "broken", in)
			}
			if list := judge(t, c, broken, nonsense(text)); len(list) == 0 {
				t.Errorf("%s/%s: no schema applies", title, name)
			}
			for _, d := range judge(t, c, filepath.Join(root, title, in), string(text)) {
				t.Errorf("%s/%s:%d: %s", title, name, d.Range.Start.Line+1, d.Message)
			}
			return nil
		})
		if err != nil || n == 0 {
			t.Errorf("%s: %d files, %v", title, n, err)
		}
	}
}

// nonsense is a text with a field at its end that no kind of file has.
func nonsense(text []byte) string {
	return string(bytes.TrimRight(text, "\n")) + "\nnonsense: true\n"
}

// examples are the sites in examples/.
func examples(t *testing.T) []string {
	t.Helper()
	var dirs []string
	for _, pattern := range []string{"*/site.yaml", "*/*/site.yaml"} {
		files, err := filepath.Glob("../../../examples/" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			dirs = append(dirs, filepath.Dir(name))
		}
	}
	if len(dirs) < 2 {
		t.Fatalf("examples: %v", dirs)
	}
	slices.Sort(dirs)
	return dirs
}
