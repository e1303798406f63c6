// Package example holds, for each code of the language, the smallest input that
// is wrong in its way and the corrected one, in every syntax that can say it.
// `homestak explain` shows them, and a test compiles each: the wrong one has
// findings of exactly its code, the cured one none.
//
// In: the embedded archives cases/CODE.txtar. Out: Example values. An archive's
// comment may say what to look at, and hold lines as golden/compiler has them:
// manifest: NAME (without it the whole site is checked), mode: MODE, var:
// NAME=VALUE, and only: SELECTOR; with cured- before them, what the command line
// says after the cure. convert: FILE and to: SYNTAX are for codes of converting,
// also: CODES for what is found besides, wrong or cured. The files are
//
//	yaml/wrong/…   yaml/cured/…   hcl/wrong/…   hcl/cured/…
//
// below which they have their path in a site. What is cured lays its files over
// the wrong ones; one that is empty there takes the file away. A site.yaml with
// a site_id is part of every site.
package example
