// Package langtest is for tests of whatever reads source files: expected
// findings written into the input, a text form of trees, and the properties
// every tree has.
//
//	nodes:
//	  - name: a
//	    preset: vm-smal      #! HS0214 "did you mean"
//
// A marker stands at the end of the line its finding starts on, and may name
// several: each code is followed by texts that the finding must have in it. The
// markers are cut out before the text is parsed, so they may stand anywhere.
// A line without a marker must have no finding.
package langtest
