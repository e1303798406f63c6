// Package lsp is the language server: an editor's end of the compiler.
//
//	stdin ─→ guard ─→ channel ─→ conn ─→ server ─→ workspace ─→ site ─→ compiler
//	stdout ←───────── channel ←─ conn ←────────────────────────────┘    (and query)
//
// In: messages of the Language Server Protocol 3.17, one stream of them. Out:
// answers, and the findings of each site as its files are edited. A finding is
// shown if and only if `homestak validate` shows it, because both are what
// compiler.Check returns: here of the files on disk with the open documents laid
// over them.
//
// One goroutine reads messages and does, in their order, what changes state:
// documents, folders, the life of the server. A request takes the state as it is
// when it arrives, and is then answered on a goroutine of its own, which can be
// cancelled. Each site has one goroutine more, that checks it whenever something
// changed; a change while it is at work makes it begin again.
//
// Vocabulary: a document is a text the editor has open; a folder is a directory
// it works in; a site is what compiler.Load reads, found upwards from a file; a
// state is one site at one moment, immutable.
//
// Places in messages are lines and columns that count UTF-16 units, or bytes
// where the editor can; everything behind this package counts bytes from the
// beginning of a file. Whatever the editor sends, the server answers or ignores
// it as the protocol says; it ends when it is told to, when its input ends, and
// when the editor's process is gone. It never writes a file of the site, but for
// showing a definition of the library it puts a copy into a directory of caches.
package lsp
