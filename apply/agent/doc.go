// Package agent is what a node that pulls runs: it finds out what the node is to
// be, makes it so, and says how that went.
//
//	enroll ─▶ fetch ─▶ verify ─▶ converge ─▶ report ─▶ wait ─┐
//	            ▲                                            │ schedule, signal,
//	            └────────────────────────────────────────────┘ another program
//
// In: a configuration that came with the seed, a system.System, a spec server.
// Out: a machine that is as its program says, and reports. It believes the site's
// signature and nothing else: a server can keep a program from it, but give it
// none, nor an older one than it has seen. What it has last verified stays on
// the node, with its secrets encrypted to the node's key, so a server that is
// away changes nothing but news.
//
// It keeps everything it knows in files of the machine, and may be killed at any
// moment.
package agent
