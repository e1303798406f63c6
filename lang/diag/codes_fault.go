package diag

// HS0880–HS0889: what shall go wrong in the lab.
var faultCodes = []Entry{
	{"HS0880", "the lab cannot use these faults", `
The lab was given a script of what shall go wrong, and something in it is not as docs/reference/faults.md has it. The label names the
entry, the field and the reason. Correct it; nothing goes wrong until the whole script is right.`},
	{"HS0881", "unreadable file of faults", `
--faults names a file that says what shall go wrong in the lab: YAML, JSON or HCL of at most 4 MiB. The label says why it cannot be
read. Name a file that is there and that you may read.`},
	{"HS0882", "a fault is not as it can be", `
A file of faults has ` + "`seed`" + ` for what is left to chance, ` + "`random`" + ` for a number of faults made out of the seed, and ` + "`faults`" + `, a list.
Each entry has ` + "`fault`" + ` (what happens), ` + "`on`" + ` (the requests it happens to, as in POST /nodes/*/qemu), ` + "`skip`, `times` and `chance`" + `,
and what its kind needs and takes; docs/reference/faults.md has the tables. The label says what is wrong at this place. Correct it: the lab
does not start with half a script.`},
}
