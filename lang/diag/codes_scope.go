package diag

// HS0280–HS0299: variables, locals and the expressions of a file.
var scopeCodes = []Entry{
	{"HS0280", "variables or locals without expressions", "A YAML file has `variables` or `locals`, and nothing in it can use them: in YAML, ${…} is plain text unless the file says `expressions: true` at its top. That line is never implied, so that files of upstream homestak keep their meaning."},
	{"HS0281", "sensitive value in a plan", "What is made of a variable that says `sensitive = true` is sensitive too: a text with it inside, a comparison with it, what a condition on it chooses. A plan is read by many and kept for long, so such a value is refused wherever it would be written into one. Keep secrets in secrets.yaml, and refer to them by name: a plan has the name alone, and the value goes from the driver to the node. If the value is no secret, remove `sensitive`."},
	{"HS0282", "variable refused by its own validation", "The variable has a `validation` whose condition is false for this value; the label is what its author says about that. Give another value with --var or --var-file, or change the default."},
	{"HS0284", "expression that is plain text", "A text of a YAML file has ${…} in it, and the file does not say `expressions: true`, so that it is text like any other: files of upstream homestak never change their meaning. Add that line at the top of the file if an expression is meant. If the text is meant as it stands, allow the warning with a comment."},
	{"HS0285", "validation without a condition", "The condition of a validation is an expression that is true or false for each value of its variable, as in `length(var.name) > 2`, and its error_message is text. In YAML the condition is a text of one expression: \"${length(var.name) > 2}\"."},
	{"HS0286", "field of a file inside a block", "`expressions`, `variables` and `locals` belong to a whole YAML file. In HCL every file has expressions, and variables and locals are blocks at its top, beside the manifest or the spec."},
	{"HS0287", "unusable file of values", "`--var-file` names a file of values for variables: a mapping in YAML or JSON, or NAME = VALUE lines in HCL, of at most 1 MiB. It need not be in the site. The label says what is wrong with this one."},
	{"HS0288", "unknown node in a field without effect", "A check names a node that the manifest does not have. Nothing acts on checks in this version, and a wrong name would be as wrong in the next."},
	{"HS0289", "not one of several fields", "The mapping says one thing of several: a check looks at a port, a URL, a command, a service, a file or a package. With none of them it would say nothing, and with two it would be two checks."},
}
