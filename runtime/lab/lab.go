package lab

import (
	"context"

	"github.com/homestak/homestak/runtime/lab/guest"
)

// Lab is an open lab: a server that answers, and guests that run. Its methods
// may be called at once from many goroutines.
type Lab struct {
	cfg Config
	hv  guest.Hypervisor
}

// KV is one request parameter.
type KV struct{ Key, Value string }

// Open loads the lab in cfg.Dir, or makes it, resumes the guests that ran and
// starts to answer. A directory that another process has open, or that cannot
// be read, is a *diag.Diagnostic. The lab lives until Close; ctx bounds the
// opening only.
func Open(ctx context.Context, cfg Config) (*Lab, error) {
	cfg.fill()
	l := &Lab{cfg: cfg}
	hv, err := cfg.Hypervisor(l)
	if err != nil {
		return nil, err
	}
	l.hv = hv
	return l, nil
}

// URL is where the API answers, "https://127.0.0.1:40123". CONNECT is spoken
// there too.
func (l *Lab) URL() string { return "" }

// Fingerprint is the SHA-256 of the certificate as PVE prints it: upper-case
// hex, colons.
func (l *Lab) Fingerprint() string { return "" }

// Token is the lab's own API token, "root@pam!homestak=<uuid>".
func (l *Lab) Token() string { return "" }

// Do runs a request as root@pam in process, as pvesh does on a PVE host. The
// path begins with "/" and has no /api2/json. Data is what the API has under
// "data"; when status is not 200, reason is PVE's message.
func (l *Lab) Do(ctx context.Context, method, path string, params []KV) (status int, data any, reason string) {
	return 501, nil, ""
}

// Close stops the server, the tasks and the machines, and writes what is left
// to write. Guests that run resume at the next Open.
func (l *Lab) Close() error { return l.hv.Close() }
