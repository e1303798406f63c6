package diag

// HS0690–HS0699: what preflight finds out about a host before anything is written.
var permCodes = []Entry{
	{"HS0690", "a privilege the plan needs is not there", `Before anything is written, homestak asks the host what the site's API token may do and compares it with what the plan's steps need, by the same table ` + "`homestak perms`" + ` prints from. The privilege named is needed at the path named and not held there. Nothing was done. Grant it with the commands that perms prints for this plan. A token with privilege separation has at most what its user has, so both need it; a role on a path replaces the roles from above it; and PVE forgets the permissions on /vms/NUMBER when it destroys that guest.`},
}
