// Package storetest is the contract of store.Store as a test suite. Every
// implementation passes it.
package storetest
