package query_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/query"
	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/langtest"
	"github.com/homestak/homestak/lang/source"
)

// sites are those of the examples, of the archives here and of the compiler's.
func sites(tb testing.TB) map[string]fstest.MapFS {
	tb.Helper()
	all := map[string]fstest.MapFS{}
	for _, dir := range []string{"homelab", "homelab-hcl"} {
		root := filepath.Join("..", "..", "examples", dir)
		files := fstest.MapFS{}
		err := filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(p)
			rel, _ := filepath.Rel(root, p)
			files[filepath.ToSlash(rel)] = &fstest.MapFile{Data: text}
			return err
		})
		if err != nil {
			tb.Fatal(err)
		}
		all["examples/"+dir] = files
	}
	for _, pattern := range []string{"testdata/*.txtar", "../../golden/compiler/testdata/*.txtar"} {
		archives, err := filepath.Glob(pattern)
		if err != nil || len(archives) == 0 {
			tb.Fatalf("nothing matches %s", pattern)
		}
		for _, name := range archives {
			a, err := txtar.ParseFile(name)
			if err != nil {
				tb.Fatal(err)
			}
			files, _ := siteOf(a)
			for file, f := range files {
				if clean, _, err := langtest.Cut(file, f.Data); err == nil {
					f.Data = clean
				}
			}
			all[name] = files
			if other := inHCL(a, files); other != nil {
				all[name+" in HCL"] = other
			}
		}
	}
	return all
}

// inHCL is a site with the files that an archive has below hcl/ in place of the
// YAML files of their names.
func inHCL(a *txtar.Archive, files fstest.MapFS) fstest.MapFS {
	out := maps.Clone(files)
	for _, f := range a.Files {
		name, ok := strings.CutPrefix(f.Name, "hcl/")
		if !ok {
			continue
		}
		clean, _, err := langtest.Cut(name, f.Data)
		if err != nil {
			return nil
		}
		delete(out, strings.TrimSuffix(name, ".hcl")+".yaml")
		out[name] = &fstest.MapFile{Data: clean}
	}
	if maps.EqualFunc(out, files, func(a, b *fstest.MapFile) bool { return a == b }) {
		return nil
	}
	return out
}

// share is how much of a property is tested: CI does a tenth, soaking all.
func share(n int) int {
	if os.Getenv("HOMESTAK_SOAK") != "" {
		return 10 * n
	}
	return n
}

// ask puts every question at an offset, and checks what all answers have in
// common.
func ask(t testing.TB, w *query.World, file string, text []byte, offset int) {
	t.Helper()
	inside := func(what string, r source.Range) {
		if r.IsZero() || r.Start < 0 || r.End < r.Start || int(r.End) > len(r.File.Text) {
			t.Fatalf("%s at %s+%d is at %d-%d", what, file, offset, r.Start, r.End)
		}
	}
	items := w.Complete(file, offset)
	if len(items) > 1200 {
		t.Fatalf("%d items at %s+%d", len(items), file, offset)
	}
	for _, i := range items {
		inside("an item", i.Replace)
		r := i.Replace
		if i.Label == "" || i.Insert == "" || string(r.File.Text) != string(text) || int(r.Start) > offset || int(r.End) < offset ||
			strings.Contains(string(text[r.Start:r.End]), "\n") {
			t.Fatalf("item %+v replaces %q at %s+%d", i, text[r.Start:r.End], file, offset)
		}
	}
	if h, ok := w.Hover(file, offset); ok {
		inside("a hover", h.Range)
		if h.Markdown == "" || int(h.Range.Start) > offset || int(h.Range.End) < offset {
			t.Fatalf("hover %q of %s at %s+%d", h.Markdown, h.Range, file, offset)
		}
	}
	for _, r := range w.Definition(file, offset) {
		inside("a definition", r)
	}
	for _, r := range w.References(file, offset, true) {
		inside("a reference", r)
	}
	at, name, err := w.PrepareRename(file, offset)
	if err != nil {
		return
	}
	inside("a name", at)
	if got := string(text[at.Start:at.End]); got != name && (offset != 0 || got != "") {
		t.Fatalf("%q is called %q at %s+%d", got, name, file, offset)
	}
}

func checkSymbols(t testing.TB, w *query.World, file string) {
	var check func(list []query.Symbol)
	check = func(list []query.Symbol) {
		for _, s := range list {
			if s.Name == "" || s.Selection.Start < s.Range.Start || s.Selection.End > s.Range.End {
				t.Fatalf("%s: symbol %q is at %d-%d, its name at %d-%d", file, s.Name, s.Range.Start, s.Range.End, s.Selection.Start, s.Selection.End)
			}
			check(s.Children)
		}
	}
	check(w.Symbols(file))
}

