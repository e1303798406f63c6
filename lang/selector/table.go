package selector

// Kind is what values of an attribute are.
type Kind uint8

const (
	Text    Kind = iota // names, in which * and ? are wild
	Choice              // one of a few words
	Address             // a pattern of addresses
	Number
	Bytes // a size
)

// Attribute is what a node can be selected by.
type Attribute struct {
	Name   string
	Kind   Kind
	Doc    string
	Values []string // of a Choice
	Bare   string   // of Bytes: the unit of a bare number
}

// Function makes a set of nodes from another.
type Function struct {
	Name string
	Doc  string
}

// Attributes lists every attribute, in the order of the manual.
func Attributes() []Attribute { return attributes[:] }

// Functions lists every function, in the order of the manual.
func Functions() []Function { return functions[:] }

var attributes = [...]Attribute{
	{Name: "name", Kind: Text, Doc: "the node's own name"},
	{Name: "addr", Kind: Address, Doc: "its address; the same as the bare pattern"},
	{Name: "manifest", Kind: Text, Doc: "the manifest's name"},
	{Name: "parent", Kind: Address, Doc: `the node that it is in, by address or name; "" for a node on a site's host`},
	{Name: "depth", Kind: Number, Doc: "1 on a site's host, 2 in a node there, and so on"},
	{Name: "host", Kind: Text, Doc: "the site's host on which it is in the end, however deep"},
	{Name: "type", Kind: Choice, Values: []string{"ct", "pve", "vm"}, Doc: "what it is"},
	{Name: "spec", Kind: Text, Doc: "what it becomes"},
	{Name: "preset", Kind: Text, Doc: "its size"},
	{Name: "posture", Kind: Text, Doc: "its security posture"},
	{Name: "image", Kind: Text, Doc: "what it is made from"},
	{Name: "mode", Kind: Choice, Values: []string{"hybrid", "pull", "push"}, Doc: "who configures it (the config phase)"},
	{Name: "run", Kind: Choice, Values: []string{"hybrid", "pull", "push"}, Doc: "who keeps it configured (the run phase)"},
	{Name: "tag", Kind: Text, Doc: `one of its tags; "" for a node without`},
	{Name: "pool", Kind: Text, Doc: `its resource pool; "" for none`},
	{Name: "bridge", Kind: Text, Doc: "the bridge of its first interface"},
	{Name: "vlan", Kind: Number, Doc: "its VLAN, 0 for none"},
	{Name: "vmid", Kind: Number, Doc: "the vmid that the manifest declares, 0 for none"},
	{Name: "cores", Kind: Number, Doc: "its CPU cores"},
	{Name: "memory", Kind: Bytes, Bare: "MiB", Doc: "its memory; a bare number counts MiB"},
	{Name: "disk", Kind: Bytes, Bare: "GiB", Doc: "its root disk; a bare number counts GiB"},
	{Name: "protect", Kind: Choice, Values: []string{"false", "true"}, Doc: "whether it is protected from deletion"},
}

var functions = [...]Function{
	{"under", "everything inside the nodes of X, however deep, without these themselves"},
	{"above", "the nodes that those of X are in, up to the site's host, without these themselves"},
	{"needs", "what the nodes of X depend on (depends_on), and what that depends on"},
	{"dependents", "what depends on the nodes of X, and what depends on that"},
	{"peers", "the peers of the nodes of X"},
}
