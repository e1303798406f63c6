package ir

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/unit"
)

// Dump is the deployment as text for people and golden files: one value a
// line, with the layer that decided it and the place it was written at. Values
// that are empty by default are left out.
//
//	node n1-push/edge
//	  spec     base      node      manifests/n1-push.yaml:8:11
//	  cores    2         stdlib    stdlib:presets/vm-small.yaml:2:8
func (d *Deployment) Dump() string {
	s := &dump{}
	describe(d, s)
	s.flush()
	return s.out.String()
}

type dump struct {
	out  strings.Builder
	rows [][4]string // of the open section: name, value, layer, place
}

func (s *dump) open(kind, name string) {
	s.flush()
	if s.out.Len() > 0 {
		s.out.WriteByte('\n')
	}
	s.out.WriteString(strings.TrimSpace(kind+" "+name) + "\n")
}

func (s *dump) flush() {
	var width [3]int
	for _, r := range s.rows {
		for i := range width {
			width[i] = max(width[i], len(r[i]))
		}
	}
	for _, r := range s.rows {
		line := fmt.Sprintf("  %-*s  %-*s  %-*s  %s", width[0], r[0], width[1], r[1], width[2], r[2], r[3])
		s.out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	s.rows = s.rows[:0]
}

func (s *dump) row(name, value string, from Origin) {
	s.rows = append(s.rows, [4]string{name, value, from.Layer.String(), from.Range.String()})
}

func (s *dump) fact(name, v string, at source.Range) {
	if v != "" && name != parentIndex {
		s.rows = append(s.rows, [4]string{name, v, "", at.String()})
	}
}

// empty reports a value that nobody set and that says nothing.
func empty(zero bool, from Origin) bool { return zero && from == Origin{} }

func (s *dump) text(name, v string, from Origin) {
	if empty(v == "", from) {
		return
	}
	if v == "" || strings.ContainsAny(v, "\n\t\"") || strings.TrimSpace(v) != v {
		v = strconv.Quote(v)
	}
	s.row(name, v, from)
}

func (s *dump) number(name string, v int64, from Origin) {
	if !empty(v == 0, from) {
		s.row(name, strconv.FormatInt(v, 10), from)
	}
}

func (s *dump) size(name string, v unit.Size, from Origin) {
	if !empty(v == 0, from) {
		s.row(name, v.String(), from)
	}
}

func (s *dump) flag(name string, v bool, from Origin) {
	if !empty(!v, from) {
		s.row(name, strconv.FormatBool(v), from)
	}
}

func (s *dump) texts(name string, v []string, from Origin) {
	if !empty(len(v) == 0, from) {
		s.row(name, "["+strings.Join(v, ", ")+"]", from)
	}
}

func (s *dump) values(name string, v []Value[string]) {
	for _, t := range v {
		s.row(name, t.V, t.From)
	}
}
