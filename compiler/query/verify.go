package query

import (
	"fmt"
	"slices"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/lang/diag"
)

// verify says what would be wrong with the site after a rename that is not now,
// nil when nothing would. Names can be in places that no index sees, such as
// the default of a variable: then the compiler does not find them any more.
func (w *World) verify(edits []diag.Edit, files map[string]string) error {
	after := &overlay{below: w.fsys, texts: map[string][]byte{}, gone: map[string]bool{}}
	for _, f := range editedFiles(edits) {
		after.texts[f.file] = f.text
	}
	for from, to := range files {
		text, ok := after.texts[from]
		if !ok {
			text = w.document(from).file.Text
		}
		delete(after.texts, from)
		after.texts[to], after.gone[from] = text, true
	}
	was, is := judge(w.site), judge(loaded(after))
	for _, d := range is.list {
		if was.codes[d.Code]--; was.codes[d.Code] < 0 {
			return fmt.Errorf("it is in use in a way that cannot be changed, at %s: then %s", d.Range, d.Message)
		}
	}
	for _, name := range w.site.Manifests() {
		if now, ok := is.relations[name]; ok && now != was.relations[name] {
			return fmt.Errorf("manifest %q would relate its nodes in another way: a text in an expression names them", name)
		}
	}
	return nil
}

func loaded(o *overlay) *compiler.Site {
	site, _ := compiler.Load(o)
	return site
}

// judgement is what the compiler has to say about a site.
type judgement struct {
	list      diag.List
	codes     map[diag.Code]int
	relations map[string]int // nodes and edges of each manifest
}

func judge(site *compiler.Site) judgement {
	j := judgement{list: site.Check(), codes: map[diag.Code]int{}, relations: map[string]int{}}
	for _, d := range j.list {
		j.codes[d.Code]++
	}
	for _, name := range site.Manifests() {
		if d, _ := compiler.Compile(site, compiler.Options{Manifest: name}); d != nil {
			j.relations[name] = len(d.Nodes) + len(d.Edges)
		}
	}
	return j
}

// editedFile is a file as it will be.
type editedFile struct {
	file string
	text []byte
}

// editedFiles makes edits, which do not overlap.
func editedFiles(edits []diag.Edit) []editedFile {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b diag.Edit) int { return int(a.Range.Start) - int(b.Range.Start) })
	var out []editedFile
	done := map[string]int{} // index in out
	at := map[string]int{}
	for _, e := range sorted {
		f := e.Range.File
		i, ok := done[f.Name]
		if !ok {
			i = len(out)
			done[f.Name] = i
			out = append(out, editedFile{file: f.Name})
		}
		out[i].text = append(append(out[i].text, f.Text[at[f.Name]:e.Range.Start]...), e.New...)
		at[f.Name] = int(e.Range.End)
	}
	for _, e := range sorted {
		if f, i := e.Range.File, done[e.Range.File.Name]; at[f.Name] < len(f.Text) {
			out[i].text = append(out[i].text, f.Text[at[f.Name]:]...)
			at[f.Name] = len(f.Text)
		}
	}
	return out
}
