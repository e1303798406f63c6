package reference_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/convert"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// notRead are the files that are no part of a site, and why.
var notRead = map[string]string{
	"LICENSE.upstream": "the licence of the files beside it",
	"README.md":        "says where the samples are from",
	".schema.json":     "upstream's schemas; ours are made of the language's tables",
}

// incomplete are the files that convert to what is complete only when somebody
// has added what upstream left out, and the finding that says so.
var incomplete = map[string]diag.Code{
	"site-config-history/v0.39/envs/k8s.yaml": "HS0225", // an environment without machines
}

// Every file of upstream's site, of its history and of the samples loads as it
// is, or converts to one that does, or is in the tables above. A file that the
// reference gets is looked at here without being named.
func TestEveryFile(t *testing.T) {
	dir := folder(t, "every file of upstream's sites")
	if dir == "" {
		return
	}
	counts := map[string]int{}
	for _, top := range []string{"site-config", "site-config-history", "v1-samples"} {
		err := filepath.WalkDir(filepath.Join(dir, top), func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, _ := filepath.Rel(dir, p)
			name := filepath.ToSlash(rel)
			for end := range notRead {
				if strings.HasSuffix(name, end) {
					counts["not read"]++
					return nil
				}
			}
			if top == "site-config" {
				counts["load"]++
				loads(t, dir, name)
				return nil
			}
			counts["convert"]++
			converts(t, dir, name)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if counts["load"] != 18 || counts["convert"] < 28 || counts["not read"] != 5 {
		t.Errorf("files: %v", counts)
	}
}

// loads checks that a file of today's site is read without a finding about it,
// and that its definition is the same in HCL.
func loads(t *testing.T, dir, name string) {
	t.Helper()
	site := siteConfig(t, dir, "")
	s, list := compiler.Load(site)
	below := strings.TrimSuffix(strings.TrimPrefix(name, "site-config/"), ".example")
	if site[below] == nil {
		t.Errorf("%s is no file of the site", name)
		return
	}
	for _, f := range append(list, s.Check()...) {
		if f.Severity == diag.Error && f.Range.File != nil && f.Range.File.Name == below {
			t.Errorf("%s: %v", name, f)
		}
	}
	if !strings.Contains(below, "/") {
		return // site.yaml and the secrets are YAML only
	}
	if parts, found := convert.File(source.NewFile(below, site[below].Data), convert.Options{}); len(parts) != 1 || len(found) > 0 {
		t.Errorf("%s: %v", name, found)
	}
}

// converts checks that an old file becomes one that compiles, in both syntaxes.
func converts(t *testing.T, dir, name string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.SplitN(name, "/", 3)
	root := parts[0]
	if root == "site-config-history" {
		root += "/" + parts[1]
	}
	below := strings.TrimPrefix(name, root+"/")
	if !strings.Contains(below, "/") {
		below = "manifests/" + below // the samples are manifests
		if path.Base(below) != "no-schema-version.yaml" && path.Base(below) != "one-level-preset.yaml" {
			root = "site-config-history/v0.39" // which has what they refer to
		}
	}
	for _, to := range []convert.Syntax{convert.YAML, convert.HCL} {
		out, found := convert.File(source.NewFile(below, data), convert.Options{To: to, Site: os.DirFS(filepath.Join(dir, root))})
		switch want := incomplete[name]; {
		case to == convert.YAML && len(found) == 1 && found[0].Code == "HS0171": // a file of today's form
		case found.HasErrors() || len(out) != 1:
			t.Errorf("%s to %s: %v", name, to, found)
		case want != "":
			s, list := compiler.Load(fstest.MapFS{out[0].Name: {Data: out[0].Text, Mode: 0o644}})
			list = slices.DeleteFunc(append(list, s.Check()...), func(d *diag.Diagnostic) bool { return d.Severity != diag.Error })
			if len(list) != 1 || list[0].Code != want {
				t.Errorf("%s to %s: %v, want %s", name, to, list, want)
			}
		case path.Dir(out[0].Name) == "manifests":
			described(t, out[0])
		}
	}
}
