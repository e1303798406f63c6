package edits_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/apply/converge"
	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
	"github.com/homestak/homestak/plan/render"
	"github.com/homestak/homestak/runtime/ca"
	"github.com/homestak/homestak/runtime/lab"
	"github.com/homestak/homestak/runtime/secret"
	"github.com/homestak/homestak/stdlib"
)

var update = flag.Bool("update", false, "write the plans anew")

const siteID = "7c1ab3f0-52b8-4d0e-9a53-0d6f4d8f1e20"

// site compiles a manifest of some nodes.
func site(t *testing.T, nodes ...string) *ir.Deployment {
	t.Helper()
	files := fstest.MapFS{}
	write := func(name, text string) { files[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o600} }
	write("site.yaml", "site_id: "+siteID+"\n")
	write("specs/web.yaml", "schema_version: 1\nplatform:\n  packages: [curl]\n")
	write("specs/shop.yaml", "schema_version: 1\nplatform:\n  packages: [curl, htop]\n")
	write("manifests/edits.yaml", "schema_version: 2\nname: edits\nnodes:\n"+strings.Join(nodes, ""))
	s, bad := compiler.Load(files)
	d, more := compiler.Compile(s, compiler.Options{Manifest: "edits"})
	if bad = append(bad, more...); bad.HasErrors() {
		var b bytes.Buffer
		_ = diag.Text(&b, bad, diag.TextOptions{})
		t.Fatal(b.String())
	}
	return d
}

// world is a lab in which these nodes are ready, as a plan sees it.
func world(t *testing.T, nodes []string) *plan.Facts {
	t.Helper()
	self := filepath.Join(t.TempDir(), "homestak")
	if err := os.WriteFile(self, []byte("#!homestak of the test\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := lab.Open(t.Context(), lab.Config{
		Dir: t.TempDir(), SiteID: siteID, Name: "lab", Self: self, Programs: map[string]lab.Program{"homestak": converge.Serve},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	keys, err := ca.Throwaway(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	secrets := t.TempDir()
	if err := os.WriteFile(filepath.Join(secrets, "secrets.yaml"), []byte("passwords:\n  vm_root: \"!\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := secret.Load(secrets)
	if err != nil {
		t.Fatal(err)
	}
	env := &apply.Env{
		StateDir: t.TempDir(), Keys: keys, Secrets: store, Builtin: stdlib.Builtin, Self: self, Holder: "test@here",
		Hosts: map[string]apply.HostEnv{"lab": {
			Node: "lab", Endpoints: []string{l.URL()}, Fingerprint: l.Fingerprint(), Token: secret.New([]byte(l.Token())), IOWidth: 64, Via: l.URL(),
		}},
	}
	d := site(t, nodes...)
	facts := func() *plan.Facts {
		f, err := apply.Observe(t.Context(), env, build.Wanted(d, "lab"))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	p, bad := build.Plan(d, facts(), plan.GoalCreate, build.Options{DefaultHost: "lab"})
	if bad.HasErrors() {
		t.Fatal(bad)
	}
	if r := apply.Run(t.Context(), p, env, apply.Options{Jobs: 8}); r.Outcome != apply.Done {
		t.Fatalf("%s: %v", r.Outcome, r.Findings)
	}
	return facts()
}

// only keeps the guests of one node in some facts.
func only(f *plan.Facts, name string) *plan.Facts {
	out := *f
	out.Hosts = nil
	for _, h := range f.Hosts {
		if h.Name != "lab" && h.Name != "edits/"+name {
			continue
		}
		h.Guests = slices.DeleteFunc(slices.Clone(h.Guests), func(g plan.GuestFacts) bool {
			return h.Name == "lab" && g.Marker.Addr.Name() != name
		})
		out.Hosts = append(out.Hosts, h)
	}
	return &out
}

// tell is what a reviewer sees, and the steps.
func tell(p *plan.Plan, bad diag.List) string {
	var b bytes.Buffer
	if p == nil {
		for _, d := range bad {
			fmt.Fprintf(&b, "%v\n", d)
		}
		return b.String()
	}
	if err := render.Text(&b, p, render.TextOptions{}); err != nil {
		return err.Error()
	}
	text, _, _ := strings.Cut(b.String(), "\ndigest ") // the lab's certificate is in it
	var out strings.Builder
	out.WriteString(text)
	for _, s := range p.Program.Steps {
		fmt.Fprintf(&out, "\n  %s", s.Op)
		if s.Risk != plan.Safe {
			fmt.Fprintf(&out, " (%s)", s.Risk)
		}
		for _, a := range s.Args {
			if a.Value.Late != nil || a.Name == plan.ArgVMID || a.Name == plan.ArgProgram || a.Name == plan.ArgSecrets || s.Op == plan.SeedUpload {
				continue
			}
			fmt.Fprintf(&out, " %s=%s", a.Name, a.Value)
		}
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

func TestEdits(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) < 40 {
		t.Fatalf("%d edits, %v", len(names), err)
	}
	archives := map[string]*txtar.Archive{}
	befores := map[string]bool{}
	file := func(a *txtar.Archive, name string) string {
		for _, f := range a.Files {
			if f.Name == name {
				return string(f.Data)
			}
		}
		return ""
	}
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		archives[name] = a
		befores[file(a, "before")] = true
	}
	f := world(t, slices.Sorted(maps.Keys(befores)))
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a := archives[name]
			d := site(t, file(a, "after"))
			was := site(t, file(a, "before"))
			facts := only(f, was.Nodes[0].Name)
			if p, bad := build.Plan(was, facts, plan.GoalCreate, build.Options{DefaultHost: "lab"}); bad.HasErrors() || len(p.Program.Steps) > 0 {
				t.Fatalf("what was made is not as declared: %s", tell(p, bad))
			}
			p, bad := build.Plan(d, facts, plan.GoalCreate, build.Options{DefaultHost: "lab"})
			got := tell(p, bad)
			if *update {
				a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == "out" })
				a.Files = append(a.Files, txtar.File{Name: "out", Data: []byte(got)})
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := file(a, "out"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
