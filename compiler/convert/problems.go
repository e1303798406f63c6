package convert

import (
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

const (
	codeKind       diag.Code = "HS0170"
	codeNothing    diag.Code = "HS0171"
	codeOnlyHCL    diag.Code = "HS0172"
	codeCannot     diag.Code = "HS0173"
	codeUnfaithful diag.Code = "HS0174"
	codeNotKept    diag.Code = "HS0175"
	codeLookup     diag.Code = "HS0176"
	codeOldShape   diag.Code = "HS0177"
)

// maxProblems is more than anyone reads.
const maxProblems = 1000

// problems collects findings.
type problems struct{ list diag.List }

func (p *problems) report(code diag.Code, at source.Range, format string, args ...any) *diag.Diagnostic {
	d := code.Errorf(format, args...)
	d.Range = at
	if len(p.list) < maxProblems {
		p.list = append(p.list, d)
	}
	return d
}

// lost warns of what is not in the result.
func (p *problems) lost(at source.Range, what, why string) {
	d := codeNotKept.Warnf("%s is not kept", what)
	d.Range, d.Label = at, why
	if len(p.list) < maxProblems {
		p.list = append(p.list, d)
	}
}

func (p *problems) done() diag.List {
	p.list.Sort()
	return p.list
}
