package selector

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// Bounds of a selector. A longer list of nodes belongs into tags.
const (
	MaxLength = 4096 // bytes
	MaxDepth  = 50   // parentheses in parentheses, functions included
)

const (
	codeSyntax    diag.Code = "HS0560" // not a selector
	codeBounds    diag.Code = "HS0561" // too long or too deep
	codeAttribute diag.Code = "HS0562" // no such attribute
	codeFunction  diag.Code = "HS0563" // no such function
	codeValue     diag.Code = "HS0564" // a value that the attribute cannot have
)

// The concrete syntax. Every alternative is decided by one token.
type orTree struct {
	Terms []*andTree `parser:"@@ ( Or @@ )*"`
}

type andTree struct {
	Terms []*notTree `parser:"@@ ( And @@ )*"`
}

type notTree struct {
	Not  []string  `parser:"@Not*"`
	Term *termTree `parser:"@@"`
}

type termTree struct {
	Group *orTree   `parser:"Open @@ Close"`
	Plain *headTree `parser:"| @@"`
}

type headTree struct {
	Head   *wordTree   `parser:"@@"`
	Arg    *orTree     `parser:"( Open @@ Close"`
	Op     string      `parser:"| @Op"`
	Value  *wordTree   `parser:"  @@"`
	NotIn  string      `parser:"| @Not?"`
	Values []*wordTree `parser:"  In Open @@ ( Comma @@ )* Close )?"`
}

type wordTree struct {
	Pos    lexer.Position
	Quoted *string `parser:"@String"`
	Word   string  `parser:"| @Word"`
	EndPos lexer.Position
}

func (w *wordTree) text() string {
	if w.Quoted != nil {
		return *w.Quoted
	}
	return w.Word
}

// keywords are words that cannot be names without quotes.
func keyword(s string) (token string, ok bool) {
	switch s {
	case "and":
		return "And", true
	case "or":
		return "Or", true
	case "not":
		return "Not", true
	case "in":
		return "In", true
	}
	return "", false
}

const wordPattern = `[A-Za-z0-9_.:/*?+@-]+`

// grammar is made for each text: it is cheap enough, and so there is no state.
func grammar() *participle.Parser[orTree] {
	lex := lexer.MustSimple([]lexer.SimpleRule{
		{Name: "Space", Pattern: `\s+`},
		{Name: "String", Pattern: `"(?:\\.|[^"\\])*"`},
		{Name: "Word", Pattern: wordPattern},
		{Name: "Op", Pattern: `!=|<=|>=|[=<>]`},
		{Name: "Open", Pattern: `\(`},
		{Name: "Close", Pattern: `\)`},
		{Name: "Comma", Pattern: `,`},
		// Words that are keywords are told apart below; these only name the tokens.
		{Name: "And", Pattern: `and`}, {Name: "Or", Pattern: `or`}, {Name: "Not", Pattern: `not`}, {Name: "In", Pattern: `in`},
		{Name: "Other", Pattern: `.`},
	})
	symbols := lex.Symbols()
	return participle.MustBuild[orTree](participle.Lexer(lex), participle.Elide("Space"), participle.Unquote("String"),
		participle.Map(func(t lexer.Token) (lexer.Token, error) {
			if name, ok := keyword(t.Value); ok {
				t.Type = symbols[name]
			}
			return t, nil
		}, "Word"))
}

// Parse reads a selector. All findings are errors, and the Selector is nil
// exactly when there are some.
func Parse(f *source.File) (*Selector, diag.List) {
	p := &parser{file: f}
	if !p.bounded() {
		return nil, p.diags
	}
	g := grammar()
	tree, err := g.ParseBytes(f.Name, f.Text)
	if err != nil {
		p.explain(g, err)
		return nil, p.diags
	}
	e := p.or(tree)
	if p.diags.HasErrors() {
		p.diags.Sort()
		return nil, p.diags
	}
	return &Selector{e}, nil
}

// parser turns the concrete syntax into expressions and collects findings.
type parser struct {
	file  *source.File
	diags diag.List
}

func (p *parser) fail(code diag.Code, at source.Range, format string, args ...any) *diag.Diagnostic {
	d := code.Errorf(format, args...)
	d.Range = at
	p.diags = append(p.diags, d)
	return d
}

func (p *parser) at(w *wordTree) source.Range {
	return source.Span(p.file, w.Pos.Offset, w.EndPos.Offset)
}

// bounded decides, before the parser sees it, whether a text is one that it may
// see: the depth of its recursion is that of the text.
func (p *parser) bounded() bool {
	text := p.file.Text
	if len(text) > MaxLength {
		p.fail(codeBounds, source.Span(p.file, MaxLength, MaxLength), "the selector is longer than %d bytes", MaxLength).
			Help = "give the nodes a tag and select by it"
		return false
	}
	if at := strings.IndexFunc(string(text), func(r rune) bool {
		return r == utf8.RuneError || unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r'
	}); at >= 0 {
		p.fail(codeSyntax, source.Span(p.file, at, at+1), "the selector holds a character that cannot be printed").
			Help = "remove it"
		return false
	}
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == ')':
			depth--
		case c == '(':
			if depth++; depth > MaxDepth {
				p.fail(codeBounds, source.Span(p.file, i, i+1), "more than %d parentheses in each other", MaxDepth).
					Help = "simplify it, or give the nodes a tag and select by it"
				return false
			}
		}
	}
	return true
}

