package query_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/query"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

var update = flag.Bool("update", false, "write what the answers are into the archives")

const mark = "‸"

// cursor is a marked place of an input.
type cursor struct {
	file   string
	offset int
	at     string // file:line:col
}

// siteOf makes a file system of the files below in/, without their marks, and
// lists the marked places in order.
func siteOf(a *txtar.Archive) (fstest.MapFS, []cursor) {
	files := fstest.MapFS{}
	var cursors []cursor
	for _, f := range a.Files {
		name, ok := strings.CutPrefix(f.Name, "in/")
		if !ok {
			continue
		}
		parts := bytes.Split(f.Data, []byte(mark))
		text := bytes.Join(parts, nil)
		files[name] = &fstest.MapFile{Data: text}
		offset := 0
		for _, part := range parts[:len(parts)-1] {
			offset += len(part)
			at := source.Span(source.NewFile(name, text), offset, offset).String()
			cursors = append(cursors, cursor{name, offset, at})
		}
	}
	return files, cursors
}

func worldOf(files fstest.MapFS) *query.World {
	site, _ := compiler.Load(files)
	return query.New(site, files)
}

// answers are the questions an archive may have a file out/NAME for.
var answers = map[string]func(w *query.World, c cursor, arg string) string{
	"complete":   complete,
	"hover":      hover,
	"definition": definition,
	"references": references,
	"rename":     rename,
	"symbols":    symbols,
}

// Each archive is a site with marked places, and what is said about them.
func TestGolden(t *testing.T) {
	archives, _ := filepath.Glob("testdata/*.txtar")
	if len(archives) < 3 {
		t.Fatalf("only %d archives", len(archives))
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files, cursors := siteOf(a)
			w := worldOf(files)
			for i := range a.Files {
				f := &a.Files[i]
				question, ok := strings.CutPrefix(f.Name, "out/")
				if !ok {
					continue
				}
				question, arg, _ := strings.Cut(question, " ")
				var b strings.Builder
				for _, c := range cursors {
					if question == "symbols" && b.Len() > 0 {
						break
					}
					fmt.Fprintf(&b, "%s\n%s", c.at, answers[question](w, c, arg))
				}
				if *update {
					f.Data = []byte(b.String())
				} else if got := b.String(); got != string(f.Data) {
					t.Errorf("%s is\n%s\nnot\n%s", f.Name, got, f.Data)
				}
			}
			if *update {
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

const most = 14

func complete(w *query.World, c cursor, _ string) string {
	items := w.Complete(c.file, c.offset)
	slices.SortStableFunc(items, func(a, b query.Item) int { return strings.Compare(a.Sort, b.Sort) })
	var b strings.Builder
	last := ""
	for i, item := range items {
		r := item.Replace
		if what := fmt.Sprintf("  replace %q\n", r.File.Text[r.Start:r.End]); what != last {
			b.WriteString(what)
			last = what
		}
		if item.Kind == query.ItemFunction { // the table has tests of its own
			b.WriteString("    … functions\n")
			break
		}
		if item.Kind == query.ItemModule && strings.HasPrefix(item.Label, "stdlib:") { // which may have more
			if item.Label == "stdlib:flat" {
				b.WriteString("    stdlib:flat and others\n")
			}
			continue
		}
		if strings.HasPrefix(item.Label, "HS") && i == 3 { // there are more with every version
			b.WriteString("    … codes\n")
			break
		}
		if i == most {
			b.WriteString("    … more\n")
			break
		}
		line := fmt.Sprintf("    %s", item.Label)
		if item.Insert != item.Label {
			line += fmt.Sprintf(" → %q", item.Insert)
		}
		if item.Detail != "" {
			line += ": " + item.Detail
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

func hover(w *query.World, c cursor, _ string) string {
	h, ok := w.Hover(c.file, c.offset)
	if !ok {
		return "  nothing\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "  %q\n", h.Range.File.Text[h.Range.Start:h.Range.End])
	for line := range strings.Lines(h.Markdown) {
		if line == "\n" && strings.HasPrefix(h.Markdown, "**HS") {
			break // what a code means is said elsewhere
		}
		b.WriteString("    " + strings.TrimRight(line, "\n") + "\n")
	}
	return b.String()
}

func places(ranges []source.Range) string {
	if len(ranges) == 0 {
		return "  nothing\n"
	}
	var b strings.Builder
	for _, r := range ranges {
		fmt.Fprintf(&b, "  %s %q\n", r, r.File.Text[r.Start:r.End])
	}
	return b.String()
}

func definition(w *query.World, c cursor, _ string) string {
	return places(w.Definition(c.file, c.offset))
}

func references(w *query.World, c cursor, _ string) string {
	return places(w.References(c.file, c.offset, true))
}

// rename shows the lines that change.
func rename(w *query.World, c cursor, to string) string {
	edits, moved, err := w.Rename(c.file, c.offset, to)
	if err != nil {
		return "  refused: " + err.Error() + "\n"
	}
	var b strings.Builder
	var list diag.List
	for _, e := range edits {
		list = append(list, &diag.Diagnostic{Fixes: []diag.Fix{{Edits: []diag.Edit{e}}}})
	}
	for _, f := range diag.Apply(list) {
		was, is := strings.Split(string(f.File.Text), "\n"), strings.Split(string(f.Text), "\n")
		for i := range was {
			if was[i] != is[i] {
				fmt.Fprintf(&b, "  %s:%d: %s\n", f.File.Name, i+1, strings.TrimSpace(is[i]))
			}
		}
	}
	for from, to := range moved {
		fmt.Fprintf(&b, "  %s is called %s\n", from, to)
	}
	return b.String()
}

func symbols(w *query.World, c cursor, _ string) string {
	var b strings.Builder
	var show func(list []query.Symbol, indent string)
	show = func(list []query.Symbol, indent string) {
		for _, s := range list {
			fmt.Fprintf(&b, "%s%s (%s) %s to %d:%d", indent, s.Name, s.Detail, s.Selection, s.Range.EndPos().Line, s.Range.EndPos().Col)
			fmt.Fprintf(&b, " kind %d\n", s.Kind)
			show(s.Children, indent+"  ")
		}
	}
	show(w.Symbols(c.file), "  ")
	return b.String()
}

// Functions are offered with how they are called.
func TestFunctionsAreOffered(t *testing.T) {
	text := "manifest \"m\" {\n  node \"a\" {\n    cores = ci\n  }\n}\n"
	files := fstest.MapFS{"m.hcl": {Data: []byte(text)}}
	for _, i := range worldOf(files).Complete("m.hcl", strings.Index(text, "ci\n")+2) {
		if i.Label == "cidrhost" {
			if i.Kind != query.ItemFunction || i.Insert != "cidrhost(" || !strings.HasPrefix(i.Detail, "cidrhost(prefix") || !strings.Contains(i.Doc, "address") {
				t.Errorf("%+v", i)
			}
			return
		}
	}
	t.Error("cidrhost is not offered")
}
