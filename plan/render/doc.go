// Package render turns plans into what people read: text for a terminal, one
// Markdown comment for a pull request, graphs, and the assembly form that
// parses back to the same bytes.
//
//	*plan.Plan ─┬─ Text      terminal, one line when nothing changes
//	            ├─ Markdown  a comment of at most 60,000 characters
//	            ├─ Mermaid, DOT
//	            └─ Asm ⇄ ParseAsm   the program section, complete
//
// All renderings are pure and deterministic. None reads anything but the plan,
// and none decides anything.
package render
