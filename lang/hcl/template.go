package hcl

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// Templates reads texts of another syntax as templates, the language between
// double quotes. The zero value is ready; one of it serves one file, so that
// the limits are those of a file.
type Templates struct {
	tokens, joined int
	full           bool
}

// Text is the content of a text: what it means after the other syntax has taken
// its quotes, escapes and indentation away.
type Text struct {
	Content []byte
	// Place is the offset in the file of an offset in Content, its end
	// included. When nil, nobody knows, and all of it is at Whole.
	Place func(int) int
	Whole source.Range // of the text in its file, quotes included
}

// Read makes a node of a text: a String when nothing is to be filled in, with
// $${ and %%{ as what they stand for, else an Expr whose places are those of
// the file. The node is Bad when the list has an error.
func (t *Templates) Read(x Text) (*syntax.Node, diag.List) {
	n := &syntax.Node{Kind: syntax.Bad, Range: x.Whole}
	if t.full {
		return n, nil
	}
	if bytes.Contains(x.Content, []byte("\r\n")) {
		x.Place = nil // parts of the content would have two offsets
	}
	whole := x.Whole.File
	f := source.NewFile(whole.Name, x.Content)
	f.Secret = whole.Secret
	m := mover{text: x}
	if d := t.scan(f); d != nil {
		t.full = d.Code == codeTooMany
		return n, m.findings(diag.List{d})
	}
	parsed, problems := hclsyntax.ParseTemplate(x.Content, f.Name, hcl.InitialPos)
	if problems.HasErrors() {
		return n, m.findings(explain(f, &hclsyntax.Body{}, problems))
	}
	if e, ok := parsed.(*hclsyntax.TemplateExpr); ok {
		if text, ok := literalText(e); ok {
			n.Kind, n.Text = syntax.String, text
			return n, nil
		}
	}
	m.expr(parsed)
	n.Kind, n.Expr = syntax.Expr, parsed
	return n, nil
}

// scan is the scan of a file, over a text that is one template.
func (t *Templates) scan(f *source.File) *diag.Diagnostic {
	s := scanner{file: f, text: f.Text, limits: DefaultLimits(), tokens: t.tokens, joined: t.joined}
	s.frames = append(s.frames, frame{kind: inText})
	s.run()
	t.tokens, t.joined = s.tokens, s.joined
	return s.found
}

// Expression reads a text that is one expression and nothing else.
func Expression(f *source.File) (*syntax.Node, diag.List) {
	return Text{Content: f.Text, Place: func(at int) int { return at }, Whole: source.Span(f, 0, len(f.Text))}.Expression()
}

// Expression reads a text that is one expression and nothing else. The node is
// nil when the list has an error.
func (x Text) Expression() (*syntax.Node, diag.List) {
	if bytes.Contains(x.Content, []byte("\r\n")) {
		x.Place = nil
	}
	f := source.NewFile(x.Whole.File.Name, x.Content)
	f.Secret = x.Whole.File.Secret
	m := mover{text: x}
	if d := scanAs(f, DefaultLimits(), inCode); d != nil {
		return nil, m.findings(diag.List{d})
	}
	if len(bytes.TrimSpace(x.Content)) == 0 {
		d := codeSyntax.Errorf("a value is missing here")
		d.Range = source.Span(f, 0, len(f.Text))
		d.Help = "write an expression, as in var.workers + 1"
		return nil, m.findings(diag.List{d})
	}
	parsed, problems := hclsyntax.ParseExpression(x.Content, f.Name, hcl.InitialPos)
	if problems.HasErrors() {
		return nil, m.findings(explain(f, &hclsyntax.Body{}, problems))
	}
	m.expr(parsed)
	return &syntax.Node{Kind: syntax.Expr, Range: x.Whole, Expr: parsed}, nil
}
