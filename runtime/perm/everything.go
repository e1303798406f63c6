package perm

// Everything is what homestak can need on a host of a release, for a role that is
// made before there is a plan: all guests, all storages, all bridges. Not in it are
// two things that only some manifests ask for and that reach far: Sys.Modify on /,
// for the order in which a host starts its guests, and Mapping.Use, for devices.
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
	needs := []Need{
		at("/", "Sys.Audit"),
		below("/nodes", "Sys.Audit"),
		below("/pool", "Pool.Allocate", "Pool.Audit"),
		below("/storage", "Datastore.Allocate", "Datastore.AllocateSpace", "Datastore.AllocateTemplate", "Datastore.Audit"),
		below(guests, machines...),
	}
	if r.before(8, 2) {
		needs = append(needs, at("/", "Sys.Modify"))
	} else {
		needs = append(needs, below("/nodes", "Sys.AccessNetwork"))
	}
	if !r.before(8, 0) {
		needs = append(needs, below("/sdn/zones", "SDN.Use"))
	}
	byPath(needs)
	return needs
}
