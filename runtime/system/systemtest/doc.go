// Package systemtest is the contract of system.System as a test suite.
//
// In: a function that makes a fresh Debian machine with openssh-server. Out: test
// failures. It changes the machine in every way the interface can, so never give
// it one that somebody needs. Every implementation passes the same suite, which
// is what lets tests on one stand for the others.
package systemtest
