package diag

// HS0950–HS0979: the target side.
var convergeCodes = []Entry{
	{"HS0950", "a node program cannot be read",
		`The bytes of a node program, or of the secrets that travel beside it, are not in the form this
version of homestak writes: damaged, cut off, or written by a different version. Nothing was done
on the node. Use one version of homestak for planning, applying and on the target, and plan again.`},
	{"HS0951", "a node program asks for something impossible",
		`A node program holds a resource that no machine can have, such as a user whose name no system
accepts, two resources of one name, or the account that homestak itself logs in with. The compiler
refuses such specs, so the program was most likely made by hand. Correct the spec and plan again.`},
	{"HS0952", "a node program has a later format",
		`The program was made by a newer homestak than the one that reads it. Its meaning may have changed,
so it is not guessed at. Use the newer version on this side, or plan again with this one.`},
	{"HS0955", "a seed cannot be made",
		`The small disk that tells a new machine its name, address and keys would hold a value cloud-init
cannot take: an address that is none, a host name of several labels, characters outside printable
ASCII. Correct the node's network or name in the manifest and plan again.`},
	{"HS0956", "a disk is not a readable seed",
		`A machine was given a seed disk that is not a small ISO9660 volume labelled cidata with user-data
and meta-data in it. cloud-init would ignore such a disk and the machine would never become
reachable. Remove the guest and apply again, so that a new seed is built.`},
}
