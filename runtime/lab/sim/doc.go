// Package sim makes simulated guests: in-process machines that behave, seen
// from the network, the guest agent and the API, as Debian guests of Proxmox
// VE do.
//
//	Hypervisor ─ Machine ─ power ──┬─ boot disk → system.Memory (the operating system)
//	  (networks)  (on/off)  (one   ├─ seed disk → cloud-init
//	                        boot)  ├─ sshd on the machine's own vnet.Host
//	                               ├─ guest agent
//	                               └─ inner lab, when proxmox-ve is installed
//
// In: hardware with the real bytes of its disks. A disk boots when it begins
// with a builtin image's header (see stdlib); a seed is found by reading the
// other disks as cloud-init does. Out: connections, agent answers, and files
// that survive: what a machine writes goes to its boot disk's State directory,
// at the latest when a command over SSH ends and when a boot ends, so a kill -9
// of the process loses nothing that was answered.
//
// A container has no firmware, kernel or cloud-init: Install makes its system of
// a template when it is created, and before each boot its name and addresses are
// written into it, as PVE does.
//
// What runs inside a machine sees only that machine: its files, users and
// units are system.Memory, its network is vnet, its programs are the shell's
// own and the table given in Config. No process is started, no port of the real
// machine is opened, and what is not simulated says so.
//
// Vocabulary: a power is the time from switching on to switching off; the
// memory is the operating system's state; an inner lab is the PVE node that a
// machine itself is.
package sim
