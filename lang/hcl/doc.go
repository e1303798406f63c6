// Package hcl reads the HCL dialect into the shared tree.
//
// In: the text of one file. Out: the same *syntax.Node shape that lang/yaml
// makes of the same content, with expressions left in place (syntax.Expr) for
// lang/expr, and diagnostics of our own.
//
//	manifest "m" {            manifest:
//	  node "a" {                m:
//	    type = "pve"              nodes:
//	    node "b" {                - name: a
//	      spec = spec.base   =      type: pve
//	    }                           nodes:
//	  }                             - name: b
//	}                                 spec: base   (Ref "spec")
//
// Blocks with a label at the top level become mappings by label; node, user
// and check blocks become items of nodes, users and checks; blocks without a
// label become mappings. Nesting of node blocks stays nesting: the compiler
// turns it into parents.
//
// It never evaluates: what needs a variable or a function stays an expression.
package hcl
