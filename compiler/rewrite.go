package compiler

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// replace is a fix that writes another name or word in a place, in the way the
// place has it: in the same quotes, or as a reference of the same kind. There
// is none where an expression made the value, because what of it to change is
// not certain.
func replace(at source.Range, text string) []diag.Fix {
	if at.IsZero() {
		return nil
	}
	written, ok := inTheWayOf(string(at.File.Text[at.Start:at.End]), text, path.Ext(at.File.Name) == ".hcl")
	if !ok {
		return nil
	}
	return put(at, written)
}

// interpolated says whether a place of a YAML file is inside of ${…}, looking
// no farther back than anybody's expression is long.
func interpolated(at source.Range) bool {
	text, depth := at.File.Text, 0
	for i := int(at.Start) - 1; i > 0 && i > int(at.Start)-4096; i-- {
		switch {
		case text[i] == '}':
			depth++
		case text[i] == '{' && depth > 0:
			depth--
		case text[i] == '{' && (text[i-1] == '$' || text[i-1] == '%'):
			return true
		}
	}
	return false
}

// put is a fix that puts text in the place of a range as it stands. There is
// none inside the expressions of YAML, which are in quotes of their own.
func put(at source.Range, text string) []diag.Fix {
	if path.Ext(at.File.Name) != ".hcl" && interpolated(at) {
		return nil
	}
	return []diag.Fix{{Title: fmt.Sprintf("write %s", text), Edits: []diag.Edit{{Range: at, New: text}}}}
}

var (
	// bareName needs no quotes in HCL: a key, or a word that stands alone.
	bareName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)
	// typedReference is a kind and a name in HCL, as in preset.vm-small.
	typedReference = regexp.MustCompile(`^(spec|preset|posture|image|host|node)(\.[A-Za-z_]|\[)`)
	// plainText is what YAML reads as text without quotes, whatever is around.
	plainText = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./+-]*$`)
)

// inTheWayOf writes text as old is written.
func inTheWayOf(old, text string, hcl bool) (string, bool) {
	switch {
	case strings.HasPrefix(old, `"`):
		return strconv.Quote(text), !strings.Contains(old, "${") && !strings.Contains(old, "%{")
	case !hcl && strings.HasPrefix(old, "'"):
		return "'" + strings.ReplaceAll(text, "'", "''") + "'", true
	case !hcl:
		if !plainText.MatchString(text) || ambiguous(text) {
			text = strconv.Quote(text)
		}
		return text, !strings.Contains(old, "${") && !strings.Contains(old, "%{")
	}
	if m := typedReference.FindStringSubmatch(old); m != nil {
		if bareName.MatchString(text) {
			return m[1] + "." + text, true
		}
		return m[1] + "[" + strconv.Quote(text) + "]", true
	}
	switch {
	case !bareName.MatchString(old): // a number, a heredoc, an expression
		return "", false
	case !bareName.MatchString(text):
		return strconv.Quote(text), true
	}
	return text, true
}

// ambiguous words are something else than text to some reader of YAML.
func ambiguous(text string) bool {
	switch strings.ToLower(text) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return true
	}
	return false
}
