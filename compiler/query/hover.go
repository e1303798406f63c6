package query

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/schema"
)

// Hover explains what is at an offset: a field with its effective value, what a
// name refers to, a function, the code of a diagnostic. ok is false when there
// is nothing to say.
func (w *World) Hover(file string, offset int) (h Hover, ok bool) {
	d := w.document(file)
	if d == nil || offset < 0 || offset > len(d.file.Text) {
		return h, false
	}
	if at, text := codeAt(d, offset); text != "" {
		return Hover{text, d.span(at)}, true
	}
	p := locate(d, d.outline(), offset)
	var parts []string
	at := span{}
	for _, o := range w.symbolAt(d, offset) {
		if text := w.about(o, p); text != "" {
			parts, at = append(parts, text), o.at
			if !at.touches(offset) {
				at = o.whole
			}
		}
	}
	if p != nil && len(parts) == 0 {
		if at, parts = w.inExpression(p); len(parts) > 0 {
			return Hover{strings.Join(parts, "\n\n"), d.span(at)}, true
		}
	}
	if p != nil {
		if title, doc := w.aboutField(p); title != "" {
			if len(parts) == 0 || p.key && !p.label {
				parts, at = append([]string{title + "\n\n" + doc}, parts...), p.word
			}
			if text := w.effective(p); text != "" {
				parts = append(parts, text)
			}
		}
	}
	if len(parts) == 0 || at.end <= at.start {
		return h, false
	}
	return Hover{strings.Join(parts, "\n\n"), d.span(at)}, true
}

var codePattern = regexp.MustCompile(`HS[0-9]{4}`)

// codeAt explains the code of a diagnostic that a comment mentions.
func codeAt(d *document, offset int) (at span, text string) {
	start := lineStart(d.file.Text, offset)
	end, _ := lineEnd(d.file.Text, offset)
	if end < start {
		return at, "" // behind a carriage return
	}
	line := d.file.Text[start:end]
	hash := strings.IndexAny(string(line), "#/")
	if hash < 0 {
		return at, ""
	}
	for _, m := range codePattern.FindAllIndex(line, -1) {
		at = span{start + m[0], start + m[1]}
		if m[0] < hash || !at.touches(offset) {
			continue
		}
		if e, ok := diag.Lookup(diag.Code(d.slice(at))); ok {
			return at, fmt.Sprintf("**%s**: %s\n\n%s", e.Code, e.Title, e.Long)
		}
	}
	return at, ""
}

// fieldAt is the field at a place and the object that it is in; nil when the
// schema has none.
func (p *place) fieldAt() (*schema.Object, *schema.Field) {
	o := p.around().shape.object
	if o == nil || p.entry == nil || p.label {
		return nil, nil
	}
	return o, known(o, p.entry.key)
}

// aboutField explains the field at a place. title is "" when there is none.
func (w *World) aboutField(p *place) (title, doc string) {
	o, f := p.fieldAt()
	if p.block && p.value != nil && p.key {
		if of := p.blockObject(); of != nil {
			return "**" + of.Name + "**", of.Doc
		}
	}
	if f == nil {
		return "", ""
	}
	title = "**" + f.Key + "**"
	if p.entry.key != f.Key {
		title = fmt.Sprintf("**%s**, now called `%s`", p.entry.key, f.Key)
	}
	if !p.key && p.value != nil && p.value.kind == scalar && f.Type == schema.Group {
		return "", ""
	}
	return title, w.fieldDoc(o, f)
}

// blockObject is what a block at whose first word a place is defines or adds.
func (p *place) blockObject() *schema.Object {
	switch {
	case p.value.made && p.value.kind == list:
		return p.shape.item().object
	case p.value.head.touches(p.offset) && p.shape.object != nil:
		return p.shape.object
	case p.value.head.touches(p.offset) && p.shape.field != nil && p.shape.field.Type == schema.List:
		return p.shape.item().object
	}
	return nil
}

