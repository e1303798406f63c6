package allow

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// comment is one comment that speaks to us.
type comment struct {
	at   source.Range // without its sign and the space after it
	line int          // the line it holds for
}

// read takes the comments of a file apart.
func read(f *source.File) *file {
	out := &file{lines: map[int][]*grant{}}
	for _, c := range comments(f) {
		out.take(c)
	}
	return out
}

const (
	verb = "allow"
	form = `write homestak:allow CODE reason="why it is fine"`
)

var (
	verbForm   = regexp.MustCompile(`^homestak:([A-Za-z]*)`)
	codeForm   = regexp.MustCompile(`^[ \t,]+([A-Za-z]+[0-9][A-Za-z0-9]*)`)
	someCode   = regexp.MustCompile(`\bHS[0-9]{4}\b`)
	likeOurs   = regexp.MustCompile(`^HS[0-9]{1,5}$`)
	reasonForm = regexp.MustCompile(`^[ \t]+reason[ \t]*=[ \t]*("(?:[^"\\]|\\.)*")[ \t]*`)
)

// take reads one comment: homestak:allow, codes, the reason, and perhaps
// another comment after it.
func (f *file) take(c comment) {
	text := string(c.at.File.Text[c.at.Start:c.at.End])
	m := verbForm.FindStringSubmatch(text)
	if m[1] != verb {
		if diag.Suggest(m[1], []string{verb}) == "" && !someCode.MatchString(text) {
			return // it speaks about homestak, not to it
		}
		f.unreadable(c.at, "homestak does not know what this comment asks for", "", m[0], m[1])
		return
	}
	at, grants := len(m[0]), []*grant(nil)
	for {
		m := codeForm.FindStringSubmatchIndex(text[at:])
		if m == nil {
			break
		}
		from, to := int(c.at.Start)+at+m[2], int(c.at.Start)+at+m[3]
		grants = append(grants, &grant{code: diag.Code(strings.ToUpper(text[at+m[2] : at+m[3]])), at: source.Span(c.at.File, from, to)})
		at += m[1]
	}
	reason := reasonForm.FindStringSubmatch(text[at:])
	switch {
	case len(grants) == 0:
		f.unreadable(c.at, "the comment does not say which warning it allows", "a code belongs after homestak:allow", "", "")
		return
	case reason == nil:
		f.unreadable(c.at, "the comment does not say why the warning is fine", "the reason belongs behind the codes, in double quotes", "", "")
		return
	}
	if why, err := strconv.Unquote(reason[1]); err == nil && strings.TrimSpace(why) == "" {
		f.unreadable(c.at, "the comment does not say why the warning is fine", "the reason is empty", "", "")
		return
	}
	if rest := text[at+len(reason[0]):]; rest != "" && rest[0] != '#' && !strings.HasPrefix(rest, "//") {
		f.unreadable(c.at, "the comment goes on after its reason", "the reason is the last of it", "", "")
		return
	}
	for _, g := range grants {
		f.grant(g, c.line)
	}
}

// unreadable reports a comment that is not of the one form. said is how it
// begins and what of that should have been another word.
func (f *file) unreadable(at source.Range, message, label, said, wrong string) {
	d := codeUnreadable.Errorf("%s", message)
	d.Range, d.Label, d.Help = at, label, form
	if said != "" {
		d.Range.End = d.Range.Start + int32(len(said))
		d.Label = "only homestak:allow exists"
		if diag.Suggest(wrong, []string{verb}) != "" {
			d.Help = fmt.Sprintf("did you mean %q?", string(word)+verb)
			d.Fixes = []diag.Fix{{Title: "write " + string(word) + verb, Edits: []diag.Edit{{Range: d.Range, New: string(word) + verb}}}}
		}
	}
	f.findings = append(f.findings, d)
}

// grant adds what one code of a comment allows, if it can be allowed.
func (f *file) grant(g *grant, line int) {
	switch _, known := diag.Lookup(g.code); {
	case !known:
		f.findings = append(f.findings, unknown(g))
	case g.code.Severity() == diag.Error, g.code == codeUnused:
		f.findings = append(f.findings, refuse(g))
	default:
		f.grants = append(f.grants, g)
		f.lines[line] = append(f.lines[line], g)
	}
}

func unknown(g *grant) *diag.Diagnostic {
	d := codeUnknown.Errorf("the comment allows what is no code")
	if likeOurs.MatchString(string(g.code)) { // nothing else is quoted: the file may hold secrets
		d = codeUnknown.Errorf("there is no code %s", g.code)
	}
	d.Range, d.Label = g.at, "no finding has it"
	d.Help = "write the code as the warning shows it"
	var known []string
	for _, e := range diag.Entries() {
		if e.Code.Severity() == diag.Warning {
			known = append(known, string(e.Code))
		}
	}
	if s := diag.Suggest(string(g.code), known); s != "" {
		d.Help = fmt.Sprintf("did you mean %s?", s)
	}
	return d
}

// comments finds the comments of a file that begin with our word.
func comments(f *source.File) []comment {
	var out []comment
	isComment := commentsOf(f)
	for at := 0; ; {
		i := bytes.Index(f.Text[at:], word)
		if i < 0 {
			return out
		}
		at += i + len(word)
		start := at - len(word)
		line := f.Pos(start).Line
		first := f.Offset(source.Pos{Line: line, Col: 1})
		sign := signBefore(f.Text[first:start])
		if sign < 0 || !isComment(first+sign) {
			continue
		}
		end := first + len(f.Line(line))
		text := bytes.TrimRight(f.Text[start:end], " \t\r")
		c := comment{at: source.Span(f, start, start+len(text)), line: line}
		if len(bytes.TrimSpace(f.Text[first:first+sign])) == 0 {
			c.line = nextLine(f, line)
		}
		out = append(out, c)
		at = max(at, end) // one comment a line
	}
}

// signBefore is where the sign of a comment is that a text ends with, but for
// space; -1 without one.
func signBefore(text []byte) int {
	text = bytes.TrimRight(text, " \t")
	switch {
	case bytes.HasSuffix(text, []byte("//")):
		return len(text) - 2
	case bytes.HasSuffix(text, []byte("#")):
		return len(text) - 1
	}
	return -1
}

// nextLine is the next line that says something, or the line itself at the end.
func nextLine(f *source.File, line int) int {
	for n := line + 1; n <= f.Lines(); n++ {
		text := bytes.TrimSpace(f.Line(n))
		if len(text) > 0 && text[0] != '#' && !bytes.HasPrefix(text, []byte("//")) {
			return n
		}
	}
	return line
}
