package yaml

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// quoted explains what is wrong inside quotes.
func (x *failure) quoted() *diag.Diagnostic {
	open := max(x.from, 0)
	if x.is("unexpected end of stream") || x.is("document indicator") {
		d := codeUnclosed.Errorf("the quoted text is not closed")
		d.Range = source.Span(x.file, open, open+1)
		d.Label = "opened here"
		d.Help = "add the closing " + string(x.byteAt(open))
		return d
	}
	start, end := badEscape(x.text, open)
	d := codeEscape.Errorf("unknown escape")
	if !x.file.Secret {
		d.Message += " " + string(x.text[start:end])
	}
	d.Range = source.Span(x.file, start, end)
	d.Help = `write \\ for a backslash, or use single quotes, in which nothing is an escape`
	return d
}

// badEscape finds the first escape that YAML does not know in the double-quoted
// text that starts at open.
func badEscape(text []byte, open int) (start, end int) {
	for i := open + 1; i+1 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		c := text[i+1]
		want := strings.IndexByte("xuU", c)
		if want < 0 {
			if !bytes.ContainsRune([]byte("0abt\tnvfre \"/\\N_LP\n\r"), rune(c)) {
				return i, i + 2
			}
			i++
			continue
		}
		length := 2 << want // \xXX, \uXXXX, \UXXXXXXXX
		n := 0
		for n < length && i+2+n < len(text) && isHex(text[i+2+n]) {
			n++
		}
		value, err := strconv.ParseUint(string(text[i+2:i+2+n]), 16, 32)
		if n < length || err != nil || value > 0x10ffff || value >= 0xd800 && value < 0xe000 {
			return i, i + 2 + n
		}
		i += 1 + n
	}
	return open, min(open+1, len(text))
}

// flow explains what is wrong inside brackets.
func (x *failure) flow() *diag.Diagnostic {
	open := max(x.from, 0)
	if skipBlank(x.text, x.at) == len(x.text) && x.byteAt(open) != '[' && x.byteAt(open) != '{' {
		open = lastOpen(x.text)
	}
	closer := "]"
	if x.byteAt(open) == '{' {
		closer = "}"
	}
	if x.byteAt(open) != '[' && x.byteAt(open) != '{' {
		d := x.at1(codeSyntax, "a value is missing here", "write a value, or remove the comma or bracket")
		return d
	}
	here := skipBlank(x.text, x.at)
	if next := x.byteAt(here); next == '}' || next == ']' {
		d := codeUnclosed.Errorf("a %c where %s belongs", next, closer)
		d.Range = source.Span(x.file, here, here+1)
		d.Notes = []diag.Note{{Text: "the bracket to close is here", Range: source.Span(x.file, open, open+1)}}
		d.Help = "write " + closer
		return d
	}
	if x.byteAt(here) == ':' && x.sameLine(open, here) {
		d := codeColon.Errorf("a value cannot hold another \": \"")
		d.Range = source.Span(x.file, here, here+1)
		d.Help = "put the value into quotes"
		return d
	}
	if here >= len(x.text) || x.startsLine(here) || x.byteAt(here) == ':' {
		d := codeUnclosed.Errorf("the bracket is not closed")
		d.Range = source.Span(x.file, open, open+1)
		d.Label = "opened here"
		d.Help = "add the closing " + closer + ", or a comma between the entries"
		return d
	}
	d := codeSyntax.Errorf("a comma or %s is missing before this", closer)
	d.Range = x.word(here)
	d.Notes = []diag.Note{{Text: "inside the brackets opened here", Range: source.Span(x.file, open, open+1)}}
	d.Help = "separate the entries with commas, and quote text that has brackets, commas or colons in it"
	return d
}

// lastOpen is the last bracket that nothing closes, with no regard to quotes:
// it serves texts that end inside brackets.
func lastOpen(text []byte) int {
	closed := 0
	for i := len(text) - 1; i >= 0; i-- {
		switch text[i] {
		case ']', '}':
			closed++
		case '[', '{':
			if closed == 0 {
				return i
			}
			closed--
		}
	}
	return len(text)
}

func (x *failure) startsLine(i int) bool {
	first, _ := x.start(i)
	return first == i
}

func (x *failure) sameLine(i, j int) bool {
	return !bytes.Contains(x.text[i:max(i, j)], []byte("\n"))
}

// afterValue reports whether the error is about something that follows a
// quoted text or a bracket on its line, or a bracket that closes nothing.
func (x *failure) afterValue() bool {
	if c := x.byteAt(x.at); c == ']' || c == '}' {
		return true
	}
	first, _ := x.start(x.at)
	before := bytes.TrimRight(x.text[first:max(first, x.at)], " \t")
	return len(before) > 0 && bytes.IndexByte([]byte("'\"]}"), before[len(before)-1]) >= 0
}

