// Package spectest makes small sites with a real spec server on the loopback,
// for tests of servers, clients and agents.
package spectest
