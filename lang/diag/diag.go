package diag

import (
	"cmp"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/source"
)

// Severity orders diagnostics. Errors cannot be silenced, warnings can.
type Severity uint8

const (
	Error Severity = iota
	Warning
)

func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Diagnostic is one finding. Message says what is wrong in one lower-case line
// without a full stop; Label, under the caret, says why it is wrong here.
type Diagnostic struct {
	Code     Code
	Severity Severity
	Message  string
	Range    source.Range // zero for findings with no place in a source
	Label    string
	Notes    []Note
	Help     string // imperative: what to do now
	Fixes    []Fix
}

// Note adds a fact, often at a second place ("first declared here").
type Note struct {
	Text  string
	Range source.Range
}

// Fix is a change that certainly cures the diagnostic.
type Fix struct {
	Title string
	Edits []Edit
}

// Edit replaces a range by new text.
type Edit struct {
	Range source.Range
	New   string
}

// Error makes a Diagnostic usable as an error, in one line.
func (d *Diagnostic) Error() string {
	var b strings.Builder
	if at := d.Range.String(); at != "" {
		b.WriteString(at + ": ")
	}
	b.WriteString(d.Severity.String() + "[" + string(d.Code) + "]: " + d.Message)
	if d.Label != "" {
		b.WriteString(": " + d.Label)
	}
	if d.Help != "" {
		b.WriteString(" (" + d.Help + ")")
	}
	return b.String()
}

// List collects the diagnostics of a stage.
type List []*Diagnostic

// HasErrors reports whether any finding is an error.
func (l List) HasErrors() bool {
	for _, d := range l {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// Err is nil when the list has no error, else the list itself.
func (l List) Err() error {
	if l.HasErrors() {
		return l
	}
	return nil
}

// Error joins the one-line forms.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, d := range l {
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}

// Sort orders by file, position, severity, code and text, so that two runs
// over the same input print the same bytes.
func (l List) Sort() {
	slices.SortStableFunc(l, func(a, b *Diagnostic) int {
		return cmp.Or(
			strings.Compare(fileName(a.Range), fileName(b.Range)),
			cmp.Compare(a.Range.Start, b.Range.Start),
			cmp.Compare(a.Severity, b.Severity),
			strings.Compare(string(a.Code), string(b.Code)),
			strings.Compare(a.Message, b.Message),
		)
	})
}

func fileName(r source.Range) string {
	if r.File == nil {
		return ""
	}
	return r.File.Name
}
