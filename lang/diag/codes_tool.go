package diag

// HS0980–HS0999: the command line; HS9901 and up: bugs in homestak.
var toolCodes = []Entry{
	{"HS0980", "there is no site here", `
A site is the directory with site.yaml and manifests/. It is named with --site or HOMESTAK_SITE, or found by walking up
from the working directory to the first directory that has one of the two. Go to your site, name it, or make a new one
with "homestak init DIR".`},
	{"HS0981", "the site has no manifest", `
Manifests are files manifests/NAME.yaml or NAME.hcl; every deployment needs one, there are no ad-hoc machines. The
shortest has schema_version, name and one node with a name. "homestak init DIR" writes an example.`},
	{"HS0982", "the host is not known", `
A host is a file of hosts/ (or upstream's nodes/) that says where its API answers, or "lab", the embedded one. The name
given with -H, or written at a node as host:, matches none of them.`},
	{"HS0983", "the host has no API endpoint", `
The host's entry describes a machine that does not run Proxmox VE yet, or leaves out api:. Guests can be made only
through the API: add endpoint: https://ADDRESS:8006.`},
	{"HS0984", "the host's certificate is not pinned", `
homestak talks to a host only when it knows the SHA-256 fingerprint of its certificate; there is no switch to go without.
On the host, "pvenode cert info" prints it. Compare it out of band, then put it into the host's entry as fingerprint:.`},
	{"HS0985", "the host's API token is missing", `
Every call to a host carries an API token, from the site's secrets: api_tokens, below the host's name or the name its
entry gives with token:. Make one on the host (Datacenter, Permissions, API Tokens) and put it in as
USER@REALM!NAME=UUID.`},
	{"HS0986", "the facts cannot be read", `
--facts names a file made by "homestak facts -o FILE", or the word empty for a world without guests. The file is
missing, is not a regular file, or is larger than any facts are.`},
	{"HS0987", "the plan file cannot be read or written", `
A plan is a regular file that "homestak plan -o FILE" wrote, or - for standard input. The file is missing, is not a
regular file or is larger than any plan is; or, when writing, its directory does not exist or is not yours to write to.`},
	{"HS0988", "the plan is not the one that was approved", `
--expect gives the digest that was reviewed, and the file holds a program with another one. Somebody planned again after
the review, or this is the wrong file. Look at it with "homestak show", compare with "homestak diff", and approve it or
take the file that was approved.`},
	{"HS0989", "the plan was made for another site", `
A plan names the site it was made in by its site id, and who owns a guest is decided by it. Applied from another site
the plan would find nothing that is its own. Run apply in the plan's site, or name it with --site.`},
	{"HS0990", "the events cannot be written", `
--events names a file that gets one JSON line per event of the run. It cannot be created: its directory does not exist,
or it is not yours to write to. Nothing was started.`},
	{"HS0991", "there is a site already", `
"homestak init" makes a new site and never changes one that exists. Name another directory. To add keys to a site that
has none, use "homestak init --keys".`},
	{"HS0992", "the new site cannot be written", `
A file of the new site exists already or its directory cannot be written to. Nothing existing was changed. Name an empty
directory that is yours.`},
	{"HS0993", "the lab's certificate cannot be used", `
--cert and --key name PEM files, a certificate and its private key, that must exist and belong together. Without both
the lab makes a random certificate and keeps it.`},
	{"HS0994", "the output cannot be written", `
What the command prints goes to a file or a pipe that takes no more: the disk is full, or the program that read it has
ended. Everything else the command does was done or not as its exit code says. Make room, or write somewhere else.`},
	{"HS0995", "secrets.lock is out of date", `
secrets.lock holds a keyed digest of every secret, and a secret was added, removed or changed since it was written. Plans
name secrets with the digests in this file, so a change that is not in it is a change nobody reviews. Run
"homestak secrets lock" and commit the file.`},
	{"HS0996", "a file to format cannot be read or written",
		`A file or directory named on the command line is missing, is not a regular file,
or may not be read or, with -w, be replaced: that takes the right to write to its
directory. The other files are formatted all the same.`},
	{"HS9901", "homestak failed in a way nobody foresaw", `
The message below the code comes from a library or the operating system and reached you without an explanation, which
is a bug in homestak's messages even when the failure itself is not. Please report it with what you did.`},
}
