// Package clients has other people's programs use the lab: go-proxmox's own
// calls, Debian's python3-proxmoxer, and Debian's ansible with the modules of
// community.general. Each tells the story create, clone, configure, snapshot,
// resize, power, delete of a VM and of a container. What they get is what
// Proxmox VE would answer them, or they stumble.
//
// Where the environment variable HOMESTAK_CLIENTS is set, as CI does, a program
// that is missing is a failure; without it the tests say what they left out.
package clients
