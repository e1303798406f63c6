package format

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/homestak/homestak/lang/source"
)

// sketch is content to be written in many ways.
type sketch struct {
	text   string // of a scalar
	list   []*sketch
	fields []sketchField
	inline bool // a collection that stays on one line
}

type sketchField struct {
	key   string
	value *sketch
}

func drawSketch(t *rapid.T, depth int, inline bool) *sketch {
	kind := 0
	if depth > 0 {
		kind = rapid.IntRange(0, 3).Draw(t, "kind")
	}
	s := &sketch{inline: inline || depth < 3 && rapid.Bool().Draw(t, "inline")}
	switch kind {
	case 1:
		for range rapid.IntRange(1, 3).Draw(t, "items") {
			s.list = append(s.list, drawSketch(t, depth-1, s.inline))
		}
	case 2, 3:
		for i := range rapid.IntRange(1, 3).Draw(t, "fields") {
			key := rapid.SampledFrom([]string{"k%d", "%d k", `"q%d"`}).Draw(t, "key")
			s.fields = append(s.fields, sketchField{fmt.Sprintf(key, i), drawSketch(t, depth-1, s.inline)})
		}
	default:
		s.text = rapid.SampledFrom([]string{"a", "12", "null", "~", "two words", `"quoted: # text"`, `'say "x"'`, "[]", "{}", "a#b", "http://x:1/?y", "-1", "é"}).Draw(t, "text")
	}
	return s
}

// writer writes a sketch in a layout that it draws.
type writer struct {
	strings.Builder
	t        *rapid.T
	comments int // how many there are, -1 for none at all
}

func (w *writer) chance(what string) bool { return rapid.IntRange(0, 3).Draw(w.t, what) == 0 }
func (w *writer) spaces(least, most int) string {
	return strings.Repeat(" ", rapid.IntRange(least, most).Draw(w.t, "spaces"))
}

// newline ends a line, perhaps with a comment, and perhaps adds others.
func (w *writer) newline(indent int) {
	if w.comments >= 0 && w.chance("trailing") {
		w.comments++
		fmt.Fprintf(w, " # %d", w.comments)
	}
	w.WriteString(w.spaces(0, 1) + "\n")
	if w.comments < 0 {
		return
	}
	for w.chance("blank") {
		w.WriteString("\n")
	}
	for w.chance("comment") {
		w.comments++
		fmt.Fprintf(w, "%s# %d\n", w.spaces(0, indent+2), w.comments)
	}
}

// block writes a value whose first line starts here, in this column.
func (w *writer) block(s *sketch, column int) {
	start := func(i int) {
		if i > 0 {
			w.WriteString(strings.Repeat(" ", column))
		}
	}
	for i, item := range s.list {
		start(i)
		w.WriteString("-")
		w.below(item, column, 1)
	}
	for i, f := range s.fields {
		start(i)
		w.WriteString(f.key + w.spaces(0, 1) + ":")
		least := 1
		if f.value.list != nil {
			least = 0
		}
		w.below(f.value, column, least)
	}
}

// below writes what belongs to an entry of a block in this column.
func (w *writer) below(s *sketch, column, least int) {
	deeper := column + rapid.IntRange(least, 4).Draw(w.t, "deeper")
	switch {
	case s.list == nil && s.fields == nil || s.inline:
		if w.chance("next line") {
			w.newline(column)
			w.WriteString(strings.Repeat(" ", column))
		}
		w.WriteString(" ")
		w.flow(s, -1)
		w.newline(column)
	case w.chance("brackets"):
		w.WriteString(" ")
		w.flow(s, column+1)
		w.newline(column)
	default:
		w.newline(deeper)
		w.WriteString(strings.Repeat(" ", deeper))
		w.block(s, deeper)
	}
}

// flow writes a value in brackets, on lines from this column on, or with -1 on
// one.
func (w *writer) flow(s *sketch, column int) {
	gap := func() {
		if column >= 0 && !s.inline {
			w.newline(column)
			w.WriteString(strings.Repeat(" ", column))
		} else {
			w.WriteString(w.spaces(0, 2))
		}
	}
	comma := func(i int) {
		if i > 0 {
			w.WriteString(",")
		}
		gap()
	}
	switch {
	case s.list != nil:
		w.WriteString("[")
		for i, item := range s.list {
			comma(i)
			w.flow(item, column)
		}
		gap()
		w.WriteString("]")
	case s.fields != nil:
		w.WriteString("{")
		for i, f := range s.fields {
			comma(i)
			w.WriteString(f.key + ": " + w.spaces(0, 1))
			w.flow(f.value, column)
		}
		gap()
		w.WriteString("}")
	default:
		w.WriteString(s.text)
	}
}

func layout(t *rapid.T, s *sketch, comments int) string {
	w := &writer{t: t, comments: comments}
	w.block(s, 0)
	return w.String()
}

func drawRoot(t *rapid.T) *sketch {
	s := &sketch{}
	for i := range rapid.IntRange(1, 3).Draw(t, "fields") {
		s.fields = append(s.fields, sketchField{fmt.Sprint("f", i), drawSketch(t, 4, false)})
	}
	return s
}

// One content has one form, however it was laid out.
func TestOneForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawRoot(t)
		a, b := layout(t, s, -1), layout(t, s, -1)
		x, l := Source(source.NewFile("a.yaml", []byte(a)))
		y, m := Source(source.NewFile("b.yaml", []byte(b)))
		if diff := cmp.Diff(string(x), string(y)); diff != "" || len(l)+len(m) > 0 {
			t.Fatalf("%v %v\n%s\n%s\nbecome different:\n%s", l, m, a, b, diff)
		}
	})
}

// With comments and blank lines anywhere, what holds for every text holds.
func TestComments(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := layout(rt, drawRoot(rt), 0)
		check(rt, "random.yaml", []byte(text))
	})
}
