// Package system is a Linux machine as homestak sees it: files, packages,
// users, units, a clock's zone.
//
// apply/converge makes node programs true through this interface and nothing
// else, so the same code runs on a real machine and on the lab's in-memory one
// (Memory). A contract suite keeps the implementations equal.
package system
