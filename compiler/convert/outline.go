package convert

import (
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// value is one value of an outline.
type value struct {
	kind    syntax.Kind
	text    string
	at      source.Range
	entries []*entry // of a mapping or list
	tail    []comment
	wide    bool // on several lines where it was written
}

// entry is a field of a mapping, or with no key, an item of a list.
type entry struct {
	key    string
	at     source.Range
	lead   []comment // above it
	beside []comment // on its line
	blank  bool      // a blank line stands right above it
	value  *value
}

// comment is one line of it, without its sign.
type comment struct {
	text  string
	blank bool // a blank line stands above
}

func (v *value) container() bool { return v.kind == syntax.Map || v.kind == syntax.List }

// find is the field with this key, nil when there is none.
func (v *value) find(key string) *entry {
	if v == nil {
		return nil
	}
	for _, e := range v.entries {
		if e.key == key {
			return e
		}
	}
	return nil
}

// get is the value of find.
func (v *value) get(key string) *value {
	if e := v.find(key); e != nil {
		return e.value
	}
	return nil
}

// str is the text of the scalar with this key, "" when there is none.
func (v *value) str(key string) string {
	if w := v.get(key); w != nil && !w.container() {
		return w.text
	}
	return ""
}

// cut removes an entry with its comments.
func (v *value) cut(key string) *entry {
	for i, e := range v.entries {
		if e.key == key {
			v.entries = append(v.entries[:i:i], v.entries[i+1:]...)
			return e
		}
	}
	return nil
}

// take removes an entry; its comments go to the next one, or to the end.
func (v *value) take(key string) *entry {
	for i, e := range v.entries {
		if e.key == key {
			v.cut(key)
			v.adopt(i, e.remarks())
			return e
		}
	}
	return nil
}

// adopt puts comments above entry i, or at the end.
func (v *value) adopt(i int, c []comment) {
	if len(c) == 0 {
		return
	}
	if i < len(v.entries) {
		e := v.entries[i]
		e.lead = append(c[:len(c):len(c)], e.lead...)
		return
	}
	v.tail = append(c[:len(c):len(c)], v.tail...)
}

// remarks are all comments of an entry, in order.
func (e *entry) remarks() []comment {
	all := append(append([]comment{}, e.lead...), e.beside...)
	return append(all, e.value.remarks()...)
}

func (v *value) remarks() []comment {
	var all []comment
	for _, e := range v.entries {
		all = append(all, e.remarks()...)
	}
	return append(all, v.tail...)
}

// remarked reports whether there is a comment inside.
func (v *value) remarked() bool {
	if len(v.tail) > 0 {
		return true
	}
	for _, e := range v.entries {
		if len(e.lead) > 0 || len(e.beside) > 0 || e.value.remarked() {
			return true
		}
	}
	return false
}

func text(s string) *value   { return &value{kind: syntax.String, text: s} }
func number(s string) *value { return &value{kind: syntax.Int, text: s} }

func field(key string, v *value) *entry { return &entry{key: key, value: v} }

func mapping(entries ...*entry) *value {
	return &value{kind: syntax.Map, entries: entries, wide: true}
}
