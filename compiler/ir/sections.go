package ir

import (
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/unit"
)

// Section is a part of a deployment as people read it: the deployment itself, a
// node, an image, or the edges.
type Section struct {
	Kind    string // "deployment", "node", "image", "edges"
	Name    string // the manifest's name, the node's address, the image's name
	Entries []Entry
}

// Entry is one value of a section. A list whose items have an origin each is
// one entry an item, all of one name.
type Entry struct {
	Name  string // as in "network.ip"
	Value string
	From  Origin
	Fact  bool // has no layers: From is a place at most
	Empty bool // nobody set it, and it says nothing
}

// Sections is every effective value with where it came from, in the order of
// Dump.
func (d *Deployment) Sections() []Section {
	s := &collector{}
	describe(d, s)
	return s.all
}

// collector is the sink of what people read.
type collector struct{ all []Section }

func (s *collector) open(kind, name string) {
	s.all = append(s.all, Section{Kind: kind, Name: name})
}

func (s *collector) add(e Entry) {
	last := &s.all[len(s.all)-1]
	last.Entries = append(last.Entries, e)
}

func (s *collector) fact(name, v string, at source.Range) {
	if name != parentIndex {
		s.add(Entry{Name: name, Value: v, From: Origin{Range: at}, Fact: true, Empty: v == ""})
	}
}

// value adds what has layers. zero says that it is what it would be if nobody
// had said anything anywhere.
func (s *collector) value(name, v string, from Origin, zero bool) {
	s.add(Entry{Name: name, Value: v, From: from, Empty: zero && from == Origin{}})
}

func (s *collector) text(name, v string, from Origin) {
	shown := v
	if v == "" || strings.ContainsAny(v, "\n\t\"") || strings.TrimSpace(v) != v {
		shown = strconv.Quote(v)
	}
	s.value(name, shown, from, v == "")
}

func (s *collector) number(name string, v int64, from Origin) {
	s.value(name, strconv.FormatInt(v, 10), from, v == 0)
}

func (s *collector) size(name string, v unit.Size, from Origin) {
	s.value(name, v.String(), from, v == 0)
}

func (s *collector) flag(name string, v bool, from Origin) {
	s.value(name, strconv.FormatBool(v), from, !v)
}

func (s *collector) texts(name string, v []string, from Origin) {
	s.value(name, "["+strings.Join(v, ", ")+"]", from, len(v) == 0)
}

func (s *collector) values(name string, v []Value[string]) {
	for _, t := range v {
		s.value(name, t.V, t.From, false)
	}
}
