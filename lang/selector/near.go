package selector

import (
	"fmt"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
)

// What one evaluation says is bounded: each finding looks at every node, and
// comparing names takes a while.
const (
	mostFindings = 10
	mostCompared = 200_000 // names, or those of one finding
	mostSorted   = 10_000
)

// noNode: a literal pattern that is no node's address or name, c is the comparison
// that it is in, nil for a pattern that stands alone.
func (e *evaluation) noNode(c *compare, v *value) {
	if len(e.diags) >= mostFindings {
		return
	}
	d := codeNothing.Errorf("there is no node %q", v.text)
	d.Range = v.at
	names, have := e.names(strings.Contains(v.text, "/"))
	d.Help = e.nearest(v.text, names, have)
	if c != nil && c.attribute.Name == "name" && strings.Contains(v.text, "/") {
		d.Help = "a name has no slash; write the address alone, without name="
	} else if full := e.relative(v.text); full != "" {
		d.Help = fmt.Sprintf("addresses begin with the manifest: write %s", full)
	}
	e.diags = append(e.diags, d)
}

// relative is a pattern of addresses that lacks nothing but the manifest, with
// it; "" for any other.
func (e *evaluation) relative(pattern string) string {
	if e.w.Len() == 0 || !strings.Contains(pattern, "/") {
		return ""
	}
	full := e.w.Address(0).Manifest() + "/" + pattern
	g, err := addr.ParseGlob(full)
	if err != nil {
		return ""
	}
	for i := range e.w.Len() {
		if g.Match(e.w.Address(i)) {
			return full
		}
	}
	return ""
}

// names are what nodes are called: by address, or by their own name.
func (e *evaluation) names(full bool) (names []string, have string) {
	for i := range e.w.Len() {
		if a := e.w.Address(i); full {
			names = append(names, string(a))
		} else {
			names = append(names, a.Name())
		}
	}
	return names, "the nodes are"
}

// unheld: a value that no node has. One that is close to another's is a slip, and
// so is the name of a thing that does not exist; any other may be right for the
// next manifest.
func (e *evaluation) unheld(c *compare, v *value) {
	name := c.attribute.Name
	switch {
	case len(e.diags) >= mostFindings, c.attribute.Kind == Choice:
		return
	case c.attribute.Kind == Number || c.attribute.Kind == Bytes:
		return // a bound or a number that nobody has is no slip of the pen
	case c.attribute.Kind == Address || name == "name":
		e.noNode(c, v)
		return
	}
	var have []string
	for i := range e.w.Len() {
		have = c.texts(have, e.w, i)
	}
	slices.Sort(have)
	have = slices.Compact(have)
	help := e.nearest(v.text, have, "nodes have")
	report := codeNobody.Warnf
	if name == "host" || name == "manifest" || strings.HasPrefix(help, didYouMean) {
		report = codeNothing.Errorf
	}
	d := report("no node has %s %q", name, v.text)
	d.Range, d.Help = v.at, help
	e.diags = append(e.diags, d)
}

const didYouMean = "did you mean "

// nearest is the likeliest of names, or a few of them.
func (e *evaluation) nearest(text string, names []string, have string) string {
	if e.looked == 0 || e.looked+len(names) <= mostCompared {
		e.looked += len(names)
		if s := diag.Suggest(text, names); s != "" {
			return didYouMean + s + "?"
		}
	}
	if len(names) == 0 {
		return "write another one, or * in it to allow for none"
	}
	return have + " " + few(names)
}

// few lists some of many.
func few(names []string) string {
	if len(names) <= mostSorted {
		names = slices.Compact(slices.Sorted(slices.Values(names)))
	}
	const most = 8
	if len(names) > most {
		return fmt.Sprintf("%s, and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// empty says why nothing is selected: the narrowest term that selects nothing by
// itself, and what is near it.
func (e *evaluation) empty(whole expr) {
	why := e.culprit(whole)
	d := codeEmpty.Errorf("no node is selected")
	d.Range = why.span()
	names, have := e.names(true)
	switch t := why.(type) {
	case *list:
		d.Label = "no node meets all of these"
		if t.or {
			d.Label = "no node meets any of these"
		}
		d.Help = "plan each of them alone to see what it selects"
		e.diags = append(e.diags, d)
		return
	case *glob:
		d.Label = "no node matches"
		if near := e.like(t.value.text); len(near) > 0 {
			names, have = near, "near it are"
		}
		if full := e.relative(t.value.text); full != "" {
			names, have = []string{full}, "addresses begin with the manifest: write"
		}
	case *compare:
		d.Label = "no node meets this"
		if t.attribute.Kind == Text || t.attribute.Kind == Choice {
			var texts []string
			for i := range e.w.Len() {
				texts = t.texts(texts, e.w, i)
			}
			if len(texts) > 0 {
				names, have = texts, "nodes have "+t.attribute.Name
			}
		}
	case *call:
		d.Label = "there are none"
	}
	d.Help = have + " " + few(names)
	if len(names) == 0 {
		d.Help = "the manifest has no node"
	}
	e.diags = append(e.diags, d)
}

// culprit is the narrowest term that selects nothing by itself.
func (e *evaluation) culprit(x expr) expr {
	var inner []expr
	switch x := x.(type) {
	case *list:
		if !x.or {
			inner = x.terms
		}
	case *call:
		inner = []expr{x.arg}
	}
	for _, t := range inner {
		if e.nothing[t] {
			return e.culprit(t)
		}
	}
	return x
}

// like are the nodes whose names are nearly what a pattern with wildcards says
// without them.
func (e *evaluation) like(pattern string) []string {
	stem := strings.Trim(pattern[strings.LastIndexByte(pattern, '/')+1:], "*?")
	var near []string
	for i := range e.w.Len() {
		a := e.w.Address(i)
		name := a.Name()
		if strings.Contains(name, stem) || diag.Suggest(stem, []string{name[:min(len(name), len(stem))]}) != "" {
			near = append(near, string(a))
		}
	}
	return near
}
