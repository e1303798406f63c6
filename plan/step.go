package plan

import "github.com/homestak/homestak/lang/addr"

// StepID is a short stable name: the first 8 hex digits of
// SHA-256(addr, op, ordinal), lengthened when two would be equal. Unrelated
// edits do not renumber steps.
type StepID string

// Step is one op on one node or host.
type Step struct {
	ID       StepID       `cbor:"1,keyasint"`
	Addr     addr.Address `cbor:"2,keyasint,omitempty"` // the node; "" for a step of a site host
	Host     string       `cbor:"3,keyasint"`           // Host.Name where the guest lives
	Op       Op           `cbor:"4,keyasint"`
	Phase    Phase        `cbor:"5,keyasint"`
	Mode     string       `cbor:"6,keyasint,omitempty"` // push, pull, hybrid: config and run steps only
	Executor string       `cbor:"7,keyasint"`           // "driver", "target", or "delegate:<address>"
	Args     []Arg        `cbor:"8,keyasint,omitempty"` // by name
	After    []StepID     `cbor:"9,keyasint,omitempty"` // sorted; all earlier in Program.Steps
	Guards   []Guard      `cbor:"10,keyasint,omitempty"`
	Locks    []Lock       `cbor:"11,keyasint,omitempty"`
	Undo     []StepID     `cbor:"12,keyasint,omitempty"` // into Program.Undo, in the order they run
	Reason   string       `cbor:"13,keyasint"`
	Risk     Risk         `cbor:"14,keyasint,omitempty"`
	Deadline uint         `cbor:"15,keyasint"` // seconds
}

// Phase of a node's life a step belongs to.
type Phase uint8

const (
	PhaseCreate Phase = 1 + iota
	PhaseConfig
	PhaseRun
	PhaseDestroy
)

// Risk orders steps by what they can cost.
type Risk uint8

const (
	Safe     Risk = iota
	Downtime      // the guest stops answering for a while
	DataLoss      // volumes or snapshots are gone afterwards
)

// Arg is one named argument.
type Arg struct {
	Name  string `cbor:"1,keyasint"`
	Value Value  `cbor:"2,keyasint"`
}

// Value is a constant (Text or List) or a Late value; exactly one is set. An
// empty constant text is Text = "" with Late nil and List nil.
type Value struct {
	Text string   `cbor:"1,keyasint,omitempty"`
	List []string `cbor:"2,keyasint,omitempty"`
	Late *Late    `cbor:"3,keyasint,omitempty"`
}

// Late is a value that exists only while applying. Step names the step that
// produces it, "" when the run itself does (secrets, markers, host keys).
type Late struct {
	Kind LateKind `cbor:"1,keyasint"`
	Of   string   `cbor:"2,keyasint"` // node address, host or secret name
	Step StepID   `cbor:"3,keyasint,omitempty"`
}

// LateKind is the closed set of late values; apply refuses any other.
type LateKind uint8

const (
	LateGuestAddress    LateKind = 1 + iota // guest.address(node): IP of the declared NIC
	LateHostAPI                             // host.api(host): endpoint of a host the plan makes
	LateHostFingerprint                     // host.fingerprint(host)
	LateSecret                              // secret(name)
	LateToken                               // token(node): enrollment token
	LateAPIToken                            // apitoken(host)
	LateHostKey                             // hostkey(node): SSH host key with its certificate
	LateMarker                              // marker(node): the notes text that proves ownership
	LateSeedName                            // seed.name(node): random name of the uploaded seed
	LateServerURL                           // server.url: where pull nodes fetch
)

// GuardKind is what must hold before a step may write.
type GuardKind uint8

const (
	// GuardAbsent: no guest holds VMID, and none carries the node's identity.
	GuardAbsent GuardKind = 1 + iota
	// GuardOurs: the guest at VMID is the node's own (two of three marks), now and
	// after the changes that wait for its restart. Preflight also refuses when
	// another guest carries marks of the node: a copy. Copies that the plan saw and
	// leaves alone are in Expect, vmid → name.
	GuardOurs
	// GuardUnchanged: the guest's managed attributes are as the plan saw them
	// (Expect), or already as the plan wants them. Pending changes count as made
	// (canon.Overlay), so an edit that waits for a restart is seen as well. Three
	// keys are no attributes: MarkerKey is what the notes said, see MarkerFacts.State;
	// VolumesKey lists what the guest may own at most, volume ids or slots, joined by
	// commas; SnapshotsKey lists the snapshots it may have, likewise.
	GuardUnchanged
	// GuardPower: the guest is in the power state Expect says.
	GuardPower
	// GuardGuests: the guest at VMID is a host, and on it are the guests Expect
	// lists, vmid → name ("" = any), or fewer. It holds for a guest that does not
	// run, or never was ready: nothing can be running in it. Preflight evaluates it
	// for every step that has one, wherever the host can be asked already.
	GuardGuests
	// GuardGiven: the guest at VMID carries the marks of no node, and is the one the
	// plan saw: Expect has its name, uuid and first MAC, and MarkerKey.
	GuardGiven
)

// Guard is evaluated right before the step acts, and in preflight, before any
// write, for the first step of each guest that has guards and is not already
// done: later ones stand on what earlier steps do (a guest that the plan makes,
// starts or changes itself).
type Guard struct {
	Kind   GuardKind `cbor:"1,keyasint"`
	VMID   uint      `cbor:"2,keyasint,omitempty"`
	UUID   string    `cbor:"3,keyasint,omitempty"`
	Expect []KV      `cbor:"4,keyasint,omitempty"` // by key: attribute → canonical value at plan time
}

// KV is an ordered pair; lists of them replace maps.
type KV struct {
	Key   string `cbor:"1,keyasint"`
	Value string `cbor:"2,keyasint"`
}

// LockKind is a lane that steps share.
type LockKind uint8

const (
	LockHostIO  LockKind = 1 + iota // copies on a host; width Host.IOWidth
	LockGuest                       // one guest; width 1
	LockImage                       // one image on one host; width 1
	LockCluster                     // cluster-wide configuration; width 1
)

// Lock is a place in a lane.
type Lock struct {
	Kind LockKind `cbor:"1,keyasint"`
	Of   string   `cbor:"2,keyasint"` // host name, "host/vmid", "host/image", cluster
}
