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
	{"HS0960", "a request to the target cannot be read",
		`The target side of homestak reads one request on standard input: a node program and the secrets it
names. What came is cut off, damaged or from another version. Nothing was done. The driver writes such
requests itself; run the same version on both sides and apply again.`},
	{"HS0961", "the answer of a target cannot be read",
		`The driver expects one line for each resource and a report as the last line. What the target sent
ends early, is too long or is something else, for instance because the program was killed, the machine
went down or a login script printed a greeting. What was done is not known; apply again, and homestak
looks at each resource before it acts.`},
	{"HS0962", "a resource could not be made right",
		`The machine refused what the spec asks for: a package that is not in its archive, a unit that does
not start, a file system that is full. The reason holds the machine's own words. What depends on the
resource was left alone, all else went on. Remove the cause, or change the spec, and apply again.`},
	{"HS0963", "a resource could not be checked",
		`Whether the resource is as the spec says could not be found out: the machine did not answer, or what
is there is of a kind homestak does not know, such as a link where a directory should be. It is reported
as failed, never assumed to be right. The reason holds the machine's own words.`},
	{"HS0964", "a resource is still wrong after it was applied",
		`Everything homestak did for the resource succeeded, and looking again shows that it did not help.
Something else on the machine changes it back or overrules it: another tool, a timer, a file that is
read first. Find that other owner and remove one of the two.`},
	{"HS0965", "something a resource needs has failed",
		`The resource was not looked at, because another one that it is built on failed: keys need their user,
a service needs its package. Its state is unknown, not wrong. Cure the failed resource and apply again.`},
	{"HS0966", "the value of a secret is missing",
		`The node program names a secret and its value did not come along. The site's secrets file has no
entry of that name, or the plan was applied with another site's secrets. Add the entry and apply again.`},
	{"HS0967", "a run on the target was cut off",
		`The connection broke, the run was interrupted or its time was up before this resource was done. Its
state is unknown. Nothing is lost: apply again, and only what is not right yet is done.`},
	{"HS0968", "the value of a secret cannot be used",
		`The secret exists and is not what its use asks for: a public SSH key must be a line like those in .pub
files, a password must be a crypt hash as "openssl passwd -6" prints it, never the password itself. The
value is not shown. Correct it in the site's secrets.`},
}
