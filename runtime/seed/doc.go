// Package seed makes and reads NoCloud seeds: the small disk that tells
// cloud-init who a new machine is.
//
//	Seed ─ Build ─→ ISO9660, label cidata ─ (uploaded, imported as scsi1) ─→ cloud-init
//	                     │ user-data       hostname, the driver's account, sshd's trust
//	                     │ meta-data       instance-id
//	                     └ network-config  version 2, matched by MAC
//
// In: identity, addresses, the public half of the site's SSH user CA and the
// node's own SSH host key. Out: the bytes of a disk. The host key is the only
// secret in it; no key of a user or of the driver ever is.
//
// The driver account (DriverUser) is how homestak gets in: a system account
// with a locked password, its own sudo drop-in, and no authorized_keys; only a
// certificate of the site's SSH user CA with the principal DriverUser opens it.
//
// A seed is read once. The machine keeps a copy without the host key under
// /var/lib/cloud/seed/nocloud, so that cloud-init finds the same instance when
// the disk is gone and changes nothing.
//
// Parse is for whoever plays the machine: it reads any small ISO9660 volume of
// that label within fixed bounds.
package seed
