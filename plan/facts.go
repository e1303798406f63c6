package plan

import (
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/addr"
)

// FactsVersion of the serialized form.
const FactsVersion = 1

// Facts are everything build.Plan may know about the world. They are made by
// apply.Observe, or read from a file, and hold no secret.
type Facts struct {
	Format uint        `cbor:"1,keyasint"`
	Hosts  []HostFacts `cbor:"2,keyasint"` // by name
}

// Presence of a host or guest when it was looked for.
type Presence uint8

const (
	Absent  Presence = iota // it does not exist yet
	Present                 // it was seen
	Unknown                 // it exists and could not be asked
)

// HostFacts is one host: a site host, or a node of type pve (Name is then the
// node's address).
type HostFacts struct {
	Name        string         `cbor:"1,keyasint"`
	Presence    Presence       `cbor:"2,keyasint"`
	Error       string         `cbor:"3,keyasint,omitempty"` // why Unknown
	Node        string         `cbor:"4,keyasint,omitempty"` // PVE node name
	Cluster     string         `cbor:"5,keyasint,omitempty"`
	Version     string         `cbor:"6,keyasint,omitempty"`
	Fingerprint string         `cbor:"7,keyasint,omitempty"`
	IOWidth     uint           `cbor:"8,keyasint,omitempty"`
	Storages    []StorageFacts `cbor:"9,keyasint,omitempty"`  // by name
	Bridges     []string       `cbor:"10,keyasint,omitempty"` // sorted
	Images      []string       `cbor:"11,keyasint,omitempty"` // volume ids of content type import, sorted
	Taken       []uint         `cbor:"12,keyasint,omitempty"` // every vmid of the cluster, sorted
	MACs        []string       `cbor:"13,keyasint,omitempty"` // of strangers' guests that were read
	Guests      []GuestFacts   `cbor:"14,keyasint,omitempty"` // candidates, by vmid
	Default     string         `cbor:"15,keyasint,omitempty"` // storage for guest disks named by the site's host entry
	Import      string         `cbor:"16,keyasint,omitempty"` // storage for images and seeds named by the site's host entry
	Residents   []Resident     `cbor:"17,keyasint,omitempty"` // of a host that is a node: everyone on it, by vmid
	Seeds       []string       `cbor:"18,keyasint,omitempty"` // volume ids of uploaded seeds of the deployment's nodes, sorted; not among Images
	CDs         string         `cbor:"19,keyasint,omitempty"` // storage for seeds that are CD-ROMs named by the site's host entry
	CPUs        uint           `cbor:"20,keyasint,omitempty"` // of the node, threads counted; 0 = not known, as below
	Memory      uint64         `cbor:"21,keyasint,omitempty"` // bytes, all of it
	Free        uint64         `cbor:"22,keyasint,omitempty"` // bytes of it that nobody uses
	Templates   []Resident     `cbor:"25,keyasint,omitempty"` // on this host, of those who can be cloned, by vmid
	Virtual     string         `cbor:"23,keyasint,omitempty"` // what its CPUs can give to guests that are hosts themselves: vmx, svm, or "none"
}

// Resident is a guest on a host that is a node itself: it goes down with that
// node, whoever made it.
type Resident struct {
	VMID uint   `cbor:"1,keyasint"`
	Kind string `cbor:"2,keyasint"` // qemu, lxc
	Name string `cbor:"3,keyasint,omitempty"`
}

// StorageFacts is one storage of a host.
type StorageFacts struct {
	Name      string   `cbor:"1,keyasint"`
	Type      string   `cbor:"2,keyasint"`
	Content   []string `cbor:"3,keyasint"`           // sorted
	Available uint64   `cbor:"4,keyasint,omitempty"` // bytes
	Shared    bool     `cbor:"5,keyasint,omitempty"`
}

