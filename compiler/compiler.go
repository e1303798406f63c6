package compiler

import (
	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
)

// Options say what to compile.
type Options struct {
	Manifest string            // name of the manifest
	Mode     string            // push, pull or hybrid overrides every node's config and run mode; "" leaves them
	Vars     map[string]string // values for variables of the manifest's file, as text in HCL's syntax of their type
}

// Compile makes the deployment of one manifest. It is nil when, and only when,
// the list has an error. The list is sorted and holds warnings too.
func Compile(s *Site, o Options) (*ir.Deployment, diag.List) {
	return nil, diag.List{}
}
