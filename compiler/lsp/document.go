package lsp

import (
	"io/fs"
	"path"
)

// document is a text the editor has open, at one moment: it never changes, a
// change makes another.
type document struct {
	uri     string // as the editor writes it
	path    string // of its file; "" when it has none
	kind    string // the editor's word for its language
	version int64
	text    *text
}

func (d *document) info() fs.FileInfo {
	return entryInfo{name: path.Base(d.path), mode: 0o644, size: int64(len(d.text.body))}
}

// changed makes the changes of one message, each in the text that the one before
// it left.
func (d *document) changed(list []contentChange, version int64, e encoding) *document {
	next := *d
	next.version = version
	for _, c := range list {
		switch {
		case c.Text == nil:
		case c.Range == nil:
			next.text = newText(*c.Text)
		default:
			start, end := next.text.offset(c.Range.Start, e), next.text.offset(c.Range.End, e)
			next.text = next.text.replaced(min(start, end), max(start, end), *c.Text)
		}
	}
	return &next
}
