package schema

import "github.com/homestak/homestak/lang/unit"

// What no machine has more of: a size beyond is a slip of a unit.
const (
	maxMemory = int64(16 * unit.TiB)
	maxDisk   = int64(128 * unit.TiB)
)

// Manifest is a deployment. Upstream's schema v2, and what homestak adds.
var Manifest = &Object{Name: "manifest", Doc: "What machines should exist and how they relate.", Fields: []Field{
	{Key: "schema_version", Type: Int, Min: 2, Max: 2, InYAML: true, Doc: "Always 2."},
	{Key: "name", Type: Name, Doc: "The manifest's name: by default the file's name, and never different from it."},
	{Key: "description", Type: String, Doc: "Text for people."},
	{Key: "pattern", Type: String, Enum: []string{"flat", "tiered", "mesh", "hub-spoke", "federated"},
		Doc: "The shape of the node graph. Derived when absent; an error when the graph has another shape."},
	{Key: "execution", Type: Group, Object: ManifestExecution, Doc: "Who acts, for every node that does not say."},
	{Key: "settings", Type: Group, Object: Settings, Doc: "How a run behaves."},
	{Key: "nodes", Type: List, Elem: &Field{Type: Group, Object: Node}, Doc: "The machines. Only a manifest that has modules may have none of its own."},
	{Key: "modules", Type: List, Elem: &Field{Type: Group, Object: Module}, New: true, Doc: "Patterns from files of their own, whose nodes join these."},
	{Key: "checks", Type: List, Elem: &Field{Type: Group, Object: Check}, New: true, Use: Later, Doc: "What `test` asserts beyond platform ready."},
	expressionsField, variablesField, localsField,
	{Key: "levels", Gone: "this is schema v1: give each level as an item of `nodes`, with the level before it as `parent`"},
}}

// ManifestExecution is who acts in each phase of every node.
var ManifestExecution = &Object{Name: "execution", Fields: []Field{
	{Key: "default_mode", Type: String, Enum: modes, Default: "push", Doc: "Mode of nodes and phases that name none."},
	{Key: "create", Type: String, Enum: modes, New: true, Doc: "Only push: a node that does not exist cannot act."},
	{Key: "config", Type: String, Enum: modes, New: true, Doc: "Mode of the config phase."},
	{Key: "run", Type: String, Enum: modes, New: true, Use: Later, Doc: "Mode of the run phase, which nothing starts yet."},
	{Key: "destroy", Type: String, Enum: modes, New: true, Doc: "Only push: the parent reclaims what the node held."},
	{Key: "mode", Gone: "for all nodes of a manifest the field is `default_mode`"},
}}

// NodeExecution is who acts in each phase of one node.
var NodeExecution = &Object{Name: "execution", Fields: []Field{
	{Key: "mode", Type: String, Enum: modes, Doc: "Mode of this node."},
	{Key: "create", Type: String, Enum: modes, New: true, Doc: "Only push: a node that does not exist cannot act."},
	{Key: "config", Type: String, Enum: modes, New: true, Doc: "Mode of the config phase."},
	{Key: "run", Type: String, Enum: modes, New: true, Use: Later, Doc: "Mode of the run phase, which nothing starts yet."},
	{Key: "destroy", Type: String, Enum: modes, New: true, Doc: "Only push: the parent reclaims what the node held."},
	{Key: "default_mode", Gone: "for one node the field is `mode`"},
}}

var modes = []string{"push", "pull", "hybrid"}

// Settings steer a whole run; site.yaml may have them too.
var Settings = &Object{Name: "settings", Fields: []Field{
	{Key: "on_error", Type: String, Enum: []string{"stop", "rollback", "continue"}, Default: "stop",
		Doc: "After a failed step: stop, undo what this run created, or go on with what does not depend on it."},
	{Key: "verify", Type: Bool, Default: "true", New: true, Doc: "Assert every resource again, over a new connection, when a node is configured."},
	{Key: "verify_ssh", Renamed: "verify"},
	{Key: "cleanup_on_failure", Type: Bool, Default: "true", Doc: "`test` destroys what it created when a step fails."},
	{Key: "parallelism", Type: Int, Min: 1, Max: 1024, Default: "8", New: true, Doc: "Steps that may run at once."},
	{Key: "timeout", Type: Duration, Default: "0s", New: true, Doc: "Deadline of one step; 0s leaves each op its own."},
	{Key: "timeout_buffer", Type: Int, Min: 0, Max: 86400, Use: Retired, Default: "60", Doc: "Upstream never used it: each op has a deadline of its own."},
}}

