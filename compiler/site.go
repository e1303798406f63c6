package compiler

import (
	"io/fs"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// Site is a loaded site: the user's files over the embedded library. It is
// immutable; Compile may run on it many times and concurrently.
type Site struct {
	manifests []string
}

// Load reads a site. fsys is its root directory; a leading v2/ directory is
// accepted. The site is never nil, so that the findings of several stages can
// be shown together. Manifests are parsed by Compile, so a broken one does not
// keep others from being compiled.
func Load(fsys fs.FS) (*Site, diag.List) {
	return &Site{}, nil
}

// Check compiles every manifest and decodes every definition and host, used or
// not: what `validate` does without -M.
func (s *Site) Check() diag.List { return nil }

// Manifests lists the names of the site's manifests, sorted.
func (s *Site) Manifests() []string { return s.manifests }

// Host is a Proxmox VE host the site can reach: a file of hosts/ or nodes/.
type Host struct {
	Name         string   // name users say: -H NAME
	Node         string   // PVE node name, by default Name
	Endpoints    []string // https URLs of the API, in order of preference
	Fingerprint  string   // SHA-256 of the certificate, AA:BB:…; "" = not trusted yet
	TokenName    string   // secret with the API token, "api_tokens.NAME"
	Storage      string   // for guest disks; "" = the host's first that can hold them
	ImageStorage string   // for images and seeds; "" = the host's first that can hold them
	Bridge       string   // for guests that name none; "" = the site's
	Via          string   // how its API and guests are reached; "" = directly
	IOWidth      uint     // copies at once, 0 = the default
	Range        source.Range
}

// Hosts decodes every host of the site, sorted by name. Hosts without an
// endpoint (a machine that does not run Proxmox VE yet) have no Endpoints.
func (s *Site) Hosts() ([]Host, diag.List) { return nil, nil }

// LockEntry is one line of secrets.lock: a secret and the keyed digest of its
// value. It does not reveal the value and is safe to commit.
type LockEntry struct{ Name, Digest string }

// SecretLock is what secrets.lock holds, sorted by name; empty without one.
func (s *Site) SecretLock() []LockEntry { return nil }

// SecretNames lists the site's secrets that have a value, sorted, as in
// "ssh_keys.alice". The values themselves are never kept.
func (s *Site) SecretNames() []string { return nil }

// SiteID is the site's UUID, or the default namespace when site.yaml has none.
func (s *Site) SiteID() string { return "" }
