// Package server is a spec server: it keeps what operators publish for nodes and
// hands it to the node it is for.
//
//	         ┌ enroll.go    a token and a key become a node
//	request ─┼ node.go      program, events, report: with the node's certificate
//	 (auth)  ├ admin.go     publish, retract, send, revoke: with an operator's
//	         └ compat.go    upstream's /health, /specs, /spec/{name}
//	                │
//	             store.Store   everything it knows
//
// In: a store, the site's public keys, an authority for certificates bound to
// this server. Out: answers. It is a courier: what it could change in a program,
// a signal or a job breaks the site's signature, and secrets pass through it as
// ciphertext but for the moment in which it encrypts those of a node that has
// just enrolled to that node. It never sends a private key, and a node gets what
// is its own and nothing else.
//
// Every refusal is logged and counted with its reason, never with what was
// secret in the request.
package server
