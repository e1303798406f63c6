package diag

// HS0690–HS0699: what preflight finds out about a host before anything is written.
// HS0730–HS0739: what the planner tells of it.
var permCodes = []Entry{
	{"HS0730", "a host has too little of something", `What the plan makes on the host adds up to more than the host had free when it was looked at. Storages that allocate space when data is written (lvmthin, zfs, directories) and memory may be promised twice, and often are; then this is for you to know. Where Proxmox VE could not do it at all, the finding says that apply will refuse, and apply does so unless there is more room by then.`},
	{"HS0731", "a host in a guest without virtualisation", `A node of type pve runs guests of its own, for which its processors must pass hardware virtualisation on. The host has none to give (its firmware or its own host does not enable it), or the node's CPU type hides it. Guests inside are then emulated, slowly, or do not start; containers are not concerned. Proxmox VE wants CPU type host for this.`},
	{"HS0690", "a privilege the plan needs is not there", `Before anything is written, homestak asks the host what the site's API token may do and compares it with what the plan's steps need, by the same table ` + "`homestak perms`" + ` prints from. The privilege named is needed at the path named and not held there. Nothing was done. Grant it with the commands that perms prints for this plan. A token with privilege separation has at most what its user has, so both need it; a role on a path replaces the roles from above it; and PVE forgets the permissions on /vms/NUMBER when it destroys that guest.`},
}
