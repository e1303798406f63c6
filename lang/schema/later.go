package schema

import "github.com/homestak/homestak/lang/unit"

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

// Disk is a disk besides the first.
var Disk = &Object{Name: "disk", Doc: "A disk besides the first.", Fields: []Field{
	{Key: "size", Type: Size, Unit: unit.GiB, Min: int64(unit.GiB), Max: maxDisk, New: true, Required: true, Doc: "Size. A bare number counts GiB."},
	{Key: "storage", Type: Storage, New: true, Doc: "Storage of the host; by default that of the first disk."},
	{Key: "bus", Type: String, Enum: []string{"scsi", "virtio", "sata"}, Default: "scsi", New: true, Doc: "How the guest sees it."},
	{Key: "ssd", Type: Bool, Default: "false", New: true, Doc: "Whether the guest is told that it is no spinning disk."},
	{Key: "discard", Type: Bool, Default: "true", New: true, Doc: "Whether space that the guest frees is given back."},
	{Key: "backup", Type: Bool, Default: "true", New: true, Doc: "Whether backups of the guest include it."},
}}

// Placement chooses the host of a root node.
var Placement = &Object{Name: "placement", Doc: "Choice among several hosts, made when the node is created.", Fields: []Field{
	{Key: "hosts", Type: List, Elem: &Field{Type: Ref, Of: KindHost}, New: true, Required: true, Doc: "Hosts to choose from, in order of preference."},
	{Key: "spread", Type: String, Enum: []string{"host", "none"}, Default: "none", New: true, Doc: "Instances of one node on different hosts."},
	{Key: "pin", Type: Bool, Default: "false", New: true, Doc: "A guest that was moved by others goes back."},
}}

// Boot is what a guest boots from, and when.
var Boot = &Object{Name: "boot", Doc: "What the guest boots from, and when its host starts it.", Fields: []Field{
	{Key: "order", Type: List, Elem: &Field{Type: String, Enum: []string{"disk", "network", "cdrom"}}, New: true, Doc: "Devices, the first choice first."},
	{Key: "startup", Type: Int, Min: 0, Max: 9999, New: true, Doc: "Place among the guests that a booting host starts: lower ones first."},
	{Key: "delay", Type: Duration, Default: "0s", New: true, Doc: "How long the host waits before it starts the next guest."},
}}

// CloudInit is what a seed has besides what homestak puts there.
var CloudInit = &Object{Name: "cloud_init", Doc: "Additions to the seed, for what has to be there at the first boot.", Fields: []Field{
	{Key: "packages", Type: List, Elem: &Field{Type: Package}, New: true, Doc: "Installed at the first boot."},
	{Key: "files", Type: List, Elem: &Field{Type: Group, Object: CloudFile}, New: true, Doc: "Written at the first boot."},
	{Key: "commands", Type: List, Elem: &Field{Type: String}, New: true, Doc: "Run by root at the end of the first boot, in order."},
}}

// CloudFile is a file that a seed writes.
var CloudFile = &Object{Name: "file", Doc: "A file of the first boot.", Fields: []Field{
	{Key: "path", Type: String, New: true, Required: true, Doc: "Absolute path."},
	{Key: "content", Type: String, New: true, Required: true, Doc: "Text of the file. No secrets: whoever can read the seed can read it."},
	{Key: "owner", Type: Login, Default: "root", New: true, Doc: "Owner."},
	{Key: "mode", Type: String, Default: "0644", New: true, Doc: "Mode in octal, in quotes."},
}}

// Features is what a container may do.
var Features = &Object{Name: "features", Doc: "What a container may do.", Fields: []Field{
	{Key: "nesting", Type: Bool, Default: "false", New: true, Doc: "Containers inside of it."},
	{Key: "keyctl", Type: Bool, Default: "false", New: true, Doc: "The keyctl system call, which Docker wants."},
	{Key: "fuse", Type: Bool, Default: "false", New: true, Doc: "File systems in user space."},
	{Key: "mknod", Type: Bool, Default: "false", New: true, Doc: "Device nodes."},
	{Key: "mount", Type: List, Elem: &Field{Type: String, Enum: []string{"nfs", "cifs"}}, New: true, Doc: "File systems it may mount."},
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
