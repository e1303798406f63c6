package manual

import (
	"fmt"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/schema"
)

// maker has what the topics refer to.
type maker struct {
	blocks []block
	path   map[*schema.Object]string // of the block that describes an object
	forms  map[schema.Type]string    // an example by type
}

func newMaker() *maker {
	m := &maker{blocks: blocks(), path: map[*schema.Object]string{}, forms: map[schema.Type]string{}}
	for _, b := range m.blocks {
		m.path[b.object] = b.path
	}
	for _, f := range formsOfTypes() {
		m.forms[f.of] = f.example
	}
	return m
}

const languageIntro = `# Language

Generated from the tables that files are read by; ` + "`homestak doc BLOCK.FIELD`" + ` says the same.

A site is written in YAML, in HCL, or in both: a file of one kind means the same in either. HCL has references
(` + "`spec.base`" + `), variables, locals and expressions with [functions](functions.md); a plain name in quotes is the same as a
reference. YAML is data alone, unless the file says ` + "`expressions: true`" + ` at its top: then ${…} in its texts is the same
language, and a text that is one ${…} and nothing else keeps the type of the value. $${ is a ${ that means nothing.
` + "`null`" + ` is the same as leaving a field out. Fields with a + are homestak's own; upstream homestak does not have them.
`

// Language is docs/reference/language.md.
func Language() string {
	m := newMaker()
	var b strings.Builder
	b.WriteString(languageIntro)
	b.WriteString("\n## Values\n\n| what | how it is written | example |\n|---|---|---|\n")
	for _, f := range formsOfTypes() {
		fmt.Fprintf(&b, "| %s | %s | `%s` |\n", f.of, f.text, f.example)
	}
	for i := range m.blocks {
		m.section(&b, &m.blocks[i])
	}
	m.unsupported(&b)
	return b.String()
}

// section is one block of the page.
func (m *maker) section(b *strings.Builder, x *block) {
	level := strings.Repeat("#", 2+min(strings.Count(x.path, "."), 1))
	fmt.Fprintf(b, "\n%s %s\n\n%s\n\n", level, x.path, x.doc)
	for _, s := range x.syntaxes() {
		fmt.Fprintf(b, "* %s\n", s)
	}
	b.WriteString("\n| field | holds | default | meaning |\n|---|---|---|---|\n")
	for _, f := range x.fields() {
		mark, def := "", ""
		if f.New {
			mark = " +"
		}
		if f.Default != "" {
			def = "`" + f.Default + "`"
		}
		meaning := strings.Join(append([]string{f.Doc}, remarks(x, f)...), " ")
		fmt.Fprintf(b, "| `%s`%s | %s | %s | %s |\n", f.Key, mark, cell(m.holds(f, x.object)), cell(def), cell(meaning))
	}
	if notes := x.notes(); len(notes) > 0 {
		b.WriteString("\n" + strings.Join(notes, "\n") + "\n")
	}
}

// cell is text that may stand in a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// syntaxes says how each syntax writes a block.
func (b *block) syntaxes() []string {
	var out []string
	for _, s := range []struct{ name, form string }{{"YAML", b.yaml}, {"HCL", b.hcl}} {
		form := s.form
		switch {
		case form == "":
			form = "cannot say this"
		case strings.HasSuffix(form, "}"):
			form = "`" + form + "`"
		case strings.Contains(form, "}, "):
			form = "`" + strings.Replace(form, "}, ", "}`, ", 1)
		}
		out = append(out, s.name+": "+form)
	}
	return out
}

// notes are sentences about a block as a whole.
func (b *block) notes() []string {
	var out []string
	if b.object.Open {
		out = append(out, "Further fields are ignored, with a warning.")
	}
	if b.object.Blanks {
		out = append(out, "`\"\"` is the same as leaving a field out.")
	}
	for i := range b.object.Fields {
		if f := &b.object.Fields[i]; f.Gone != "" {
			out = append(out, fmt.Sprintf("`%s` is refused: %s.", f.Key, f.Gone))
		}
	}
	return out
}

// unsupported lists what the language has and this version does not act on.
func (m *maker) unsupported(b *strings.Builder) {
	b.WriteString("\n## Not supported in this version\n\nUpstream's fields are accepted with a warning, new ones are refused: none is silently ignored.\n\n")
	for i := range m.blocks {
		for _, f := range m.blocks[i].fields() {
			if f.Use == schema.Later {
				how := "a warning"
				if f.New {
					how = "refused"
				}
				fmt.Fprintf(b, "* `%s.%s` (%s): %s\n", m.blocks[i].path, f.Key, how, f.Doc)
			}
		}
	}
}

const functionsIntro = `# Functions

Generated from the table that expressions are evaluated by; ` + "`homestak doc FUNCTION`" + ` says the same.

Functions are pure: no clock, no random, no environment, no file. They are called in expressions, those of HCL and those of
YAML files that say ` + "`expressions: true`" + `. A parameter with ? may be left out; … takes any number more like the last. After each
example is what it gives: ` + "`homestak eval`" + ` says the same.
`

// Functions is docs/reference/functions.md.
func Functions() string {
	var b strings.Builder
	b.WriteString(functionsIntro)
	for _, f := range functions() {
		fmt.Fprintf(&b, "\n## %s\n\n`%s`: %s\n", f.Name, f.Signature(), f.Doc)
		if len(f.Params) > 0 {
			b.WriteByte('\n')
		}
		for _, p := range f.Params {
			fmt.Fprintf(&b, "* `%s`: %s\n", p.Name, p.Kind)
		}
		b.WriteString("\n```hcl\n")
		for _, x := range f.Examples {
			fmt.Fprintf(&b, "%s # %s\n", x.Expr, x.Value)
		}
		b.WriteString("```\n")
	}
	return b.String()
}

// functions is the built-in table, by name.
func functions() []*expr.Func {
	var out []*expr.Func
	for _, f := range expr.Functions() {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b *expr.Func) int { return strings.Compare(a.Name, b.Name) })
	return out
}
