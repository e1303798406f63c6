package schema

// A YAML file has these three at its top. HCL has no need of the first, and the
// others are blocks of its own.
var (
	expressionsField = Field{Key: "expressions", Type: Bool, Default: "false", New: true, Top: true,
		Doc: "Whether ${…} in the texts of this file are expressions, as in HCL; without it they are plain text."}
	variablesField = Field{Key: "variables", Type: Table, Elem: &Field{Type: Group, Object: Variable}, New: true, Top: true,
		Doc: "The variables of the file, by name; a value is `var.NAME` in its expressions."}
	localsField = Field{Key: "locals", Type: Table, Elem: &Field{Type: Any}, New: true, Top: true,
		Doc: "Values with names, for the expressions of the file; each is `local.NAME` there, and may use the others."}
)

// Variable is an input of a file: a variable block in HCL, an entry of
// `variables` in YAML.
var Variable = &Object{Name: "variable", Doc: "An input of a file; its value is `var.NAME` in the file's expressions.", Fields: []Field{
	{Key: "type", Type: Any, New: true,
		Doc: "string, number, bool, any, list(T), set(T), map(T), tuple([T, …]) or object({name = T, other = optional(T, default)})."},
	{Key: "default", Type: Any, New: true, Doc: "Value when none is given; without it the variable is required."},
	{Key: "description", Type: String, New: true, Doc: "Text for people."},
	{Key: "nullable", Type: Bool, Default: "true", New: true, Doc: "Whether the value may be null; if not, null means the default."},
	{Key: "sensitive", Type: Bool, Default: "false", New: true,
		Doc: "Never shown, and refused where it would be written into a plan: what nodes need of secrets, they get by name."},
	{Key: "validation", Type: List, Elem: &Field{Type: Group, Object: Validation}, New: true, Doc: "What a value has to fulfil."},
}}

// Validation is one condition on the value of a variable.
var Validation = &Object{Name: "validation", Doc: "A condition on the value of a variable.", Fields: []Field{
	{Key: "condition", Type: Any, New: true, Required: true, Doc: "An expression that is true for a good value; it uses the variable itself alone."},
	{Key: "error_message", Type: String, New: true, Required: true, Doc: "What to say about a bad value."},
}}
