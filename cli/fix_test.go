package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// A file that cannot be put in its place leaves none beside it.
func TestReplaceFileLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "a.yaml")
	if err := os.MkdirAll(filepath.Join(target, "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(target)
	if err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(target, []byte("x"), info); err == nil {
		t.Fatal("a directory was replaced by a file")
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// A file that nobody may write to is not replaced, though its directory would
// allow it.
func TestReplaceFileKeepsWhatIsReadOnly(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(name, []byte("theirs"), 0o444); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(name, []byte("ours"), info); err == nil {
		t.Error("a file of mode 0444 was replaced")
	}
}

// A file that is no longer what was read is not written.
func TestRewriteOfAChangedFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.yaml")
	if err := os.WriteFile(name, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := rewrite(dir, source.NewFile("a.yaml", []byte("ours")), []byte("fixed"))
	if err == nil || !strings.Contains(err.Error(), "changed meanwhile") {
		t.Errorf("%v", err)
	}
	if err := rewrite(dir, source.NewFile("a.yaml", []byte("theirs")), []byte("fixed")); err != nil {
		t.Error(err)
	}
	info, _ := os.Stat(name)
	if text, _ := os.ReadFile(name); string(text) != "fixed" || info.Mode().Perm() != 0o600 {
		t.Errorf("%s, %v", text, info.Mode())
	}
}

// slip is a mistake with one certain cure: a line as it is written and as it
// should be, without its indentation. The quotes are those of the file.
type slip struct{ wrong, right string }

var (
	yamlSlips = []slip{
		{"preset: Qvm-smalQ", "preset: Qvm-smallQ"}, {"image: Qdebian-1Q", "image: Qdebian-12Q"}, {"spec: QbseQ", "spec: QbaseQ"},
		{"typ: QvmQ", "type: QvmQ"}, {"QcorseQ: 2", "QcoresQ: 2"}, {"execution: {config: QpsuhQ}", "execution: {config: QpushQ}"},
		{"netwrok: {vlan: 7}", "network: {vlan: 7}"},
	}
	hclSlips = []slip{
		{`preset = "vm-smal"`, `preset = "vm-small"`}, {`preset = preset.vm-smal`, `preset = preset.vm-small`},
		{`image = image["debian-1"]`, `image = image.debian-12`}, {`spec = spec.bse`, `spec = spec.base`},
		{`typ = "vm"`, `type = "vm"`}, {`corse = 2`, `cores = 2`}, {`netwrok { vlan = 7 }`, `network { vlan = 7 }`},
	}
)

// After --fix nothing is left that has a fix, a second time changes nothing,
// and every byte outside of the mistakes is what it was: spaces, comments,
// quotes, line ends and the byte order mark.
func TestFixTouchesOnlyMistakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hcl := rapid.Bool().Draw(t, "hcl")
		wrong, right := fixture(t, hcl)
		dir, err := os.MkdirTemp("", "fix")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		name := filepath.Join(dir, "manifests", "m.yaml")
		if hcl {
			name = filepath.Join(dir, "manifests", "m.hcl")
		}
		for file, text := range map[string]string{filepath.Join(dir, "site.yaml"): "site_id: 6f1ad0a8-7c1f-4a57-9d57-0d8f6d8a4f10\n", name: wrong} {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		a := &app{stderr: &bytes.Buffer{}, stdout: &bytes.Buffer{}, env: func(string) string { return "" }}
		for range 2 {
			if err := a.fix(siteFlags{site: dir}); err != nil {
				t.Fatal(err)
			}
			if got, _ := os.ReadFile(name); string(got) != right {
				t.Fatalf("got\n%q\nwant\n%q", got, right)
			}
		}
		_, left, err := a.examine(siteFlags{site: dir})
		if err != nil {
			t.Fatal(err)
		}
		if len(diag.Apply(left)) > 0 || left.HasErrors() {
			t.Errorf("left: %v", left)
		}
	})
}

// fixture is a manifest with mistakes, and without them.
func fixture(t *rapid.T, hcl bool) (wrong, right string) {
	slips, head, node, foot := yamlSlips, "schema_version: 2\nname: m\nnodes:\n", "  - name: nNR\n", ""
	if hcl {
		slips, head, node, foot = hclSlips, "manifest \"m\" {\n", "  node \"nNR\" {\n", "}\n"
	}
	var w, r strings.Builder
	both := func(s string) { w.WriteString(s); r.WriteString(s) }
	both(rapid.SampledFrom([]string{"", "\ufeff"}).Draw(t, "mark"))
	both(head)
	for n := range rapid.IntRange(1, 3).Draw(t, "nodes") {
		both(strings.ReplaceAll(node, "NR", string(rune('a'+n))))
		used := map[string]bool{}
		for _, s := range rapid.SliceOfN(rapid.SampledFrom(slips), 0, 4).Draw(t, "slips") {
			key := strings.FieldsFunc(s.right, func(r rune) bool { return r == ' ' || r == ':' || r == 'Q' })[0]
			if used[key] {
				continue
			}
			used[key] = true
			q := rapid.SampledFrom([]string{"", `"`, "'"}).Draw(t, "quote")
			tail := rapid.SampledFrom([]string{"", "  # a  comment", " # é 😀"}).Draw(t, "tail") + "\n"
			w.WriteString("    " + strings.ReplaceAll(s.wrong, "Q", q) + tail)
			r.WriteString("    " + strings.ReplaceAll(s.right, "Q", q) + tail)
			both(rapid.SampledFrom([]string{"", "\n", "    # between\n"}).Draw(t, "after"))
		}
		if hcl {
			both("  }\n")
		}
	}
	both(foot)
	wrong, right = w.String(), r.String()
	if rapid.Bool().Draw(t, "crlf") {
		wrong, right = strings.ReplaceAll(wrong, "\n", "\r\n"), strings.ReplaceAll(right, "\n", "\r\n")
	}
	return wrong, right
}
