package convert

import (
	"bytes"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/syntax"
)

// blocks are the lists that HCL writes as one block per item, and the block.
var blocks = map[string]string{
	"nodes": "node", "modules": "module", "users": "user", "checks": "check", "disks": "disk", "interfaces": "interface", "validation": "validation",
}

// isItemBlock reports whether blocks of this type would be read as items.
func isItemBlock(word string) bool { return blocks[word+"s"] == word || blocks[word] == word }

// hclPrinter writes an outline as HCL; what is beside what is the formatter's
// business.
type hclPrinter struct {
	problems
	out   bytes.Buffer
	depth int
	data  bool // this body holds values with free names, and no blocks
	fresh bool // nothing was printed in this body yet
	block bool // the last thing printed was a block
}

const step = "  "

func (p *hclPrinter) row(blank bool, s string) {
	if blank && !p.fresh {
		p.out.WriteByte('\n')
	}
	p.out.WriteString(strings.Repeat(step, p.depth))
	p.out.WriteString(s)
	p.out.WriteByte('\n')
	p.fresh, p.block = false, false
}

// lead prints the comments above something, and says whether a blank line is
// wanted between them and it.
func (p *hclPrinter) lead(e *entry, apart bool) (blank bool) {
	above := e.lead
	if len(e.beside) > 1 {
		above = append(above[:len(above):len(above)], e.beside[1:]...)
	}
	for i, c := range above {
		p.row(c.blank || i == 0 && apart, "#"+c.text)
	}
	if len(above) == 0 {
		return e.blank || apart
	}
	return e.blank && len(e.lead) > 0
}

// end is the comment on the line of something.
func (e *entry) end() string {
	if len(e.beside) == 0 {
		return ""
	}
	return " #" + e.beside[0].text
}

func (p *hclPrinter) comments(all []comment) {
	for i, c := range all {
		p.row(c.blank || i == 0 && p.block, "#"+c.text)
	}
}

// body prints the fields of a block. o may be nil.
func (p *hclPrinter) body(v *value, o *schema.Object) {
	for _, e := range v.entries {
		f := fieldOf(o, e.key)
		switch word := blocks[e.key]; {
		case o == schema.Variable && e.key == "type" && isType(e.value):
			blank := p.lead(e, p.block)
			p.row(blank, e.key+" = "+e.value.text+e.end())
		case !p.data && word != "" && labelled(word, e.value):
			p.items(word, e, f)
		case !hclsyntax.ValidIdentifier(e.key):
			p.report(codeCannot, e.at, "HCL cannot write a field called %q here", e.key)
		case !p.data && o != schema.Variable && e.key != "for_each" && isBody(e.value) && !isItemBlock(e.key):
			p.inner(e, e.key, objectOf(f))
		default:
			x := p.attribute(e.value, f)
			e = raised(e, x)
			blank := p.lead(e, p.block)
			p.row(blank, e.key+" = "+x+e.end())
		}
	}
	p.comments(v.tail)
}

// raised is an entry whose comments are all above it when its value has several
// lines: there would be no telling that they are not about the last.
func raised(e *entry, expression string) *entry {
	if len(e.beside) == 0 || !strings.Contains(expression, "\n") {
		return e
	}
	out := *e
	out.lead = append(out.lead[:len(out.lead):len(out.lead)], out.beside...)
	out.beside = nil
	out.blank = out.blank && len(e.lead) > 0
	return &out
}

// isBody reports whether a mapping can be a block: all its fields have names.
func isBody(v *value) bool {
	if v.kind != syntax.Map {
		return false
	}
	for _, e := range v.entries {
		if !hclsyntax.ValidIdentifier(e.key) {
			return false
		}
	}
	return true
}

// inner prints one block.
func (p *hclPrinter) inner(e *entry, header string, o *schema.Object) {
	blank := p.lead(e, !p.fresh)
	if len(e.value.entries)+len(e.value.tail) == 0 {
		p.row(blank, header+" {}"+e.end())
		p.block = true
		return
	}
	p.row(blank, header+" {"+e.end())
	data := p.data
	p.depth++
	p.fresh, p.data = true, data || header == "locals"
	p.body(e.value, o)
	p.depth--
	p.data = data
	p.row(false, "}")
	p.block = true
}

// labelled reports whether all items of a list can be blocks.
func labelled(word string, v *value) bool {
	if v.kind != syntax.List || len(v.entries) == 0 {
		return false
	}
	for _, e := range v.entries {
		if !isBody(e.value) || (word == "node" || word == "user" || word == "module" || word == "disk") && label(e.value) == "" {
			return false
		}
		if word == "module" && e.value.get("source") == nil {
			return false
		}
	}
	return true
}

// label is the name of an item if it can stand as a block's label.
func label(v *value) string {
	n := v.get("name")
	if n == nil || n.kind != syntax.String || strings.TrimSpace(n.text) == "" || !labelText(n.text) {
		return ""
	}
	return n.text
}

