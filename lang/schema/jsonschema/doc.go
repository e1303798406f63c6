// Package jsonschema says the language in JSON Schema (draft 2020-12), for
// editors and tools that know nothing of homestak.
//
// In: the tables of lang/schema. Out: one self-contained document per kind of
// YAML file, the same bytes in every run. A file that the compiler takes is
// valid; one with a field, a type, a value or a form that it refuses is not.
//
//	what the compiler says        what the schema says
//	accepted                      the field, its type, bounds and meaning
//	accepted, with a warning      deprecated, or what it says in its description;
//	                              an editor warns of what has another name now
//	refused as not yet supported  null, which is the same as absent
//	refused                       nothing: further fields are not allowed
//
// What needs more than one field to be seen, such as clashes of addresses, is
// the compiler's alone; so are references, unless a document is made for one
// site, with its names. A file with `expressions: true` may have a template in
// place of every value. HCL has no use for any of it: JSON Schema describes
// data, not expressions.
//
// Beside the standard's keywords stand those that editors' language servers
// read (markdownDescription, errorMessage, deprecationMessage, …), so that what
// they say is about homestak and not about schemas.
package jsonschema
