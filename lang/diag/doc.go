// Package diag is what homestak says when something is wrong: findings with a
// code, a place, a reason and a cure, the same in a terminal, in CI and in an
// editor.
//
// In: facts from every stage. Out: Diagnostic values, a registry of codes, and
// renderings. A stage collects all its findings in a List and never stops at
// the first. The registry is the only place where a code is defined.
package diag