// Node is one machine of a manifest.
var Node = &Object{Name: "node", Doc: "One machine. It is an instance, not a template.", Fields: []Field{
	{Key: "name", Type: Label, Required: true, Doc: "Unique in the manifest; becomes the host name."},
	{Key: "type", Type: String, Enum: []string{"vm", "ct", "pve"}, Default: "vm",
		Doc: "Virtual machine, container, or a virtual machine that is a Proxmox VE host. A vm with a host spec is a pve."},
	{Key: "spec", Type: Ref, Of: KindSpec, Default: "base", Doc: "What the node becomes. A pve that names none becomes `pve`."},
	{Key: "preset", Type: Ref, Of: KindPreset, Default: "vm-small", Doc: "Size."},
	{Key: "image", Type: Ref, Of: KindImage, Default: "debian-12", Doc: "Disk image. A pve that names none boots `debian-13-pve`."},
	{Key: "template", Type: Ref, Of: KindImage, Doc: "What a ct is made from: an image of the catalogue that is a container template, by default `debian-12-standard`, or a volume of the host, as in local:vztmpl/FILE."},
	{Key: "vmid", Type: Int, Min: 100, Max: 999999999, Doc: "Guest id. When absent the plan chooses one from the site's range."},
	{Key: "parent", Type: Ref, Of: KindNode, Doc: "The node that spawns this one and is its host; null for the host given with -H."},
	{Key: "host", Type: Ref, Of: KindHost, New: true, Doc: "The site's host that a root node runs on, whatever -H says."},
	{Key: "cores", Type: Int, Min: 1, Max: 512, New: true, Doc: "CPU cores; overrides the preset."},
	{Key: "memory", Type: Size, Unit: unit.MiB, Min: int64(128 * unit.MiB), Max: maxMemory, New: true, Doc: "Memory; overrides the preset. A bare number counts MiB."},
	{Key: "disk", Type: Size, Unit: unit.GiB, Min: int64(unit.GiB), Max: maxDisk, Doc: "First disk; overrides the preset. A bare number counts GiB."},
	{Key: "network", Type: Group, Object: Network, New: true, Doc: "First network interface."},
	{Key: "tags", Type: List, Elem: &Field{Type: Tag}, New: true, Doc: "Tags on the guest, besides homestak's own."},
	{Key: "pool", Type: Pool, New: true, Doc: "Resource pool of the host."},
	{Key: "protect", Type: Bool, Default: "false", New: true, Doc: "Refuse to destroy or replace the guest."},
	{Key: "on_boot", Type: Bool, Default: "true", New: true, Doc: "Start the guest when its host boots."},
	{Key: "execution", Type: Group, Object: NodeExecution, Doc: "Who acts."},
	{Key: "count", Type: Int, Min: 0, Max: 100000, New: true, Doc: "Make that many: NAME-1, NAME-2, … The name alone then means all of them."},
	{Key: "depends_on", Type: List, Elem: &Field{Type: Ref, Of: KindNode, Object: Dependency}, New: true, Doc: "Nodes this one waits for."},
	{Key: "peers", Type: List, Elem: &Field{Type: Ref, Of: KindNode}, New: true, Doc: "Nodes that know each other; names, groups or globs such as web-*."},
	{Key: "nodes", Type: List, Elem: &Field{Type: Group}, New: true, Doc: "Children of this node."},
	{Key: "modules", Type: List, Elem: &Field{Type: Group, Object: Module}, New: true, Doc: "Modules whose nodes become children of this node."},
	{Key: "for_each", Type: Any, New: true, Doc: "Make one per key of a mapping, or per text of a list: NAME-KEY. The name alone then means all of them."},
	{Key: "hardware", Type: Group, Object: Hardware, New: true, Doc: "The machine that a vm sees."},
	{Key: "interfaces", Type: List, Elem: &Field{Type: Group, Object: Interface}, New: true, Doc: "Further network interfaces."},
	{Key: "disks", Type: List, Elem: &Field{Type: Group, Object: Disk}, New: true, Doc: "Further disks."},
	{Key: "storage", Type: Storage, New: true, Doc: "Storage of the first disk; by default the host's datastore."},
	{Key: "clone", Type: String, Enum: []string{"full", "linked"}, New: true, Doc: "Make the vm as a clone of a template, which is made once on each host from the image. Without it the image is imported for each vm."},
	{Key: "boot", Type: Group, Object: Boot, New: true, Doc: "What the guest boots from, and when its host starts it."},
	{Key: "reboot", Type: Group, Object: Reboot, New: true, Doc: "When the guest is restarted for a change that needs it."},
	{Key: "placement", Type: Group, Object: Placement, New: true, Doc: "Choice among several hosts."},
	{Key: "cloud_init", Type: Group, Object: CloudInit, New: true, Doc: "Additions to the seed of a vm."},
	{Key: "swap", Type: Size, Unit: unit.MiB, Max: maxMemory, Default: "512", New: true, Doc: "Swap of a ct. A bare number counts MiB."},
	{Key: "unprivileged", Type: Bool, Default: "true", New: true, Doc: "Whether root in a ct is nobody on the host."},
	{Key: "features", Type: Group, Object: Features, New: true, Doc: "What a ct may do."},
	{Key: "renamed_from", Type: Label, New: true, Doc: "The node's former name, so that the guest is kept."},
}}

