package compiler_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/homestak/homestak/compiler"
)

// Why a file cannot be read is said in words of ours, with the file's name.
func TestUnreadableInOurWords(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(filepath.Join(outside, "x.yaml"), []byte("cores: 1\n"), 0o600))
	must(os.Mkdir(filepath.Join(dir, "presets"), 0o700))
	for name, to := range map[string]string{
		"presets/out.yaml": filepath.Join(outside, "x.yaml"), "presets/up.yaml": "../../x.yaml",
		"presets/loop.yaml": "loop.yaml", "presets/none.yaml": "nothing.yaml",
		"presets/dir.yaml": "../presets", "site.yaml": "nowhere.yaml", "specs": outside, "images": "images",
	} {
		must(os.Symlink(to, filepath.Join(dir, name)))
	}
	must(os.WriteFile(filepath.Join(dir, "postures"), nil, 0o600))
	root, err := os.OpenRoot(dir)
	must(err)
	defer root.Close()
	_, list := compiler.Load(root.FS())
	got := map[string]string{}
	for _, d := range list {
		if d.Help == "" || d.Label == "" {
			t.Errorf("without why or what to do: %v", d)
		}
		if d.Code != "HS0231" && d.Code != "HS0232" {
			t.Errorf("%v", d)
		}
		got[d.Message] = d.Label
	}
	want := map[string]string{
		"cannot read presets/out.yaml":           "it is a link that leads out of the site",
		"cannot read presets/up.yaml":            "it is a link that leads out of the site",
		"cannot read presets/loop.yaml":          "it is a link that leads back to itself",
		"cannot read presets/none.yaml":          "it is a link to nothing",
		"presets/dir.yaml is not a regular file": "it is a directory",
		"cannot read site.yaml":                  "it is a link to nothing",
		"cannot read specs":                      "it is a link that leads out of the site",
		"cannot read images":                     "it is a link that leads back to itself",
		"cannot read postures":                   "it is not a directory",
	}
	for m, label := range want {
		if got[m] != label {
			t.Errorf("%s: %q, not %q", m, got[m], label)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%v", list)
	}
}
