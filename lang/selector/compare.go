package selector

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/unit"
)

// compare checks a comparison against the table of attributes.
func (p *parser) compare(head *wordTree, op string, words []*wordTree) expr {
	name := head.text()
	i := slices.IndexFunc(attributes[:], func(a Attribute) bool { return a.Name == name && head.Quoted == nil })
	if i < 0 {
		p.noAttribute(head)
		return &glob{}
	}
	c := &compare{attribute: &attributes[i], op: op, at: source.Span(p.file, head.Pos.Offset, words[len(words)-1].EndPos.Offset)}
	if op != "=" && op != "!=" && c.attribute.Kind != Number && c.attribute.Kind != Bytes {
		p.fail(codeValue, p.at(head), "%s has no order to compare by %s", name, op).Help = fmt.Sprintf("write %s=… or %s!=…", name, name)
	}
	for _, w := range words {
		if v, ok := p.value(c.attribute, w); ok {
			c.values = append(c.values, v)
		}
	}
	c.values = sortValues(c.values)
	return c
}

func (p *parser) noAttribute(head *wordTree) {
	d := p.fail(codeAttribute, p.at(head), "nodes have no attribute %q", head.text())
	names := make([]string, len(attributes))
	for i, a := range attributes {
		names[i] = a.Name
	}
	d.Help = "they have " + strings.Join(names, ", ")
	if s := diag.Suggest(head.text(), names); s != "" {
		d.Help = fmt.Sprintf("did you mean %s?", s)
	}
}

// value reads a value as the attribute's kind.
func (p *parser) value(a *Attribute, w *wordTree) (value, bool) {
	v := newValue(w.text(), p.at(w))
	switch a.Kind {
	case Address:
		if v.text == "" {
			return v, true
		}
		return p.pattern(w)
	case Choice:
		if !v.wild && !slices.Contains(a.Values, v.text) {
			d := p.fail(codeValue, v.at, "%s is never %q", a.Name, v.text)
			d.Label = "it is one of " + strings.Join(a.Values, ", ")
			d.Help = "write one of those"
			if s := diag.Suggest(v.text, a.Values); s != "" {
				d.Help = fmt.Sprintf("did you mean %s?", s)
			}
			return v, false
		}
	case Number:
		n, err := strconv.ParseInt(v.text, 10, 64)
		if err != nil || n < 0 {
			p.fail(codeValue, v.at, "%s is a number, and %q is none", a.Name, v.text).Help = fmt.Sprintf("write a whole number, as in %s=1", a.Name)
			return v, false
		}
		v.number, v.text = n, strconv.FormatInt(n, 10)
	case Bytes:
		bare := unit.MiB
		if a.Bare == "GiB" {
			bare = unit.GiB
		}
		size, err := unit.ParseSize(v.text, bare)
		if err != nil {
			p.fail(codeValue, v.at, "%s is a size, and %q is none", a.Name, v.text).Help = fmt.Sprintf("write it as in %s>=4GiB; a bare number counts %s", a.Name, a.Bare)
			return v, false
		}
		v.number, v.text = int64(size), size.String()
	}
	return v, true
}

func newValue(text string, at source.Range) value {
	return value{text: text, at: at, wild: strings.ContainsAny(text, "*?")}
}

// pattern reads a pattern of addresses.
func (p *parser) pattern(w *wordTree) (value, bool) {
	v := newValue(w.text(), p.at(w))
	g, err := addr.ParseGlob(v.text)
	if err == nil {
		v.pattern = g
		return v, true
	}
	at := v.at
	var ge *addr.GlobError
	d := p.fail(codeSyntax, at, "%q is not a pattern of addresses", v.text)
	if errors.As(err, &ge) {
		d.Label, d.Help = ge.Reason, ge.Help
		if w.Quoted == nil {
			d.Range = source.Span(p.file, w.Pos.Offset+ge.Offset, w.Pos.Offset+ge.Offset+ge.Length)
		}
	}
	return v, false
}
