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
	return p.add(code.Errorf(format, args...), at)
}

func (p *problems) warn(code diag.Code, at source.Range, format string, args ...any) *diag.Diagnostic {
	return p.add(code.Warnf(format, args...), at)
}

func (p *problems) add(d *diag.Diagnostic, at source.Range) *diag.Diagnostic {
	d.Range = at
	if len(p.list) < maxProblems {
		p.list = append(p.list, d)
	}
	return d
}

// lost warns of what is not in the result.
func (p *problems) lost(at source.Range, what, why string) {
	p.warn(codeNotKept, at, "%s is not kept", what).Label = why
}

func (p *problems) done() diag.List {
	p.list.Sort()
	return p.list
}