// Every question has a bounded answer at every place, whatever the text is.
func TestEverywhere(t *testing.T) {
	asked := 0
	for _, files := range sites(t) {
		w := worldOf(files)
		for name, f := range files {
			if !lang.Known(name) || len(f.Data) > 20_000 {
				continue
			}
			checkSymbols(t, w, name)
			step := 1 + len(f.Data)/share(100)
			for at := 0; at <= len(f.Data); at += step {
				if strings.HasPrefix(name, "secrets.") {
					if w.Complete(name, at) != nil {
						t.Fatal("secrets are completed")
					}
					continue
				}
				ask(t, w, name, f.Data, at)
				asked++
			}
		}
	}
	if asked < 5000 {
		t.Errorf("asked at %d places only", asked)
	}
}

// Questions may be asked at once.
func TestConcurrent(t *testing.T) {
	files := sites(t)["examples/homelab"]
	w := worldOf(files)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for name, f := range files {
				for at := 0; at < len(f.Data) && lang.Known(name); at += 37 {
					ask(t, w, name, f.Data, at)
				}
			}
		})
	}
	wg.Wait()
}

// unknownNames are the codes of names that nothing has.
var unknownNames = []diag.Code{"HS0211", "HS0212", "HS0213", "HS0214", "HS0215", "HS0216", "HS0217", "HS0218"}

