package yaml

import (
	"bytes"
	"errors"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// isEmpty reports the library's way to say that a text has no value in it.
func isEmpty(err error) bool {
	return err != nil && strings.Contains(err.Error(), "no documents in stream")
}

// explain makes our diagnostic of the library's error: a code, what is wrong
// in a user's words, the exact place and what to do. The library's own words
// choose the case and are never shown.
func explain(f *source.File, err error, depth depthLimit) *diag.Diagnostic {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		d := codeSyntax.Errorf("this is not YAML")
		d.Range = source.Span(f, 0, 0)
		d.Help = "check the indentation, and quote texts with colons or brackets in them"
		return d
	}
	x := failure{file: f, text: f.Text, message: e.Message, doing: e.ContextMsg}
	x.at = x.offset(e.Mark)
	x.from = x.offset(e.ContextMark)
	if e.ContextMark.Line == 0 {
		x.from = -1
	}
	if depth.exceeded {
		d := codeDeep.Errorf("the text is nested more than %d levels deep", depth.max)
		d.Range = source.Span(f, x.at, x.at+1)
		d.Help = "flatten it: a node names its parent, so nothing has to be nested this deep"
		return d
	}
	return x.diagnose()
}

// failure is one error of the library, located.
type failure struct {
	file    *source.File
	text    []byte
	message string // what went wrong
	doing   string // what the library was reading, maybe ""
	at      int    // where it went wrong
	from    int    // where what it was reading starts, or -1
}

// offset is that of a mark; the end of the text is a line of its own to the
// library.
func (x *failure) offset(m yaml.Mark) int {
	if m.Line > x.file.Lines() {
		return len(x.text)
	}
	return x.file.Offset(source.Pos{Line: m.Line, Col: m.Column})
}

func (x *failure) is(words string) bool    { return strings.Contains(x.message, words) }
func (x *failure) while(words string) bool { return strings.Contains(x.doing, words) }

func (x *failure) diagnose() *diag.Diagnostic {
	switch {
	case x.byteAt(x.at) == '\t' || x.is("tab"):
		return x.tab()
	case x.while("quoted scalar"):
		return x.quoted()
	case x.while("anchor"), x.while("alias"), x.is("unknown anchor"):
		return x.at1(codeAnchor, "anchors and aliases are not supported", aliasHelp)
	case x.while("tag"), x.is("tag"), x.is("cannot construct"):
		return x.at1(codeTag, "tags are not supported", "remove it, or quote a text that starts with !")
	case x.is("',' or ']'"), x.is("',' or '}'"), x.while("flow"):
		return x.flow()
	case x.is("mapping values are not allowed"):
		return x.colon()
	case x.is("could not find expected ':'"):
		return x.noColon()
	case x.is("cannot start any token"):
		return x.quoteIt()
	case x.while("block scalar"):
		return x.blockScalar()
	case x.afterValue():
		return x.trailing()
	case x.is("expected key"), x.is("'-' indicator"), x.is("block sequence entries"), x.is("<document start>"),
		x.is("mapping keys are not allowed"), x.is("block collection"), x.is("node content"):
		return x.indentation()
	}
	return x.at1(codeSyntax, "this is not YAML", "quote the text if it is one value, or check the indentation of this line")
}

func (x *failure) byteAt(i int) byte {
	if i < 0 || i >= len(x.text) {
		return 0
	}
	return x.text[i]
}

// at1 is a diagnostic at the word where the error is.
func (x *failure) at1(code diag.Code, message, help string) *diag.Diagnostic {
	d := code.Errorf("%s", message)
	d.Range = x.word(x.at)
	d.Help = help
	return d
}

// word is the range of what stands at i: up to the next space, at least one
// character, at most the line.
func (x *failure) word(i int) source.Range {
	end := i
	for end < len(x.text) && x.text[end] > ' ' {
		end++
	}
	return source.Span(x.file, i, end)
}

// rest is the range from i to the end of its line, without comments.
func (x *failure) rest(i int) source.Range {
	line, _ := cutLine(x.text, i)
	if c := bytes.Index(line, []byte(" #")); c >= 0 {
		line = line[:c]
	}
	return source.Span(x.file, i, i+len(bytes.TrimRight(line, " \t")))
}

// start is the offset of the first character of the line at i that is not
// white space, and its column from 0.
func (x *failure) start(i int) (offset, column int) {
	begin := bytes.LastIndexByte(x.text[:i], '\n') + 1
	offset = begin
	for offset < len(x.text) && (x.text[offset] == ' ' || x.text[offset] == '\t') {
		offset++
	}
	return offset, offset - begin
}

func (x *failure) tab() *diag.Diagnostic {
	d := codeTab.Errorf("a tab cannot indent")
	begin, _ := x.start(x.at)
	line := bytes.LastIndexByte(x.text[:x.at], '\n') + 1
	d.Range = source.Span(x.file, x.at, x.at+1)
	if i := bytes.IndexByte(x.text[line:begin], '\t'); i >= 0 {
		d.Range = source.Span(x.file, line+i, begin)
	}
	d.Help = "use spaces"
	return d
}
