package cli

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/hcl"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
	"github.com/homestak/homestak/lang/yaml"
)

// pinLines says fingerprints in the words of an entry: the first in fingerprint,
// the others of a cluster in fingerprints. is stands between key and value.
func pinLines(prints []string, is, between string) string {
	out := "fingerprint" + is + strconv.Quote(prints[0])
	if len(prints) > 1 {
		out += between + "fingerprints" + is + pinList(prints[1:])
	}
	return out
}

func pinList(prints []string) string {
	quoted := make([]string, len(prints))
	for i, p := range prints {
		quoted[i] = strconv.Quote(p)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// pinEntry is a host's file with the fingerprints in it, and everything else as it
// was. ok is false where the entry has a form that is not edited.
func pinEntry(f *source.File, name string, prints []string) (text []byte, ok bool) {
	is := ": "
	var tree *syntax.Node
	if strings.HasSuffix(f.Name, ".hcl") {
		is = " = "
		root, bad := hcl.Parse(f)
		if bad.HasErrors() {
			return nil, false
		}
		tree = root.Get("host").Get(name)
	} else {
		root, bad := yaml.Parse(f)
		if bad.HasErrors() {
			return nil, false
		}
		tree = root
	}
	if tree == nil || tree.Kind != syntax.Map || len(tree.Fields) == 0 {
		return nil, false
	}
	var edits []edit
	add := func(key, value string) {
		if v := tree.Get(key); v != nil {
			edits = append(edits, edit{int(v.Range.Start), int(v.Range.End), value})
			return
		}
		at, indent, fits := after(f, tree)
		if !fits {
			ok = false
			return
		}
		edits = append(edits, edit{at, at, "\n" + indent + key + is + value})
	}
	ok = true
	add("fingerprint", strconv.Quote(prints[0]))
	if len(prints) > 1 || tree.Get("fingerprints") != nil {
		add("fingerprints", pinList(prints[1:]))
	}
	if !ok {
		return nil, false
	}
	slices.SortStableFunc(edits, func(a, b edit) int { return a.start - b.start })
	var out bytes.Buffer
	from := 0
	for _, e := range edits {
		out.Write(f.Text[from:e.start])
		out.WriteString(e.text)
		from = e.end
	}
	out.Write(f.Text[from:])
	return out.Bytes(), true
}

type edit struct {
	start, end int
	text       string
}

// after is where a new field goes: the end of the line with the endpoint, or with
// the first field that is one plain value. The line must hold that field alone.
func after(f *source.File, tree *syntax.Node) (at int, indent string, ok bool) {
	i := slices.IndexFunc(tree.Fields, func(x syntax.Field) bool { return x.Key == "endpoint" || x.Key == "api_endpoint" })
	if i < 0 {
		i = slices.IndexFunc(tree.Fields, func(x syntax.Field) bool { return x.Value.Kind != syntax.Map && x.Value.Kind != syntax.List })
	}
	if i < 0 {
		return 0, "", false
	}
	field := tree.Fields[i]
	begin, end := int(field.Range.Start), int(field.Value.Range.End)
	indent = string(f.Text[bytes.LastIndexByte(f.Text[:begin], '\n')+1 : begin])
	if strings.Trim(indent, " \t") != "" {
		return 0, "", false
	}
	at = len(f.Text)
	if n := bytes.IndexByte(f.Text[end:], '\n'); n >= 0 {
		at = end + n
	}
	rest := strings.TrimSpace(string(f.Text[end:at]))
	if rest != "" && !strings.HasPrefix(rest, "#") && !strings.HasPrefix(rest, "//") {
		return 0, "", false
	}
	return at, indent, true
}
