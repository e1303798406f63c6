package syntax

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/homestak/homestak/lang/source"
)

// Span is the place in f of a range of HCL's parser, which read f.Unix() and
// may have read a line feed beyond it.
func Span(f *source.File, r hcl.Range) source.Range {
	end := f.FromUnix(r.End.Byte)
	return source.Span(f, min(f.FromUnix(r.Start.Byte), end), end)
}
