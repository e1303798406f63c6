package yaml

import (
	"strings"

	"go.yaml.in/yaml/v4"
	"golang.org/x/text/unicode/norm"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// converter makes the shared tree of the library's. Its recursion is as deep
// as the text, which depthLimit has bounded.
type converter struct {
	file   *source.File
	cursor cursor
	keys   map[string]string // one string for each key, however often it is used
	slab   []syntax.Node     // the nodes to hand out next
	found  findings
}

// node hands out nodes in slabs: a manifest has a million of them.
func (c *converter) node(k syntax.Kind, start, end int) *syntax.Node {
	if len(c.slab) == 0 {
		c.slab = make([]syntax.Node, 128)
	}
	n := &c.slab[0]
	c.slab = c.slab[1:]
	n.Kind, n.Range = k, source.Span(c.file, start, end)
	return n
}

// value converts n. indent is the column (from 0) of the block collection
// around it, -1 at the top.
func (c *converter) value(n *yaml.Node, indent int) *syntax.Node {
	start := c.cursor.seek(c.file, n.Line, n.Column)
	if refused := c.refused(n, start, indent); refused != nil {
		return refused
	}
	switch n.Kind {
	case yaml.MappingNode:
		return c.mapping(n, start)
	case yaml.SequenceNode:
		return c.sequence(n, start)
	}
	return c.scalar(n, start, indent)
}

// refused reports the properties a node must not have. The node is Bad and as
// long as what it would have been, so that its neighbours find their ends.
func (c *converter) refused(n *yaml.Node, start, indent int) *syntax.Node {
	if n.Kind == yaml.AliasNode {
		end := property(c.file.Text, start)
		c.found.alias(c.file, start, end)
		return c.node(syntax.Bad, start, end)
	}
	if n.Anchor == "" && !isTagged(n) {
		return nil
	}
	at := start
	for {
		end := property(c.file.Text, at)
		if end == at {
			break
		}
		c.found.property(c.file, at, end)
		start, at = end, skipBlank(c.file.Text, end)
	}
	bare := *n
	bare.Anchor, bare.Tag, bare.Style = "", "", n.Style&^yaml.TaggedStyle
	inner := c.propertied(&bare, start, at, indent)
	inner.Kind, inner.Items, inner.Fields = syntax.Bad, nil, nil
	return inner
}

// propertied converts a node whose properties end at end and whose content, if
// it has any, starts at start.
func (c *converter) propertied(n *yaml.Node, end, start, indent int) *syntax.Node {
	switch {
	case n.Kind == yaml.MappingNode:
		return c.mapping(n, start)
	case n.Kind == yaml.SequenceNode:
		return c.sequence(n, start)
	case n.Value == "" && n.Style == 0:
		return c.node(syntax.Bad, end, end)
	}
	return c.scalar(n, start, indent)
}

func (c *converter) scalar(n *yaml.Node, start, indent int) *syntax.Node {
	s := c.node(syntax.String, start, scalarEnd(c.file.Text, start, n, indent))
	s.Text = norm.NFC.String(n.Value) // HCL's strings are; equal text must be equal bytes
	if n.Style == 0 {
		switch s.Kind = plainKind(n.Value); s.Kind {
		case syntax.Bool:
			s.Text = strings.ToLower(n.Value)
		case syntax.Null:
			s.Text = ""
		}
	}
	return s
}

func (c *converter) sequence(n *yaml.Node, start int) *syntax.Node {
	s := c.node(syntax.List, start, start)
	s.Items = make([]*syntax.Node, len(n.Content))
	end := start + 1
	for i, item := range n.Content {
		s.Items[i] = c.value(item, n.Column-1)
		end = int(s.Items[i].Range.End)
	}
	s.Range = source.Span(c.file, start, c.end(n, start, end))
	return s
}

func (c *converter) mapping(n *yaml.Node, start int) *syntax.Node {
	m := c.node(syntax.Map, start, start)
	m.Fields = make([]syntax.Field, 0, len(n.Content)/2)
	var index syntax.Index
	end := start + 1
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		f, ok := c.key(key, n.Column-1)
		if isEmptyScalar(value) {
			at := colonAfter(c.file.Text, int(f.Range.End), n.Style&yaml.FlowStyle != 0)
			f.Value = c.node(syntax.Null, at, at)
			if ok && n.Style&yaml.FlowStyle != 0 && key.Style == 0 && at == int(f.Range.End) {
				ok = !c.found.glued(f) // {name:a} is the key "name:a"
			}
		} else {
			f.Value = c.value(value, n.Column-1)
		}
		end = int(f.Value.Range.End)
		if !ok {
			continue
		}
		if first, dup := index.Find(m.Fields, f.Key); dup {
			c.found.duplicate(f, m.Fields[first].Range)
			continue
		}
		m.Fields = append(m.Fields, f)
	}
	m.Range = source.Span(c.file, start, c.end(n, start, end))
	return m
}

// end is where the collection n at start ends, whose last entry ends at last.
// The mapping of [a: b] has flow style and no brackets of its own.
func (c *converter) end(n *yaml.Node, start, last int) int {
	if n.Style&yaml.FlowStyle == 0 || c.file.Text[start] != '[' && c.file.Text[start] != '{' {
		return last
	}
	return flowEnd(c.file.Text, last)
}

// key converts a key of a mapping at column indent; ok is false when the field
// must be left out.
func (c *converter) key(n *yaml.Node, indent int) (f syntax.Field, ok bool) {
	if isEmptyScalar(n) {
		at := c.cursor.seek(c.file, n.Line, n.Column)
		f.Range = source.Span(c.file, at, at)
		c.found.keyKind(f.Range, syntax.Null)
		return f, false
	}
	k := c.value(n, indent)
	f.Range, f.Key = k.Range, c.intern(k.Text)
	switch {
	case k.Kind == syntax.Bad:
		return f, false
	case n.Style == 0 && n.Kind == yaml.ScalarNode && n.Value == "<<":
		c.found.merge(k.Range)
		return f, false
	case k.Kind == syntax.List, k.Kind == syntax.Map, k.Kind == syntax.Null:
		c.found.keyKind(k.Range, k.Kind)
		return f, false
	case k.Kind != syntax.String:
		c.found.keyKind(k.Range, k.Kind)
		return f, false // no field has this name, which need not be said twice
	}
	return f, true
}

func (c *converter) intern(s string) string {
	if known, ok := c.keys[s]; ok {
		return known
	}
	c.keys[s] = s
	return s
}

func isEmptyScalar(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Style == 0 && n.Value == "" && n.Anchor == "" && !isTagged(n)
}

// isTagged reports whether n has a tag in the text. The library gives every
// node a tag, and does not mark the non-specific one, a lone !.
func isTagged(n *yaml.Node) bool { return n.Style&yaml.TaggedStyle != 0 || n.Tag == "!" }

// findings collects what converter reports, up to a number that no one reads
// to the end.
type findings struct{ list diag.List }

const maxFindings = 1000

func (l *findings) add(d *diag.Diagnostic) {
	if len(l.list) < maxFindings {
		l.list = append(l.list, d)
	}
}
