package reference_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/convert"
	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/source"
)

var nameLine = regexp.MustCompile(`(?m)^name: .*`)

// converted is a site with its definitions in the other syntax.
func converted(t *testing.T, site fstest.MapFS, ext string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	for name, f := range site {
		if path.Ext(name) != ext || !strings.Contains(name, "/") {
			out[name] = f
			continue
		}
		parts, found := convert.File(source.NewFile(name, f.Data), convert.Options{})
		if len(found) > 0 || len(parts) != 1 {
			t.Fatalf("%s: %v", name, found)
		}
		out[parts[0].Name] = &fstest.MapFile{Data: parts[0].Text, Mode: 0o644}
	}
	return out
}

// sums are the digests and the comments of a site.
func sums(t *testing.T, site fstest.MapFS) (digests, comments []string) {
	t.Helper()
	s, _ := compiler.Load(site)
	for _, name := range s.Manifests() {
		d, list := compiler.Compile(s, compiler.Options{Manifest: name})
		if d == nil {
			t.Fatalf("%s: %v", name, list)
		}
		digests = append(digests, name+" "+d.Digest())
	}
	for name, f := range site {
		for line := range strings.Lines(string(f.Data)) {
			if _, c, ok := strings.Cut(line, "#"); ok && strings.Contains(name, "/") {
				comments = append(comments, strings.TrimSpace(c))
			}
		}
	}
	slices.Sort(comments)
	return digests, comments
}

// Upstream's site, the manifests of its design and the examples are the same in
// HCL, and again in YAML, comments included.
func TestConvertThereAndBack(t *testing.T) {
	dir := folder(t, "converting upstream's files")
	if dir == "" {
		return
	}
	site := siteConfig(t, dir, "")
	for name := range site {
		if path.Ext(name) == ".json" {
			delete(site, name)
		}
	}
	for i, f := range fragments(t, dir) {
		if !strings.Contains(f.text, "levels:") {
			name := fmt.Sprintf("m%d", i)
			text := nameLine.ReplaceAllString(f.complete(name), "name: "+name)
			site["manifests/"+name+".yaml"] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
		}
	}
	wantDigests, wantComments := sums(t, site)
	if len(wantDigests) != 13 {
		t.Fatalf("only %d manifests", len(wantDigests))
	}
	hcl := converted(t, site, ".yaml")
	for _, s := range []fstest.MapFS{hcl, converted(t, hcl, ".hcl")} {
		digests, comments := sums(t, s)
		if diff := cmp.Diff(wantDigests, digests); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(wantComments, comments); diff != "" {
			t.Error(diff)
		}
	}
}

// old converts a manifest of schema v1 and compiles it: each node with what the
// old files say of it.
func old(t *testing.T, dir, site, file string, to convert.Syntax) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	parts, found := convert.File(source.NewFile("manifests/"+path.Base(file), data), convert.Options{To: to, Site: os.DirFS(filepath.Join(dir, site))})
	if len(parts) != 1 {
		t.Fatalf("%s: %v", file, found)
	}
	return described(t, parts[0])
}

func described(t *testing.T, p convert.Part) []string {
	t.Helper()
	s, _ := compiler.Load(fstest.MapFS{p.Name: {Data: p.Text, Mode: 0o644}})
	d, list := compiler.Compile(s, compiler.Options{Manifest: strings.TrimSuffix(path.Base(p.Name), path.Ext(p.Name))})
	if d == nil || list.HasErrors() {
		t.Fatalf("%s: %v\n%s", p.Name, list, p.Text)
	}
	var out []string
	for i := range d.Nodes {
		n := &d.Nodes[i]
		out = append(out, fmt.Sprintf("%s %s %s %d %d/%s/%s %s", n.Address, n.Type.V, n.Image.V, n.VMID.V, n.Cores.V, n.Memory.V, n.Disk.V, n.Modes[ir.Config].V))
	}
	return out
}

