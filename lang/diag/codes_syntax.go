package diag

// HS0001–HS0099: input limits, yaml, what yaml and hcl share, and the formatter.
var syntaxCodes = []Entry{
	{"HS0001", "file too large to read",
		`A source file is larger than homestak reads. The limit keeps a wrong path (an
image, a log) from filling memory. Split the file, or let count, presets and
specs say once what the file repeats.`},
	{"HS0002", "nested too deep",
		`Collections, blocks, brackets or templates are nested more deeply than any real
file is, and a reader that follows them without a limit can be made to crash.
Flatten the text: nodes name their parents, so a manifest needs few levels.`},
	{"HS0003", "too many values",
		`A source file holds more values than homestak reads, which guards its memory
against generated or hostile input. Split the file, or use count and presets.`},
	{"HS0004", "not UTF-8 text",
		`Source files are UTF-8, with or without a byte order mark. A byte that is not
UTF-8 usually means an editor saved the file in an older encoding or in UTF-16,
or that the file is not text at all. Save it as UTF-8.`},
	{"HS0005", "character not allowed",
		`Control characters, a byte order mark in the middle, carriage returns without a
line feed and the Unicode line separators are refused: they do not show in a
review, and readers disagree about where they end a line. Remove the character,
or write it as an escape inside double quotes.`},
	{"HS0006", "unknown kind of file",
		`homestak reads YAML (*.yaml, *.yml) and HCL (*.hcl) and chooses by the name's
ending. Rename the file, or move it out of the site.`},
	{"HS0010", "not YAML",
		`The text breaks the rules of YAML at the place shown. Most often a text needs
quotes because it has a colon, a bracket or a comma in it, or an entry of [ ] or
{ } is not separated by a comma.`},
	{"HS0011", "tab used for indentation",
		`YAML forbids tabs in indentation, because their width is a matter of taste and
the structure of the file depends on it. Replace the tab by spaces; most editors
can do it for the whole file.`},
	{"HS0012", "indentation fits no block",
		`In YAML the indentation of a line says what it belongs to. This line is indented
like no block above it. Fields of one mapping start in one column, items of one
list start with "- " in one column, and what belongs to a key stands further in
on the lines below it.`},
	{"HS0013", "colon missing or one too many",
		`A line of a mapping is "key: value", with a space after the colon. A line without
a colon is no field, and a plain value cannot hold a second ": ". Put a value
that has a colon and a space in it into quotes.`},
	{"HS0014", "quote or bracket not closed",
		`A quoted text, a list, a mapping, a block or a comment starts and its end is
missing, is of the other kind, or stands alone. The place shown is where it was
opened, since the text after it reads as part of it.`},
	{"HS0015", "unknown escape",
		`Inside double quotes a backslash starts an escape, and only some are known: \n,
\t, \", \\, \uXXXX and a few more in YAML. Windows paths and regular expressions
need each backslash doubled; YAML's single quotes leave backslashes alone.`},
	{"HS0016", "text must be quoted",
		`A plain text cannot start with this character, which YAML uses or keeps for
itself: @, a backquote, %, and the indicators. Put the text into quotes.`},
	{"HS0020", "duplicate key",
		`A mapping, a block or a file has the same key twice. Readers disagree on which
one counts, so a reviewer could see one value while another is used. Remove one
of the two; if both are meant, they belong to two items of a list. In HCL, blocks
and fields of one name count alike.`},
	{"HS0021", "anchor or alias",
		`Anchors (&name) and aliases (*name) are refused: they let a file of a few lines
expand to gigabytes, and a change of one line then changes places far away. What
several nodes share belongs into a spec, a preset or a posture, and HCL has
locals. A text that starts with * or & must be quoted.`},
	{"HS0022", "merge key",
		`The merge key (<<) is not part of YAML 1.2, and its order of precedence differs
between readers. What several nodes share belongs into a spec or a preset.`},
	{"HS0023", "tag",
		`Tags (!name, !!type) are refused: the type of each value follows from the field
it is given to, and tags that name types of a programming language are a known
way into programs that honour them. Remove the tag; quote a number that is text.`},
	{"HS0024", "more than one document",
		`One file describes one thing, named after the file. A second document (after ---
or ...) would be ignored by some readers. Put it into a file of its own.`},
	{"HS0025", "key is not text",
		`Keys are names. A number, a boolean, null, a list or a mapping as a key is nearly
always a missing quote, or a template that was never filled in: {{ x }} is, to
YAML, a mapping whose key is a mapping. Quote the key.`},
	{"HS0026", "directive",
		`Directives (%YAML, %TAG) change how the rest of a file is read. homestak always
reads YAML 1.2, so the line says nothing or something that does not hold. Remove
it.`},
	{"HS0090", "formatting would change the meaning",
		`The formatter reads back what it printed and compares. Here the two differ, or
the result cannot be read at all, so the file was left as it is. That is a bug in
homestak, and never one of the file: please report it with the file, or with the
part of it that is enough to see it.`},
}
