package convert

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/syntax"
)

// attribute is the expression of an attribute of a body, where a text of
// several lines may be a heredoc.
func (p *hclPrinter) attribute(v *value, f *schema.Field) string {
	if v.kind == syntax.String && isLines(v.text) && !strings.Contains(v.text, "${") && !strings.Contains(v.text, "%{") {
		return p.heredoc(v.text)
	}
	return p.expression(v, f, p.depth)
}

func (p *hclPrinter) heredoc(s string) string {
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	marker := "EOT"
	for clash := true; clash; {
		clash = false
		for _, line := range lines {
			if strings.TrimSpace(line) == marker {
				marker, clash = marker+"_", true
			}
		}
	}
	pad := strings.Repeat(step, p.depth+1)
	var b strings.Builder
	b.WriteString("<<-" + marker + "\n")
	for _, line := range lines {
		if line != "" {
			b.WriteString(pad + line)
		}
		b.WriteByte('\n')
	}
	b.WriteString(strings.Repeat(step, p.depth) + marker)
	return b.String()
}

// isLines reports whether a text reads well as lines: it ends with one, and no
// line starts or ends with space.
func isLines(s string) bool {
	if !strings.HasSuffix(s, "\n") || strings.HasSuffix(s, "\n\n") || strings.HasPrefix(s, "\n") {
		return false
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") {
		if strings.TrimSpace(line) != line || !printable(line) || line == "" {
			return false
		}
	}
	return true
}

// quoteHCL is a text in quotes in which nothing is filled in.
func quoteHCL(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		switch begins := (r == '$' || r == '%') && strings.HasPrefix(s[i+1:], "{"); {
		case begins && i > 0 && s[i-1] == s[i]:
			fmt.Fprintf(&b, `\u%04x`, r)
		case begins:
			b.WriteRune(r)
			b.WriteRune(r)
		default:
			escape(&b, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// escape writes a character of a text in quotes, as both syntaxes read it.
func escape(b *strings.Builder, r rune) {
	switch {
	case r == '"' || r == '\\':
		b.WriteByte('\\')
		b.WriteRune(r)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case !printable(string(r)): // none of these takes more than four digits
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		b.WriteRune(r)
	}
}

func printable(s string) bool {
	for _, r := range s {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError || r == 0x2028 || r == 0x2029 || r == 0xfeff {
			return false
		}
	}
	return true
}