// Whatever name is offered exists.
func TestOfferedNamesExist(t *testing.T) {
	tried := 0
	all := sites(t)
	for _, site := range []string{"examples/homelab", "examples/homelab-hcl", "testdata/rename.txtar", "testdata/navigate.txtar"} {
		files := all[site]
		before := count(files)
		w := worldOf(files)
		for name, f := range files {
			if !lang.Known(name) || strings.HasPrefix(name, "secrets.") {
				continue
			}
			seen := map[string]bool{}
			for at := 0; at <= len(f.Data); at++ {
				for _, i := range w.Complete(name, at) {
					key := fmt.Sprint(i.Replace, i.Insert)
					if i.Kind != query.ItemReference || seen[key] || len(seen) > share(25) {
						continue
					}
					seen[key] = true
					tried++
					after := count(edited(files, []diag.Edit{{Range: i.Replace, New: i.Insert}}, nil))
					for _, code := range unknownNames {
						if after[code] > before[code] {
							t.Errorf("%s: %q in place of %q at %s gives %s", site, i.Insert, f.Data[i.Replace.Start:i.Replace.End], i.Replace, code)
						}
					}
				}
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d names were tried", tried)
	}
}

// unfit are the codes of fields that do not belong where they are: unknown,
// renamed, gone, without effect, given twice, not supported.
var unfit = []diag.Code{"HS0201", "HS0203", "HS0204", "HS0205", "HS0206", "HS0207", "HS0226", "HS0940"}

// A field that is offered on a new line may be written there: it is known, not
// given twice, and the file still parses.
func TestOfferedFieldsFit(t *testing.T) {
	tried := 0
	for site, files := range sites(t) {
		if !strings.Contains(site, "homelab") && !strings.Contains(site, "testdata/rename") {
			continue
		}
		before := count(files)
		for name, f := range files {
			hcl := strings.HasSuffix(name, ".hcl")
			if !lang.Known(name) || strings.HasPrefix(name, "secrets.") {
				continue
			}
			for at, c := range f.Data {
				if c != '\n' || tried > share(400) {
					continue
				}
				line := string(f.Data[strings.LastIndexByte(string(f.Data[:at]), '\n')+1 : at])
				text := strings.TrimLeft(line, " -")
				if text == "" || strings.HasSuffix(text, ":") {
					continue // what follows would be the new field's
				}
				typed := maps.Clone(files)
				newline := "\n" + strings.Repeat(" ", len(line)-len(text))
				typed[name] = &fstest.MapFile{Data: slices.Concat(f.Data[:at], []byte(newline), f.Data[at:])}
				offset := at + len(newline)
				for _, i := range worldOf(typed).Complete(name, offset) {
					if i.Kind != query.ItemField {
						continue
					}
					tried++
					insert := i.Insert
					if hcl && strings.HasSuffix(insert, "= ") {
						insert += "null"
					}
					insert = strings.Replace(insert, `""`, `"fresh"`, 1)
					now := edited(typed, []diag.Edit{{Range: i.Replace, New: insert}}, nil)
					after := count(now)
					for code := range after {
						if after[code] > before[code] && (code < "HS0200" || slices.Contains(unfit, code)) {
							t.Errorf("%s: %q after line %q of %s gives %s", site, i.Insert, line, name, code)
						}
					}
				}
			}
		}
	}
	if tried < 200 {
		t.Errorf("only %d fields were tried", tried)
	}
}

func count(files fstest.MapFS) map[diag.Code]int {
	site, list := compiler.Load(files)
	n := map[diag.Code]int{}
	for _, d := range append(list, site.Check()...) {
		n[d.Code]++
	}
	return n
}

// edited makes edits and moves files.
func edited(files fstest.MapFS, edits []diag.Edit, moved map[string]string) fstest.MapFS {
	var list diag.List
	for _, e := range edits {
		list = append(list, &diag.Diagnostic{Fixes: []diag.Fix{{Edits: []diag.Edit{e}}}})
	}
	out := maps.Clone(files)
	for _, f := range diag.Apply(list) {
		out[f.File.Name] = &fstest.MapFile{Data: f.Text}
	}
	for from, to := range moved {
		out[to] = out[from]
		delete(out, from)
	}
	return out
}

// A rename changes a name and nothing else, and back again gives every byte.
func TestRename(t *testing.T) {
	renamed := 0
	for site, files := range sites(t) {
		if loaded, list := compiler.Load(files); append(list, loaded.Check()...).HasErrors() {
			continue // a name that is wrong in two ways may be so in one
		}
		before := count(files)
		w := worldOf(files)
		seen := map[string]bool{}
		for _, name := range slices.Sorted(maps.Keys(files)) {
			for at := range files[name].Data {
				place, was, err := w.PrepareRename(name, at)
				if err != nil || seen[place.String()] || len(seen) > share(5) {
					continue
				}
				seen[place.String()] = true
				is := was + "x9"
				edits, moved, err := w.Rename(name, at, is)
				if err != nil {
					continue
				}
				renamed++
				after := edited(files, edits, moved)
				where := fmt.Sprintf("%s: %s at %s", site, was, place)
				if now := count(after); !maps.Equal(now, before) {
					t.Fatalf("%s: findings %v become %v", where, before, now)
				}
				if a, b := meaning(files, was, is), meaning(after, was, is); a != b {
					t.Fatalf("%s: the deployment is another\n%s", where, differing(a, b))
				}
				back(t, where, files, after, edits, moved, was, is)
			}
		}
	}
	if renamed < 100 {
		t.Errorf("only %d names were changed", renamed)
	}
}

// back renames to the old name at the first place that was edited.
func back(t *testing.T, where string, files, after fstest.MapFS, edits []diag.Edit, moved map[string]string, was, is string) {
	t.Helper()
	if len(edits) == 0 {
		return // nobody mentions it: there is no place to say so at
	}
	e := edits[0]
	for _, other := range edits {
		if other.Range.File == e.Range.File && other.Range.Start < e.Range.Start {
			e = other
		}
	}
	file := e.Range.File.Name
	if to, ok := moved[file]; ok {
		file = to
	}
	edits, moved, err := worldOf(after).Rename(file, int(e.Range.Start)+1, was)
	if err != nil {
		t.Fatalf("%s: %s cannot be renamed back: %v", where, is, err)
	}
	again := edited(after, edits, moved)
	for name, f := range files {
		if again[name] == nil || string(again[name].Data) != string(f.Data) {
			t.Fatalf("%s: %s is not what it was", where, name)
		}
	}
}

// meaning is every value of every deployment of a site without places, with one
// name for another, in an order that does not depend on names.
func meaning(files fstest.MapFS, was, is string) string {
	site, _ := compiler.Load(files)
	one := regexp.MustCompile(`(^|[^a-z0-9])` + regexp.QuoteMeta(was) + `($|[^a-z0-9])`)
	var lines []string
	for _, m := range site.Manifests() {
		d, _ := compiler.Compile(site, compiler.Options{Manifest: m})
		if d == nil {
			continue
		}
		for _, s := range d.Sections() {
			for _, e := range s.Entries {
				line := fmt.Sprintf("%s %s %s %s", s.Kind, s.Name, e.Name, e.Value)
				line = one.ReplaceAllString(one.ReplaceAllString(line, "${1}"+is+"${2}"), "${1}"+is+"${2}")
				lines = append(lines, strings.ReplaceAll(line, is+"x9", is))
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func differing(a, b string) string {
	var out []string
	lines := strings.Split(b, "\n")
	for _, l := range strings.Split(a, "\n") {
		if !slices.Contains(lines, l) {
			out = append(out, "- "+l)
		}
	}
	was := strings.Split(a, "\n")
	for _, l := range lines {
		if !slices.Contains(was, l) {
			out = append(out, "+ "+l)
		}
	}
	return strings.Join(out, "\n")
}
