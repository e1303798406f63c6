package query

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/manual"
	"github.com/homestak/homestak/lang/schema"
)

// holds says what a field takes, in a few words.
func holds(f *schema.Field) string {
	switch {
	case f.Type == schema.List && f.Elem != nil && f.Elem.Type != schema.Group:
		return "a list, each item " + holds(f.Elem)
	case f.Type == schema.List:
		return "a list of mappings"
	case f.Type == schema.Group, f.Type == schema.Table:
		return "a mapping"
	case f.Type == schema.Int && f.Min == f.Max:
		return detailNumber(f.Min)
	}
	text, _ := manual.Takes(f)
	return text
}

func detailNumber(n int64) string { return strconv.FormatInt(n, 10) }

// detailOf is a field in a few words, for the line of a completion.
func detailOf(f *schema.Field) string {
	s := holds(f)
	if f.Type == schema.Group || f.Type == schema.Table || f.Type == schema.List && f.Elem != nil && f.Elem.Type == schema.Group {
		s = strings.TrimSuffix(f.Doc, ".")
	}
	if f.Required {
		s = "required: " + s
	}
	if f.Default != "" {
		s += ", by default " + f.Default
	}
	return s
}

func detailOfDefault(f *schema.Field, v string) string {
	if v == f.Default {
		return "the default"
	}
	return ""
}

// fieldDoc is all there is to know of a field, as markdown.
func (w *World) fieldDoc(o *schema.Object, f *schema.Field) string {
	var b strings.Builder
	b.WriteString(f.Doc)
	fmt.Fprintf(&b, "\n\nTakes %s.", holds(f))
	if f.Default != "" {
		fmt.Fprintf(&b, " Default: `%s`.", f.Default)
	}
	if f.Required {
		b.WriteString(" Required.")
	}
	for i := range o.Fields {
		if old := &o.Fields[i]; old.Renamed == f.Key {
			fmt.Fprintf(&b, " Upstream's name of it is `%s`.", old.Key)
		}
	}
	switch f.Use {
	case schema.Later:
		b.WriteString(" Not supported in this version.")
	case schema.Retired, schema.Record:
		b.WriteString(" Nothing acts on it.")
	}
	return strings.TrimSpace(b.String())
}

// functionDoc explains a function, as markdown.
func functionDoc(f *expr.Func) string {
	var b strings.Builder
	fmt.Fprintf(&b, "```\n%s\n```\n\n%s\n", f.Signature(), f.Doc)
	for i, p := range f.Params {
		if i == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "* `%s`: %s\n", p.Name, p.Kind)
	}
	for i, e := range f.Examples {
		if i == 0 {
			b.WriteString("\n```\n")
		}
		fmt.Fprintf(&b, "%s = %s\n", e.Expr, e.Value)
		if i == len(f.Examples)-1 {
			b.WriteString("```\n")
		}
	}
	return strings.TrimSpace(b.String())
}

// definitions are the names that a kind has, as they are seen from a place: the
// file that is being typed in may not parse and be missing from the site.
func (w *World) definitions(kind string, p *place) []candidate {
	var out []candidate
	seen := map[string]bool{}
	for _, d := range w.site.Definitions(kind) {
		if seen[d.Name] {
			continue
		}
		seen[d.Name] = true
		detail := w.summaryOf(kind, w.bodyOf(kind, d.Name))
		if d.Library {
			detail = strings.TrimSuffix("library: "+detail, ": ")
		}
		out = append(out, candidate{name: d.Name, detail: detail})
	}
	if p.doc.hcl {
		if all := p.root.value(kind); all != nil {
			for i := range all.fields {
				if f := &all.fields[i]; f.label && f.key != "" && !seen[f.key] {
					out = append(out, candidate{name: f.key, detail: w.summaryOf(kind, f.value)})
				}
			}
		}
	}
	if kind == schema.KindHost && !seen[labHost] {
		out = append(out, candidate{name: labHost, detail: "the embedded lab"})
	}
	return out
}

// labHost is the host that is there without a file.
const labHost = "lab"

