// Package selector is the language in which people say which nodes they mean:
//
//	homestak plan -M shop --only 'spec=base and under(inner-pve) and not mode=pull'
//
// In: the text, as a source.File of its own ("--only"), so that findings point
// into it. Out: a Selector, whose String is the canonical form and parses back
// to the same; evaluated against a World, the set of nodes it selects. What the
// nodes are made of is the World's business: this package knows the syntax, the
// names of attributes and functions, and how to combine sets.
//
//	selector   = all { "or" all }
//	all        = not { "and" not }
//	not        = { "not" } term
//	term       = "(" selector ")" | function "(" selector ")" | comparison | glob
//	comparison = attribute ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
//	           | attribute [ "not" ] "in" "(" value { "," value } ")"
//	glob       = a pattern of addresses, or of names (lang/addr)
//	value      = a word, in which * and ? are wild, or a "quoted text"
//
// Vocabulary: a literal is a value or glob without a wildcard; it names one
// thing, and when no such thing exists that is a finding. A selector that is
// wide of the mark is an error, because to act on other machines than were
// meant is worse than not to act.
//
// It is bounded: MaxLength bytes, MaxDepth levels of parentheses; evaluation
// takes time in proportion to the nodes times the terms.
package selector
