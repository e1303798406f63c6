// Package cli is the command line: one file a verb. A verb parses its flags,
// makes one library call after another in the order
//
//	compile → observe → build → encode → render → apply
//
// and hands what comes back to a view. It is the only place where the stages
// meet, and where the lab, the site's secrets and the guests' programs are
// wired to those who use them through interfaces.
//
// Results go to stdout, progress and diagnostics to stderr. Exit codes mean the
// same in every verb; see exit.go.
package cli
