package schema

// The blocks of this file are understood, checked and completed; what acts on
// them comes with later versions.

// Check is one assertion of `test`.
var Check = &Object{Name: "check", Doc: "What `test` asserts about a node beyond platform ready: one thing a check.",
	OneOf: []string{"port", "http", "command", "service", "file", "package"},
	Fields: []Field{
		{Key: "name", Type: Name, New: true, Doc: "What reports call it."},
		{Key: "node", Type: Ref, Of: KindNode, New: true, Required: true, Doc: "The node, or the group of which every node, is looked at."},
		{Key: "from", Type: Ref, Of: KindNode, New: true, Doc: "The node that looks at ports and URLs; the driver when absent."},
		{Key: "port", Type: Int, Min: 1, Max: 65535, New: true, Doc: "TCP port that accepts a connection."},
		{Key: "http", Type: Group, Object: CheckHTTP, New: true, Doc: "Request that is answered as expected."},
		{Key: "command", Type: String, New: true, Doc: "Command line, run on the node, that ends with exit code 0."},
		{Key: "service", Type: Service, New: true, Doc: "systemd unit that is running."},
		{Key: "file", Type: String, New: true, Doc: "Absolute path of a file that exists."},
		{Key: "package", Type: Package, New: true, Doc: "Debian package that is installed."},
		{Key: "contains", Type: String, New: true, Doc: "Text that the output of the command, or the file, has in it."},
		{Key: "timeout", Type: Duration, Default: "30s", New: true, Doc: "How long it may take to become true."},
		{Key: "interval", Type: Duration, Default: "2s", New: true, Doc: "Time between two tries."},
	}}

// CheckHTTP is a request and what its answer has to be.
var CheckHTTP = &Object{Name: "http", Doc: "A request to a node.", Fields: []Field{
	{Key: "path", Type: String, Default: "/", New: true, Doc: "Path and query of the URL."},
	{Key: "port", Type: Int, Min: 1, Max: 65535, New: true, Doc: "Port; by default 80, or 443 with tls."},
	{Key: "tls", Type: Bool, Default: "false", New: true, Doc: "Whether it is https; the certificate is not verified."},
	{Key: "status", Type: Int, Min: 100, Max: 599, Default: "200", New: true, Doc: "Status of the answer."},
	{Key: "contains", Type: String, New: true, Doc: "Text that the body of the answer has in it."},
}}

// Policy is a rule that plans have to keep.
var Policy = &Object{Name: "policy", Doc: "A rule that the plans of the site have to keep.", Fields: []Field{
	nameField,
	{Key: "description", Type: String, New: true, Doc: "Text for people."},
	{Key: "rule", Type: String, New: true, Required: true, Use: Later, Doc: "An expression of CEL over the plan that is true when the plan is good."},
	{Key: "message", Type: String, New: true, Doc: "What to say about a plan that is not."},
	{Key: "severity", Type: String, Enum: []string{"error", "warning"}, Default: "error", New: true, Doc: "Whether such a plan is refused, or only remarked upon."},
	expressionsField, variablesField, localsField,
}}
