package manual

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/homestak/homestak/lang/selector"
)

// small is one of the languages that are written in a value or a flag: a topic
// of its own.
type small struct {
	name  string
	title string
	parts []part
}

// part is some text, and what is written how.
type part struct {
	text string
	rows []row
}

type row struct{ written, means string }

// smalls lists these languages, in the order of the page.
func smalls() []small {
	return []small{selectors(), sizes(), durations(), windows()}
}

func selectors() small {
	s := small{name: "selectors", title: "which nodes are meant"}
	s.parts = append(s.parts, part{`--only and --skip of plan, create, destroy, test and facts take a selector, in quotes for the shell. Each may
be given several times: a node is selected when one --only selects it, or there is none, and no --skip does.

  homestak plan -M shop --only 'spec=base and under(inner-pve) and not mode=pull'

What is selected cannot always be made without the rest: a plan adds the hosts and dependencies that do
not exist yet, and with a host that is destroyed or restarted what is in it, and says so. Skip one of
these by name, and the plan is refused. Nothing else is touched: not another node, and not a guest whose
node the manifest no longer has.

A pattern of names or addresses is a selector:`, []row{
		{"edge", "nodes of this name, however deep"},
		{"web-*", "nodes whose name begins with web-; ? is one character"},
		{"shop/inner-pve/db", "the node with this address"},
		{"shop/*", "the nodes that are in no other"},
		{"shop/inner-pve/**", "everything inside inner-pve, not inner-pve itself"},
		{"**/db", "the same as db"},
		{"**", "every node"},
	}})
	s.parts = append(s.parts, part{"Conditions; in values * and ? are wild:", []row{
		{"spec=base", "the attribute has the value"},
		{"spec!=base", "it has not"},
		{"tag in (web, db-*)", "it has one of these"},
		{"image not in (debian-12)", "it has none of these"},
		{"memory>=4GiB", "numbers and sizes can be compared by <, <=, > and >=, too"},
		{`pool=""`, "it is not set"},
		{"mode=push and web-*", "both"},
		{"dns or spec=web", "one or both; and binds stronger than or"},
		{"not (dns or db)", "neither; not binds strongest"},
		{`tag="and"`, `a text in quotes: for the words and, or, not, in, and for blanks`},
	}})
	attributes := part{text: "Attributes:"}
	for _, a := range selector.Attributes() {
		means := a.Doc
		if a.Kind == selector.Choice {
			means += ": " + strings.Join(a.Values, ", ")
		}
		attributes.rows = append(attributes.rows, row{a.Name, means})
	}
	functions := part{text: "Functions, of a selector X:"}
	for _, f := range selector.Functions() {
		functions.rows = append(functions.rows, row{f.Name + "(X)", f.Doc})
	}
	s.parts = append(s.parts, attributes, functions, part{text: fmt.Sprintf(`A name or value without * and ? that the manifest does not have is an error, and so is a selector that
selects nothing. A selector has at most %d bytes and %d levels of parentheses.`, selector.MaxLength, selector.MaxDepth)})
	return s
}

func sizes() small {
	return small{"sizes", "how much", []part{{"A whole number and a unit. Units are binary, whatever their name; a bare number counts the field's own.", []row{
		{"64GiB", "64 × 1024 MiB; KiB, MiB, TiB likewise"},
		{"64G", "the same; K, M, T likewise"},
		{"512B", "bytes"},
		{"2048", "of the field's unit: memory counts MiB, disks count GiB"},
	}}}}
}

func durations() small {
	return small{"durations", "how long", []part{{
		"Whole numbers with units, the larger first and each once, at most a hundred years.",
		[]row{
			{"90s", "seconds"}, {"20m", "minutes"}, {"1h30m", "hours and minutes"}, {"2d", "days of 24 hours"}, {"1w", "weeks"}, {"90", "a bare number counts seconds"},
		},
	}}}
}

func windows() small {
	return small{"windows", "when a machine may be changed by itself", []part{{`Days and two times; several are joined by commas. A window begins on its days, and lasts until its second
time, which is on the next day when it is not later than the first. It goes by the clock on the wall of
the machine that keeps to it, in the time zone of its spec. No field of this version takes one.`, []row{
		{"Sun 02:00-04:00", "two hours each week"},
		{"Mon-Fri 22:00-06:00", "five nights; the last ends on Saturday morning"},
		{"daily 01:00-03:00", "every day"},
		{"Sat,Sun 00:00-24:00", "whole days"},
		{"Sun 02:00-04:00, Wed 01:00-02:00", "two windows"},
	}}}}
}

// plain is the topic for a terminal.
func (s *small) plain() string {
	var b strings.Builder
	b.WriteString(s.name + ": " + s.title + "\n")
	for _, p := range s.parts {
		b.WriteString("\n" + p.text + "\n")
		width := 0
		for _, r := range p.rows {
			width = max(width, utf8.RuneCountInString(r.written))
		}
		if len(p.rows) > 0 {
			b.WriteByte('\n')
		}
		for _, r := range p.rows {
			fmt.Fprintf(&b, "  %s%s  %s\n", r.written, strings.Repeat(" ", width-utf8.RuneCountInString(r.written)), r.means)
		}
	}
	return b.String()
}

// SmallLanguages is docs/reference/small-languages.md.
func SmallLanguages() string {
	var b strings.Builder
	b.WriteString("# Small languages\n\nGenerated from the tables that they are read by; `homestak doc selectors`, `sizes`, `durations` and `windows` say the same.\n")
	for _, s := range smalls() {
		fmt.Fprintf(&b, "\n## %s: %s\n", s.name, s.title)
		for _, p := range s.parts {
			fmt.Fprintf(&b, "\n%s\n", indentCode(p.text))
			if len(p.rows) > 0 {
				b.WriteString("\n| written | means |\n|---|---|\n")
			}
			for _, r := range p.rows {
				fmt.Fprintf(&b, "| `%s` | %s |\n", r.written, cell(markdown(r.means)))
			}
		}
	}
	return b.String()
}

// indentCode makes lines that a terminal shows indented a block of code.
func indentCode(text string) string {
	text = markdown(text)
	return strings.ReplaceAll(text, "\n  ", "\n      ")
}

// markdown keeps * and ** from being taken for emphasis.
func markdown(text string) string { return strings.ReplaceAll(text, "*", `\*`) }
