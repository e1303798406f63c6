package diag

// HS0101–HS0149: hcl. What yaml has too is in codes_syntax.go.
var hclCodes = []Entry{
	{"HS0101", "not HCL",
		`The text breaks the rules of HCL at the place shown. A file holds fields, name = value, and
blocks, kind "name" { … }. Values are numbers, true, false, null, "text", [ lists ],
{ key = value } and expressions; text always needs double quotes.`},
	{"HS0102", "block header broken",
		`A block starts with its kind, its name in quotes if that kind has names, and an opening brace, all
on one line and without an equals sign: node "edge" {. The brace that closes it stands on a line of
its own, or at the end of a block with a single field.`},
	{"HS0103", "wrong number of names on a block",
		`Blocks that define something (manifest, spec, preset, posture, image, host, policy, variable, node,
module, user) have exactly one name; blocks that only group fields (execution, network, access, …)
have none. A name is plain text: expressions belong into fields. Add the name, or remove what is too
much.`},
	{"HS0104", "template broken",
		`Inside a text, ${ } holds one expression and %{ } one directive: if, else, endif, for, endfor. A
$ or % before a brace that is meant as text is doubled: $${ and %%{. This often happens to shell
scripts that are put into a text.`},
	{"HS0105", "name after a dot broken",
		`After a dot comes a name: letters, digits, hyphens and underscores, not starting with a digit. A
name that has other characters, such as a dot, takes the form image["debian-12.5"], or is given as
plain text. Elements of a list are taken with brackets: local.list[0].`},
	{"HS0106", "number broken",
		`Numbers are decimal, with an optional fraction and exponent, and of a sensible length. Versions
such as 1.2.3, hexadecimal numbers and sizes with a unit are text: put them into quotes.`},
	{"HS0107", "for expression broken",
		`A for expression makes a list, [for x in list : value], or a mapping, {for k, v in map : key => value};
both may end with "if condition". Only lists and mappings can be gone through.`},
	{"HS0108", "separator missing",
		`Items of a list and arguments of a function are separated by commas, entries of a mapping by commas
or new lines, and a key from its value by an equals sign. A key that is not one word needs quotes.
Write the separator where the place shows.`},
	{"HS0109", "more on a line than it can hold",
		`Each field and each block has a line of its own, and nothing separates them but the end of the line.
A block may stand on one line if it has a single field. Begin a new line where the place shows.`},
	{"HS0110", "expression too long",
		`An expression chains more operators, indexes and branches than homestak follows, which guards against
input made to crash the reader. Give parts of it names with locals.`},
	{"HS0111", "unknown block",
		`Blocks with a name define something. At the top of a file they are manifest, spec, preset, posture,
image, host, policy and variable; inside them they are node, module, user and check. Blocks that
other tools have (dynamic, provisioner, resource) do not exist: a node is repeated with count or
for_each, and what it becomes is said by its spec. Correct the block's kind, or remove it.`},
}