// trailing explains what afterValue found.
func (x *failure) trailing() *diag.Diagnostic {
	d := codeSyntax.Errorf("the value already ended")
	d.Range = x.rest(x.at)
	d.Label = "nothing may follow it"
	d.Help = "put the whole value into one pair of quotes; inside single quotes, write '' for '"
	if c := x.byteAt(x.at); c == ']' || c == '}' {
		d = codeUnclosed.Errorf("%c closes a bracket that is not open", c)
		d.Range = source.Span(x.file, x.at, x.at+1)
		d.Help = "remove it, or put the text into quotes"
	}
	return d
}

// colon explains a ": " where no mapping can start: twice in a line, or in a
// line that is indented as if it belonged to the value above.
func (x *failure) colon() *diag.Diagnostic {
	first, _ := x.start(x.at)
	if i := bytes.Index(x.text[first:x.at], []byte(": ")); i >= 0 {
		value := skipSpace(x.text, first+i+1)
		d := codeColon.Errorf("a value cannot hold another \": \"")
		d.Range = source.Span(x.file, x.at, x.at+1)
		d.Label = "the value already started at column " + strconv.Itoa(x.file.Pos(value).Col)
		d.Help = "put the value into quotes"
		if value < x.at {
			d.Fixes = quoteFix(x.rest(value))
		}
		return d
	}
	d := codeIndent.Errorf("this field is indented too far")
	d.Range = source.Span(x.file, first, x.at)
	d.Label = "the line above already has its value"
	d.Help = "indent it as its siblings, or leave the line above without a value to nest it there"
	return d
}

// quoteFix puts a plain text into quotes, when it can be done without a change.
func quoteFix(r source.Range) []diag.Fix {
	text := r.File.Text[r.Start:r.End]
	if r.File.Secret || bytes.ContainsAny(text, "\"\\") {
		return nil
	}
	return []diag.Fix{{Title: "quote the value", Edits: []diag.Edit{{Range: r, New: `"` + string(text) + `"`}}}}
}

// noColon explains a line that should be "key: value" and has no colon.
func (x *failure) noColon() *diag.Diagnostic {
	at := x.at
	if x.from >= 0 {
		at = x.from
	}
	first, _ := x.start(at)
	d := codeColon.Errorf("a colon is missing")
	d.Range = x.rest(first)
	d.Help = "write \"key: value\"; a space follows the colon"
	if key, _, ok := syntax.Glued(string(x.text[d.Range.Start:d.Range.End])); ok {
		missingSpace(d, int(d.Range.Start)+len(key))
	}
	if x.byteAt(x.at) == ':' { // the key is longer than 1024 characters
		d.Message = "a key this long needs no colon but a shorter name"
		d.Range = source.Span(x.file, x.at, x.at+1)
		d.Help = "use at most 1,024 characters"
	}
	return d
}

// missingSpace makes d say that the colon at an offset lacks its space.
func missingSpace(d *diag.Diagnostic, colon int) {
	d.Message = "a space is missing after the colon"
	d.Help = "write \": \" between the key and its value"
	d.Fixes = []diag.Fix{{Title: "add the space", Edits: []diag.Edit{{
		Range: source.Span(d.Range.File, colon+1, colon+1), New: " ",
	}}}}
}

// quoteIt explains a character that cannot start a plain value.
func (x *failure) quoteIt() *diag.Diagnostic {
	d := codeQuoteIt.Errorf("text cannot start with this character unless it is quoted")
	if !x.file.Secret {
		d.Message = "text cannot start with " + string(x.byteAt(x.at)) + " unless it is quoted"
	}
	d.Range = x.rest(x.at)
	d.Help = "put it into quotes"
	d.Fixes = quoteFix(d.Range)
	return d
}

// blockScalar explains the header or the first lines of a | or > text.
func (x *failure) blockScalar() *diag.Diagnostic {
	d := codeSyntax.Errorf("this is not the start of a block of text")
	d.Range = x.rest(max(x.from, 0))
	d.Help = "write | or > alone at the end of the line, and the text indented below"
	if x.is("tab") {
		return x.tab()
	}
	return d
}

// indentation explains a line that fits into no block above it.
func (x *failure) indentation() *diag.Diagnostic {
	first, _ := x.start(x.at)
	d := codeIndent.Errorf("this line fits into nothing above it")
	d.Range = x.rest(max(first, x.at))
	switch {
	case x.byteAt(first) == '-' && first == x.at && x.is("expected key"):
		d.Label = "an item of a list, among the fields of a mapping"
		d.Help = "indent it below the key whose list it belongs to, and write that key without a value"
	case x.is("block sequence entries"):
		d = x.at1(codeIndent, "a list cannot start on the line of its key", "start the list on the next line, each item with \"- \"")
		d.Range = x.rest(x.at)
	case x.is("'-' indicator"):
		d.Label = "not an item of the list above"
		d.Help = "start it with \"- \" if it is the next item, or indent it like the other fields of its item"
	default:
		d.Label = "its indentation is that of no open block"
		d.Help = "indent it exactly as its siblings"
	}
	if x.from >= 0 && x.from < x.at {
		d.Notes = []diag.Note{{Text: "the block it is read in starts here", Range: x.word(x.from)}}
	}
	return d
}
