//go:build linux

// Package linux makes guests that are real Linux systems on the machine of the
// lab: a root filesystem of their own (an overlay over a shared one), namespaces
// of their own for processes, mounts, names and network, and an init of their
// own, systemd or another, as process 1.
//
//	Start ── clone ──▶ Child (waits) ── mounts, pivot_root ──▶ exec /sbin/init
//	  │                  ▲                                        ▲
//	  └─ cgroups, network┘                     Run ── setns ──────┘
//
// In: a directory with a root filesystem, a directory for what the guest
// changes. Out: a running system, programs run inside it. It needs root, and no
// program of the machine's but what a root filesystem is built with.
//
// Nothing outlives the process that started a guest: process 1 of a guest dies
// with it, and with process 1 its mounts and its network. Only empty control
// groups can be left; Sweep removes them.
//
// These guests share the kernel and its root user with the machine: they are
// for tests of what one has written oneself, not a wall around strangers.
package linux
