package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// The hooks are what pre-commit wants, call verbs that exist in a way that takes
// names of files, and do to a site what their descriptions say.
func TestPreCommitHooks(t *testing.T) {
	text, err := os.ReadFile("../.pre-commit-hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var hooks []struct {
		ID, Name, Description, Language, Entry, Files string
		Serial                                        bool `yaml:"require_serial"`
	}
	if err := yaml.Unmarshal(text, &hooks); err != nil {
		t.Fatal(err)
	}
	if len(hooks) != 2 {
		t.Fatalf("%d hooks", len(hooks))
	}
	for _, h := range hooks {
		t.Run(h.ID, func(t *testing.T) {
			if h.Name == "" || h.Description == "" || h.Language != "golang" || !h.Serial {
				t.Errorf("%+v", h)
			}
			files, err := regexp.Compile(h.Files)
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]bool{
				"manifests/a.yaml": true, "infra/site/v2/specs/b.yml": true, "site.yaml": true, "x/hosts/h.hcl": true, "policies/p.yaml": true, "modules/m.hcl": true,
				"manifests/README.md": false, "docs/site.yaml.md": false, ".terraform.lock.hcl": false, "mymanifests/a.yaml": false, "main.go": false,
			} {
				if files.MatchString(name) != want {
					t.Errorf("%s: matches %v", name, !want)
				}
			}
			words := strings.Fields(h.Entry)
			if words[0] != "homestak" {
				t.Fatalf("the entry runs %s", words[0])
			}
			dir := t.TempDir()
			write := func(name, text string) string {
				file := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
				return file
			}
			site := write("site.yaml", "site_id: 6f1ad0a8-7c1f-4a57-9d57-0d8f6d8a4f10\n")
			good := write("manifests/good.yaml", "schema_version: 2\nname: good\nnodes:\n  - name: web\n")
			run := func(names ...string) (int, string) {
				var out bytes.Buffer
				return Main(append(words[1:], names...), strings.NewReader(""), &out, &out), out.String()
			}
			if code, out := run(site, good); code != exitOK {
				t.Fatalf("exit %d on a good site: %s", code, out)
			}
			odd := write("manifests/odd.yaml", "schema_version:   2\nname: odd\nnodes:\n- name: web\n")
			wrong := write("manifests/wrong.hcl", `manifest "wrong" {`+"\n")
			code, out := run(odd, wrong)
			if code != exitError || !strings.Contains(out, "HS0014") {
				t.Errorf("exit %d: %s", code, out)
			}
			text, _ := os.ReadFile(odd)
			if formatted := !strings.Contains(string(text), "   "); formatted != strings.Contains(h.ID, "fmt") {
				t.Errorf("formatted: %v\n%s", formatted, text)
			}
		})
	}
}
