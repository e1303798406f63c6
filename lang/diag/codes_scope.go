package diag

// HS0280–HS0299: variables, locals and the expressions of a file.
var scopeCodes = []Entry{
	{"HS0280", "variables or locals without expressions", "A YAML file has `variables` or `locals`, and nothing in it can use them: in YAML, ${…} is plain text unless the file says `expressions: true` at its top. That line is never implied, so that files of upstream homestak keep their meaning."},
	{"HS0286", "field of a file inside a block", "`expressions`, `variables` and `locals` belong to a whole YAML file. In HCL every file has expressions, and variables and locals are blocks at its top, beside the manifest or the spec."},
	{"HS0288", "unknown node in a field without effect", "A check names a node that the manifest does not have. Nothing acts on checks in this version, and a wrong name would be as wrong in the next."},
	{"HS0289", "not one of several fields", "The mapping says one thing of several: a check looks at a port, a URL, a command, a service, a file or a package. With none of them it would say nothing, and with two it would be two checks."},
}
