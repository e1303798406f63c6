// Package compiler holds the golden cases of the compiler: one txtar archive a
// story in testdata. It has no code of its own.
//
// An archive's comment says what it is about; lines of it that begin with a
// word and a colon are options:
//
//	manifest: NAME    what is compiled; without it, the whole site is checked
//	mode: MODE        as with --mode
//	var: NAME=VALUE   as with --var
//	varfile: NAME     as with --var-file, the file vars/NAME
//
// Its files:
//
//	in/…       the site
//	hcl/…      the same in HCL, over what in/ has outside of manifests/,
//	           specs/ and policies/: it must give the same digest, or the same codes
//	out/ir     the dump of the deployment; -update writes it
//	out/diag   where it exists: the findings as people see them; -update too
//
// Expected findings are written where they are expected, after #! at the end of
// the line: `preset: vm-smal  #! HS0214 "did you mean"`. The text, if any, has
// to occur in the finding. Findings without a place are in the archive's
// comment. A finding that is not expected fails, and so does an expected one
// that is missing.
package compiler
