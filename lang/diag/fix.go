package diag

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

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
// Lines end as the file's do. Files come in the order of their names.
func Apply(l List) []Fixed {
	chosen := map[*source.File]edits{}
	for _, d := range l {
		if len(d.Fixes) > 0 && fits(chosen, d.Fixes[0].Edits) {
			for _, e := range d.Fixes[0].Edits {
				chosen[e.Range.File] = chosen[e.Range.File].with(e)
			}
		}
	}
	out := make([]Fixed, 0, len(chosen))
	for f, e := range chosen {
		out = append(out, Fixed{f, e.of(f), len(e)})
	}
	slices.SortFunc(out, func(a, b Fixed) int { return cmp.Compare(a.File.Name, b.File.Name) })
	return out
}

// fits says whether edits can be made together with those chosen so far.
func fits(chosen map[*source.File]edits, list []Edit) bool {
	for i, e := range list {
		if e.Range.IsZero() || e.Range.File.Secret || chosen[e.Range.File].touch(e) {
			return false
		}
		for _, other := range list[:i] { // a fix has few
			if other.Range.File == e.Range.File && overlap(other, e) {
				return false
			}
		}
	}
	return len(list) > 0
}

// edits of one file, sorted by place, none of which overlap.
type edits []Edit

// at is where an edit belongs.
func (l edits) at(e Edit) int {
	i, _ := slices.BinarySearchFunc(l, e.Range.Start, func(a Edit, start int32) int { return cmp.Compare(a.Range.Start, start) })
	return i
}

func (l edits) touch(e Edit) bool {
	i := l.at(e)
	return i < len(l) && overlap(l[i], e) || i > 0 && overlap(l[i-1], e)
}

// overlap holds for edits that would change one another's place. Two that
// begin in one place do: which comes first would be a guess.
func overlap(a, b Edit) bool {
	return a.Range.Start == b.Range.Start || a.Range.Start < b.Range.End && b.Range.Start < a.Range.End
}

func (l edits) with(e Edit) edits { return slices.Insert(l, l.at(e), e) }

// of is the text of the file after the edits.
func (l edits) of(f *source.File) []byte {
	var out []byte
	at, returns := 0, bytes.Contains(f.Text, []byte("\r\n"))
	for _, e := range l {
		out = append(out, f.Text[at:e.Range.Start]...)
		if returns {
			e.New = strings.ReplaceAll(e.New, "\n", "\r\n")
		}
		out = append(out, e.New...)
		at = int(e.Range.End)
	}
	return append(out, f.Text[at:]...)
}
