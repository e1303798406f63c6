package diag

import (
	"slices"

	"github.com/homestak/homestak/lang/source"
)

// Fixed is a file with fixes made in it.
type Fixed struct {
	File  *source.File // as it was read
	Text  []byte       // as it is now
	Edits int
}

// Apply makes the first fix of every finding that has one. Fixes that overlap
// an earlier one, and those in files marked Secret, are left for another time.
// Files come in the order of their names.
func Apply(l List) []Fixed {
	edits := map[*source.File][]Edit{}
	var files []*source.File
	for _, d := range l {
		if len(d.Fixes) == 0 || !fits(edits, d.Fixes[0].Edits) {
			continue
		}
		for _, e := range d.Fixes[0].Edits {
			if edits[e.Range.File] == nil {
				files = append(files, e.Range.File)
			}
			edits[e.Range.File] = append(edits[e.Range.File], e)
		}
	}
	out := make([]Fixed, len(files))
	for i, f := range files {
		out[i] = Fixed{f, edited(f, edits[f]), len(edits[f])}
	}
	slices.SortFunc(out, func(a, b Fixed) int {
		if a.File.Name < b.File.Name {
			return -1
		}
		return 1
	})
	return out
}

// fits reports whether all edits can be made beside those chosen already.
func fits(chosen map[*source.File][]Edit, edits []Edit) bool {
	for _, e := range edits {
		if e.Range.IsZero() || e.Range.File.Secret {
			return false
		}
		for _, c := range chosen[e.Range.File] {
			if e.Range.Start < c.Range.End && c.Range.Start < e.Range.End || e.Range.Start == c.Range.Start {
				return false
			}
		}
	}
	return len(edits) > 0
}

func edited(f *source.File, edits []Edit) []byte {
	slices.SortFunc(edits, func(a, b Edit) int { return int(a.Range.Start) - int(b.Range.Start) })
	var out []byte
	at := 0
	for _, e := range edits {
		out = append(out, f.Text[at:e.Range.Start]...)
		out = append(out, e.New...)
		at = int(e.Range.End)
	}
	return append(out, f.Text[at:]...)
}
