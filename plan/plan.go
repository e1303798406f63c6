package plan

import "github.com/homestak/homestak/lang/addr"

// FormatVersion of the program section. Version N is readable by the two next
// minor releases.
const FormatVersion = 1

// Plan is both sections of a plan file.
type Plan struct {
	Program Program
	Notes   Notes
}

// Program is what will happen, and nothing else.
type Program struct {
	Format   uint          `cbor:"1,keyasint"`
	Goal     Goal          `cbor:"2,keyasint"`
	SiteID   string        `cbor:"3,keyasint"`
	Manifest string        `cbor:"4,keyasint"`
	Partial  string        `cbor:"5,keyasint,omitempty"` // the canonical selector (lang/selector) that it is about, "" = the whole manifest
	OnError  string        `cbor:"6,keyasint"`           // stop, rollback, continue
	Hosts    []Host        `cbor:"7,keyasint"`           // by name; site hosts, then nested ones
	Changes  []Change      `cbor:"8,keyasint"`           // by address, then deletions of nodes the manifest no longer names
	Steps    []Step        `cbor:"9,keyasint"`           // topological
	Undo     []Step        `cbor:"10,keyasint"`          // what on_error: rollback runs, named by Step.Undo
	Programs []NodeProgram `cbor:"11,keyasint"`          // by digest
	Secrets  []SecretRef   `cbor:"12,keyasint"`          // by name
}

// Goal is what the plan was made for.
type Goal uint8

const (
	GoalCreate    Goal = 1 + iota // make what is missing, bring what exists to its declared form
	GoalDestroy                   // remove every guest of the manifest
	GoalReconcile                 // create, and remove our guests that the manifest no longer names
	GoalTest                      // create, check, destroy
)

// Host is a place where guests run. The pinned certificate is part of what was
// approved: editing the site cannot redirect a plan.
type Host struct {
	Name        string       `cbor:"1,keyasint"`           // of the site's host, or the address of the node that is this host
	Parent      addr.Address `cbor:"2,keyasint,omitempty"` // the node itself, for a host that a plan made; "" for a site host
	Cluster     string       `cbor:"3,keyasint,omitempty"`
	Node        string       `cbor:"4,keyasint"`           // PVE node name
	Fingerprint string       `cbor:"5,keyasint,omitempty"` // SHA-256 of the certificate, AA:BB:…; "" = late (host.fingerprint)
	IOWidth     uint         `cbor:"6,keyasint"`           // width of the host's I/O lane
}

// Action classifies a change.
type Action uint8

const (
	None Action = iota
	Create
	Update
	Replace
	Move
	Adopt
	Rename
	Delete
	Forget
)

// Change is what will be different about one node, and why.
type Change struct {
	Addr   addr.Address `cbor:"1,keyasint"`
	Host   string       `cbor:"2,keyasint"`
	VMID   uint         `cbor:"3,keyasint"`
	UUID   string       `cbor:"4,keyasint"`
	Kind   string       `cbor:"5,keyasint"` // vm, ct, pve
	Action Action       `cbor:"6,keyasint"`
	Reason string       `cbor:"7,keyasint"` // closed vocabulary, see Reason constants
	Attrs  []Attr       `cbor:"8,keyasint,omitempty"`
	Stake  []string     `cbor:"9,keyasint,omitempty"`  // what will be lost: volumes, snapshots, backup jobs, and guests on it that are no nodes
	Was    addr.Address `cbor:"10,keyasint,omitempty"` // the address in its marks until now, of a node that is renamed
}

// Reasons of changes and steps.
const (
	ReasonAbsent     = "absent"     // no guest carries this node's identity
	ReasonPresent    = "present"    // it exists and is right
	ReasonDiffers    = "differs"    // it exists and some attribute is not as declared
	ReasonUnfinished = "unfinished" // it exists but never became ready
	ReasonStopped    = "stopped"    // it should run
	ReasonSpec       = "spec"       // the node program is new, or a secret it names
	ReasonGoal       = "goal"       // the goal itself asks for it (destroy, test)
	ReasonRemoved    = "removed"    // the manifest no longer names it
	ReasonReplaced   = "replaced"   // part of a replacement
	ReasonParent     = "parent"     // what happens to its parent makes it necessary
	ReasonTested     = "tested"     // a test made it, and now it is wanted for good
	ReasonLeftover   = "leftover"   // an interrupted run left it
	ReasonContext    = "context"    // the plan is not about it; other nodes of the plan are in it
	ReasonAdopt      = "adopt"      // the user says that a guest is this node
	ReasonForget     = "forget"     // the user gives the guest up
	ReasonMoved      = "moved"      // others moved it from where it is pinned
	ReasonRenamed    = "renamed"    // the manifest says that the node had another address
)

// Class says what applying an attribute does to the guest.
type Class uint8

const (
	Live Class = iota
	Hotplug
	Reboot
	Rebuild // the guest must be replaced
)

// Attr is one attribute that changes. Sensitive values appear as keyed digests.
type Attr struct {
	Name  string `cbor:"1,keyasint"`
	From  string `cbor:"2,keyasint,omitempty"`
	To    string `cbor:"3,keyasint,omitempty"`
	Class Class  `cbor:"4,keyasint,omitempty"`
}

// AttrSecrets is how a change says that the guest was proven ready with other
// secrets than its program would be given now: From and To begin SecretsDigest.
const AttrSecrets = "secrets"

// NodeProgram is the encoded program.Program of one node (plan/program), kept
// once by digest. Steps name it by the digest's hex form.
type NodeProgram struct {
	Digest string `cbor:"1,keyasint"` // sha256 in hex
	Data   []byte `cbor:"2,keyasint"`
}

// SecretRef names a secret the program needs. Digest is keyed (HMAC with the
// site key, from secrets.lock) so that a rotation is visible; "" when the site
// has no lock.
type SecretRef struct {
	Name   string `cbor:"1,keyasint"`
	Digest string `cbor:"2,keyasint,omitempty"`
}

// Notes are about the plan and not part of the approval.
type Notes struct {
	Tool     string    `cbor:"1,keyasint,omitempty"` // homestak version
	Commit   string    `cbor:"2,keyasint,omitempty"` // of the site's git work tree
	IR       string    `cbor:"3,keyasint,omitempty"` // digest of the deployment
	Facts    string    `cbor:"4,keyasint,omitempty"` // digest of the facts
	Findings []Finding `cbor:"5,keyasint,omitempty"`
	Sources  []Source  `cbor:"6,keyasint,omitempty"` // node → where it is declared
}

// Finding is a lint or policy result.
type Finding struct {
	Code    string `cbor:"1,keyasint"`
	Level   string `cbor:"2,keyasint"` // info, warning
	Addr    string `cbor:"3,keyasint,omitempty"`
	Message string `cbor:"4,keyasint"`
}

// Source is the declaration of a node, "manifests/x.yaml:3:5".
type Source struct {
	Addr addr.Address `cbor:"1,keyasint"`
	At   string       `cbor:"2,keyasint"`
}