func (p *parser) or(t *orTree) expr {
	list := make([]expr, len(t.Terms))
	for i, term := range t.Terms {
		list[i] = p.and(term)
	}
	return join(list, true)
}

func (p *parser) and(t *andTree) expr {
	list := make([]expr, len(t.Terms))
	for i, term := range t.Terms {
		e := p.term(term.Term)
		if len(term.Not)%2 == 1 {
			e = negate(e)
		}
		list[i] = e
	}
	return join(list, false)
}

func (p *parser) term(t *termTree) expr {
	if t.Group != nil {
		return p.or(t.Group)
	}
	h := t.Plain
	switch {
	case h.Arg != nil:
		return p.call(h)
	case h.Op != "":
		return p.compare(h.Head, h.Op, []*wordTree{h.Value})
	case h.Values != nil && h.NotIn != "":
		return p.compare(h.Head, "!=", h.Values)
	case h.Values != nil:
		return p.compare(h.Head, "=", h.Values)
	}
	v, ok := p.pattern(h.Head)
	if !ok {
		return &glob{}
	}
	return &glob{v}
}

func (p *parser) call(h *headTree) expr {
	arg := p.or(h.Arg)
	name := h.Head.text()
	for i := range functions {
		if functions[i].Name == name && h.Head.Quoted == nil {
			return &call{&functions[i], arg, p.at(h.Head)}
		}
	}
	d := p.fail(codeFunction, p.at(h.Head), "there is no function %q", name)
	names := make([]string, len(functions))
	for i, f := range functions {
		names[i] = f.Name
	}
	d.Help = "the functions are " + strings.Join(names, ", ")
	if s := diag.Suggest(name, names); s != "" {
		d.Help = fmt.Sprintf("did you mean %s(…)?", s)
	}
	return &glob{}
}

// explain says what a syntax error is about, in the words of this language.
func (p *parser) explain(g *participle.Parser[orTree], err error) {
	at := len(p.file.Text)
	var perr participle.Error
	if errors.As(err, &perr) {
		at = min(at, perr.Position().Offset)
	}
	tokens, lexErr := g.Lex(p.file.Name, strings.NewReader(string(p.file.Text)))
	if lexErr != nil {
		p.fail(codeSyntax, source.Span(p.file, at, at+1), "this is not a quoted text").
			Help = `in quotes, write \" for a quote and \\ for a backslash`
		return
	}
	names := map[lexer.TokenType]string{}
	for name, symbol := range g.Lexer().Symbols() {
		names[symbol] = name
	}
	before := ""
	for _, t := range tokens {
		if name := names[t.Type]; t.Pos.Offset < at && name != "Space" && name != "EOF" {
			before = name
		}
	}
	found, end := "", at
	for i, t := range tokens {
		if t.Pos.Offset == at && names[t.Type] != "EOF" {
			end = len(p.file.Text)
			if i+1 < len(tokens) {
				end = tokens[i+1].Pos.Offset
			}
			found = string(p.file.Text[at:end])
		}
	}
	d := p.fail(codeSyntax, source.Span(p.file, at, end), "expected %s, found %q", expected(before), found)
	if found == "" {
		d.Message = "the selector ends where " + expected(before) + " is expected"
	}
	d.Help = advice(before, found, string(p.file.Text[at:]))
}

// expected is what may come after a token of this kind.
func expected(before string) string {
	switch before {
	case "Op":
		return "a value"
	case "Comma":
		return "another value"
	case "In":
		return `"(" and a list of values`
	case "Word":
		return `"and", "or", or a comparison`
	case "String", "Close":
		return `"and" or "or"`
	}
	return "a condition"
}

// advice is the cure of a usual slip.
func advice(before, found, rest string) string {
	lower := strings.ToLower(found)
	_, isKeyword := keyword(lower)
	switch {
	case found != lower && isKeyword:
		return fmt.Sprintf("write %q in lower case", lower)
	case strings.HasPrefix(rest, "&"):
		return `write "and"`
	case strings.HasPrefix(rest, "|"):
		return `write "or"`
	case strings.HasPrefix(rest, "!"):
		return `write "not"`
	case strings.HasPrefix(rest, "~"):
		return "write = with * and ? in the value, as in name=web-*"
	case strings.ContainsAny(found, "[]{}"):
		return "patterns have * and ? only; several are joined with \"or\""
	case found != "" && found[0] >= utf8.RuneSelf:
		return "names have letters, digits and hyphens; write other texts in double quotes"
	case found == "," && strings.HasPrefix(strings.TrimSpace(rest[1:]), ")"):
		return "write a value after the comma, or leave the comma out"
	case found == ",":
		return `join nodes and conditions with "or"; commas are for lists, as in spec in (a, b)`
	case found == "=" && before == "Op":
		return "write one ="
	case strings.HasPrefix(rest, `"`), strings.HasPrefix(rest, "'"):
		return `write texts in double quotes, as in tag="a b"`
	case found == ")":
		return `each ")" needs a "(" before it, with something in between`
	case found == "" && before == "":
		return "write ** for every node"
	case isKeyword && before == "Op", isKeyword && before == "Comma":
		return fmt.Sprintf("write %q in quotes if that is the value", found)
	case before == "Word" && found != "" || before == "String" || before == "Close":
		return `join conditions with "and" if a node must meet both, with "or" if one is enough`
	}
	return "see `homestak doc selectors`"
}
