package manual

import (
	"fmt"
	"strings"

	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/schema"
)

// Topics lists every block, field, function and small language: blocks each with
// its fields, in the order of the page, then the functions by name.
func Topics() []string {
	m := newMaker()
	var out []string
	for i := range m.blocks {
		b := &m.blocks[i]
		out = append(out, b.path)
		for _, f := range b.fields() {
			if o := objectOf(f, b.object); o == nil || m.path[o] != b.path+"."+f.Key {
				out = append(out, b.path+"."+f.Key)
			}
		}
	}
	for _, f := range functions() {
		out = append(out, f.Name)
	}
	for _, s := range smalls() {
		out = append(out, s.name)
	}
	return out
}

// Topic is what the manual says of a topic, as plain text. A name that is only
// the end of paths (network, memory) stands for all of them. ok is false when
// the manual has nothing of this name.
func Topic(name string) (text string, ok bool) {
	for _, s := range smalls() {
		if s.name == name {
			return s.plain(), true
		}
	}
	m := newMaker()
	if text, ok := m.exactly(name); ok {
		return text, true
	}
	var all []string
	for i := range m.blocks {
		for j := range m.blocks[i].object.Fields {
			if path := m.blocks[i].path + "." + m.blocks[i].object.Fields[j].Key; strings.HasSuffix(path, "."+name) {
				text, _ := m.exactly(path)
				all = append(all, text)
			}
		}
	}
	return strings.Join(all, "\n"), len(all) > 0
}

// exactly finds a topic by its whole name. A field that lists blocks is a topic
// of two parts: the list, and what is in it.
func (m *maker) exactly(name string) (string, bool) {
	var parts []string
	if at := strings.LastIndexByte(name, '.'); at >= 0 {
		if b := m.block(name[:at]); b != nil {
			if f := b.object.Field(name[at+1:]); f != nil && (f.Type != schema.Group || m.block(name) == nil) {
				parts = append(parts, m.fieldText(b, f))
			}
		}
	}
	if b := m.block(name); b != nil {
		parts = append(parts, m.blockText(b))
	} else if f := expr.Functions()[name]; f != nil {
		parts = append(parts, functionText(f))
	}
	return strings.Join(parts, "\n"), len(parts) > 0
}

func (m *maker) block(path string) *block {
	for i := range m.blocks {
		if m.blocks[i].path == path {
			return &m.blocks[i]
		}
	}
	return nil
}

// blockText lists the fields of a block; each has a topic of its own.
func (m *maker) blockText(b *block) string {
	var out strings.Builder
	if b.item {
		fmt.Fprintf(&out, "an item of %s\n\n", b.path)
	} else {
		fmt.Fprintf(&out, "%s: %s\n\n", b.path, b.doc)
	}
	for _, s := range b.syntaxes() {
		name, form, _ := strings.Cut(strings.ReplaceAll(s, "`", ""), ": ")
		fmt.Fprintf(&out, "  %-4s  %s\n", name, form)
	}
	width := 0
	for _, f := range b.fields() {
		width = max(width, len(f.Key))
	}
	out.WriteByte('\n')
	for _, f := range b.fields() {
		line := m.holds(f, b.object)
		if f.Default != "" {
			line += "; by default " + f.Default
		}
		fmt.Fprintf(&out, "  %-*s  %s\n", width, f.Key, strings.ReplaceAll(line, "`", ""))
		wrap(&out, strings.Join(append([]string{f.Doc}, remarks(b, f)...), " "), width+4)
	}
	for i, note := range b.notes() {
		if i == 0 {
			out.WriteByte('\n')
		}
		wrap(&out, note, 2)
	}
	return out.String()
}

// fieldText is all there is to know of a field.
func (m *maker) fieldText(b *block, f *schema.Field) string {
	path := b.path + "." + f.Key
	var out strings.Builder
	switch {
	case f.Renamed != "":
		return fmt.Sprintf("%s: upstream's name of %s.%s\n\n%s", path, b.path, f.Renamed, m.fieldText(b, b.object.Field(f.Renamed)))
	case f.Gone != "":
		fmt.Fprintf(&out, "%s: not accepted any more\n\n", path)
		wrap(&out, f.Gone, 2)
		return out.String()
	}
	fmt.Fprintf(&out, "%s: %s\n\n", path, strings.ReplaceAll(m.holds(f, b.object), "`", ""))
	wrap(&out, strings.Join(append([]string{f.Doc}, remarks(b, f)...), " "), 2)
	if f.New {
		wrap(&out, "Upstream homestak does not have it.", 2)
	}
	out.WriteByte('\n')
	if f.Default != "" {
		fmt.Fprintf(&out, "  default  %s\n", f.Default)
	}
	yaml, hcl := m.written(b, f)
	if yaml != "" {
		fmt.Fprintf(&out, "  YAML     %s\n", yaml)
	}
	if hcl != "" {
		fmt.Fprintf(&out, "  HCL      %s\n", hcl)
	}
	return out.String()
}

func functionText(f *expr.Func) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n\n", f.Signature())
	wrap(&out, f.Doc, 2)
	width := 0
	for _, p := range f.Params {
		width = max(width, len(p.Name))
	}
	for i, p := range f.Params {
		if i == 0 {
			out.WriteByte('\n')
		}
		fmt.Fprintf(&out, "  %-*s  %s\n", width, p.Name, p.Kind)
	}
	for i, x := range f.Examples {
		if i == 0 {
			out.WriteByte('\n')
		}
		fmt.Fprintf(&out, "  %s\n    = %s\n", x.Expr, x.Value)
	}
	return out.String()
}

// wrap writes text in lines of a terminal's width, indented.
func wrap(out *strings.Builder, text string, indent int) {
	const width = 88
	column := 0
	for _, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case column == 0:
			out.WriteString(strings.Repeat(" ", indent))
			column = indent
		case column+1+n > width:
			out.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			out.WriteByte(' ')
			column++
		}
		out.WriteString(word)
		column += n
	}
	out.WriteByte('\n')
}
