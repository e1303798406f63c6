package convert_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/homestak/homestak/lang/schema"
)

// Files with any fields of the language in them, known values and strange ones,
// in every layout and with comments everywhere: there and back is the same.
func TestAnyFileThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		site := fstest.MapFS{}
		put := func(name, text string) { site[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644} }
		put("site.yaml", "site_id: 6f1c0f9e-8f0a-4a57-9d0c-2f6b7b1f4c11\n")
		put("manifests/m.yaml", anyFile(t, schema.Manifest, "schema_version: 2\nname: m\n"))
		switch kind := rapid.SampledFrom([]string{"spec", "preset", "posture", "image", "host"}).Draw(t, "kind"); kind {
		case "spec":
			put("specs/base.yaml", anyFile(t, schema.Spec, "schema_version: 1\n"))
		default:
			put(kind+"s/x.yaml", anyFile(t, schema.Of(kind), ""))
		}
		thereAndBack(t, site, false)
	})
}

// author writes a file of YAML.
type author struct {
	t        *rapid.T
	b        strings.Builder
	comments int
	nodes    int
	below    int  // columns further in than this are still the text above
	valid    bool // the values are ones that the language takes
}

func anyFile(t *rapid.T, o *schema.Object, head string) string {
	w := &author{t: t, below: -1, valid: rapid.Bool().Draw(t, "valid")}
	w.above(0)
	w.b.WriteString(head)
	w.fields(o, 0, "", 0)
	w.above(0)
	if w.b.Len() == 0 {
		return "{}\n"
	}
	return w.b.String()
}

func (w *author) one(in int) bool { return rapid.IntRange(1, in).Draw(w.t, "one in") == 1 }

func (w *author) comment() string {
	w.comments++
	return fmt.Sprintf("# c%d", w.comments)
}

// above writes comments and blank lines before a line.
func (w *author) above(indent int) {
	for w.one(8) {
		if w.one(3) {
			w.b.WriteString("\n")
		}
		column := rapid.SampledFrom([]int{0, indent, indent, indent + 2}).Draw(w.t, "column")
		if w.below >= 0 {
			column = min(column, w.below)
		}
		w.b.WriteString(strings.Repeat(" ", column) + w.comment() + "\n")
	}
	w.below = -1
}

func (w *author) end() {
	if w.one(6) {
		w.b.WriteString("  " + w.comment())
	}
	w.b.WriteString("\n")
}

// fields writes some fields of an object, the first after start.
func (w *author) fields(o *schema.Object, indent int, start string, depth int) {
	pad := strings.Repeat(" ", indent)
	n := 0
	for i := range o.Fields {
		f := &o.Fields[i]
		must := f.Key == "nodes" && depth == 0 || f.Key == "name" && o == schema.Node
		switch {
		case o == schema.Posture && strings.Contains(f.Key, "_"): // upstream's old ones, which are converted to those of today
			continue
		case f.Key == "schema_version" || scopeKeys[f.Key] || f.Key == "levels", f.Key == "name" && o != schema.Node && depth == 0:
			continue
		case !must && !w.one(3):
			continue
		case w.valid && !must && (f.Use != schema.Now || f.Gone != "" || f.Renamed != "" || f.Of == schema.KindNode || f.Key == "pattern" || f.Key == "host"):
			continue
		}
		if n == 0 && start != "" {
			w.b.WriteString(start)
		} else {
			w.above(indent)
			w.b.WriteString(pad)
		}
		n++
		w.b.WriteString(f.Key + ":")
		w.value(f, o, indent, depth)
	}
	if n == 0 {
		w.b.WriteString(start)
		if start == "" {
			w.b.WriteString(pad)
		}
		w.b.WriteString("description: x")
		w.end()
	}
}

// value writes what stands after a colon or a dash, and the end of the line.
func (w *author) value(f *schema.Field, in *schema.Object, indent, depth int) {
	o := f.Object
	if f.Key == "nodes" {
		w.list(&schema.Field{Type: schema.Group, Object: schema.Node}, indent, depth)
		return
	}
	switch {
	case depth > 4, !w.valid && w.one(12):
		w.scalar(f, indent)
	case f.Type == schema.List && w.one(2):
		w.b.WriteString(" " + w.flow(f, 0))
		w.end()
	case f.Type == schema.List:
		w.list(f.Elem, indent, depth)
	case f.Type == schema.Group && o != nil && !w.one(4):
		w.end()
		w.fields(o, indent+2, "", depth+1)
		w.above(indent + 2)
	case f.Type == schema.Group, f.Type == schema.Table, f.Type == schema.Any:
		w.b.WriteString(" " + w.flow(f, 0))
		w.end()
	case f.Key == "name" && in == schema.Node:
		w.nodes++
		w.b.WriteString(fmt.Sprintf(" n%d", w.nodes))
		w.end()
	default:
		w.scalar(f, indent)
	}
}

func (w *author) list(elem *schema.Field, indent, depth int) {
	w.end()
	for range rapid.IntRange(1, 3).Draw(w.t, "items") {
		w.above(indent + 2)
		dash := strings.Repeat(" ", indent+2) + "- "
		if elem.Type == schema.Group && elem.Object != nil {
			w.fields(elem.Object, indent+4, dash, depth+1)
			continue
		}
		w.b.WriteString(strings.TrimRight(dash, " "))
		w.value(elem, nil, indent+2, depth+1)
	}
	w.above(indent + 2)
}

