package expr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

const (
	codeDuplicate diag.Code = "HS0020" // in text as in every mapping

	codeName      diag.Code = "HS0150"
	codeAttribute diag.Code = "HS0151"
	codeFunction  diag.Code = "HS0152"
	codeReference diag.Code = "HS0153"
	codeArguments diag.Code = "HS0154"
	codeType      diag.Code = "HS0155"
	codeRefused   diag.Code = "HS0156"
	codeElement   diag.Code = "HS0157"
	codeNumber    diag.Code = "HS0158"
	codeNull      diag.Code = "HS0159"
	codeCycle     diag.Code = "HS0161"
	codeWork      diag.Code = "HS0162"
)

// report adds a finding, which costs like everything else.
func (e *evaluator) report(d *diag.Diagnostic) {
	if e.told {
		redact(d)
	}
	d.Fixes = slices.DeleteFunc(d.Fixes, func(f diag.Fix) bool { return e.quotes(f.Edits) })
	if e.spend(0, sizeReport, d.Range) {
		e.found = append(e.found, d)
	}
}

// quotes reports whether edits write what another syntax around the expression
// could take for its own: a fix is a certain one only in HCL then.
func (e *evaluator) quotes(edits []diag.Edit) bool {
	if e.file == nil || strings.HasSuffix(e.file.Name, ".hcl") {
		return false
	}
	return slices.ContainsFunc(edits, func(ed diag.Edit) bool { return strings.ContainsAny(ed.New, "\"'\\:#{}\n") })
}

func (e *evaluator) duplicate(key string, at, first source.Range) {
	d := codeDuplicate.Errorf("duplicate key %q", key)
	d.Range = at
	d.Label = "a mapping has each key once"
	if !first.IsZero() {
		d.Notes = []diag.Note{{Text: "first made here", Range: first}}
	}
	d.Help = "remove one of the two"
	e.report(d)
}

// wrongType reports that something must be what it is not.
func (e *evaluator) wrongType(at source.Range, what, want, got string) {
	d := codeType.Errorf("%s must be %s, and this is %s", what, want, got)
	d.Range = at
	d.Help = "give " + want
	if want == "text" && got == "a list" {
		d.Help = `make text of the list: join(", ", …)`
	}
	e.report(d)
}

func (e *evaluator) isNull(at source.Range, what string) {
	d := codeNull.Errorf("%s is null here", what)
	d.Range = at
	d.Help = "give it a value, or choose one with coalesce(…, other)"
	e.report(d)
}

// didYouMean sets the help and the fix of an unknown name. otherwise is the
// help when nothing is close.
func didYouMean(d *diag.Diagnostic, name string, candidates []string, otherwise string) {
	d.Help = otherwise
	if s := diag.Suggest(name, candidates); s != "" {
		d.Help = fmt.Sprintf("did you mean %q?", s)
		d.Fixes = replace(d.Range, s)
	}
}

func replace(r source.Range, text string) []diag.Fix {
	return []diag.Fix{{Title: "write " + text, Edits: []diag.Edit{{Range: r, New: text}}}}
}

// few lists names for a note, not all of many.
func few(names []string) string {
	const most = 12
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
