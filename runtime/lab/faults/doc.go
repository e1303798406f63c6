// Package faults is what goes wrong in a lab, as data: which requests meet with
// what, how often, and what becomes of them.
//
// In: a Script, from a file or an admin call, and each request as it comes.
// Out: the rules that fire for it. What a fault does to the lab is the lab's
// code; nothing here has an effect, a clock or randomness of its own.
//
//	Script ─ Check ─▶ problems by rule and field
//	   └──── New ──▶ Engine ── Match("POST", "/nodes/lab/qemu") ──▶ hits, in the script's order
//
// Vocabulary: a rule is one fault with what it waits for; it matches a request
// by verb and path, lets the first Skip of those pass, and fires for at most
// Times of the rest. The same script and the same requests in the same order
// give the same hits.
package faults
