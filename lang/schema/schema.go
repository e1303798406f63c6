package schema

import "github.com/homestak/homestak/lang/unit"

// Type is what a field holds.
type Type uint8

const (
	String   Type = iota
	Label         // a name that becomes a host name: one DNS label in lower case
	Name          // what a definition is called
	Ref           // the name of a definition or node; Of says of which kind
	Bool          //
	Int           // within Min and Max
	Size          // bytes; a bare number counts Unit
	Duration      // 90s, 20m, 1h; a bare number counts seconds
	IP            // an IPv4 address
	CIDR          // "dhcp", or an IPv4 address with its prefix length
	MAC           // six octets in hex
	UUID          //
	URL           // https
	Domain        // a DNS domain
	Zone          // a time zone
	Package       // a Debian package
	Service       // a systemd unit
	Login         // a user's name
	Tag           // a tag of a guest
	Pool          // a resource pool
	Bridge        // a network interface
	Storage       // a storage of a host
	DiskName      // what a disk is called: the serial number that the guest sees
	Word          // a word that Proxmox VE knows and homestak does not list
	Machine       // a type of machine of Proxmox VE
	Path          // an absolute path
	Mode          // permissions in octal
	Window        // maintenance windows, see lang/window
	List          // of Elem
	Group         // a mapping with the fields of Object
	Table         // a mapping with free keys; each value is an Elem
	Any           // anything; nobody looks inside
)

var typeNames = [...]string{
	"text", "a host name", "a name", "a name", "true or false", "a whole number", "a size", "a duration", "an IPv4 address",
	"an address with prefix length", "a MAC address", "a UUID", "a URL",
	"a domain", "a time zone", "a package", "a service", "a login name", "a tag", "a pool", "a bridge", "a storage",
	"the name of a disk", "a word of Proxmox VE", "a machine type", "an absolute path", "a mode", "a maintenance window",
	"a list", "a mapping", "a mapping", "anything",
}

// String is the type in the words diagnostics use.
func (t Type) String() string { return typeNames[t] }

// Use says what homestak does with a field.
type Use uint8

const (
	Now     Use = iota
	Later       // understood, but its effect comes with a later version
	Retired     // upstream had it; homestak has no use for it and never will
	Record      // upstream wrote a fact down there; nothing acts on it, here or there
)

// Field is one field of an Object.
type Field struct {
	Key      string
	Type     Type
	Doc      string // one sentence
	Of       string // Ref: the kind
	Enum     []string
	Unit     unit.Size // Size: what a bare number counts
	Min, Max int64     // Int: bounds, both included; Size: bounds in bytes, 0 = none
	Required bool
	InYAML   bool    // required in YAML, where no block says what the file is
	Default  string  // the value when absent, as a user would write it
	Elem     *Field  // List, Table
	Object   *Object // Group, nil for the object that the field is in; for Ref: the longer form that a mapping may take
	Use      Use
	New      bool   // upstream does not have it
	Top      bool   // of a YAML file, not of what it defines: HCL has it beside its blocks
	Renamed  string // upstream's name of the field given here
	Gone     string // not accepted any more: what to write instead
}

// Object is a mapping with known fields.
type Object struct {
	Name   string // in messages: "node", "spec"
	Doc    string
	Fields []Field
	Open   bool     // further fields are allowed, and ignored with a warning
	Blanks bool     // "" is the same as absent: upstream ships templates with blanks to fill in
	OneOf  []string // fields of which exactly one is there; nil for no such rule
}

// Field finds a field by key, nil when there is none.
func (o *Object) Field(key string) *Field {
	for i := range o.Fields {
		if o.Fields[i].Key == key {
			return &o.Fields[i]
		}
	}
	return nil
}

// Default is the value of an absent field as a user would write it. It panics
// on a key the object does not have: that is a bug in the caller.
func (o *Object) Default(key string) string { return o.Field(key).Default }

// Kinds of definitions: the names of directories without their plural s, of
// HCL blocks, and of typed references.
const (
	KindManifest = "manifest"
	KindSpec     = "spec"
	KindPreset   = "preset"
	KindPosture  = "posture"
	KindImage    = "image"
	KindHost     = "host"
	KindNode     = "node"
	KindPolicy   = "policy"
)

// Of returns the object of a kind of definition, nil for an unknown kind.
func Of(kind string) *Object {
	switch kind {
	case KindManifest:
		return Manifest
	case KindSpec:
		return Spec
	case KindPreset:
		return Preset
	case KindPosture:
		return Posture
	case KindImage:
		return Image
	case KindHost:
		return Host
	case KindNode:
		return Node
	case KindPolicy:
		return Policy
	}
	return nil
}
