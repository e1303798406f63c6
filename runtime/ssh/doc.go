// Package ssh is how the driver talks to machines it made: one connection
// through any number of jumps, commands, and an upload by digest.
//
//	driver ──dial──▶ parent sshd ──direct-tcpip──▶ leaf sshd
//	         hop 1                 hop 2            └ Run, DialContext, Upload
//
// In: addresses, a signer (a one-hour user certificate of the site's CA), and
// per hop the uuid the machine was given. Out: streams, exit codes, connections.
//
// Every host key must come with a certificate of the site's host CA whose
// principal is the expected uuid, so nothing has to be remembered and nobody is
// asked anything. Nothing is retried here, no command is built from a secret,
// and no private key is ever sent or forwarded.
//
// Vocabulary: a hop is one sshd on the way, the last one is the target; Kind
// says in which of a few ways a connection failed.
//
// The shell on the target needs little: && lists, > redirection, single quotes,
// and the programs sha256sum, sudo, sh, mkdir, cat, chmod, mv (see Upload).
package ssh
