// Package client is the editor's half of the Language Server Protocol, as much
// of it as tests need to talk to a real server: start it, open documents, ask,
// and wait for what it publishes.
//
// In: a command line and the settings the server may ask for. Out: its answers.
// Nothing here knows whose server it is, and nothing sleeps: Diagnostics waits
// for the publication that it returns.
package client
