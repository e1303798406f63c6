// Package store is what a spec server remembers: values that are compared and
// swapped, logs, queues whose items come back when nobody finishes them.
//
//	server ─┐
//	server ─┼─▶ Store ─┬─ file  one directory of this machine (the default)
//	server ─┘          └─ nats  JetStream, for several servers and sites
//
// In: keys, values, revisions. Out: the same. A server keeps nothing of its own
// between two requests, so any number of them work on one store at once, and
// what is answered is on disk. It knows nothing of nodes or programs, and it
// does not encrypt: what is secret comes as ciphertext.
//
// Vocabulary: a revision numbers every change of a store, upwards; a key is a
// path such as "nodes/0c8d/program"; a lease is an item of a queue that is being
// worked on, until a time.
package store
