// Package convert says one file in the other syntax, or one of schema v1 in
// that of today.
//
// In: the text of one definition file, and the site it is from, in which v1
// files look up environments, templates and sizes. Out: the canonical text of
// the same, one for each file it becomes, and findings: errors name what the
// other syntax cannot say, warnings what of v1 nothing stands for any more.
//
//	text ─ lang.Parse ─→ tree ─ comments placed ─→ outline ─┬─ v1 → v2
//	                                                        ├─ nest, print HCL
//	                                                        └─ flatten, print YAML
//
// Order, comments and blank lines stay; what a file means does, too: the result
// is read again, and compared, before anybody gets it. A child's `parent` in
// YAML is the block around it in HCL, and names of definitions are typed
// references there.
//
// What YAML calls data leaves out variables, locals and expressions: each is
// reported; or the compiler makes data of the file first, and the comments of
// what is still there are placed in that; or they stay, as templates of YAML.
//
// It writes no file, and reads only from the site given.
//
// Words: an outline is a tree whose entries carry their comments; an anchor is
// the place of an entry that a comment may belong to; a part is one result; a
// template is an expression as the content of a text.
package convert
