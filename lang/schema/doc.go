// Package schema is the language as data: which fields exist, what they hold,
// what they mean, and since when homestak acts on them.
//
// In: nothing; the tables are constants. Out: one Object per kind of file.
// The compiler decodes by them, so a field that is not here is an error with a
// did-you-mean; documentation, editors and JSON Schemas read the same tables.
//
// The package decides nothing: it neither reads trees nor knows what a
// reference points to.
package schema
