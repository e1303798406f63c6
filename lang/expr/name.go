package expr

import (
	"fmt"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// variable is the value of a name and what follows it: var.a, local.b[0].c.
func (e *evaluator) variable(x *hclsyntax.ScopeTraversalExpr) (cty.Value, bool) {
	v, rest, ok := e.root(x)
	if !ok || len(rest) == 0 {
		return v, ok
	}
	return e.traverse(v, rest, x.Traversal.RootName())
}

// root looks up the first name of a traversal. A typed reference is consumed
// with its second step.
func (e *evaluator) root(x *hclsyntax.ScopeTraversalExpr) (v cty.Value, rest hcl.Traversal, ok bool) {
	t := x.Traversal
	name := t.RootName()
	for i := len(e.bound) - 1; i >= 0; i-- {
		if e.bound[i].name == name {
			return e.bound[i].value, t[1:], true
		}
	}
	if syntax.IsReferenceRoot(name) {
		if _, text, ok := syntax.Reference(t); ok {
			return cty.StringVal(text), nil, true
		}
		e.brokenReference(x)
		return cty.NilVal, nil, false
	}
	if v, ok := e.scope.Vars[name]; ok {
		return v, t[1:], true
	}
	e.unknownName(x)
	return cty.NilVal, nil, false
}

func (e *evaluator) isBound(name string) bool {
	for _, b := range e.bound {
		if b.name == name {
			return true
		}
	}
	return false
}

// brokenReference reports spec, spec.a.b and image.debian-12.5.
func (e *evaluator) brokenReference(x *hclsyntax.ScopeTraversalExpr) {
	kind := x.Traversal.RootName()
	at := e.at(x.SrcRange)
	d := codeReference.Errorf("%s needs the name of one", kind)
	d.Range = at
	d.Help = fmt.Sprintf("write %s.NAME", kind)
	text := string(at.File.Text[at.Start:at.End])
	if _, name, ok := strings.Cut(text, "."); ok && len(x.Traversal) > 1 {
		d.Message = fmt.Sprintf("%s.NAME is a name, and has no fields", kind)
		if _, isIndex := x.Traversal[len(x.Traversal)-1].(hcl.TraverseIndex); isIndex && !strings.Contains(text, "[") {
			fixed := fmt.Sprintf("%s[%q]", kind, name)
			d.Message = "a name that has a dot or starts with a digit goes into brackets"
			d.Help = "write " + fixed
			d.Fixes = replace(at, fixed)
		}
	}
	e.report(d)
}

func (e *evaluator) unknownName(x *hclsyntax.ScopeTraversalExpr) {
	name := x.Traversal.RootName()
	root := e.at(x.Traversal[0].SourceRange())
	d := codeName.Errorf("unknown name %q", name)
	d.Range = root
	known := e.rootNames()
	if e.subtraction(d, name, known) {
		e.report(d)
		return
	}
	switch {
	case name == "count":
		d.Help = "give the node a count field; only there is count.index known"
	case name == "each":
		d.Help = "give the node a for_each field; only there are each.key and each.value known"
	case name == "module":
		d.Help = "all nodes of a module are node.MODULE, and one of them is node.MODULE-NODE"
		if len(x.Traversal) == 2 {
			d.Fixes = replace(root, "node")
		}
	case len(e.scoped(name)) > 0:
		full := e.scoped(name)
		d.Help = "write " + strings.Join(full, " or ")
		if len(full) == 1 {
			d.Fixes = replace(root, full[0])
		}
	case len(x.Traversal) == 1:
		didYouMean(d, name, known, fmt.Sprintf("put text into quotes: %q", name))
		if len(d.Fixes) == 0 {
			d.Fixes = replace(root, fmt.Sprintf("%q", name))
		}
	default:
		didYouMean(d, name, known, "known here: "+few(known))
	}
	e.report(d)
}

// scoped are the variable and the local of a name, as expressions say them.
func (e *evaluator) scoped(name string) (full []string) {
	for _, root := range []string{"var", "local"} {
		if t := e.scope.Vars[root].Type(); t.IsObjectType() && t.HasAttribute(name) {
			full = append(full, root+"."+name)
		}
	}
	return full
}

func (e *evaluator) rootNames() []string {
	names := syntax.ReferenceRoots()
	for name := range e.scope.Vars {
		names = append(names, name)
	}
	for _, b := range e.bound {
		names = append(names, b.name)
	}
	sort.Strings(names)
	return names
}

// subtraction recognises index-1, which is one name in HCL and was meant as two.
func (e *evaluator) subtraction(d *diag.Diagnostic, name string, known []string) bool {
	for i := len(name) - 1; i > 0; i-- {
		if name[i] != '-' {
			continue
		}
		for _, k := range known {
			if k != name[:i] {
				continue
			}
			spaced := name[:i] + " - " + name[i+1:]
			at := int(d.Range.End) - (len(name) - i)
			d.Notes = []diag.Note{{Text: "a name may have hyphens in it"}}
			d.Help = fmt.Sprintf("did you mean %s, with spaces?", spaced)
			d.Fixes = []diag.Fix{{Title: "put spaces around the minus", Edits: []diag.Edit{{
				Range: source.Span(e.file, at, at+1), New: " - ",
			}}}}
			return true
		}
	}
	return false
}

// traverse follows .name and [key] steps. what names v in messages.
func (e *evaluator) traverse(v cty.Value, steps hcl.Traversal, what string) (cty.Value, bool) {
	for _, step := range steps {
		ok := false
		switch step := step.(type) {
		case hcl.TraverseAttr:
			at := e.at(step.SrcRange)
			at.Start = at.End - int32(len(step.Name)) // without the dot
			v, ok = e.attribute(v, step.Name, at, what)
			what += "." + step.Name
		case hcl.TraverseIndex:
			v, ok = e.element(v, step.Key, e.at(step.SrcRange), what)
			what += "[…]"
		}
		if !ok {
			return cty.NilVal, false
		}
	}
	return v, true
}

// attribute takes a field of a mapping.
func (e *evaluator) attribute(v cty.Value, name string, at source.Range, what string) (cty.Value, bool) {
	v = e.open(v)
	switch {
	case !v.IsKnown():
		return cty.NilVal, false
	case v.IsNull():
		e.isNull(at, what)
		return cty.NilVal, false
	case !isMapping(v):
		d := codeType.Errorf("%s is %s and has no field %q", what, typeName(v), name)
		d.Range = at
		d.Help = "remove what follows " + what
		if isSequence(v) {
			d.Help = "choose an element with [0], or all with [*]"
		}
		e.report(d)
		return cty.NilVal, false
	}
	if f, ok := field(v, name); ok {
		return f, f.IsKnown()
	}
	entries, err := e.budget.pairs(v) // a suggestion looks at all of them
	if err != nil {
		return cty.NilVal, e.stop(err, at)
	}
	known := make([]string, len(entries))
	for i, p := range entries {
		known[i] = p.key
	}
	d := codeAttribute.Errorf("%s has no %q", what, name)
	d.Range = at
	if !e.subtraction(d, name, known) {
		otherwise := what + " is empty"
		if len(known) > 0 {
			otherwise = what + " has: " + few(known)
		}
		didYouMean(d, name, known, otherwise)
		if e.file.Text[at.Start] == '[' {
			d.Fixes = nil // the range is not the bare name
		}
	}
	e.report(d)
	return cty.NilVal, false
}

// field is the value of a key of a mapping.
func field(v cty.Value, name string) (cty.Value, bool) {
	if v.Type().IsObjectType() {
		if !v.Type().HasAttribute(name) {
			return cty.NilVal, false
		}
		return v.GetAttr(name), true
	}
	key := cty.StringVal(name)
	if v.HasIndex(key).False() {
		return cty.NilVal, false
	}
	return v.Index(key), true
}

func keyword(k *hclsyntax.ObjectConsKeyExpr) string {
	if k.ForceNonLiteral {
		return ""
	}
	return hcl.ExprAsKeyword(k.Wrapped)
}

// checkNames reports names that an expression which is not evaluated could
// never have found.
func (e *evaluator) checkNames(x hclsyntax.Expression) {
	if e.named[x] {
		return // in a loop, all turns would find the same
	}
	if e.named == nil {
		e.named = map[hclsyntax.Expression]bool{}
	}
	e.named[x] = true
	for _, t := range x.Variables() {
		if !e.step(e.at(t.SourceRange())) {
			return
		}
		name := t.RootName()
		if e.isBound(name) || syntax.IsReferenceRoot(name) {
			continue
		}
		if v, ok := e.scope.Vars[name]; ok {
			if len(t) > 1 && v.IsKnown() && !v.IsNull() && isMapping(v) {
				e.traverse(v, t[1:2], name)
			}
			continue
		}
		e.unknownName(&hclsyntax.ScopeTraversalExpr{Traversal: t, SrcRange: t.SourceRange()})
	}
}
