// Package secret holds the values nobody may see: what a site keeps in
// secrets.yaml, and what a run mints itself.
//
//	secrets.yaml       ─┐
//	secrets.yaml.age   ─┼─ Load ─→ Store ─ Get ─→ Value ─ Reveal ─→ the one place
//	secrets.yaml.enc   ─┘            └─ Redact: text that leaves        that needs it
//
// In: the secrets file of a site (plain, encrypted with age, or with SOPS
// through the sops program). Out: Values by dotted name ("passwords.vm_root",
// "ssh_keys.alice", "api_tokens.father"), and keyed digests for secrets.lock.
//
// A Value prints as "[secret]" in every way Go prints things; only Reveal gives
// the bytes. This package never writes a value anywhere, and no error of it
// quotes the text of a secrets file.
//
// Vocabulary: an identity is an age private key, the one thing that opens the
// encrypted files of a site; a lock entry is a secret's name with a keyed digest
// of its value, so that a rotation is visible to people who cannot see values.
package secret
