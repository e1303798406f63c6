package apply

import (
	"time"

	"github.com/homestak/homestak/runtime/ca"
	"github.com/homestak/homestak/runtime/pve"
	"github.com/homestak/homestak/runtime/secret"
)

// Env is how a run reaches the world. It is made by the command line from the
// site, and nothing in it decides what happens: that is the plan's.
type Env struct {
	// StateDir is the site's .homestak: journals and tokens, a cache. It is made
	// when it is first written to.
	StateDir string
	// Hosts are the site's, by name.
	Hosts map[string]HostEnv
	// Keys of the site: they prove what is ours and let the driver log in.
	Keys *ca.Keys
	// Secrets of the site. Nil is a site without any.
	Secrets *secret.Store
	// Builtin finds the bytes of a builtin: image.
	Builtin func(name string) ([]byte, bool)
	// Self is the path of the program that targets run: a homestak binary.
	Self string
	// Holder is how others see this driver in a lease, "alice@laptop".
	Holder string
	// Events is called with everything that happens, in order, one call at a time.
	// Nil is nobody listens.
	Events func(Event)
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// HostEnv is one host of the site.
type HostEnv struct {
	Node         string   // PVE node name
	Endpoints    []string // "https://10.0.0.2:8006", the first is asked first
	Fingerprint  string   // what is pinned, as pve.ParsePins reads it: "AA:BB:…"
	CA           []byte   // authorities in PEM that may vouch for it instead
	Token        secret.Value
	User         string // "user@realm", who logs in with Password where there is no token
	Password     secret.Value
	Storage      string // for guest disks
	ImageStorage string // for images and seeds
	SeedStorage  string // for seeds that are CD-ROMs
	IOWidth      uint   // copies at once, 0 = the default
	Via          string // an HTTP CONNECT proxy to its guests, "https://127.0.0.1:40123"; "" = direct
	// Dial reaches its endpoints and its via; nil = a plain TCP connection.
	Dial pve.Dialer
}

// Options of one run.
type Options struct {
	// Jobs is how many steps run at once; 0 means DefaultJobs.
	Jobs int
	// Resume says that this run continues an earlier one. Every run does, if there
	// is one; with Resume a note says so when none is known.
	Resume bool
	// Again repeats a test that the journal knows as finished.
	Again bool
	// Grace is how long running tasks may go on after ctx ends; 0 means DefaultGrace.
	Grace time.Duration
	// Hurry, when closed, ends the grace at once (the second ^C).
	Hurry <-chan struct{}
	// Next is the command that would continue this run, for messages and the report.
	Next string
}

const (
	DefaultJobs  = 8
	DefaultGrace = 30 * time.Second
)

// defaultIOWidth is how many copies a host takes at once when its entry does
// not say.
const defaultIOWidth = 4

func (e *Env) now() time.Time {
	if e.Now == nil {
		return time.Now()
	}
	return e.Now()
}

// redact takes known secret values out of a text that others wrote.
func (e *Env) redact(text string) string {
	if e.Secrets == nil {
		return text
	}
	return e.Secrets.Redact(text)
}
