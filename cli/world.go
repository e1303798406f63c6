package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/apply/converge"
	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/ca"
	"github.com/homestak/homestak/runtime/lab"
	"github.com/homestak/homestak/runtime/secret"
	"github.com/homestak/homestak/stdlib"
)

// labHost is the name of the embedded lab.
const labHost = "lab"

// stateDir is where a site keeps what may be lost at any time.
const stateDir = ".homestak"

const (
	codeUnknownHost diag.Code = "HS0982"
	codeNoEndpoint  diag.Code = "HS0983"
	codeNoPin       diag.Code = "HS0984"
	codeNoToken     diag.Code = "HS0985"
	codeNoCA        diag.Code = "HS0844"
	codeNoPassword  diag.Code = "HS0845"
)

// world is the site's way to the outside: its hosts with their credentials,
// its keys and secrets, and the embedded lab when it is one of the hosts.
type world struct {
	env *apply.Env
	lab *lab.Lab
}

// close stops the embedded lab, if there is one; what runs in it resumes with
// the next command.
func (w *world) close() error {
	if w == nil || w.lab == nil {
		return nil
	}
	return w.lab.Close()
}

// openWorld prepares the hosts named. The embedded lab is opened when "lab" is
// among them and the site has no host of that name itself.
func (a *app) openWorld(ctx context.Context, dir string, site *compiler.Site, hosts []string) (*world, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	secrets, err := secret.Load(dir)
	if err != nil {
		return nil, err
	}
	a.findings(secrets.Warnings())
	w := &world{env: &apply.Env{
		StateDir: filepath.Join(dir, stateDir), Hosts: map[string]apply.HostEnv{}, Secrets: secrets,
		Builtin: stdlib.Builtin, Self: self, Holder: holder(),
	}}
	entries, findings := site.Hosts()
	if err := a.check(findings); err != nil {
		return nil, err
	}
	embedded := false
	for _, name := range hosts {
		i := slices.IndexFunc(entries, func(h compiler.Host) bool { return h.Name == name })
		switch {
		case i >= 0:
			w.env.Hosts[name], err = hostEnv(dir, entries[i], secrets)
		case name == labHost:
			embedded = true
			err = a.openLab(ctx, w, dir, site.SiteID())
		default:
			err = unknownHost(name, entries)
		}
		if err != nil {
			return nil, errors.Join(err, w.close())
		}
	}
	w.env.Keys, err = a.siteKeys(dir, embedded && len(hosts) == 1)
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	a.findings(w.env.Keys.Warnings())
	return w, nil
}

// siteKeys are the site's own, or, where a site has none and only the embedded
// lab is touched, throw-away ones.
func (a *app) siteKeys(dir string, labOnly bool) (*ca.Keys, error) {
	keys, err := ca.Load(dir)
	if errors.Is(err, ca.ErrAbsent) && labOnly {
		return ca.Throwaway(filepath.Join(dir, stateDir, labHost))
	}
	return keys, err
}

// hostEnv is a host of the site with its credentials.
func hostEnv(dir string, h compiler.Host, secrets *secret.Store) (apply.HostEnv, error) {
	at := func(d *diag.Diagnostic, help string) *diag.Diagnostic {
		d.Range, d.Help = h.Range, help
		return d
	}
	if len(h.Endpoints) == 0 {
		return apply.HostEnv{}, at(codeNoEndpoint.Errorf("host %q has no API endpoint", h.Name), "add endpoint: https://ADDRESS:8006")
	}
	if h.Fingerprint == "" && h.CA == "" {
		return apply.HostEnv{}, at(codeNoPin.Errorf("the certificate of host %q is not pinned", h.Name),
			"run `homestak host trust "+h.Name+"`, or add fingerprint: with what `pvenode cert info` on the host shows")
	}
	env := apply.HostEnv{
		Node: h.Node, Endpoints: h.Endpoints, Fingerprint: h.Fingerprint, Storage: h.Storage,
		ImageStorage: h.ImageStorage, SeedStorage: h.SeedStorage, IOWidth: h.IOWidth, Via: h.Via,
	}
	if h.CA != "" {
		var err error
		if env.CA, err = readInside(dir, h.CA); err != nil {
			d := at(codeNoCA.Errorf("the file with the authority of host %q cannot be read", h.Name), "copy /etc/pve/pve-root-ca.pem of the host to "+h.CA+" in the site")
			d.Label = cause(err).Error()
			return apply.HostEnv{}, d
		}
	}
	var ok bool
	if h.User != "" {
		if env.Password, ok = secrets.Get(h.PasswordName); !ok {
			return apply.HostEnv{}, at(codeNoPassword.Errorf("there is no password for user %q of host %q", h.User, h.Name),
				fmt.Sprintf("put it in secrets.yaml as %s: PASSWORD, or use an API token", strings.ReplaceAll(h.PasswordName, ".", ": ")))
		}
		env.User = h.User
		return env, nil
	}
	if env.Token, ok = secrets.Get(h.TokenName); !ok {
		return apply.HostEnv{}, at(codeNoToken.Errorf("there is no API token for host %q", h.Name),
			fmt.Sprintf("put it in secrets.yaml as %s: USER@REALM!NAME=UUID", strings.ReplaceAll(h.TokenName, ".", ": ")))
	}
	return env, nil
}

// readInside reads a small file of the site; links out of it are refused.
func readInside(dir, name string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	name = filepath.FromSlash(name)
	if info, err := root.Stat(name); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	const most = 1 << 20
	return io.ReadAll(io.LimitReader(f, most))
}

func unknownHost(name string, entries []compiler.Host) error {
	names := []string{labHost}
	for _, h := range entries {
		names = append(names, h.Name)
	}
	d := codeUnknownHost.Errorf("there is no host %q", name)
	d.Help = fmt.Sprintf("write hosts/%s.yaml, or use one of: %s", name, join(names, 8))
	if s := diag.Suggest(name, names); s != "" {
		d.Help = fmt.Sprintf("did you mean %q?", s)
	}
	return d
}

func (a *app) openLab(ctx context.Context, w *world, dir, siteID string) error {
	l, err := lab.Open(ctx, lab.Config{
		Dir: labDir(dir), SiteID: siteID, Name: labHost, Programs: labPrograms(), Self: w.env.Self,
	})
	if err != nil {
		return err
	}
	w.lab = l
	w.env.Hosts[labHost] = apply.HostEnv{
		Node: labHost, Endpoints: []string{l.URL()}, Fingerprint: l.Fingerprint(), Token: secret.New([]byte(l.Token())), Via: l.URL(), IOWidth: labIOWidth,
	}
	return nil
}

// labIOWidth: copies in the lab cost nothing, so a run is not held back by
// them.
const labIOWidth = 64

func labDir(site string) string { return filepath.Join(site, stateDir, labHost, "host") }

// labPrograms is what simulated guests can execute.
func labPrograms() map[string]lab.Program {
	return map[string]lab.Program{"homestak": converge.Serve}
}

// holder is how other drivers see this one in a lease.
func holder() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return name + "@" + host
}
