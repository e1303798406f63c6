package lsp

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// manualPage explains every code.
const manualPage = "https://github.com/homestak/homestak/blob/main/docs/reference/diagnostics.md#"

// tagged are codes with a meaning that editors show in a way of their own: grey
// for what has no effect (1), struck out for what has another name today (2).
var tagged = map[diag.Code]int{
	"HS0203": 2,
	"HS0205": 1, "HS0206": 1, "HS0248": 1, "HS0553": 1, "HS0940": 1,
}

// teller puts findings into the protocol's words.
type teller struct {
	*state
	*client
}

// published is what there is to say about each file, by URI, in the order of the
// findings. Open documents are there also when there is nothing.
func (t teller) published(list diag.List) map[string]*publishParams {
	out := map[string]*publishParams{}
	for _, name := range slices.Sorted(maps.Keys(t.open)) {
		doc := t.open[name]
		out[doc.uri] = &publishParams{URI: doc.uri, Version: &doc.version, Diagnostics: []diagnostic{}}
	}
	for _, d := range list {
		uri := t.place(d.Range).URI
		if out[uri] == nil {
			out[uri] = &publishParams{URI: uri}
		}
		out[uri].Diagnostics = append(out[uri].Diagnostics, t.diagnostic(d))
	}
	return out
}

// place is where a finding is shown. One about no place, or a place that the
// editor cannot open, is shown at the beginning of the site's own file.
func (t teller) place(r source.Range) location {
	if shownInPlace(r) {
		return location{t.uri(r.File.Name), t.span(r, t.encoding)}
	}
	name := "site.yaml"
	for _, f := range t.site.Files() {
		if f.Name == "site.yml" {
			name = f.Name
		}
	}
	return location{URI: t.uri(name)}
}

// shownInPlace says whether a range is in a file of the site.
func shownInPlace(r source.Range) bool {
	return r.File != nil && !strings.HasPrefix(r.File.Name, "stdlib:")
}

// uri is what a file of the site is called between the editor and the server.
func (st *state) uri(name string) string {
	if doc := st.open[name]; doc != nil {
		return doc.uri
	}
	return uriOf(filepath.Join(st.root, filepath.FromSlash(name)))
}

func (t teller) diagnostic(d *diag.Diagnostic) diagnostic {
	out := diagnostic{Range: t.place(d.Range).Range, Severity: 1, Code: string(d.Code), Source: "homestak"}
	if d.Severity == diag.Warning {
		out.Severity = 2
	}
	if t.can.TextDocument.PublishDiagnostics.CodeDescriptionSupport {
		out.CodeDescription = &codeDescription{manualPage + anchor(d.Code)}
	}
	if tag := tagged[d.Code]; tag != 0 && t.knowsTag(tag) {
		out.Tags = []int{tag}
	}
	text := []string{d.Message}
	if d.Label != "" {
		text = append(text, d.Label)
	}
	if d.Range.File != nil && !shownInPlace(d.Range) {
		text = append(text, "in "+d.Range.String())
		if where := t.related(d.Range); where != nil {
			out.Related = append(out.Related, related{*where, "in the library"})
		}
	}
	for _, n := range d.Notes {
		if where := t.related(n.Range); where != nil {
			out.Related = append(out.Related, related{*where, n.Text})
			continue
		}
		text = append(text, "note: "+n.Text)
	}
	if d.Help != "" {
		text = append(text, "help: "+d.Help)
	}
	out.Message = strings.Join(text, "\n")
	return out
}

// related is the place of a note, nil when it has none that can be shown.
func (t teller) related(r source.Range) *location {
	if r.IsZero() || !t.can.TextDocument.PublishDiagnostics.RelatedInformation {
		return nil
	}
	return t.location(r)
}

// location is a place in a file that the editor can open, or nil.
func (t teller) location(r source.Range) *location {
	if rest, ok := strings.CutPrefix(r.File.Name, "stdlib:"); ok {
		path, err := t.library.copyOf(rest, r.File.Text)
		if err != nil {
			return nil
		}
		return &location{uriOf(path), t.span(r, t.encoding)}
	}
	return &location{t.uri(r.File.Name), t.span(r, t.encoding)}
}

func (t teller) knowsTag(tag int) bool {
	known := t.can.TextDocument.PublishDiagnostics.TagSupport
	return known != nil && slices.Contains(known.ValueSet, tag)
}

// anchor is the heading of a code in the manual, as its host makes links of them.
func anchor(c diag.Code) string {
	e, _ := diag.Lookup(c)
	var b strings.Builder
	for _, r := range strings.ToLower(string(c) + ": " + e.Title) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-', r == '_', r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		}
	}
	return b.String()
}
