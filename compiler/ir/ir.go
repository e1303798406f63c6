package ir

import (
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/unit"
)

// Layer says which layer gave a value its effective form. Later layers win.
type Layer uint8

const (
	FromDefault  Layer = iota // homestak's own default
	FromStdlib                // an embedded preset, posture, spec or image
	FromSite                  // site.yaml
	FromImage                 // images/
	FromPosture               // postures/
	FromSpec                  // specs/
	FromPreset                // presets/
	FromManifest              // a manifest-wide setting
	FromNode                  // the node itself
	FromFlag                  // the command line
)

var layerNames = [...]string{"default", "stdlib", "site", "image", "posture", "spec", "preset", "manifest", "node", "flag"}

func (l Layer) String() string { return layerNames[l] }

// Origin is where a value came from: a layer and, when it was written down
// somewhere, the place.
type Origin struct {
	Layer Layer
	Range source.Range
}

// Value is an effective value with its provenance.
type Value[T any] struct {
	V    T
	From Origin
}

// Deployment is one compiled manifest.
type Deployment struct {
	SiteID      string // a UUID; identities are derived from it
	Manifest    string
	Description string
	Pattern     Value[Pattern]
	Settings    Settings
	VMIDs       VMIDRange
	Nodes       []Node  // parents before children, siblings by name
	Images      []Image // those the nodes use, by name
	Edges       []Edge  // by kind, then from, then to
}

// VMIDRange is where the planner looks for free ids, both ends included.
type VMIDRange struct{ First, Last int }

// Pattern is the shape of the node graph.
type Pattern string

const (
	Flat      Pattern = "flat"
	Tiered    Pattern = "tiered"
	Mesh      Pattern = "mesh"
	HubSpoke  Pattern = "hub-spoke"
	Federated Pattern = "federated"
)

// Settings steer a whole run.
type Settings struct {
	OnError          Value[string] // stop, rollback, continue
	Verify           Value[bool]
	CleanupOnFailure Value[bool] // `test` destroys what it made when a step fails
	Parallelism      Value[int]  // default number of steps at once
	TimeoutSeconds   Value[int]  // of one step, 0 = the op's own deadline
}

// Type is what a node is on its host.
type Type string

const (
	VM  Type = "vm"
	CT  Type = "ct"
	PVE Type = "pve" // a VM that is itself a Proxmox VE host
)

// Phase and Mode: who acts in which part of a node's life.
type (
	Phase uint8
	Mode  string
)

const (
	Create Phase = iota
	Config
	Run
	Destroy
	phases
)

var phaseNames = [...]string{"create", "config", "run", "destroy"}

func (p Phase) String() string { return phaseNames[p] }

const (
	Push   Mode = "push"
	Pull   Mode = "pull"
	Hybrid Mode = "hybrid"
)

// Node is one machine.
type Node struct {
	Address addr.Address
	Name    string
	Type    Value[Type]
	Parent  int           // index into Deployment.Nodes, -1 for a root node
	Host    Value[string] // named host of a root node, "" = the one given with -H
	Spec    Value[string]
	Preset  Value[string]
	Posture Value[string]
	Image   Value[string]

	Cores   Value[int]
	Memory  Value[unit.Size]
	Disk    Value[unit.Size]
	VMID    Value[int] // 0 = the planner chooses
	Network Network
	Tags    Value[[]string] // sorted, without homestak's own
	Pool    Value[string]
	Protect Value[bool]
	OnBoot  Value[bool]
	Guest   *Guest // everything else about the guest; nodes may share it; nil = all by default

	Modes [phases]Value[Mode]
	Run   RunSchedule

	Becomes Spec // the effective spec, posture included
	Decl    source.Range
}

// Network is what an interface is connected to: the node's first one, which is
// how homestak reaches it, or a further one.
type Network struct {
	Bridge  Value[string]
	IP      Value[string] // "dhcp" or a CIDR such as 10.0.9.20/24; "" (further ones only) = no address
	Gateway Value[string]
	DNS     Value[[]string]
	Domain  Value[string] // the first one's only
	MAC     Value[string] // "" = derived from the node's identity
	VLAN    Value[int]    // 0 = untagged
}

// RunSchedule is the run phase of a spec.
type RunSchedule struct {
	Trigger  Value[string]
	Interval Value[string]
}

// Spec is what a node becomes.
type Spec struct {
	Hostname        Value[string]
	Timezone        Value[string]
	Packages        []Value[string] // site, spec and posture merged, sorted, unique
	Users           []User          // by name
	ServicesEnable  []Value[string] // sorted
	ServicesDisable []Value[string] // sorted
	SSH             SSH
	SudoNoPassword  Value[bool]
	Fail2ban        Value[bool]
	AuthMethod      Value[string]
	RootPassword    Value[string] // secret that holds root's crypt hash ("passwords.vm_root"); "" = root has no password
	PVE             *PVEConfig    // nil when the spec is not a host spec
}

// User is an account on the node. Keys are names of secrets (the part after
// "ssh_keys."), sorted.
type User struct {
	Name Value[string]
	Sudo Value[bool]
	Keys []Value[string]
}

// SSH is the daemon's policy, from the posture.
type SSH struct {
	Port                   Value[int]
	PermitRootLogin        Value[string] // yes, no, prohibit-password
	PasswordAuthentication Value[string] // yes, no
}

// PVEConfig is what only a Proxmox VE host has.
type PVEConfig struct {
	RemoveSubscriptionNag Value[bool]
}

// Image is a disk image in the catalogue.
type Image struct {
	Name      string
	Source    Value[string] // https URL, or "builtin:NAME" (the lab only)
	Checksum  Value[string] // "sha256:<hex>" or "sha512:<hex>"; "" only for builtin
	MinDisk   Value[unit.Size]
	Format    Value[string] // qcow2 or raw; of a container template tar.gz, tar.xz or tar.zst
	OS        Value[string] // debian-12, debian-13, pve-9: what cloud-init will find
	Seed      Value[string] // "cdrom" when its cloud-init reads a seed from a CD-ROM alone; "" or "any"
	HostReady Value[bool]   // Proxmox VE is already installed in it
}

// EdgeKind is the relation an edge states.
type EdgeKind uint8

const (
	ParentOf  EdgeKind = iota // From spawns To
	DependsOn                 // From waits for To
	PeerOf                    // undirected, stored once with From < To
)

var edgeNames = [...]string{"parent", "depends_on", "peer"}

func (k EdgeKind) String() string { return edgeNames[k] }

// Edge relates two nodes by their index in Deployment.Nodes. Until is set for
// DependsOn only: "created" or "ready".
type Edge struct {
	Kind     EdgeKind
	From, To int
	Until    string
	Decl     source.Range
}
