package compiler

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// wide is how long a value may be to stand in one line, in bytes.
const wide = 72

// HCL is the value as one writes it in HCL, without a line feed at its end.
// What is sensitive is "(sensitive)".
func (v Value) HCL() string { return hclOf(v.v, "") }

// JSON is the value as JSON, indented, without a line feed at its end. What is
// sensitive is the text "(sensitive)".
func (v Value) JSON() string {
	text, err := json.MarshalIndent(jsonOf(v.v), "", "  ")
	if err != nil {
		panic("compiler: " + err.Error()) // texts, numbers and booleans only
	}
	return string(text)
}

func hclOf(v cty.Value, indent string) string {
	switch {
	case v == cty.NilVal, !v.IsKnown():
		return "(unknown)"
	case v.IsMarked():
		return hidden
	case v.IsNull():
		return "null"
	case v.Type() == cty.String:
		return hclText(v.AsString())
	case v.Type().IsPrimitiveType():
		return scalarText(v)
	case v.Type().IsObjectType() || v.Type().IsMapType():
		return bracketed("{", "}", mappingLines(v, indent+"  "), indent)
	}
	var lines []string
	for it := v.ElementIterator(); it.Next(); {
		_, item := it.Element()
		lines = append(lines, hclOf(item, indent+"  "))
	}
	return bracketed("[", "]", lines, indent)
}

func mappingLines(v cty.Value, indent string) []string {
	entries := v.AsValueMap()
	keys := make([]string, 0, len(entries))
	for k := range entries {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	lines := make([]string, len(keys))
	for i, k := range keys {
		name := k
		if !hclsyntax.ValidIdentifier(k) {
			name = hclText(k)
		}
		lines[i] = name + " = " + hclOf(entries[k], indent)
	}
	return lines
}

// bracketed puts parts into one line if they fit, else each into its own.
func bracketed(open, closing string, parts []string, indent string) string {
	if len(parts) == 0 {
		return open + closing
	}
	line := strings.Join(parts, ", ")
	if len(line) <= wide && !strings.Contains(line, "\n") {
		if open == "{" {
			return "{ " + line + " }"
		}
		return open + line + closing
	}
	var b strings.Builder
	b.WriteString(open + "\n")
	for _, p := range parts {
		b.WriteString(indent + "  " + p)
		if open == "[" {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString(indent + closing)
	return b.String()
}

// hclText is a text in quotes, with nothing in it that a template would act on.
func hclText(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case (r == '$' || r == '%') && strings.HasPrefix(s[i+1:], "{"):
			b.WriteString(string(r) + string(r))
		case r < ' ' || r == 0x7f:
			const digits = "0123456789abcdef"
			b.WriteString(`\u00` + string(digits[r>>4]) + string(digits[r&15]))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// scalarText is a number or a boolean.
func scalarText(v cty.Value) string {
	if v.Type() == cty.Bool {
		if v.True() {
			return "true"
		}
		return "false"
	}
	f := v.AsBigFloat()
	if f.IsInt() {
		return f.Text('f', 0)
	}
	return f.Text('f', -1)
}

func jsonOf(v cty.Value) any {
	switch {
	case v == cty.NilVal, !v.IsKnown():
		return nil
	case v.IsMarked():
		return hidden
	case v.IsNull():
		return nil
	case v.Type() == cty.String:
		return v.AsString()
	case v.Type() == cty.Bool:
		return v.True()
	case v.Type() == cty.Number:
		return json.Number(scalarText(v))
	case v.Type().IsObjectType() || v.Type().IsMapType():
		out := map[string]any{}
		for k, e := range v.AsValueMap() {
			out[k] = jsonOf(e)
		}
		return out
	}
	out := []any{}
	for it := v.ElementIterator(); it.Next(); {
		_, item := it.Element()
		out = append(out, jsonOf(item))
	}
	return out
}
