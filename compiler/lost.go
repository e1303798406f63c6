package compiler

import (
	"bytes"
	"regexp"

	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
)

// blockHead is how a definition begins, in a file that is formatted.
var blockHead = regexp.MustCompile(`^(manifest|spec|preset|posture|image|host|policy)[ \t]+"([^"\\$%]+)"[ \t]*\{`)

// mostRead is how much of a file is looked through: what is larger has no
// business to be.
const mostRead = 4 << 20

// longestHead is more than any has whose name could be used.
const longestHead = 256

// lost is what an HCL file with a syntax error seems to define: what refers to
// these names is not wrong because of that error, which is reported itself.
func lost(doc *document) []*definition {
	if !doc.hcl || doc.tree != nil || doc.unread || len(doc.file.Text) > mostRead {
		return nil
	}
	var out []*definition
	start := 0
	for line := range bytes.Lines(doc.file.Text) {
		head := line[:min(len(line), longestHead)]
		if bytes.IndexByte([]byte("mspih"), head[0]) >= 0 {
			if at := blockHead.FindSubmatchIndex(head); at != nil {
				out = append(out, &definition{
					kind: string(head[at[2]:at[3]]),
					name: string(head[at[4]:at[5]]),
					doc:  doc,
					at:   source.Span(doc.file, start+at[4]-1, start+at[5]+1),
				})
			}
		}
		start += len(line)
	}
	return out
}

// useful says whether other files can refer to a definition.
func (d *definition) useful() bool { return d.kind != schema.KindManifest }
