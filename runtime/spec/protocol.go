package spec

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Paths of version 1. {…} stands for one part of a path.
const (
	PathEnroll    = "/v1/enroll"                   // POST EnrollRequest → EnrollReply
	PathRenew     = "/v1/renew"                    // POST RenewRequest → EnrollReply
	PathProgram   = "/v1/program"                  // GET → Assignment, ETag
	PathEvents    = "/v1/events"                   // GET ?after=&wait=&etag= → Events
	PathReport    = "/v1/report"                   // POST Report
	PathJobResult = "/v1/jobs/{id}/result"         // POST JobResult
	PathAgent     = "/v1/agent/{digest}"           // GET → the binary
	PathNodes     = "/v1/admin/nodes"              // GET → []Node
	PathNode      = "/v1/admin/nodes/{node}"       // GET → Node; PUT Publication; DELETE
	PathSend      = "/v1/admin/nodes/{node}/event" // POST a sealed signal or job
	PathRevoke    = "/v1/admin/revoke"             // POST Revocation
	PathServer    = "/v1/admin/server"             // GET → Info
	PathManifests = "/v1/manifests"                // GET → names; operators only
	PathHealth    = "/healthz"
	PathReady     = "/readyz"
	PathMetrics   = "/metrics"
)

// Limits of what travels.
const (
	MaxBody   = 4 << 20   // bytes of a request, programs and binaries excepted
	MaxReport = 512 << 10 // bytes
	MaxWait   = 5 * time.Minute
	// ContentAssignment is the type of an encoded Assignment.
	ContentAssignment = "application/vnd.homestak.assignment+cbor"
)

// EnrollRequest asks for a certificate. CSR is a PKCS #10 request by the node's
// own key, in DER: it proves that the node has the key. Its subject counts for
// nothing.
type EnrollRequest struct {
	Token string `json:"token"`
	CSR   []byte `json:"csr"`
}

// RenewRequest asks for a new certificate, for the same key or another one.
type RenewRequest struct {
	CSR []byte `json:"csr"`
}

// EnrollReply is who the node is now.
type EnrollReply struct {
	Node    string   `json:"node"`    // uuid
	Address string   `json:"address"` // in its manifest
	Chain   [][]byte `json:"chain"`   // certificates in DER, the node's own first
	Expires string   `json:"expires"` // of the first, RFC 3339
}

// Assignment is what a node converges by. It is CBOR on the wire, because it is
// mostly bytes.
type Assignment struct {
	Statement []byte `cbor:"1,keyasint"`           // sign.Program, sealed by the site
	Program   []byte `cbor:"2,keyasint"`           // plan/program's encoding; its digest is in the statement
	Bundle    []byte `cbor:"3,keyasint,omitempty"` // the secrets it names: age ciphertext to the node's key
}

// Events are sealed signals and jobs that a node has not had. Changed says that
// its assignment is no longer the one it has: nothing signed, a hint to fetch.
type Events struct {
	Last    uint64  `json:"last"` // to be given as after the next time
	Events  []Event `json:"events"`
	Changed bool    `json:"changed,omitempty"`
}

// Event is one of them.
type Event struct {
	Sequence uint64 `json:"sequence"` // the server's, for after
	Sealed   []byte `json:"sealed"`   // sign.Signal or sign.Job
}

// Phase of a node's work, as reports name it.
type Phase string

const (
	PhaseEnroll   Phase = "enroll"
	PhaseFetch    Phase = "fetch"
	PhaseVerify   Phase = "verify"
	PhaseConverge Phase = "converge"
	PhaseCheck    Phase = "check"
	PhaseIdle     Phase = "idle"
)

// Outcome of a report.
type Outcome string

const (
	Right     Outcome = "right"     // everything is as the program says
	Drifted   Outcome = "drifted"   // a check found differences
	Failed    Outcome = "failed"    // Message says why
	Rebooting Outcome = "rebooting" // it goes on after a start
	Paused    Outcome = "paused"
)

// Report is what a node says of itself.
type Report struct {
	Program    string          `json:"program,omitempty"`    // digest
	Generation uint64          `json:"generation,omitempty"` // the highest it has seen
	Run        string          `json:"run,omitempty"`        // id of the run that caused it
	Phase      Phase           `json:"phase"`
	Outcome    Outcome         `json:"outcome"`
	Started    time.Time       `json:"started"`
	Finished   time.Time       `json:"finished"`
	Changed    int             `json:"changed"`
	Corrected  int             `json:"corrected"` // drift put right
	Code       string          `json:"code,omitempty"`
	Message    string          `json:"message,omitempty"`
	Tail       string          `json:"tail,omitempty"`      // the end of the log
	Resources  json.RawMessage `json:"resources,omitempty"` // apply/converge's results
	Agent      string          `json:"agent,omitempty"`     // digest of the binary
}

// JobResult answers a job.
type JobResult struct {
	OK      bool   `json:"ok"`
	Message string `json:"message,omitempty"`
	Output  []byte `json:"output,omitempty"`
}

// AuthMethod is how strictly the compatible paths ask who is there; it is a
// posture's.
type AuthMethod string

const (
	AuthNetwork   AuthMethod = "network"
	AuthSiteToken AuthMethod = "site_token"
	AuthNodeToken AuthMethod = "node_token"
)

// Publication puts a node's assignment on a server.
type Publication struct {
	Address   string          `json:"address"`          // in its manifest
	Name      string          `json:"name"`             // host name, for /spec/{name}
	Statement []byte          `json:"statement"`        // sign.Program, sealed
	Program   []byte          `json:"program"`          // encoded
	Bundle    []byte          `json:"bundle,omitempty"` // age ciphertext to Info.Recipient
	Spec      json.RawMessage `json:"spec,omitempty"`   // upstream's form, without secrets
	SpecName  string          `json:"specName,omitempty"`
	Auth      AuthMethod      `json:"auth,omitempty"`
}

// Node is what a server knows of a node.
type Node struct {
	UUID       string    `json:"uuid"`
	Address    string    `json:"address"`
	Name       string    `json:"name"`
	Program    string    `json:"program"`    // digest
	Generation uint64    `json:"generation"` // the highest published or reported
	Published  time.Time `json:"published"`
	Enrolled   time.Time `json:"enrolled,omitzero"`
	Fetched    time.Time `json:"fetched,omitzero"` // the last time its program was asked for
	Report     *Report   `json:"report,omitempty"`
	Reported   time.Time `json:"reported,omitzero"`
}

// Revocation takes back a token or a node's certificates; exactly one is given.
type Revocation struct {
	Token  string `json:"token,omitempty"` // sign.Token.ID
	Node   string `json:"node,omitempty"`  // uuid
	Reason string `json:"reason,omitempty"`
}

// Info is what operators have to know of a server.
type Info struct {
	Name      string    `json:"name"`
	Version   string    `json:"version"`
	Site      string    `json:"site"`
	Recipient string    `json:"recipient"` // age public key for bundles
	Time      time.Time `json:"time"`
}

// Error is a refusal, in upstream's form.
type Error struct {
	Status  int    `json:"-"`
	Code    string `json:"code"`
	Message string `json:"message"`
	// RetryAfter is when it may be worth trying again; 0 = not said.
	RetryAfter time.Duration `json:"-"`
}

func (e *Error) Error() string { return fmt.Sprintf("%s (%d %s)", e.Message, e.Status, e.Code) }

// Errors a caller tells apart.
var (
	ErrNotModified = errors.New("not modified")
	ErrNotFound    = errors.New("not found")
)
