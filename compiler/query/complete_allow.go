package query

import (
	"fmt"
	"regexp"

	"github.com/homestak/homestak/lang/diag"
)

// allowing is the beginning of a line in which a comment is about to allow a
// warning.
var allowing = regexp.MustCompile(`(?:^|\s)(?:#|//)\s*homestak:allow\s+([A-Za-z0-9]*)$`)

// allowed offers the codes of warnings in a comment that allows one; ok is
// false elsewhere.
func allowed(d *document, offset int) (items []Item, ok bool) {
	text := d.file.Text
	start := lineStart(text, offset)
	m := allowing.FindSubmatchIndex(text[start:offset])
	if m == nil {
		return nil, false
	}
	at := span{start + m[2], offset}
	for at.end < len(text) && wordLetter(text[at.end]) {
		at.end++
	}
	end, _ := lineEnd(text, offset)
	reason := ` reason=""`
	if regexp.MustCompile(`reason\s*=`).Match(text[offset:max(offset, end)]) {
		reason = ""
	}
	for _, e := range diag.Entries() {
		if e.Code.Severity() == diag.Warning {
			items = append(items, Item{Label: string(e.Code), Kind: ItemValue, Detail: e.Title, Doc: e.Long, Insert: string(e.Code) + reason,
				Replace: d.span(at), Sort: fmt.Sprintf("%c%04d", usual, len(items))})
		}
	}
	return items, true
}
