package perm

// Everything is what homestak can need on a host of a release, for a role that is
// made before there is a plan: all guests, all storages, all bridges. Not in it is
// Mapping.Use, for devices that the cluster has names for: no plan sets one.
func Everything(r Release) []Need {
	machines := []string{
		"VM.Allocate", "VM.Audit", "VM.Clone", "VM.Config.CDROM", "VM.Config.CPU", "VM.Config.Cloudinit", "VM.Config.Disk", "VM.Config.HWType",
		"VM.Config.Memory", "VM.Config.Network", "VM.Config.Options", "VM.Migrate", "VM.PowerMgmt",
	}
	if r.before(9, 0) {
		machines = append(machines, "VM.Monitor")
	} else {
		machines = append(machines, "VM.GuestAgent.Audit")
	}
	// What boot.startup sets is the host's affair, and the root of a container with
	// unprivileged: false is the host's.
	modify := at("/", "Sys.Modify")
	modify.For = "boot.startup, and containers with unprivileged: false"
	needs := []Need{
		at("/", "Sys.Audit"),
		modify,
		below("/nodes", "Sys.Audit"),
		below("/pool", "Pool.Allocate", "Pool.Audit"),
		below("/storage", "Datastore.Allocate", "Datastore.AllocateSpace", "Datastore.AllocateTemplate", "Datastore.Audit"),
		below(guests, machines...),
	}
	if !r.before(8, 2) {
		// Before, making a node fetch an image is Sys.Modify, too.
		needs = append(needs, below("/nodes", "Sys.AccessNetwork"))
	}
	if !r.before(8, 0) {
		needs = append(needs, below("/sdn/zones", "SDN.Use"))
	}
	byPath(needs)
	return needs
}
