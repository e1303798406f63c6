package allow

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

const (
	codeUnreadable diag.Code = "HS0245"
	codeUnknown    diag.Code = "HS0246"
	codeError      diag.Code = "HS0247"
	codeUnused     diag.Code = "HS0248"
)

// word begins every comment that speaks to us.
var word = []byte("homestak:")

// Set is the comments of the files of a site. It is not changed after the last
// Add, and may then be used by many at once.
type Set struct {
	files map[*source.File]*file
}

// file is what the comments of one file say.
type file struct {
	lines    map[int][]*grant // by the line a comment holds for
	grants   []*grant         // in the order of the text
	findings diag.List        // about comments that say nothing usable
}

// grant allows one code on one line.
type grant struct {
	code diag.Code
	at   source.Range // of the code in the comment
}

// Used remembers which comments silenced something.
type Used map[*grant]bool

// Add reads the comments of a file.
func (s *Set) Add(f *source.File) {
	if f == nil || !bytes.Contains(f.Text, word) {
		return
	}
	read := read(f)
	if len(read.grants) == 0 && len(read.findings) == 0 {
		return
	}
	if s.files == nil {
		s.files = map[*source.File]*file{}
	}
	s.files[f] = read
}

// Empty says that there is no comment, and thus nothing to do.
func (s *Set) Empty() bool { return len(s.files) == 0 }

// Silence returns the findings that no comment allows, and the comments that
// allowed the others. A comment that would allow an error is itself one.
// The list is changed.
func (s *Set) Silence(l diag.List) (diag.List, Used) {
	used := Used{}
	if s.Empty() {
		return l, used
	}
	var about diag.List
	kept := l[:0]
	for _, d := range l {
		g := s.of(d)
		switch {
		case g == nil:
			kept = append(kept, d)
		case d.Severity == diag.Error:
			kept = append(kept, d)
			about = append(about, refuse(g))
			used[g] = true
		default:
			used[g] = true
		}
	}
	return append(kept, about...), used
}

// of is the comment that speaks of a finding.
func (s *Set) of(d *diag.Diagnostic) *grant {
	read := s.files[d.Range.File]
	if read == nil {
		return nil
	}
	on := read.lines[d.Range.Pos().Line]
	if i := slices.IndexFunc(on, func(g *grant) bool { return g.code == d.Code }); i >= 0 {
		return on[i]
	}
	return nil
}

// Findings is what is wrong with the comments of a file by themselves.
func (s *Set) Findings(f *source.File) diag.List {
	if read := s.files[f]; read != nil {
		return read.findings
	}
	return nil
}

// AllFindings is Findings of every file.
func (s *Set) AllFindings() diag.List {
	var l diag.List
	for f := range s.files {
		l = append(l, s.Findings(f)...)
	}
	l.Sort()
	return l
}

// Unused warns of the comments that silenced nothing. It is for those who have
// all findings of all files: left is those that remain, and each of used is what
// a call of Silence returned. In a file with errors, which may have kept the
// warning from being found, no comment is called unused.
func (s *Set) Unused(left diag.List, used ...Used) diag.List {
	wrong := map[*source.File]bool{}
	for _, d := range left {
		if d.Severity == diag.Error && (d.Code < codeUnreadable || d.Code > codeUnused) {
			wrong[d.Range.File] = true
		}
	}
	var l diag.List
	for f, read := range s.files {
		for _, g := range read.grants {
			if wrong[f] || slices.ContainsFunc(used, func(u Used) bool { return u[g] }) {
				continue
			}
			d := codeUnused.Warnf("%s is allowed here and not found", g.code)
			d.Range = g.at
			d.Label = "silences nothing"
			d.Help = "remove the comment, or put it where the warning is"
			l = append(l, d)
		}
	}
	slices.SortFunc(l, func(a, b *diag.Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Range.File.Name, b.Range.File.Name), cmp.Compare(a.Range.Start, b.Range.Start))
	})
	return l
}

// refuse reports a comment that would allow an error.
func refuse(g *grant) *diag.Diagnostic {
	d := codeError.Errorf("%s is an error, and no comment can allow it", g.code)
	d.Range = g.at
	d.Label = "only warnings can be allowed"
	d.Help = "correct what is wrong, and remove the comment"
	return d
}