// bodyOf is the outline of the definition of a name that counts, nil when the
// site has none.
func (w *World) bodyOf(kind, name string) *node {
	d, ok := w.site.Find(kind, name)
	if !ok {
		return nil
	}
	doc := w.document(d.Range.File.Name)
	if doc == nil {
		return nil
	}
	if doc.hcl {
		return doc.outline().value(kind).value(name)
	}
	return doc.outline()
}

// summary is a definition in a sentence, "" when the site has none of the name.
func (w *World) summary(kind, name string) string { return w.summaryOf(kind, w.bodyOf(kind, name)) }

// summaryOf is what a definition says, in a few words.
func (w *World) summaryOf(kind string, n *node) string {
	if n == nil {
		return ""
	}
	var parts []string
	say := func(format, value string) {
		if value != "" {
			parts = append(parts, fmt.Sprintf(format, value))
		}
	}
	switch kind {
	case schema.KindPreset:
		if cores := n.textOf("cores"); cores == "1" {
			parts = append(parts, "1 core")
		} else {
			say("%s cores", cores)
		}
		say("%s memory", sized(schema.Preset.Field("memory"), n.textOf("memory")))
		say("%s disk", sized(schema.Preset.Field("disk"), n.textOf("disk")))
	case schema.KindImage:
		say("%s", n.textOf("os"))
		say("from %s", n.textOf("source"))
		say("disk at least %s", sized(schema.Image.Field("min_disk"), n.textOf("min_disk")))
	case schema.KindSpec:
		say("packages %s", texts(n.value("platform").value("packages")))
		say("users %s", namesIn(n.value("access").value("users")))
		say("posture %s", n.value("access").textOf("posture"))
		if n.value("config").get("pve") != nil {
			parts = append(parts, "a Proxmox VE host")
		}
	case schema.KindPosture:
		say("ssh port %s", n.value("ssh").textOf("port"))
		say("root login %s", n.value("ssh").textOf("permit_root_login"))
		say("packages %s", texts(n.value("packages")))
	case schema.KindHost:
		say("%s", n.textOf("endpoint"))
		say("%s", n.textOf("ip"))
	}
	return strings.Join(parts, ", ")
}

// sized is a size with the unit that a bare number counts.
func sized(f *schema.Field, text string) string {
	if _, err := strconv.Atoi(text); err == nil {
		return text + " " + strings.TrimPrefix(f.Unit.String(), "1")
	}
	return text
}

// texts are the items of a list, the first few of them.
func texts(n *node) string {
	if n == nil {
		return ""
	}
	var out []string
	for _, item := range n.items {
		out = append(out, item.text)
	}
	return few(out)
}

// namesIn are the names of the items of a list.
func namesIn(n *node) string {
	if n == nil {
		return ""
	}
	var out []string
	for _, item := range n.items {
		out = append(out, item.textOf("name"))
	}
	return few(out)
}

func few(names []string) string {
	const most = 5
	if len(names) > most {
		return strings.Join(names[:most], " ") + " …"
	}
	return strings.Join(names, " ")
}

// declaredDetail is a variable or local in a few words.
func declaredDetail(d *document, root string, f *field) string {
	if root == "local" {
		return shorten(d.slice(span{f.value.start, f.value.end}))
	}
	typ := d.slice(f.value.valueSpan("type"))
	def := d.slice(f.value.valueSpan("default"))
	switch {
	case f.value.textOf("sensitive") == "true": // never shown, here neither
		return strings.TrimPrefix(typ+", sensitive", ", ")
	case def == "":
		return strings.TrimPrefix(typ+", required", ", ")
	case typ == "":
		return "by default " + shorten(def)
	}
	return typ + ", by default " + shorten(def)
}

// valueSpan is where the value of a field is, empty when there is none.
func (n *node) valueSpan(key string) span {
	if v := n.value(key); v != nil && v.kind != blank {
		return span{v.start, v.end}
	}
	return span{}
}

// shorten cuts a text to one short line.
func shorten(s string) string {
	const most = 60
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
