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
// Blocks with a label at the top level become mappings by label; node, module,
// user and check blocks become items of nodes, modules, users and checks; blocks
// without a label become mappings. Nesting of node blocks stays nesting: the
// compiler turns it into parents.
//
// What a module block has is told apart by name: source, count, for_each,
// depends_on and with are the block's own (lang/schema lists them), everything
// else is an input of the module and moves below with.
//
//	module "x" {                modules:
//	  source = "stdlib:edge"    - name: x
//	  count  = 2            =     source: stdlib:edge
//	  spokes = 3                  count: 2
//	}                             with: {spokes: 3}
//
// An input that is called like one of the block's own fields is given inside
// with: with = { count = 3 }.
//
// It never evaluates: what needs a variable or a function stays an expression.
package hcl