// about explains what an occurrence refers to.
func (w *World) about(o *occurrence, p *place) string {
	switch o.kind {
	case kindVariable, kindLocal:
		return w.aboutDeclared(o)
	case kindSecret:
		if at, ok := w.site.SecretAt(o.name); ok && !at.IsZero() {
			return fmt.Sprintf("**%s**, a secret at %s", o.name, at)
		}
		return ""
	case kindFile:
		return w.aboutModule(o.name)
	case schema.KindNode:
		return w.aboutNode(o, p)
	}
	title := fmt.Sprintf("**%s** `%s`", o.kind, o.name)
	if o.kind == schema.KindHost && o.name == labHost && w.bodyOf(o.kind, o.name) == nil {
		return title + ": the embedded lab"
	}
	var lines []string
	if s := w.summary(o.kind, o.name); s != "" {
		lines = append(lines, title+": "+s)
	} else {
		lines = append(lines, title)
	}
	for i, r := range w.declared(o.symbol) {
		if i == 0 {
			lines = append(lines, "Defined at "+r.String()+".")
		} else {
			lines = append(lines, "It replaces "+r.String()+".")
		}
	}
	if len(lines) == 1 && o.kind != schema.KindManifest {
		return ""
	}
	return strings.Join(lines, "\n\n")
}

// aboutDeclared explains a variable or a local.
func (w *World) aboutDeclared(o *occurrence) string {
	d := w.document(o.scope)
	if d == nil {
		return ""
	}
	root := "var"
	if o.kind == kindLocal {
		root = "local"
	}
	for _, f := range declarations(d.outline(), root) {
		if f.key != o.name {
			continue
		}
		text := fmt.Sprintf("**%s.%s**: %s", root, o.name, declaredDetail(d, root, f))
		if root == "local" {
			text = fmt.Sprintf("**local.%s** = `%s`", o.name, declaredDetail(d, root, f))
		}
		if about := f.value.textOf("description"); about != "" && root == "var" {
			text += "\n\n" + about
		}
		return text + "\n\nDeclared at " + d.span(f.at).String() + "."
	}
	return ""
}

func (w *World) aboutModule(file string) string {
	d := w.document(file)
	if d == nil {
		return ""
	}
	lines := []string{"**module** " + file}
	if about := moduleBody(d).textOf("description"); about != "" {
		lines = append(lines, about)
	}
	var inputs []string
	for _, f := range declarations(d.outline(), "var") {
		inputs = append(inputs, fmt.Sprintf("* `%s`: %s", f.key, declaredDetail(d, "var", f)))
	}
	if len(inputs) > 0 {
		lines = append(lines, strings.Join(inputs, "\n"))
	}
	return strings.Join(lines, "\n\n")
}

// aboutNode explains a node: what it is in the end when its manifest compiles,
// else what is written.
func (w *World) aboutNode(o *occurrence, p *place) string {
	d, n := w.node(o.symbol)
	if n == nil {
		return ""
	}
	text := fmt.Sprintf("**node** `%s`", o.name)
	if n.module {
		text = fmt.Sprintf("**module** `%s`", o.name)
	}
	if detail := nodeDetail(n.body); detail != "" {
		text += ": " + detail
	}
	at := &place{doc: d, root: d.outline(), chain: []link{
		{node: d.manifest(o.manifest()), shape: shape{object: schema.Manifest}},
		{node: n.body, shape: shape{object: schema.Node}}}}
	if s, more, ok := w.sectionAt(at); ok && s.Kind == "node" {
		values := map[string]string{}
		for _, e := range s.Entries {
			values[e.Name] = e.Value
		}
		text = fmt.Sprintf("**%s**: %s `%s`, %s cores, %s memory, %s disk, image `%s`, ip %s", s.Name, values["type"], values["spec"],
			values["cores"], values["memory"], values["disk"], values["image"], values["network.ip"])
		if more > 0 {
			text += fmt.Sprintf(", and %s", instances(more))
		}
	}
	if !o.decl {
		text += "\n\nDeclared at " + d.span(n.name.name(d.file.Text)).String() + "."
	}
	return text
}

// inExpression explains the function, counter or root of a name at a place in
// an expression.
func (w *World) inExpression(p *place) (at span, parts []string) {
	v := p.value
	if v == nil || p.key || v.kind != formula && !(v.kind == scalar && !p.doc.hcl && p.doc.expressive()) {
		return at, nil
	}
	for _, m := range mentions(p.doc, v) {
		if !m.whole.touches(p.offset) {
			continue
		}
		if f := expr.Functions()[p.doc.slice(m.root)]; m.call && f != nil {
			return m.root, []string{functionDoc(f)}
		}
		if doc := docsOfCounters[p.doc.slice(m.whole)]; doc != "" {
			return m.whole, []string{"**" + p.doc.slice(m.whole) + "**: " + doc}
		}
	}
	return at, nil
}
