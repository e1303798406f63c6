package syntax

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// ReferenceRoots lists the roots of typed references: spec.base is the name
// "base" of a spec. They are never variables, so a reference needs no scope to
// be understood.
func ReferenceRoots() []string {
	return []string{"spec", "preset", "posture", "image", "host", "node"}
}

// IsReferenceRoot reports whether name is one of ReferenceRoots.
func IsReferenceRoot(name string) bool {
	switch name {
	case "spec", "preset", "posture", "image", "host", "node":
		return true
	}
	return false
}

// Reference takes spec.base and image["debian-12.5"] apart. ok is false for
// everything else, including references with more or fewer steps.
func Reference(t hcl.Traversal) (kind, name string, ok bool) {
	if len(t) != 2 || !IsReferenceRoot(t.RootName()) {
		return "", "", false
	}
	switch step := t[1].(type) {
	case hcl.TraverseAttr:
		return t.RootName(), step.Name, true
	case hcl.TraverseIndex:
		if step.Key.Type() == cty.String && !step.Key.IsNull() {
			return t.RootName(), step.Key.AsString(), true
		}
	}
	return "", "", false
}
