// Package expr evaluates the expressions of the HCL dialect.
//
// In: a tree from lang/hcl and a Scope of names. Out: the tree without
// expressions, every range kept, or diagnostics.
//
// The language is total: there is no recursion and no loop but the `for` over a
// finite collection, and a Budget bounds the steps and the text. It is pure: no
// clock, no random, no environment, no file. The evaluator is ours, over
// hclsyntax's tree and go-cty's values, so that budgets hold in every loop and
// each error has a code, a place and a cure; the library's evaluator can be
// stopped by neither.
//
// References: spec.base, preset.vm-small, posture.dev, image.debian-12,
// host.father and node.dns are names of things the compiler resolves later.
// They evaluate to the name, as a string that remembers its kind (Node.Ref).
//
// Vocabulary: a sequence is a list, tuple or set; a mapping is a map or object.
// What differs between them in go-cty makes no difference here.
package expr
