package query

import "github.com/homestak/homestak/lang/schema"

// place is where an offset is, in terms of the schema.
type place struct {
	doc    *document
	root   *node
	offset int
	chain  []link // mappings from the root to the one around

	key   bool   // at a key; else at a value
	label bool   // at the label of a block: key and value in one
	entry *field // the field whose key or value it is; nil at an item of a list of the root
	block bool   // at the word that begins a block
	value *node  // the value it is at
	shape shape  // of the value
	list  *node  // the list whose item the value is
	word  span   // what is written there, to be replaced: without quotes
}

// link is a mapping around a place.
type link struct {
	node  *node
	shape shape
	key   string // of the field that it is the value, or in the list, of
}

// around is the innermost mapping, and its object, nil when it is unknown.
func (p *place) around() link {
	if len(p.chain) == 0 {
		return link{node: &node{}}
	}
	return p.chain[len(p.chain)-1]
}

// within is the innermost mapping that is some object, nil when there is none.
func (p *place) within(o *schema.Object) *node {
	for i := len(p.chain) - 1; i >= 0; i-- {
		if p.chain[i].shape.object == o {
			return p.chain[i].node
		}
	}
	return nil
}

// locate finds the place of an offset in an outline; nil when there is nothing.
func locate(d *document, root *node, offset int) *place {
	p := &place{doc: d, root: root, offset: offset}
	if offset < 0 || offset > len(d.file.Text) || !p.at(root, rootOf(d), "") {
		return nil
	}
	return p
}

// covers reports whether an offset is in a node, its end included.
func (n *node) covers(at int) bool {
	if !n.made {
		return n.start <= at && at <= n.end
	}
	for _, item := range n.items {
		if item.covers(at) {
			return true
		}
	}
	for i := range n.fields {
		if n.fields[i].at.touches(at) || n.fields[i].value.covers(at) {
			return true
		}
	}
	return false
}

// at finds the place in a node of a shape, the value of key.
func (p *place) at(n *node, s shape, key string) bool {
	switch n.kind {
	case mapping:
		return p.inMapping(n, s, key)
	case list:
		for _, item := range n.items {
			if item.head.touches(p.offset) {
				p.key, p.block, p.word, p.value, p.shape = true, true, item.head, item, s
				return true
			}
			if item.covers(p.offset) {
				outer := p.list
				if p.list = n; item.kind == mapping {
					p.list = nil
				}
				if p.at(item, s.item(), key) {
					return true
				}
				p.list = outer
			}
		}
		if n.flow || n.made {
			return false
		}
	case scalar:
		if !n.covers(p.offset) {
			return false
		}
		if p.word = n.name(p.doc.file.Text); p.offset < p.word.start || p.word.end < p.offset {
			p.word = span{n.start, n.end}
		}
		p.value, p.shape = n, s
		return true
	}
	p.value, p.shape, p.word = n, s, span{p.offset, p.offset}
	return n.kind != list && n.covers(p.offset)
}

// inMapping finds the place at a key or in a value of a mapping. Values come
// first: those of one line may touch the next key.
func (p *place) inMapping(n *node, s shape, key string) bool {
	p.chain = append(p.chain, link{n, s, key})
	for i := range n.fields {
		f := &n.fields[i]
		if f.at.touches(p.offset) || f.at.start == f.at.end && f.at.start == p.offset && !f.label {
			p.key, p.entry, p.label = true, f, f.label
			if p.word = unquoted(p.doc.file.Text, f.at); p.offset < p.word.start || p.word.end < p.offset {
				p.word = f.at
			}
			p.value, p.shape = f.value, s.child(f.key)
			p.block = f.block
			return true
		}
	}
	for i := range n.fields {
		f := &n.fields[i]
		if !f.sep || !f.value.covers(p.offset) {
			continue
		}
		if head := f.value.head; head.touches(p.offset) { // the word before a label
			p.key, p.block, p.word, p.entry, p.value, p.shape = true, true, head, f, f.value, s
			return true
		}
		depth := len(p.chain)
		p.entry = f
		if p.at(f.value, s.child(f.key), f.key) {
			return true
		}
		p.chain, p.entry = p.chain[:depth], nil
	}
	p.chain = p.chain[:len(p.chain)-1]
	return false
}
