package diag

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/source"
)

// TextOptions chooses how Text renders.
type TextOptions struct {
	Color bool // ANSI colours; the caller knows about ttys and NO_COLOR
	Brief bool // one line a finding, no source
}

// Text renders findings for people, in the order given, and a summary line
// when there is more than one. Of each code it shows the first 100; how many
// more there are is said, and the summary counts all:
//
//	error[HS0214]: unknown preset "vm-smal"
//	  --> manifests/nested-test.yaml:14:13
//	   |
//	14 |     preset: vm-smal
//	   |             ^^^^^^^ no preset of this name in this site or in stdlib
//	   |
//	  note: presets are sizes; specs say what a node becomes
//	  help: did you mean "vm-small"?   (homestak validate --fix)
//	  see:  homestak explain HS0214
//
// Files marked Secret are named but never quoted. Characters that could move a
// terminal's cursor or reorder its text are replaced by visible ones.
func Text(w io.Writer, l List, o TextOptions) error {
	p := printer{w: bufio.NewWriter(w), color: o.Color}
	shown, more := first(l, shownOfCode)
	for i, d := range shown {
		if o.Brief {
			p.line(clean(d.Error()))
			continue
		}
		if i > 0 {
			p.line("")
		}
		p.diagnostic(d)
	}
	if len(l) > 1 {
		if !o.Brief {
			p.line("")
		}
		for _, m := range more {
			p.line("… and ", grouped(m.number), " more of ", string(m.code))
		}
		p.line(p.paint(bold, Summary(l)))
	}
	return p.w.Flush()
}

// shownOfCode is how many findings of one code Text shows: more than anyone
// reads of one kind, and those of other kinds must not drown in them.
const shownOfCode = 100

// omitted counts the findings of a code that are not shown.
type omitted struct {
	code   Code
	number int
}

// first is the first findings of each code, n at most, and what that leaves
// out, in the order it was met.
func first(l List, n int) (List, []omitted) {
	if len(l) <= n {
		return l, nil
	}
	var shown List
	var more []omitted
	seen := map[Code]int{}
	place := map[Code]int{} // in more
	for _, d := range l {
		if seen[d.Code]++; seen[d.Code] <= n {
			shown = append(shown, d)
			continue
		}
		if seen[d.Code] == n+1 {
			place[d.Code] = len(more)
			more = append(more, omitted{code: d.Code})
		}
		more[place[d.Code]].number++
	}
	return shown, more
}

// grouped writes 99900 as 99,900.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Summary is "2 errors, 1 warning", or "" for an empty list.
func Summary(l List) string {
	errors := 0
	for _, d := range l {
		if d.Severity == Error {
			errors++
		}
	}
	var parts []string
	if errors > 0 {
		parts = append(parts, count(errors, "error"))
	}
	if warnings := len(l) - errors; warnings > 0 {
		parts = append(parts, count(warnings, "warning"))
	}
	return strings.Join(parts, ", ")
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return grouped(n) + " " + what
}

const (
	bold   = "1"
	red    = "1;31"
	yellow = "1;33"
	blue   = "1;34"
	cyan   = "1;36"
)

func (s Severity) colour() string {
	if s == Warning {
		return yellow
	}
	return red
}

// printer writes the lines of findings.
type printer struct {
	w      *bufio.Writer
	color  bool
	gutter int // width of the widest line number of the current finding
}

func (p *printer) line(parts ...string) {
	text := strings.Join(parts, "")
	p.w.WriteString(strings.TrimRight(text, " "))
	p.w.WriteByte('\n')
}

func (p *printer) paint(colour, text string) string {
	if !p.color || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func (p *printer) diagnostic(d *Diagnostic) {
	p.gutter = gutterWidth(d)
	p.line(p.paint(d.Severity.colour(), d.Severity.String()+"["+string(d.Code)+"]"), p.paint(bold, ": "+clean(d.Message)))
	p.place(d.Range, d.Label, '^', d.Severity.colour())
	for _, n := range d.Notes {
		p.line("  ", p.paint(bold, "note:"), " ", clean(n.Text))
		p.place(n.Range, "", '-', blue)
	}
	if help := helpOf(d); help != "" {
		p.line("  ", p.paint(cyan, "help:"), " ", clean(help))
	}
	if e, ok := Lookup(d.Code); ok && e.Long != "" {
		p.line("  see:  homestak explain ", string(d.Code))
	}
}

// helpOf adds how to apply the fix, when there is one.
func helpOf(d *Diagnostic) string {
	help := d.Help
	if len(d.Fixes) == 0 {
		return help
	}
	if help == "" {
		help = d.Fixes[0].Title
	}
	return help + "   (homestak validate --fix)"
}

// place writes the arrow line and, when the source may be shown, the line of
// source with a mark under the range.
func (p *printer) place(r source.Range, label string, mark rune, colour string) {
	if r.IsZero() {
		if label != "" {
			p.line("  ", clean(label))
		}
		return
	}
	pad := strings.Repeat(" ", p.gutter)
	p.line(pad, p.paint(blue, "-->"), " ", clean(r.String()))
	if r.File.Secret {
		if label != "" {
			p.line(pad, " ", p.paint(blue, "|"), " ", p.paint(colour, clean(label)))
		}
		return
	}
	s := cut(r)
	bar := p.paint(blue, "|")
	number := fmt.Sprintf("%*d", p.gutter, r.Pos().Line)
	under := strings.Repeat(string(mark), s.width)
	if label != "" {
		under += " " + clean(label)
	}
	p.line(pad, " ", bar)
	p.line(p.paint(blue, number), " ", bar, " ", s.text)
	p.line(pad, " ", bar, " ", strings.Repeat(" ", s.indent), p.paint(colour, under))
	p.line(pad, " ", bar)
}

// gutterWidth is the number of digits of the largest line number shown, at
// least two so that notes of most findings align.
func gutterWidth(d *Diagnostic) int {
	line := d.Range.Pos().Line
	for _, n := range d.Notes {
		line = max(line, n.Range.Pos().Line)
	}
	return max(2, len(strconv.Itoa(line)))
}
