package diag

// HS0280–HS0299: variables, locals and the expressions of a file.
var scopeCodes = []Entry{
	{"HS0280", "variables or locals without expressions", "A YAML file has `variables` or `locals`, and nothing in it can use them: in YAML, ${…} is plain text unless the file says `expressions: true` at its top. That line is never implied, so that files of upstream homestak keep their meaning."},
}