func labelText(s string) bool { return !strings.ContainsAny(s, "\"\\${}%\n\r\t") && printable(s) }

// items prints the blocks of a list.
func (p *hclPrinter) items(word string, list *entry, f *schema.Field) {
	o := itemOf(list.key, f)
	for i, item := range list.value.entries {
		e := *item
		if i == 0 {
			e.lead = append(append(append([]comment{}, list.lead...), list.beside...), e.lead...)
		}
		header := word
		if name := label(e.value); name != "" && word != "interface" && word != "validation" {
			header += " " + quoteHCL(name)
			e.value = e.value.less(&e, "name")
		}
		if word == "module" {
			e.value = e.value.open("with")
		}
		p.inner(&e, header, o)
	}
	p.comments(list.value.tail)
}

// open is a copy of a mapping with the fields of one of its values in place of
// that field, if they have names that nothing else has.
func (v *value) open(key string) *value {
	within := v.find(key)
	if within == nil || len(within.value.entries) == 0 || !isBody(within.value) {
		return v
	}
	for _, e := range within.value.entries {
		if schema.Module.Field(e.key) != nil || blocks[e.key] != "" || isItemBlock(e.key) {
			return v
		}
	}
	out := *v
	out.entries = nil
	for _, e := range v.entries {
		if e != within {
			out.entries = append(out.entries, e)
		}
	}
	for i, e := range within.value.entries {
		if i == 0 {
			first := *e
			first.lead = slices.Concat(within.lead, within.beside, e.lead)
			e = &first
		}
		out.entries = append(out.entries, e)
	}
	out.tail = slices.Concat(within.value.tail, v.tail)
	return &out
}

// less is a copy of a mapping without a field, whose comments go to e.
func (v *value) less(e *entry, key string) *value {
	out := *v
	out.entries = nil
	for _, f := range v.entries {
		if f.key == key {
			e.lead = append(e.lead[:len(e.lead):len(e.lead)], f.lead...)
			e.beside = append(e.beside[:len(e.beside):len(e.beside)], f.beside...)
			continue
		}
		out.entries = append(out.entries, f)
	}
	return &out
}

func (p *hclPrinter) expression(v *value, f *schema.Field, depth int) string {
	switch v.kind {
	case syntax.Null:
		return "null"
	case syntax.Bool:
		return v.text
	case syntax.Int, syntax.Float:
		return p.number(v)
	case syntax.List, syntax.Map:
		return p.collection(v, f, depth)
	case syntax.Expr:
		return expressionOf(v.text)
	}
	if f != nil && f.Type == schema.Ref && syntax.IsReferenceRoot(f.Of) && hclsyntax.ValidIdentifier(v.text) {
		return f.Of + "." + v.text
	}
	return quoteHCL(v.text)
}

// number is a number in the one way HCL has for it.
func (p *hclPrinter) number(v *value) string {
	s, ok := decimal(v.text)
	if !ok {
		p.report(codeCannot, v.at, "HCL has no number %s", v.text)
	}
	return s
}

func (p *hclPrinter) collection(v *value, f *schema.Field, depth int) string {
	open, shut := "[", "]"
	if v.kind == syntax.Map {
		open, shut = "{", "}"
	}
	one := !v.wide && !v.remarked()
	if len(v.entries)+len(v.tail) == 0 {
		return open + shut
	}
	pad := "\n" + strings.Repeat(step, depth+1)
	var b strings.Builder
	b.WriteString(open)
	for i, e := range v.entries {
		x := p.element(v, e, f, depth+1)
		e = raised(e, x)
		switch {
		case one && i > 0:
			b.WriteString(", ")
		case !one:
			for _, c := range e.lead {
				b.WriteString(pad + "#" + c.text)
			}
			for _, c := range e.beside[min(1, len(e.beside)):] {
				b.WriteString(pad + "#" + c.text)
			}
			b.WriteString(pad)
		}
		b.WriteString(x)
		if !one && v.kind == syntax.List {
			b.WriteByte(',')
		}
		b.WriteString(e.end())
	}
	for _, c := range v.tail {
		b.WriteString(pad + "#" + c.text)
	}
	if !one {
		b.WriteString("\n" + strings.Repeat(step, depth))
	}
	return b.String() + shut
}

// element is an item, or a key and its value, of a collection.
func (p *hclPrinter) element(v *value, e *entry, f *schema.Field, depth int) string {
	if v.kind == syntax.List {
		var elem *schema.Field
		if f != nil {
			elem = f.Elem
		}
		return p.expression(e.value, elem, depth)
	}
	key := e.key
	if !hclsyntax.ValidIdentifier(key) || key == "for" {
		key = quoteHCL(key)
	}
	return key + " = " + p.expression(e.value, fieldOf(objectOf(f), e.key), depth)
}
