// Package view shows a run while it happens and when it is over. One stream of
// apply.Event goes in; what comes out depends on who watches:
//
//	apply.Event ─┬─ Plain  a line per finished step, for logs and CI
//	             ├─ Live   the same, and below it what is running now (terminals)
//	             └─ JSON   a line of JSON per event, for programs
//
// Views decide nothing and keep no more than they must print.
package view
