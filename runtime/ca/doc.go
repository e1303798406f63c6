// Package ca holds the keys a site owns, and makes what derives from them.
//
//	keys/site.age ─ Load ─→ Keys ─┬─ Marker      proves that a guest is ours
//	 (age, by the identity)       ├─ HostKey     a node's SSH host key, certified
//	                              ├─ UserSigner  how the driver logs in, for an hour
//	                              └─ LockDigest  what secrets.lock says of a value
//
// In: one age-encrypted file and the identity that opens it (secret.FindIdentity
// says where that is looked for). Out: HMAC keys, SSH certificates and signers.
//
// Everything made here is random or keyed, so nothing of it may reach a plan.
// The private keys of the two SSH authorities never leave this package, and a
// user's private key is made in memory and never written.
//
// Vocabulary: the user CA signs who may log in to a node; the host CA signs that
// a host key belongs to the machine with a certain uuid; throw-away keys belong
// to a lab and live and die with its directory.
package ca