// Module is one use of a module: nodes from a file of its own.
var Module = &Object{Name: "module", Doc: "A pattern from a file of its own. Its nodes are called MODULE-NODE, and MODULE alone means all of them.", Fields: []Field{
	{Key: "name", Type: Label, Required: true, Doc: "What the names of its nodes begin with."},
	{Key: "source", Type: String, Required: true, Doc: "stdlib:NAME for one of the library, or a file of the site, relative to this one: ./edge.hcl."},
	{Key: "count", Type: Int, Min: 0, Max: 100000, New: true, Doc: "Make that many: NAME-1, NAME-2 and so on."},
	{Key: "for_each", Type: Any, New: true, Doc: "Make one per key of a mapping, or per text of a list: NAME-KEY."},
	{Key: "depends_on", Type: List, Elem: &Field{Type: Ref, Of: KindNode, Object: Dependency}, New: true, Doc: "Nodes that every node of the module waits for."},
	{Key: "with", Type: Table, Elem: &Field{Type: Any}, New: true, Doc: "Values for the module's variables, by name. In HCL they may stand in the block itself."},
}}

// Dependency is the longer form of an item of depends_on.
var Dependency = &Object{Name: "dependency", Fields: []Field{
	{Key: "node", Type: Ref, Of: KindNode, Required: true, Doc: "Node or group that is waited for."},
	{Key: "until", Type: String, Enum: []string{"created", "ready"}, Default: "ready", Doc: "It runs, or it is platform ready."},
}}

// Network is the first interface of a node.
var Network = &Object{Name: "network", Doc: "The first network interface, by which homestak reaches the node.", Fields: append([]Field{
	{Key: "bridge", Type: Bridge, Default: "vmbr0", Doc: "Bridge of the host."},
	{Key: "ip", Type: CIDR, Default: "dhcp", Doc: "Static address with prefix length, or dhcp."},
	{Key: "gateway", Type: IP, Doc: "Default route, in the subnet of ip."},
	{Key: "dns", Type: List, Elem: &Field{Type: IP}, Doc: "Name servers."},
	{Key: "domain", Type: Domain, Doc: "DNS domain of the host name."},
	{Key: "mac", Type: MAC, Doc: "MAC address; derived from the node's identity when absent."},
	{Key: "vlan", Type: Int, Min: 1, Max: 4094, Doc: "VLAN tag."},
}, card()...)}
