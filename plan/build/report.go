package build

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/plan"
)

// fail adds an error at the first place that is known.
func (b *builder) fail(code diag.Code, at, orAt source.Range, format string, args ...any) *diag.Diagnostic {
	d := code.Errorf(format, args...)
	d.Range = at
	if at.IsZero() {
		d.Range = orAt
	}
	b.diags = append(b.diags, d)
	b.said.diags = append(b.said.diags, b.said.now)
	return d
}

// warn adds a warning, which is a finding too.
func (b *builder) warn(code diag.Code, a addr.Address, at source.Range, format string, args ...any) *diag.Diagnostic {
	d := code.Warnf(format, args...)
	d.Range = at
	b.diags = append(b.diags, d)
	b.said.diags = append(b.said.diags, b.said.now)
	b.finding(plan.Finding{Code: string(code), Level: "warning", Addr: string(a), Message: d.Message})
	return d
}

// note adds a finding that needs nobody's attention now.
func (b *builder) note(code diag.Code, a addr.Address, format string, args ...any) {
	b.finding(plan.Finding{Code: string(code), Level: "info", Addr: string(a), Message: code.Warnf(format, args...).Message})
}

func (b *builder) finding(f plan.Finding) {
	b.findings = append(b.findings, f)
	b.said.findings = append(b.said.findings, b.said.now)
}

// listed names a few nodes of many.
func listed(nodes []*node) string {
	var names []string
	for i, n := range nodes {
		if i == 5 {
			names = append(names, fmt.Sprintf("and %d more", len(nodes)-i))
			break
		}
		names = append(names, string(n.Address))
	}
	return strings.Join(names, ", ")
}

// missingLock warns once when programs name secrets and nothing pins them.
func (b *builder) missingLock(names []string) {
	if b.o.Secrets != nil || len(names) == 0 {
		return
	}
	shown := names
	if len(shown) > 3 {
		shown = append(slices.Clone(shown[:3]), "…")
	}
	b.warn(findNoLock, "", source.Range{}, "the plan names %s without a digest, so a changed value would not change the plan",
		strings.Join(shown, ", ")).Help = "make the site's keys and run homestak secrets lock"
}

// notes completes the notes section.
func (b *builder) notes() {
	n := &b.o.Notes
	if n.Facts == "" {
		n.Facts = b.f.Digest()
	}
	if n.IR == "" {
		n.IR = b.d.Digest()
	}
	n.Sources = slices.Clone(n.Sources)
	for _, node := range b.nodes {
		if at := node.Decl.String(); at != "" && (node.touched || node.bears) {
			n.Sources = append(n.Sources, plan.Source{Addr: node.Address, At: at})
		}
	}
}

// sortFindings puts findings in an order that does not depend on how they were found.
func sortFindings(list []plan.Finding) {
	slices.SortStableFunc(list, func(a, b plan.Finding) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Addr, b.Addr), cmp.Compare(a.Message, b.Message))
	})
}
