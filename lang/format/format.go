package format

import (
	"bytes"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/hcl"
	"github.com/homestak/homestak/lang/input"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
	"github.com/homestak/homestak/lang/yaml"
)

const (
	codeSize       diag.Code = "HS0001"
	codeUnfaithful diag.Code = "HS0090"
)

// Source returns the canonical form of f. The text is nil when the list has
// errors: those of lang.Parse, or one of ours when the result would not be
// read as the same tree.
//
// A byte order mark goes, line ends become line feeds, and the last line has
// one; a file without any text stays empty.
func Source(f *source.File) ([]byte, diag.List) {
	tree, found := lang.ParseText(f)
	if found.HasErrors() {
		return nil, found
	}
	clean := f
	if text := normalize(f.Text); len(text) != len(f.Text) {
		clean = source.NewFile(f.Name, text)
		clean.Secret = f.Secret
		if tree, found = lang.ParseText(clean); found.HasErrors() {
			return nil, found
		}
	}
	out := print(clean, tree)
	if out == nil {
		return nil, diag.List{tooLarge(f)}
	}
	if !faithful(f.Name, out, tree) {
		return nil, diag.List{unfaithful(f)}
	}
	return out, nil
}

// Unchecked is Source for callers who read the result again themselves, and
// whose text has neither a byte order mark nor carriage returns.
func Unchecked(f *source.File) ([]byte, diag.List) {
	var tree *syntax.Node
	if !isHCL(f.Name) {
		var found diag.List
		if tree, found = lang.ParseText(f); found.HasErrors() {
			return nil, found
		}
	}
	out := print(f, tree)
	if out == nil {
		return nil, diag.List{tooLarge(f)}
	}
	return out, nil
}

// faithful reports whether a text is read as this tree.
func faithful(name string, text []byte, tree *syntax.Node) bool {
	again, found := lang.ParseText(source.NewFile(name, text))
	return !found.HasErrors() && same(tree, again)
}

// normalize drops a byte order mark and the carriage returns of line ends.
func normalize(text []byte) []byte {
	text = text[input.Mark(text):]
	if bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
}

// print makes the canonical form, or nil if it is more than the language reads.
func print(f *source.File, tree *syntax.Node) []byte {
	if isHCL(f.Name) {
		return printHCL(f.Text, hcl.DefaultLimits().Bytes.Most)
	}
	return printYAML(f.Text, tree, yaml.DefaultLimits().Bytes.Most)
}

// tooLarge reports a text of which indentation would make a multiple: millions
// of short lines, two hundred levels deep.
func tooLarge(f *source.File) *diag.Diagnostic {
	d := codeSize.Errorf("the formatted file would be too large")
	d.Range = source.Span(f, 0, 0)
	d.Help = input.SplitHelp
	return d
}

func unfaithful(f *source.File) *diag.Diagnostic {
	d := codeUnfaithful.Errorf("formatting would change what the file says")
	d.Range = source.Span(f, 0, 0)
	d.Help = "the file is left as it is; please report it with the file as a bug in homestak"
	return d
}
