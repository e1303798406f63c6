package diag

// HS0840–HS0849: a host's certificate, and what a look at a host shows.
var hostCodes = []Entry{
	{"HS0840", "the host's entry cannot be edited", `
"homestak host trust" writes the fingerprint into the file the host's entry is in, and leaves everything else in it as it
is. The entry is written in a form it does not change, such as a mapping on one line, or the pin stands in a second file.
The line to write is shown: put it in yourself.`},
	{"HS0841", "the host shows another certificate than the one pinned", `
A certificate is pinned already, and the host shows another one. If the certificate was renewed, or the host installed
anew, compare the fingerprint with what "pvenode cert info" prints on the host itself, then pin it with --replace. If
nothing of that happened, something between you and the host answers in its place.`},
	{"HS0842", "the host does not show the expected certificate", `
--expect gives the fingerprint that somebody read on the host itself, with "pvenode cert info", and the server at the
endpoint shows another one. Either the endpoint leads somewhere else, or something between answers in the host's place.
Nothing was written.`},
	{"HS0843", "trust takes somebody's word", `
Pinning a certificate means that somebody has compared it with what the host itself says. On a terminal you are asked. In
a script give --expect with the fingerprint from "pvenode cert info", or --yes where whoever answers first may be trusted.`},
	{"HS0844", "the file with the host's authority cannot be read", `
The host's entry names with ca: a file of the site, by its path from the site's directory. It must be a regular file
inside the site and hold certificates in PEM. Copy /etc/pve/pve-root-ca.pem of the cluster to it.`},
	{"HS0845", "the host's user has no password", `
The host's entry names a user who logs in with a password, and the site's secrets have none: api_passwords, below the
host's name or the name the entry gives with password:. An API token is better: it can do less, and it can be taken back.`},
	{"HS0846", "the host is not as its entry says", `
The host answers, and something its entry names is not there: the PVE node, a storage, or a content type that guests or
images need. Correct the entry, or set the host up (Datacenter, Storage).`},
	{"HS0847", "the host's clock differs", `
The host's clock and this machine's differ by more than a few seconds. Leases, certificates and tickets carry times, and
somebody's will be wrong. Let both follow a time server.`},
}
