// Package vnet is the virtual network of a lab: bridges with addresses of their
// own, and machines that listen and dial on them.
//
//	Host ─ port ─┐                  ┌─ port ─ Host
//	             ├─ Network 10.10/16 ┤
//	Host ─ port ─┘                  └─ port ─ Host ─ port ─ Network 10.77/16 ─ …
//	                                   (a nested lab's machine: two networks)
//
// In: MAC addresses and wishes for an address; out: leases and connections.
// Connections are streams in memory with buffers, deadlines and half close as TCP
// has, and cost neither a port, an address nor a descriptor of the real machine:
// an ordinary user can have thousands of sshds on port 22.
//
// A host reaches what its own networks hold and nothing else: there is no
// routing, so a chain of networks must be walked hop by hop. Nothing here
// touches the real network, names, IPv6 or UDP.
//
// Vocabulary: a network is one bridge; a port joins a host to a network and has
// one MAC and at most one address; a lease is an address that was not asked for.
package vnet
