package convert

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

const kindPolicy = "policy"

// directoryOf is where YAML files of a kind are, with a slash at its end.
func directoryOf(kind string) string {
	if kind == kindPolicy {
		return "policies/"
	}
	return kind + "s/"
}

// evaluate makes data of the file, nil with an error. What is wrong elsewhere in
// the site is not asked for.
func (c *conversion) evaluate() *syntax.Node {
	if c.options.Site == nil {
		c.report(codeKind, source.Span(c.file, 0, 0), "there is no site that %s is of", c.file.Name).Help = "name its directory with --site"
		return nil
	}
	site, _ := compiler.Load(c.options.Site)
	tree, found := site.Data(c.file.Name, c.options.Values)
	c.list = append(c.list, found...)
	switch {
	case tree == nil && !c.list.HasErrors():
		c.report(codeKind, source.Span(c.file, 0, 0), "%s defines nothing", c.file.Name).Help = "name a file with a definition in it"
	case tree != nil && tree.Range.File != nil:
		c.file = tree.Range.File
	}
	return tree
}

// lossOfScope reports every place that data has no words for.
func (c *conversion) lossOfScope(root *syntax.Node) {
	for _, f := range root.Fields {
		switch f.Key {
		case "variable":
			for _, v := range f.Value.Fields {
				c.lost172(v, "variable %q", v.Key)
			}
		case "locals":
			if f.Value.Kind != syntax.Map {
				c.expressions(f.Value)
			}
			for _, l := range f.Value.Fields {
				c.lost172(l, "local %q", l.Key)
			}
		default:
			c.expressions(f.Value)
		}
	}
}

func (c *conversion) lost172(f syntax.Field, format string, args ...any) {
	d := c.report(codeOnlyHCL, f.Range, format+" is not data", args...)
	d.Label, d.Help = "would be lost", keepHelp
}

const keepHelp = "add --evaluate for the data that it makes, or --expressions to keep it in YAML as ${…}"

// expressions reports those of a value.
func (c *conversion) expressions(n *syntax.Node) {
	if n.Kind == syntax.Expr {
		d := c.report(codeOnlyHCL, n.Range, "an expression is not data")
		d.Label, d.Help = "would be lost", keepHelp
		return
	}
	for _, f := range n.Fields {
		c.expressions(f.Value)
	}
	for _, item := range n.Items {
		c.expressions(item)
	}
}

// takeScope takes what a YAML file has for its expressions out of the body.
func (d *definition) takeScope() {
	on := d.body.get("expressions")
	if on == nil || on.kind != syntax.Bool {
		return
	}
	d.body.take("expressions")
	if d.expressive = on.text == "true"; !d.expressive {
		return
	}
	for _, key := range []string{"variables", "locals"} {
		if e := d.body.find(key); e != nil && e.value.kind == syntax.Map {
			d.scope = append(d.scope, d.body.cut(key))
		}
	}
}

// templated reports whether there is an expression in a value.
func (v *value) templated() bool {
	if v.kind == syntax.Expr {
		return true
	}
	for _, e := range v.entries {
		if e.value.templated() {
			return true
		}
	}
	return false
}

// scope prints variables and locals, which HCL has beside the definitions.
func (p *hclPrinter) scope(all []*entry) {
	for _, e := range all {
		if e.key == "locals" {
			p.inner(e, e.key, nil)
			continue
		}
		for i, v := range e.value.entries {
			if i == 0 {
				first := *v
				first.lead = append(append(append([]comment{}, e.lead...), e.beside...), v.lead...)
				v = &first
			}
			switch {
			case !labelText(v.key) || strings.TrimSpace(v.key) == "":
				p.report(codeCannot, v.at, "%q cannot be the name of a block", v.key)
			case !isBody(v.value):
				p.report(codeCannot, v.at, "variable %q is no mapping", v.key)
			default:
				p.inner(v, "variable "+quoteHCL(v.key), schema.Variable)
			}
		}
		p.comments(e.value.tail)
	}
}

// isType reports whether the type of a variable can stand without quotes.
func isType(v *value) bool {
	if v.kind != syntax.String || !printable(v.text) || strings.TrimSpace(v.text) == "" {
		return false
	}
	_, found := hclsyntax.ParseExpression([]byte(v.text), "", hcl.InitialPos)
	return !found.HasErrors() && !strings.ContainsAny(v.text, "\"#$%")
}
