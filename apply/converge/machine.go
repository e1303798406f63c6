package converge

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan/program"
	"github.com/homestak/homestak/runtime/system"
)

// kind is how one resource is handled. check lists what is not right and
// changes nothing; apply makes it right and may assume that check found
// something. Both are safe to run again after being cut off anywhere.
type kind struct {
	check  func(ctx context.Context, m *machine) ([]Diff, error)
	apply  func(ctx context.Context, m *machine) error
	needs  []string // names of other resources that must not have failed
	offers []string // the resource's own name, for those that need it
}

// kindOf is the table of resources.
func kindOf(r program.Resource, p *program.Program) kind {
	var k kind
	switch r.Kind() {
	case program.KindHostname:
		k = hostname(*r.Hostname)
	case program.KindTimezone:
		k = timezone(*r.Timezone)
	case program.KindPackage:
		k = pkg(*r.Package)
	case program.KindUser:
		k = user(*r.User)
	case program.KindPassword:
		k = password(*r.Password)
	case program.KindKeys:
		k = authorizedKeys(*r.Keys)
	case program.KindSudo:
		k = sudo(*r.Sudo)
	case program.KindSSHD:
		k = sshd(*r.SSHD)
	case program.KindFail2ban:
		k = fail2ban(*r.Fail2ban, p.SSHPort())
	case program.KindService:
		k = service(*r.Service)
	case program.KindPVE:
		k = pve(*r.PVE)
	}
	k.offers = []string{r.String()}
	return k
}

// machine is the system with what every kind of resource needs besides.
type machine struct {
	system.System
	secrets *program.Bundle
}

const hidden = "(secret)"

const (
	codeSecret diag.Code = "HS0966" // a secret's value was not sent
	codeValue  diag.Code = "HS0968" // a secret's value cannot be used
)

// secret is the value of a secret that the program names.
func (m *machine) secret(name string) ([]byte, error) {
	v, ok := m.secrets.Lookup(name)
	if !ok {
		d := codeSecret.Errorf("the value of secret %q did not come with the program", name)
		d.Help = "add it to the site's secrets and apply again"
		return nil, d
	}
	return bytes.TrimSpace(v), nil
}

// redact takes the values of secrets out of a text that came from elsewhere.
func (m *machine) redact(text string) string {
	for _, v := range m.secrets.Values {
		for line := range strings.Lines(string(v.Value)) {
			if line = strings.TrimSpace(line); len(line) > 3 {
				text = strings.ReplaceAll(text, line, hidden)
			}
		}
	}
	return text
}

// wantFile is a file with exact content that belongs to homestak.
type wantFile struct {
	path string
	data []byte
	info system.FileInfo
}

func rootFile(path, text string, mode uint32) wantFile {
	return wantFile{path, []byte(text), system.FileInfo{Mode: fileMode(mode), Owner: "root", Group: "root"}}
}

// diff compares the file; contents are never shown.
func (m *machine) diff(ctx context.Context, w wantFile) ([]Diff, error) {
	data, info, err := m.ReadFile(ctx, w.path)
	if errors.Is(err, system.ErrNotExist) {
		return []Diff{{w.path, "absent", "present"}}, nil
	}
	if err != nil {
		return nil, err
	}
	var ds []Diff
	if !bytes.Equal(data, w.data) {
		ds = append(ds, Diff{w.path, "other content", "homestak's content"})
	}
	if info != w.info {
		ds = append(ds, Diff{w.path, metadata(info), metadata(w.info)})
	}
	return ds, nil
}

func metadata(i system.FileInfo) string {
	return fmt.Sprintf("%04o %s:%s", uint32(i.Mode), i.Owner, i.Group)
}

func (m *machine) write(ctx context.Context, w wantFile) error {
	return m.WriteFile(ctx, w.path, w.data, w.info)
}

// absent says that a file should not be there.
func (m *machine) absent(ctx context.Context, path string) ([]Diff, error) {
	_, _, err := m.ReadFile(ctx, path)
	if errors.Is(err, system.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []Diff{{path, "present", "absent"}}, nil
}

// swap writes a file, runs accept, and puts back what was there before when
// accept fails.
func (m *machine) swap(ctx context.Context, w wantFile, accept func() error) error {
	old, info, err := m.ReadFile(ctx, w.path)
	absent := errors.Is(err, system.ErrNotExist)
	if err != nil && !absent {
		return err
	}
	if err := m.write(ctx, w); err != nil {
		return err
	}
	failure := accept()
	if failure == nil {
		return nil
	}
	// Being cut off is no reason to leave a machine with a file it refused.
	ctx = context.WithoutCancel(ctx)
	if absent {
		err = m.RemoveFile(ctx, w.path)
	} else {
		err = m.WriteFile(ctx, w.path, old, info)
	}
	if err != nil {
		return fmt.Errorf("%w; putting back the old %s failed too: %v", failure, w.path, err)
	}
	return failure
}

// unitDiff compares a unit; one that should be off may as well not exist.
func (m *machine) unitDiff(ctx context.Context, name string, on bool) ([]Diff, error) {
	u, err := m.Unit(ctx, name)
	if err != nil {
		return nil, err
	}
	if !u.Known {
		if on {
			return []Diff{{name, "no such unit", "enabled and active"}}, nil
		}
		return nil, nil
	}
	var ds []Diff
	if u.Enabled != on {
		ds = append(ds, Diff{name + " enabled", yesNo(u.Enabled), yesNo(on)})
	}
	if u.Active != on {
		ds = append(ds, Diff{name + " active", yesNo(u.Active), yesNo(on)})
	}
	return ds, nil
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// A daemon that was not told to reload runs on old settings although its files
// are right. So what a unit has been made to load is noted after the reload,
// and a run that was cut off in between is found out by the next one.
const loadedDir = "/var/lib/homestak/loaded/"

func loadedFile(unit string, contents ...wantFile) wantFile {
	h := sha256.New()
	for _, c := range contents {
		fmt.Fprintf(h, "%d %s\n", len(c.data), c.path)
		h.Write(c.data)
	}
	return rootFile(loadedDir+unit, hex.EncodeToString(h.Sum(nil))+"\n", 0o644)
}

// loadedDiff says whether the unit was made to load these files.
func (m *machine) loadedDiff(ctx context.Context, unit string, contents ...wantFile) ([]Diff, error) {
	ds, err := m.diff(ctx, loadedFile(unit, contents...))
	if len(ds) > 0 {
		ds = []Diff{{unit + " settings", "not reloaded", "loaded"}}
	}
	return ds, err
}

// load makes the unit run with its current files and notes that it does.
func (m *machine) load(ctx context.Context, unit string, contents ...wantFile) error {
	before, err := m.Unit(ctx, unit)
	if err != nil {
		return err
	}
	if err := m.SetUnit(ctx, unit, true, true); err != nil {
		return err
	}
	if before.Active {
		if err := m.ReloadUnit(ctx, unit); err != nil {
			return err
		}
	}
	return m.write(ctx, loadedFile(unit, contents...))
}
