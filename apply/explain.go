package apply

import (
	"context"
	"errors"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
)

const (
	codeFailed          diag.Code = "HS0655"
	codeHostCertificate diag.Code = "HS0656"
)

// describer is an error that knows how to tell itself to a user.
type describer interface{ Diagnostic() *diag.Diagnostic }

// explain gives any error the form users see. Texts that others wrote are
// cleared of secret values.
func (e *Env) explain(err error) *diag.Diagnostic {
	var d *diag.Diagnostic
	var says describer
	switch {
	case errors.As(err, &d):
		c := *d
		d = &c
	case errors.As(err, &says):
		d = says.Diagnostic()
	default:
		d = codeFailed.Errorf("it did not work")
		d.Label = err.Error()
		d.Help = "run again: what was done is found by probing"
	}
	d.Label = e.redact(d.Label)
	notes := make([]diag.Note, len(d.Notes))
	for i, n := range d.Notes {
		notes[i] = diag.Note{Text: e.redact(n.Text), Range: n.Range}
	}
	d.Notes = notes
	return d
}

// brief is an error in one line without its code, for facts and lists.
func (e *Env) brief(err error) string {
	d := e.explain(err)
	if d.Label == "" {
		return d.Message
	}
	return d.Message + ": " + d.Label
}

// about adds which step an error is of.
func about(d *diag.Diagnostic, s *plan.Step) *diag.Diagnostic {
	who := string(s.Addr)
	if who == "" {
		who = s.Host
	}
	d.Notes = append(d.Notes, diag.Note{Text: "in step " + string(s.ID) + ": " + s.Op.String() + " " + who})
	return d
}

// canceled reports whether an error only says that somebody stopped us.
func canceled(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, context.Canceled)
}

// certificateChanged is a nested host that is not the one the plan saw.
func certificateChanged(host, pinned, served string) *diag.Diagnostic {
	d := codeHostCertificate.Errorf("host %s has another certificate than the plan pins", host)
	d.Label = "pinned " + pinned + ", it serves " + served
	d.Help = "if it was rebuilt or its certificate renewed, plan again"
	return d
}
