// Package spec is the protocol between spec servers, nodes and operators, and
// its client.
//
//	operator ─ Publish, Signal, Retract ─▶ server ◀─ Enroll, Program, Events, Report ─ node
//	 (certificate of the site)           (a courier)      (certificate of the server's, for its own uuid)
//
// Everything is HTTPS with JSON bodies but for programs, which travel as the
// bytes that are signed. A node proves who it is with the key it made itself;
// what it is to do is proved to it by the site's signature, never by the server.
//
// In: certificates, statements sealed by package sign, ciphertext. Out: the
// same. Nothing here can read a node's secrets.
package spec