// The old manifests become nodes in the order, with the parents, ids, sizes and
// images that their files say.
func TestConvertSchemaOne(t *testing.T) {
	dir := folder(t, "converting schema v1")
	if dir == "" {
		return
	}
	history := "site-config-history/v0.39"
	for _, c := range []struct {
		site, file string
		want       []string
	}{
		{history, history + "/manifests/n2-quick.yaml", []string{
			"n2-quick/inner-pve pve debian-13-pve 99800 2/8GiB/64GiB push",
			"n2-quick/inner-pve/test-vm vm debian-12 99900 2/2GiB/10GiB push"}},
		{history, history + "/manifests/n3-full.yaml", []string{
			"n3-full/inner-pve pve debian-13-pve 99800 2/8GiB/64GiB push",
			"n3-full/inner-pve/leaf-pve pve debian-13-pve 99900 2/8GiB/64GiB push",
			"n3-full/inner-pve/leaf-pve/test-vm vm debian-12 99900 2/2GiB/10GiB push"}},
		{"v1-samples", "v1-samples/one-level-preset.yaml", []string{"solo/leaf vm debian-12 99101 2/2GiB/10GiB push"}},
		{history, "v1-samples/one-level-preset.yaml", []string{"solo/leaf vm debian-12 99101 2/2GiB/8GiB push"}},
		{history, "v1-samples/two-level-preset.yaml", []string{
			"pair/mid pve debian-13-pve 99111 4/8GiB/32GiB push", "pair/mid/leaf vm debian-12 99121 2/4GiB/16GiB push"}},
		{history, "v1-samples/two-level-template.yaml", []string{
			"pair-template/mid pve debian-13-pve 99211 2/8GiB/64GiB push", "pair-template/mid/leaf vm debian-13 99221 2/2GiB/10GiB push"}},
		{history, "v1-samples/three-level-env.yaml", []string{
			"trio-env/outer pve debian-13-pve 99800 2/8GiB/64GiB push",
			"trio-env/outer/middle pve debian-13-pve 99900 2/8GiB/64GiB push",
			"trio-env/outer/middle/inner vm debian-12 99900 2/2GiB/10GiB push"}},
		{"v1-samples", "v1-samples/no-schema-version.yaml", []string{"bare/leaf vm debian-12 99301 1/1GiB/8GiB push"}},
	} {
		for _, to := range []convert.Syntax{convert.YAML, convert.HCL} {
			if diff := cmp.Diff(c.want, old(t, dir, c.site, c.file, to)); diff != "" {
				t.Errorf("%s: %s", c.file, diff)
			}
		}
	}
}

// Every other file of the old sites converts.
func TestConvertOldSites(t *testing.T) {
	dir := folder(t, "converting old sites")
	if dir == "" {
		return
	}
	n := 0
	for _, site := range []string{"site-config-history/v0.39", "v1-samples"} {
		root := os.DirFS(filepath.Join(dir, site))
		err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || path.Ext(name) != ".yaml" || !strings.Contains(name, "/") || strings.HasPrefix(name, "manifests/") {
				return err
			}
			data, err := fs.ReadFile(root, name)
			parts, found := convert.File(source.NewFile(name, data), convert.Options{Site: root})
			switch {
			case strings.HasSuffix(name, "envs/k8s.yaml"):
				if len(parts) != 1 || len(found) != 2 || found.HasErrors() {
					t.Errorf("%s: %v", name, found)
				}
			case len(parts) != 1:
				t.Errorf("%s: %v", name, found)
			case strings.HasPrefix(name, "envs/") || strings.HasPrefix(name, "nodes-v1/"):
				described(t, parts[0])
				n++
			default:
				s, list := compiler.Load(fstest.MapFS{parts[0].Name: {Data: parts[0].Text, Mode: 0o644}})
				for _, f := range append(list, s.Check()...) {
					if f.Severity == 0 {
						t.Errorf("%s: %v\n%s", name, f, parts[0].Text)
					}
				}
				n++
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n < 20 {
		t.Errorf("only %d files", n)
	}
}
