// Package guest is the seam between the lab's API and what its guests are made
// of: the lab keeps configurations, volumes and tasks, a Hypervisor keeps
// machines.
//
//	HTTPS ─▶ lab (config, tasks, volumes) ─▶ Hypervisor ─▶ Machine
//	                                           │
//	CONNECT host:port ─────────────────────────┘ Dial, on the lab's own network
//
// In: hardware as the configuration describes it, with the files that hold the
// real bytes of its disks. Out: power, guest agent answers, connections. It
// knows nothing of HTTP, tasks or PVE's configuration syntax.
package guest
