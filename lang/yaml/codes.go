package yaml

import (
	"fmt"
	"strconv"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

const (
	codeDeep    diag.Code = "HS0002"
	codeTooMany diag.Code = "HS0003"

	codeSyntax    diag.Code = "HS0010"
	codeTab       diag.Code = "HS0011"
	codeIndent    diag.Code = "HS0012"
	codeColon     diag.Code = "HS0013"
	codeUnclosed  diag.Code = "HS0014"
	codeEscape    diag.Code = "HS0015"
	codeQuoteIt   diag.Code = "HS0016"
	codeDuplicate diag.Code = "HS0020"
	codeAnchor    diag.Code = "HS0021"
	codeMerge     diag.Code = "HS0022"
	codeTag       diag.Code = "HS0023"
	codeDocuments diag.Code = "HS0024"
	codeKey       diag.Code = "HS0025"
	codeDirective diag.Code = "HS0026"
)

func (l *findings) duplicate(f syntax.Field, first source.Range) {
	d := codeDuplicate.Errorf("duplicate key")
	if !f.Range.File.Secret {
		d.Message = fmt.Sprintf("duplicate key %q", f.Key)
	}
	d.Range = f.Range
	d.Label = "a mapping has each key once"
	d.Notes = []diag.Note{{Text: "first written here", Range: first}}
	d.Help = "remove one of the two"
	l.add(d)
}

const (
	anchorHelp = "write the value out: what several nodes share belongs into a spec or a preset, or a local in HCL"
	aliasHelp  = anchorHelp + "; quote a text that starts with * or &"
)

func (l *findings) alias(f *source.File, start, end int) {
	d := codeAnchor.Errorf("aliases are not supported")
	d.Range = source.Span(f, start, end)
	d.Help = aliasHelp
	l.add(d)
}

// property reports an anchor or a tag.
func (l *findings) property(f *source.File, start, end int) {
	d := codeTag.Errorf("tags are not supported")
	d.Help = "remove it: the type of a value follows from its field; quote a number that is text"
	if f.Text[start] != '!' {
		d = codeAnchor.Errorf("anchors are not supported")
		d.Help = anchorHelp
	}
	d.Range = source.Span(f, start, end)
	l.add(d)
}

func (l *findings) merge(r source.Range) {
	d := codeMerge.Errorf("merge keys are not supported")
	d.Range = r
	d.Help = anchorHelp
	l.add(d)
}

// glued reports a key without a value that is a field without its space.
func (l *findings) glued(f syntax.Field) bool {
	key, _, ok := syntax.Glued(f.Key)
	if ok {
		d := codeColon.Errorf("")
		d.Range = f.Range
		missingSpace(d, int(f.Range.Start)+len(key))
		l.add(d)
	}
	return ok
}

func (l *findings) keyKind(r source.Range, k syntax.Kind) {
	d := codeKey.Errorf("a key must be text, and this is a %s", k)
	if k == syntax.Null {
		d.Message = "a key must be text, and this is null"
	}
	d.Range = r
	d.Help = "write a name before the colon"
	switch text := r.File.Text; k {
	case syntax.Bool, syntax.Int, syntax.Float:
		d.Help = "put it into quotes"
		if !r.File.Secret {
			quoted := strconv.Quote(string(text[r.Start:r.End]))
			d.Help = "write " + quoted
			d.Fixes = []diag.Fix{{Title: "quote the key", Edits: []diag.Edit{{Range: r, New: quoted}}}}
		}
	case syntax.Map:
		if r.Start > 0 && text[r.Start-1] == '{' {
			d.Help = "put text that has {{ }} in it into quotes; nothing here fills templates in"
		}
	}
	l.add(d)
}
