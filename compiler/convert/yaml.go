package convert

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
	"github.com/homestak/homestak/lang/yaml"
)

// yamlPrinter writes an outline as YAML.
type yamlPrinter struct {
	problems
	out       bytes.Buffer
	templates bool // the file has expressions: $${ stands for ${
	dashes    int  // to be printed before the next row
	fresh     bool
}

func (p *yamlPrinter) row(blank bool, depth int, s string) {
	if blank && !p.fresh {
		p.out.WriteByte('\n')
	}
	p.out.WriteString(strings.Repeat(step, depth-p.dashes))
	p.out.WriteString(strings.Repeat("- ", p.dashes))
	p.out.WriteString(s)
	p.out.WriteByte('\n')
	p.fresh, p.dashes = false, 0
}

// remark prints comments on rows of their own, outside of dashes not printed.
func (p *yamlPrinter) remark(all []comment, depth int) {
	dashes := p.dashes
	p.dashes = 0
	for _, c := range all {
		p.row(c.blank, depth-dashes, "#"+c.text)
	}
	p.dashes = dashes
}

// above prints the comments of an entry that are not on its line.
func (p *yamlPrinter) above(e *entry, depth int) (blank bool) {
	p.remark(e.lead, depth)
	p.remark(e.beside[min(1, len(e.beside)):], depth)
	if e.value.container() && len(e.value.entries) == 0 {
		p.remark(e.value.tail, depth)
	}
	return e.blank
}

// block prints the entries of a collection.
func (p *yamlPrinter) block(v *value, depth int) {
	for _, e := range v.entries {
		if v.kind == syntax.Map {
			p.entry(e, quoteYAML(e.key)+":", " ", depth)
		} else {
			p.item(e, depth)
		}
	}
	p.remark(v.tail, depth)
}

func (p *yamlPrinter) entry(e *entry, head, space string, depth int) {
	blank := p.above(e, depth)
	v := e.value
	switch {
	case p.inline(v):
		p.row(blank, depth, head+space+p.beside(v)+e.end())
	case !v.container():
		p.row(blank, depth, head+space+"|"+e.end())
		for line := range strings.SplitSeq(strings.TrimSuffix(v.text, "\n"), "\n") {
			p.row(false, depth+1, line)
		}
	default:
		p.row(blank, depth, head+e.end())
		p.fresh = true
		p.block(v, depth+1)
		p.fresh = false
	}
}

// inline reports whether a value stands on the line of its key.
func (p *yamlPrinter) inline(v *value) bool {
	if !v.container() {
		return v.kind != syntax.String || !isLines(v.text) || p.templates && yaml.IsTemplate(v.text)
	}
	return len(v.entries) == 0 || !v.wide && !v.remarked()
}

// item prints an item of a list. A collection starts on the line of the dash.
func (p *yamlPrinter) item(e *entry, depth int) {
	v := e.value
	if p.inline(v) || !v.container() {
		p.dashes++
		p.entry(e, "", "", depth+1)
		return
	}
	if e.blank && len(e.lead) == 0 && !p.fresh && p.dashes == 0 {
		p.out.WriteByte('\n')
		p.fresh = true
	}
	p.remark(e.lead, depth)
	p.dashes++
	first := *v.entries[0]
	first.beside = append(append([]comment{}, e.beside...), first.beside...)
	first.blank = e.blank && len(e.lead) > 0
	rest := *v
	rest.entries = append([]*entry{&first}, v.entries[1:]...)
	p.block(&rest, depth+1)
}

// beside is a value on the line of its key, where a comma is only a comma.
func (p *yamlPrinter) beside(v *value) string {
	if v.kind == syntax.Expr && plainExpression.MatchString(v.text) {
		return v.text
	}
	if v.kind == syntax.String && !strings.ContainsAny(v.text, "[]{}") {
		if without := strings.ReplaceAll(v.text, ", ", " "); without != v.text && quoteYAML(without) == without && reads(v.text) {
			return v.text
		}
	}
	return p.flow(v)
}

// flow is a value on one line.
func (p *yamlPrinter) flow(v *value) string {
	switch v.kind {
	case syntax.Null:
		return "null"
	case syntax.String:
		if p.templates && yaml.IsTemplate(v.text) {
			return p.escaped(v)
		}
		return quoteYAML(v.text)
	case syntax.Expr:
		return quoteYAML(v.text)
	case syntax.List, syntax.Map:
		parts := make([]string, len(v.entries))
		for i, e := range v.entries {
			parts[i] = p.flow(e.value)
			if v.kind == syntax.Map {
				parts[i] = quoteYAML(e.key) + ": " + parts[i]
			}
		}
		if v.kind == syntax.Map {
			return "{" + strings.Join(parts, ", ") + "}"
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return v.text
}

// escaped is a text in a file with expressions that is none.
func (p *yamlPrinter) escaped(v *value) string {
	if strings.Contains(v.text, "$${") || strings.Contains(v.text, "%%{") {
		p.report(codeCannot, v.at, "YAML with expressions cannot write this text")
	}
	return quoteYAML(strings.NewReplacer("${", "$${", "%{", "%%{").Replace(v.text))
}

var (
	plainText = regexp.MustCompile(`^[A-Za-z0-9_/]([\w./@+=~:-]|[^\x00-\x{a0}\x{2028}\x{2029}\x{feff}\x{fffd}])*( [\w./@+=~()-]+[\w./@+=~():;-]*)*$`)
	// What a template may be without quotes, outside of brackets.
	plainExpression = regexp.MustCompile(`^\$\{[\w.*/+()-]+( [\w.*/+()-]+)*\}[\w./-]*$`)

	ownWord    = regexp.MustCompile(`(?i)^(null|true|false)$`)
	oldBoolean = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off)$`)
)

// quoteYAML is a text as YAML reads it: bare where nobody could read it as
// something else, YAML 1.1 included.
func quoteYAML(s string) string {
	if len(s) < 200 && plainText.MatchString(s) && !oldBoolean.MatchString(s) && !strings.HasSuffix(s, ":") && !strings.Contains(s, ": ") && reads(s) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		escape(&b, r)
	}
	b.WriteByte('"')
	return b.String()
}

// reads reports whether a bare word is read as this text.
func reads(s string) bool {
	if s[0] > '9' || s[0] == '/' {
		return !ownWord.MatchString(s)
	}
	tree, found := yaml.Parse(source.NewFile("word.yaml", []byte(s)))
	return !found.HasErrors() && tree != nil && tree.Kind == syntax.String && tree.Text == s && !digitsOnly(s)
}

// digitsOnly finds what YAML 1.1 reads as a number: 22:30, 0777, 1_000.
func digitsOnly(s string) bool { return strings.Trim(s, "0123456789_:+-") == "" }
