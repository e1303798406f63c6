package compiler

import (
	"fmt"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
)

// findings collects the diagnostics of one compilation.
type findings struct {
	list      diag.List
	where     *place                      // the module whose nodes are being worked on; nil in none
	placed    map[*diag.Diagnostic]*place // findings in modules
	near      map[string]string           // what names were meant as, see suggestAmong
	guesses   int                         // did-you-means that were looked for
	looked    int                         // names that were compared for them
	evaluated map[*source.File]bool       // files whose expressions were evaluated
	mentions  []mention                   // names in fields without effect, to be looked up
	taken     map[*schema.Field]bool      // every field a decoder took; kept for a test
}

// maxGuesses bounds the search for near names: with a hundred thousand nodes
// every search takes a while, and nobody reads a hundred of them.
const maxGuesses = 100

// maxLooked bounds how many names all searches look at.
const maxLooked = 500_000

// errorAt adds an error; the caller may complete what it returns.
func (f *findings) errorAt(c diag.Code, at source.Range, format string, args ...any) *diag.Diagnostic {
	return f.add(&diag.Diagnostic{Code: c, Range: at, Message: fmt.Sprintf(format, args...)})
}

// warnAt adds a warning; the caller may complete what it returns.
func (f *findings) warnAt(c diag.Code, at source.Range, format string, args ...any) *diag.Diagnostic {
	return f.add(&diag.Diagnostic{Code: c, Severity: diag.Warning, Range: at, Message: fmt.Sprintf(format, args...)})
}

func (f *findings) add(d *diag.Diagnostic) *diag.Diagnostic {
	f.adopt(diag.List{d})
	return d
}

// adopt adds findings that others made.
func (f *findings) adopt(list diag.List) {
	f.list = append(f.list, list...)
	if f.where == nil {
		return
	}
	if f.placed == nil {
		f.placed = map[*diag.Diagnostic]*place{}
	}
	for _, d := range list {
		f.placed[d] = f.where
	}
}

// done sorts the findings and drops repetitions, one for each code and place:
// instances of one counted node share their source, so each would report the
// same mistake, if perhaps with another number in it.
func (f *findings) done() diag.List {
	for _, d := range f.list {
		if p := f.placed[d]; p != nil {
			p.instantiatedAt(d)
			delete(f.placed, d)
		}
	}
	f.list.Sort()
	out := f.list[:0]
	for _, d := range f.list {
		if n := len(out); n > 0 && same(out[n-1], d) {
			continue
		}
		out = append(out, d)
	}
	return out
}

func same(a, b *diag.Diagnostic) bool {
	return a.Code == b.Code && a.Range == b.Range && (!a.Range.IsZero() || a.Message == b.Message)
}

// suggest completes a diagnostic about an unknown name: a did-you-mean with a
// fix when one candidate is close, which it returns, else the list of what there
// is.
func (f *findings) suggest(d *diag.Diagnostic, name string, candidates []string) (best string) {
	return f.suggestOf(d, name, func() []string { return candidates })
}

// suggestAmong is suggest where many places have the same candidates, which
// among names: a name is looked up once, so that a slip repeated by thousands
// of nodes can be cured in all of them.
func (f *findings) suggestAmong(d *diag.Diagnostic, name, among string, list func() []string) (best string) {
	key := among + "\x00" + name
	if best = f.near[key]; best != "" {
		didYouMean(d, best)
		return best
	}
	if best = f.suggestOf(d, name, list); best != "" {
		if f.near == nil {
			f.near = map[string]string{}
		}
		f.near[key] = best
	}
	return best
}

// suggestOf is suggest with candidates that are work to list.
func (f *findings) suggestOf(d *diag.Diagnostic, name string, list func() []string) (best string) {
	if f.guesses++; f.guesses > maxGuesses || f.looked > maxLooked {
		return ""
	}
	candidates := list()
	f.looked += len(candidates)
	if best = diag.Suggest(name, candidates); best != "" {
		didYouMean(d, best)
		return best
	}
	if len(candidates) > 0 {
		d.Help = "there is " + enumerate(candidates)
	}
	return ""
}

func didYouMean(d *diag.Diagnostic, best string) {
	d.Help = fmt.Sprintf("did you mean %q?", best)
	if !d.Range.IsZero() {
		d.Fixes = replace(d.Range, best)
	}
}

// enumerate lists names for a sentence, at most eight of them.
func enumerate(names []string) string {
	const most = 8
	text, n := "", len(names)
	for i, name := range names {
		switch {
		case i == most:
			return fmt.Sprintf("%s and %d more", text, n-most)
		case i > 0 && i == n-1 && n <= most:
			text += " and "
		case i > 0:
			text += ", "
		}
		text += name
	}
	return text
}
