// Package shell is the command interpreter of a simulated guest: the part of
// sh that a driver, a test and a curious person use over SSH.
//
//	text ─ Parse ─▶ Script ─ Shell.Run ─▶ exit status
//	                            │
//	                            └─▶ commands (a table) ─▶ Machine
//
// In: one command line or script. Out: what it prints, an exit status, and
// whatever it did to the machine through the system interface. Understood:
// words with ” ' and \ quoting, $NAME, ${NAME}, $?, assignments, comments,
// && || ; newline, pipes, ! and the redirections < > >> 2> 2>> 2>&1 >&2.
// Anything else (loops, functions, $(…), patterns, &) is refused by name: the
// shell never does something other than sh would.
//
// Files are those of the machine, with the permission checks a real kernel
// makes for the user who runs the command. Nothing here touches the real file
// system, runs a real program, or knows SSH.
package shell
