package compiler

import (
	"fmt"
	"strconv"

	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

const (
	codeCountAndEach diag.Code = "HS0250"
	codeForEach      diag.Code = "HS0251"
	codeForEachKey   diag.Code = "HS0252"
)

// multiple says how often a node or a module is there.
type multiple struct {
	times      int
	multiplied bool   // by count or for_each: each instance has a suffix
	keys       []each // of for_each
	guess      bool   // it could not be read in full: there may be more instances
	at         source.Range
	field      string // that says so, count or for_each
}

// each is one key of for_each.
type each struct {
	key   string
	at    source.Range
	value *syntax.Node
}

// instances reads count and for_each of a node or a module.
func (c *compilation) instances(item *syntax.Node, s *expr.Scope) multiple {
	count, forEach := c.present(item.Get("count"), s), c.present(item.Get("for_each"), s)
	switch {
	case count != nil && forEach != nil:
		d := c.errorAt(codeCountAndEach, firstLine(forEach.Range), "count and for_each at once")
		d.Label = "each of them says how often"
		d.Help = "keep one of the two"
		d.Notes = []diag.Note{{Text: "the count", Range: count.Range}}
		return multiple{times: 1, multiplied: true, guess: true}
	case forEach != nil:
		return c.forEach(forEach)
	case count != nil:
		n := c.number(count, schema.Node.Field("count"))
		if n.Bad { // one instance, so that the rest is still checked
			return multiple{times: 1, multiplied: true, guess: true}
		}
		return multiple{times: n.V, multiplied: true, at: n.At, field: "count"}
	}
	return multiple{times: 1}
}

// present is the value of a field; nil when there is none, which null is too.
func (c *compilation) present(n *syntax.Node, s *expr.Scope) *syntax.Node {
	if n != nil && s != nil {
		n = c.evalIn(n, s)
	}
	if n == nil || n.Kind == syntax.Null {
		return nil
	}
	return n
}

// forEach reads the keys of a mapping, or the texts of a list.
func (c *compilation) forEach(n *syntax.Node) multiple {
	m := multiple{multiplied: true, at: firstLine(n.Range), field: "for_each"}
	switch n.Kind {
	case syntax.Map:
		for i := range n.Fields {
			f := &n.Fields[i]
			m.keys = append(m.keys, each{f.Key, f.Range, f.Value})
		}
	case syntax.List:
		for _, item := range n.Items {
			if item.Kind == syntax.String {
				m.keys = append(m.keys, each{item.Text, item.Range, item})
				continue
			}
			m.guess = true
			if item.Kind != syntax.Bad {
				c.noText(item)
			}
		}
	case syntax.Bad:
		m.guess = true
	default:
		d := c.errorAt(codeForEach, n.Range, "for_each has to be a mapping or a list of texts, not %s", describeKind(n.Kind))
		d.Help = "write a mapping from keys to values, or a list of texts; for a number of like nodes use `count`"
		m.guess = true
	}
	if most := schema.Node.Field("count").Max; int64(len(m.keys)) > most {
		d := c.errorAt(codeOutOfBounds, m.at, "for_each has %d keys", len(m.keys))
		d.Label = fmt.Sprintf("at most %d", most)
		d.Help = "make fewer nodes"
		m.keys, m.guess = nil, true
	}
	c.usableKeys(&m)
	if m.times = len(m.keys); m.times == 0 && m.guess {
		// One instance of nobody knows what, so that the rest is still checked.
		m.times, m.keys = 1, []each{{key: "1", value: &syntax.Node{Kind: syntax.Bad, Range: n.Range}}}
	}
	return m
}

// noText reports an item of a list that cannot be a key.
func (c *compilation) noText(item *syntax.Node) {
	d := c.errorAt(codeForEach, firstLine(item.Range), "an item of for_each has to be text, not %s", describeKind(item.Kind))
	d.Label = "it becomes part of a name"
	d.Help = "write a mapping from names to values"
	if item.Kind == syntax.Int || item.Kind == syntax.Bool {
		d.Help = fmt.Sprintf("write it in quotes: %q", item.Text)
		if text := item.Range.File.Text[item.Range.Start:item.Range.End]; string(text) == item.Text {
			d.Fixes = replace(item.Range, `"`+item.Text+`"`)
		}
	}
}

// usableKeys drops keys that no name can end with, and repeated ones.
func (c *compilation) usableKeys(m *multiple) {
	seen := make(map[string]source.Range, len(m.keys))
	kept := m.keys[:0:0]
	for _, k := range m.keys {
		first, again := seen[k.key]
		switch {
		case again:
			m.guess = true
			d := c.errorAt(codeForEachKey, k.at, "for_each has %q twice", shortened(k.key))
			d.Label = "each makes one node"
			d.Help = "remove one of the two"
			if first != k.at {
				d.Notes = []diag.Note{{Text: "first given here", Range: first}}
			}
		case !addr.ValidName(k.key):
			m.guess = true
			d := c.errorAt(codeForEachKey, k.at, "%q cannot end the name of a node", shortened(k.key))
			d.Label = "lower-case letters, digits and inner hyphens"
			d.Help = "write another key, as in web-1; what is no name belongs into the value"
			if better := nearestLabel(k.key); better != "" {
				d.Help = fmt.Sprintf("write %q", better)
			}
		default:
			seen[k.key] = k.at
			kept = append(kept, k)
		}
	}
	m.keys = kept
}

// suffix is what the name of instance i ends with.
func (m *multiple) suffix(i int) string {
	switch {
	case !m.multiplied:
		return ""
	case m.keys != nil:
		return "-" + m.keys[i].key
	}
	return "-" + strconv.Itoa(i+1)
}

// scopeOfInstance is what the expressions of instance i of a node or a module
// see.
func (c *compilation) scopeOfInstance(item *syntax.Node, m *multiple, i int, s *expr.Scope) *expr.Scope {
	switch {
	case s == nil || !m.multiplied || !c.everAsks(item):
		return s
	case m.keys == nil && m.guess:
		// Nobody knows which of the two it is.
		unknown := cty.ObjectVal(map[string]cty.Value{"index": cty.DynamicVal})
		return s.With("count", unknown).With("each", cty.DynamicVal)
	case m.keys == nil:
		return s.With("count", cty.ObjectVal(map[string]cty.Value{"index": cty.NumberIntVal(int64(i))}))
	}
	k := m.keys[i]
	key, value := cty.StringVal(k.key), cty.DynamicVal
	if k.at.IsZero() {
		key = cty.DynamicVal // nobody knows which
	} else if k.value.Kind != syntax.Bad {
		v, ok, list := expr.Value(k.value, s)
		c.adopt(list)
		if ok {
			value = v
		}
	}
	return s.With("each", cty.ObjectVal(map[string]cty.Value{"key": key, "value": value}))
}

// everAsks says whether anything in a node or a module asks, at any depth.
func (c *compilation) everAsks(item *syntax.Node) bool {
	asking, known := c.asking[item]
	if !known {
		if c.asking == nil {
			c.asking = map[*syntax.Node]bool{}
		}
		asking = asks(item)
		c.asking[item] = asking
	}
	return asking
}

// asks says whether a tree has expressions that ask which instance they are in.
func asks(n *syntax.Node) bool {
	for _, u := range expr.Uses(n) {
		if u.Root == "count" || u.Root == "each" {
			return true
		}
	}
	return false
}
