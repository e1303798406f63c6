package hcl

import (
	"bytes"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// explanation is what we say for one of the library's summaries.
type explanation struct {
	summary string // of the library: equal, or a prefix
	code    diag.Code
	message string
	help    string
}

// explanations are searched in order. The library's own words choose the case
// and are never shown.
var explanations = []explanation{
	{"Invalid argument name", codeSyntax, "the name of a field is not quoted", "remove the quotes"},
	{"Argument or block definition required", codeSyntax, "this is neither a field nor a block", `write name = value, or kind "name" { on one line`},
	{"Argument definition required", codeLine, "a block on one line has one field", "put each field and each block on a line of its own"},
	{"Invalid single-argument block definition", codeLine, "a block on one line has one field", "put each field and each block on a line of its own"},
	{"Missing newline", codeLine, "the field or block ends here, and the line goes on", "start a new line, or quote the value if all of it is one text"},
	{"Unexpected comma after argument", codeLine, "a field ends with its line, not with a comma", "remove the comma"},
	{"Invalid block definition", codeBlock, "this is not how a block starts", `write kind "name" { on one line`},
	{"Invalid string literal", codeLabel, "the name of a block is plain text", "write it without ${ }; expressions belong into fields"},
	{"Invalid attribute name", codeName, "what follows a dot is not a name", `write the name as text: "…", or in brackets: ["…"]`},
	{"Invalid legacy index syntax", codeName, "an index stands in brackets", "write [0] instead of .0"},
	{"Nested splat expression", codeName, "a splat stands in brackets", "write [*] instead of .*"},
	{"Missing close bracket", codeSeparator, "one index stands in brackets", "write ] after it"},
	{"Invalid number literal", codeNumber, "this is not a number", "put it into quotes if it is text"},
	{"Missing expression", codeSyntax, "a value is missing here", "write a value"},
	{"Invalid expression", codeSyntax, "a value is missing here", "write a value; text needs double quotes"},
	{"Missing false expression", codeSyntax, "a condition needs both results", "write condition ? value : other"},
	{"Missing argument separator", codeSeparator, "a comma is missing before this", "separate arguments with commas"},
	{"Missing item separator", codeSeparator, "a comma is missing before this", "separate items with commas"},
	{"Missing attribute separator", codeSeparator, "a comma or a new line is missing before this", "separate entries with commas or new lines"},
	{"Missing attribute value", codeSeparator, "a key without a value", "write key = value"},
	{"Missing key/value separator", codeSeparator, "an equals sign is missing before this", "write key = value; quote a key that is not one word"},
	{"Unbalanced parentheses", codeSeparator, "the parenthesis does not end here", "close it, or put an operator between the two values"},
	{"Missing closing parenthesis", codeSeparator, "the expanded argument is the last one", "close the parenthesis after the three dots"},
	{"Invalid 'for'", codeFor, "this is not how a for expression goes", "write [for x in list : value], or {for k, v in map : key => value}"},
	{"Invalid escape sequence", codeEscape, "unknown escape", `write \\ for a backslash`},
	{"Unsupported operator", codeSyntax, "there is no such operator", "use + - * / %, comparisons, &&, || and !"},
	{"Invalid character", codeSyntax, "this character has no meaning here", `put text into double quotes`},
	{"Missing open parenthesis", codeSyntax, "there are no namespaces of functions", "write the function's name alone, and its arguments in parentheses"},
	{"Missing function name", codeSyntax, "there are no namespaces of functions", "write the function's name alone, and its arguments in parentheses"},
	{"Extra characters after interpolation", codeTemplate, "${ } holds one expression", "write $${ for a ${ that is meant as text"},
	{"Unexpected end of template", codeTemplate, "%{ if } or %{ for } without its end", "add %{ endif } or %{ endfor }"},
	{"Unexpected", codeTemplate, "this directive has no beginning", "remove it, or add the %{ if } or %{ for } it belongs to; write %%{ for text"},
	{"Invalid template", codeTemplate, "unknown directive", "use if, else, endif, for and endfor; write %%{ for text"},
	{"Extra characters in", codeTemplate, "the directive goes on after its end", "close it with }"},
}

// explain turns the library's findings into ours: the first of each line, since
// more in one line mostly follow from it.
func explain(f *source.File, body *hclsyntax.Body, problems hcl.Diagnostics) diag.List {
	var list diag.List
	lines := map[int]bool{}
	for _, p := range problems {
		if p.Severity != hcl.DiagError || len(list) == maxFindings {
			continue
		}
		r := source.Span(f, 0, 0)
		if p.Subject != nil {
			r = syntax.Span(f, *p.Subject)
		}
		line := r.Pos().Line
		if lines[line] {
			continue
		}
		lines[line] = true
		list = append(list, explainOne(f, body, p.Summary, r))
	}
	return list
}

func explainOne(f *source.File, body *hclsyntax.Body, summary string, r source.Range) *diag.Diagnostic {
	text := string(f.Text[r.Start:r.End])
	if summary == "Attribute redefined" {
		// Both are fields of the innermost body around the second.
		name := strings.TrimSpace(strings.SplitN(text, "=", 2)[0])
		return duplicateKey(name, r, firstOf(f, body, name, int(r.Start)))
	}
	d := codeSyntax.Errorf("this is not HCL")
	d.Help = "see the form of fields and blocks with homestak explain HS0101"
	for _, x := range explanations {
		if strings.HasPrefix(summary, x.summary) {
			d = x.code.Errorf("%s", x.message)
			d.Help = x.help
			break
		}
	}
	d.Range = r
	refine(d, text)
	return d
}

// refine says more where the text shows what was meant.
func refine(d *diag.Diagnostic, text string) {
	after := d.Range.File.Text[d.Range.End:]
	rest, _ := lineAt(d.Range.File.Text, int(d.Range.End))
	switch {
	case d.Code == codeEscape && !d.Range.File.Secret:
		d.Message += " " + text
	case text == "'":
		d.Message = "single quotes mean nothing here"
		d.Help = "use double quotes"
	case strings.ContainsAny(text, "“”„‘’"):
		d.Message = "curly quotes mean nothing here"
		d.Help = "use straight double quotes"
	case text == ";":
		d.Message = "a semicolon means nothing here"
		d.Help = "put each field and each block on a line of its own"
	case d.Code == codeSyntax && bytes.HasPrefix(bytes.TrimSpace(rest), []byte(":")):
		d.Label = "this is how YAML writes it"
		d.Help = "write " + text + " = value"
	case d.Code == codeSyntax && strings.TrimSpace(text) == "" && len(bytes.TrimSpace(after)) == 0:
		d.Label = "the text ends here"
	}
}

// firstOf finds the earlier field of a name in the innermost body around at.
func firstOf(f *source.File, body *hclsyntax.Body, name string, at int) source.Range {
	for _, b := range body.Blocks {
		if b.Body != nil && f.FromUnix(b.OpenBraceRange.Start.Byte) < at && at < f.FromUnix(b.CloseBraceRange.End.Byte) {
			return firstOf(f, b.Body, name, at)
		}
	}
	if a := body.Attributes[name]; a != nil {
		if first := syntax.Span(f, a.NameRange); int(first.Start) != at {
			return first
		}
	}
	return source.Range{}
}