// GuestFacts is one guest that could be a node of the deployment: it carries
// our tag, a planned vmid or an expected name.
type GuestFacts struct {
	VMID    uint         `cbor:"1,keyasint"`
	Node    string       `cbor:"2,keyasint"`
	Kind    string       `cbor:"3,keyasint"` // qemu, lxc
	Name    string       `cbor:"4,keyasint,omitempty"`
	Power   string       `cbor:"5,keyasint"` // running, stopped, paused, unknown
	Lock    string       `cbor:"6,keyasint,omitempty"`
	Tags    []string     `cbor:"7,keyasint,omitempty"` // sorted
	UUID    string       `cbor:"8,keyasint,omitempty"` // smbios
	MACs    []string     `cbor:"9,keyasint,omitempty"` // by slot
	Marker  *MarkerFacts `cbor:"10,keyasint,omitempty"`
	Config  []KV         `cbor:"11,keyasint,omitempty"` // PVE's current values in canonical form, by key; no description
	Pending []KV         `cbor:"12,keyasint,omitempty"` // values that wait for a restart
	Digest  string       `cbor:"13,keyasint,omitempty"` // PVE's config digest
	Volumes []string     `cbor:"14,keyasint,omitempty"` // owned volume ids, by slot
	// Snapshots are the names that are known, in the order they were taken: all of
	// them when they were asked for (WantedSet.Stake), else the last one.
	Snapshots []string `cbor:"15,keyasint,omitempty"`
	Jobs      []string `cbor:"16,keyasint,omitempty"` // ids of the cluster's backup jobs that name it, sorted
	HA        string   `cbor:"17,keyasint,omitempty"` // its state as an HA resource, "" when it is none
	Template  bool     `cbor:"18,keyasint,omitempty"` // it never runs; others are cloned from it
}

// MarkerFacts is what a guest's notes say about its owner. Authentic is true
// only when the HMAC holds and the marker's vmid is the guest's own.
type MarkerFacts struct {
	SiteID      string       `cbor:"1,keyasint"`
	Manifest    string       `cbor:"2,keyasint"`
	Addr        addr.Address `cbor:"3,keyasint"`
	UUID        string       `cbor:"4,keyasint"`
	VMID        uint         `cbor:"5,keyasint"`
	Incarnation uint         `cbor:"6,keyasint"`
	Program     string       `cbor:"7,keyasint,omitempty"` // digest of the program last proven ready
	Authentic   bool         `cbor:"8,keyasint"`
	Unchanged   []string     `cbor:"9,keyasint,omitempty"`  // managed keys that still are as last applied, sorted
	Port        uint         `cbor:"10,keyasint,omitempty"` // where its sshd listens since it was ready, 0 = 22
	Edited      []string     `cbor:"11,keyasint,omitempty"` // managed keys that are not as last applied, sorted
	Made        []KV         `cbor:"12,keyasint,omitempty"` // what its creation fixed (Made… names), by name; none when it does not say
	Test        bool         `cbor:"13,keyasint,omitempty"` // a test made it and nothing else has wanted it since
	Secrets     string       `cbor:"14,keyasint,omitempty"` // SecretsDigest of what it was last proven ready with, "" when no secret was locked
	Kind        string       `cbor:"15,keyasint,omitempty"` // vm, pve; "" when it does not say
	Forgotten   bool         `cbor:"16,keyasint,omitempty"` // the site gave it up: it is nobody's until it is adopted
	Adopted     bool         `cbor:"17,keyasint,omitempty"` // it was there before homestak, which never made nor configured it
}

// State is a marker in one word, as guards compare it: MarkerNone, MarkerUnsigned,
// or "signed-<incarnation>".
func (m *MarkerFacts) State() string {
	switch {
	case m == nil:
		return MarkerNone
	case !m.Authentic:
		return MarkerUnsigned
	}
	return "signed-" + strconv.FormatUint(uint64(m.Incarnation), 10)
}

const (
	MarkerNone     = "none"     // the notes hold no marker
	MarkerUnsigned = "unsigned" // not with the site's key, or for another vmid
)

// String names a guest as Change.Stake does, `VM 777 ("files")`.
func (r Resident) String() string {
	kind := stakeVM
	if r.Kind == "lxc" {
		kind = stakeCT
	}
	out := kind + strconv.FormatUint(uint64(r.VMID), 10)
	if r.Name != "" {
		out += " (" + strconv.Quote(r.Name) + ")"
	}
	return out
}

// IsGuest reports whether what is at stake is a guest, not a volume: a volume id
// holds no blank.
func IsGuest(stake string) bool {
	return strings.HasPrefix(stake, stakeVM) || strings.HasPrefix(stake, stakeCT)
}

// StakeSnapshot and StakeJob name what else goes with a guest: a snapshot of it,
// and its place in a backup job.
func StakeSnapshot(name string) string { return "snapshot " + name }
func StakeJob(id string) string        { return "its place in backup job " + id }

// StakeUnseen is what is at stake with a host that could not be asked.
const StakeUnseen = "everything inside that Proxmox VE host, unseen"

const (
	stakeVM = "VM "
	stakeCT = "CT "
)
