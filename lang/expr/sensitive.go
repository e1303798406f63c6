package expr

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

const codeSensitive diag.Code = "HS0281"

// sensitive is the mark of values that must not be shown or written down.
type sensitive struct{}

// Sensitive marks a value, so that whatever is made of it is marked too.
// Evaluation to a tree refuses it, and no finding tells what it is.
func Sensitive(v cty.Value) cty.Value { return v.Mark(sensitive{}) }

// IsSensitive reports whether a value, or a part of it, is.
func IsSensitive(v cty.Value) bool { return v.ContainsMarked() }

// How marks pass through: whoever looks at a value opens it, which takes the
// mark away and notes that the expression being evaluated has seen one; eval
// puts the mark on its result. So everything that could depend on a sensitive
// value is marked, and nothing has to know of marks but those who open.

// open is a value to be looked at, without what is inside of it.
func (e *evaluator) open(v cty.Value) cty.Value {
	if !e.scope.Sensitive || !v.IsMarked() {
		return v
	}
	v, _ = v.Unmark()
	e.seen, e.told = true, true
	return v
}

// openAll is a value all of which is looked at.
func (e *evaluator) openAll(v cty.Value, at source.Range) (cty.Value, bool) {
	if !e.scope.Sensitive {
		return v, true
	}
	if !e.walk(v, at) {
		return v, false
	}
	u, marks := v.UnmarkDeep()
	if len(marks) > 0 {
		e.seen, e.told = true, true
	}
	return u, true
}

// walk pays for going through a value, before anybody does.
func (e *evaluator) walk(v cty.Value, at source.Range) bool {
	u, _ := v.Unmark()
	if !u.IsKnown() || u.IsNull() || !u.CanIterateElements() {
		return e.step(at)
	}
	if !e.spend(8*u.LengthInt(), 0, at) {
		return false
	}
	for it := u.ElementIterator(); it.Next(); {
		if _, item := it.Element(); !e.walk(item, at) {
			return false
		}
	}
	return true
}

// like marks what was taken out of a value as the value was.
func like(from, v cty.Value) cty.Value {
	if from.IsMarked() {
		return v.WithSameMarks(from)
	}
	return v
}

// marked evaluates an expression and marks the result if anything that was
// looked at for it was marked.
func (e *evaluator) marked(run func() (cty.Value, bool)) (cty.Value, bool) {
	outer := e.seen
	e.seen = false
	v, ok := run()
	if e.seen && ok {
		v = Sensitive(v)
	}
	e.seen = outer || e.seen && !ok // try and can go on after a failure
	return v, ok
}

// wouldShow reports a sensitive value where it would be written down.
func (e *evaluator) wouldShow(at source.Range) {
	d := codeSensitive.Errorf("a sensitive value would be written into the plan")
	d.Range = at
	d.Label = "what is made of a sensitive variable is sensitive too"
	d.Help = "keep the secret in secrets.yaml and refer to its name, or do not call the variable sensitive"
	e.told = false
	e.report(d)
}

// redact leaves of a finding what does not depend on values.
func redact(d *diag.Diagnostic) {
	entry, _ := diag.Lookup(d.Code)
	d.Message, d.Label = entry.Title, "what it is about is sensitive, and not shown"
	d.Notes, d.Fixes = nil, nil
	d.Help = "look at what the sensitive value is made of, and at what this wants of it"
}