// flow is a value between brackets, on one line or several.
func (w *author) flow(f *schema.Field, depth int) string {
	apart := func() string {
		switch {
		case !w.one(6):
			return " "
		case w.one(2):
			return " " + w.comment() + "\n                      "
		}
		return "\n                      "
	}
	n := rapid.IntRange(0, 3).Draw(w.t, "entries")
	var parts []string
	for i := range n {
		switch elem := f.Elem; {
		case f.Type == schema.List && elem != nil && (elem.Type == schema.List || elem.Type == schema.Group) && depth < 3:
			parts = append(parts, apart()+w.flow(elem, depth+1))
		case f.Type == schema.List:
			parts = append(parts, apart()+w.word(elem))
		case f.Type == schema.Group && f.Object != nil:
			g := rapid.SampledFrom(f.Object.Fields).Draw(w.t, "field")
			if strings.Contains(strings.Join(parts, ""), " "+g.Key+":") {
				continue
			}
			parts = append(parts, apart()+g.Key+": "+w.word(&g))
		default:
			parts = append(parts, apart()+fmt.Sprintf("k%d: ", i)+w.word(elem))
		}
	}
	open, shut := "{", "}"
	if f.Type == schema.List {
		open, shut = "[", "]"
	}
	return open + strings.Join(parts, ",") + apart() + shut
}

func (w *author) scalar(f *schema.Field, indent int) {
	pad := "\n" + strings.Repeat(" ", indent+2)
	if f.Type == schema.String && len(f.Enum) == 0 && w.one(3) {
		switch style := rapid.SampledFrom([]string{"|", ">", "|-", "|+", ">-", "plain", "quoted"}).Draw(w.t, "style"); style {
		case "plain":
			w.b.WriteString(pad + "two" + pad + "lines")
			w.end()
		case "quoted":
			w.b.WriteString(" \"two" + pad + "lines\\" + pad + "three\"")
			w.end()
		default:
			w.b.WriteString(" " + style)
			w.end()
			lines := rapid.SampledFrom([]string{"x", "x\n\ny", "${a} $${b}", "x\n  y\nz", "\"q\"\\", "EOT\nx"}).Draw(w.t, "lines")
			w.b.WriteString(strings.TrimPrefix(strings.ReplaceAll(pad+strings.ReplaceAll(lines, "\n", pad), "\n  \n", "\n\n"), "\n") + "\n")
			w.below = indent
		}
		return
	}
	w.b.WriteString(" " + w.word(f))
	w.end()
}

// word is a scalar of one line, in brackets as well.
func (w *author) word(f *schema.Field) string {
	known := []string{"x"}
	if f != nil {
		known = f.Enum
		if len(known) == 0 {
			known = words[f.Type]
		}
		if f.Type == schema.Ref {
			known = names[f.Of]
		}
		if f.Type == schema.Int {
			known = []string{fmt.Sprint(max(f.Min, min(f.Max, 1000)))}
			if f.Key == "count" {
				known = []string{"2"}
			}
		}
		if len(known) == 0 {
			known = []string{"x"}
		}
	}
	if w.valid || !w.one(3) {
		return rapid.SampledFrom(known).Draw(w.t, "word")
	}
	return rapid.SampledFrom(strange).Draw(w.t, "strange")
}

var names = map[string][]string{
	schema.KindSpec: {"base", "pve"}, schema.KindPreset: {"vm-small", "vm-large"}, schema.KindPosture: {"dev", "prod"},
	schema.KindImage: {"debian-12", "debian-13-pve"}, schema.KindNode: {"n1", "n2", "n9"}, schema.KindHost: {"x", "father"},
}

var words = map[schema.Type][]string{
	schema.Bool: {"true", "false"}, schema.Size: {"4", "64GiB", "2048", "\"8GiB\""}, schema.Duration: {"90s", "20m", "30"},
	schema.IP: {"10.0.0.1", "\"10.0.0.2\""}, schema.CIDR: {"dhcp", "10.0.0.7/24"}, schema.MAC: {"\"02:00:00:00:00:01\""},
	schema.UUID: {"6f1c0f9e-8f0a-4a57-9d0c-2f6b7b1f4c11"}, schema.URL: {"https://192.0.2.1:8006"}, schema.Domain: {"home.lan"},
	schema.Zone: {"UTC", "Europe/Berlin"}, schema.Package: {"vim", "htop"}, schema.Service: {"ssh"}, schema.Login: {"ann", "bob"},
	schema.Tag: {"one", "two"}, schema.Pool: {"pool"}, schema.Bridge: {"vmbr0", "vmbr1"}, schema.Storage: {"local-zfs"},
	schema.String: {"text", "a text", "\"quoted: text\"", "'it''s'"},
}

// strange are scalars that readers and writers stumble over.
var strange = []string{
	"yes", "'no'", "\"on\"", "22:30", "'22:30'", "0777", "010", "1_000", "1e3", "~", "null", "'null'", "True",
	"''", "\"\"", "\"${x}\"", "\"$${x}\"", "\"%{ if }\"", "\"$$${x}\"", "\"a\\tb\\n\\\\ \\\"\\u00e9\\U0001F600\"", "日本", "é", "\"\\u2028\\u0085\\x00\"",
	"\"- a\"", "\"[x\"", "\"{\"", "'a, b'", "\"a: b\"", "a:b", "-x", "a-b_c.d", "\"  lead\"", "\"trail \"", "'\\'", "99999999999999999999", "12.50", "2024-01-01", "\"\\r\\n\"", "'%'", "\"\\e\"",
}

var scopeKeys = map[string]bool{"expressions": true, "variables": true, "locals": true}
