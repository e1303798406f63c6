package system

import (
	"context"
	"path"
	"slices"
	"strings"
)

// Unit implements System. Names without a suffix are services; aliases of
// packages ("sshd") work.
func (m *Memory) Unit(_ context.Context, name string) (Unit, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.unit(m.resolveUnit(name)), nil
}

// unit is the state of a unit by its full, proper name.
func (m *Memory) unit(name string) Unit {
	if u, ok := m.s.units[name]; ok {
		return u
	}
	return m.fresh(name)
}

// fresh is the state a unit has when nobody has touched it.
func (m *Memory) fresh(name string) Unit {
	if u, ok := m.shipped(name); ok {
		return Unit{Known: true, Enabled: !u.off, Active: !u.off}
	}
	return Unit{Known: m.local(name)}
}

func (m *Memory) putUnit(name string, u Unit) {
	if u == m.fresh(name) {
		delete(m.s.units, name)
	} else {
		m.s.units[name] = u
	}
}

// local reports whether the administrator made a unit file of that name.
func (m *Memory) local(name string) bool {
	f, err := m.lookup("/etc/systemd/system/" + name)
	return err == nil && f != nil
}

// shipped finds the installed package's unit of that name or alias.
func (m *Memory) shipped(name string) (pkgUnit, bool) {
	u, ok := catalogue().units[name]
	return u.pkgUnit, ok && m.installed(u.pkg)
}

func (m *Memory) resolveUnit(name string) string {
	name = unitName(name)
	if u, ok := m.shipped(name); ok {
		return u.name
	}
	return name
}

// knownUnits lists every unit there is, sorted.
func (m *Memory) knownUnits() []string {
	var names []string
	for _, p := range m.packages() {
		if shipped, ok := lookupPackage(p); ok {
			for _, u := range shipped.units {
				names = append(names, u.name)
			}
		}
	}
	for file, f := range m.s.files {
		if dir, name := path.Split(file); f != nil && dir == "/etc/systemd/system/" && unitName(name) == name {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Units lists the units that are active, sorted.
func (m *Memory) Units() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(m.knownUnits(), func(name string) bool { return !m.unit(name).Active })
}

// SetUnit implements System.
func (m *Memory) SetUnit(_ context.Context, name string, enabled, active bool) error {
	return m.change(func() ([]Event, error) { return m.setUnit(name, &enabled, &active) })
}

// setUnit changes what is not nil.
func (m *Memory) setUnit(name string, enabled, active *bool) ([]Event, error) {
	name = m.resolveUnit(name)
	u := m.unit(name)
	if !u.Known {
		return nil, systemctlError(5, "Unit "+name+" could not be found.")
	}
	if enabled != nil {
		u.Enabled = *enabled
	}
	var events []Event
	if active != nil && *active != u.Active {
		if *active {
			if err := m.start(name); err != nil {
				return nil, err
			}
			events = append(events, Event{UnitStarted, name})
		} else {
			events = append(events, Event{UnitStopped, name})
		}
		u.Active = *active
	}
	m.putUnit(name, u)
	return events, nil
}

// start is what a unit does before it is active: the daemons whose
// configuration homestak writes read it.
func (m *Memory) start(name string) error {
	var err error
	switch name {
	case "ssh.service":
		err = m.loadSSHD()
	case "fail2ban.service":
		_, err = m.jails()
	}
	if err != nil {
		return systemctlError(1, "Job for "+name+" failed because the control process exited with error code.\n"+err.Error())
	}
	return nil
}

// ReloadUnit implements System: the unit reads its configuration again. When
// that is wrong the unit goes on with the old one and the reload fails.
func (m *Memory) ReloadUnit(_ context.Context, name string) error {
	return m.change(func() ([]Event, error) { return m.reload(name) })
}

func (m *Memory) reload(name string) ([]Event, error) {
	name = m.resolveUnit(name)
	u := m.unit(name)
	if !u.Known {
		return nil, systemctlError(5, "Unit "+name+" could not be found.")
	}
	if !u.Active {
		return nil, systemctlError(1, name+" is not active, cannot reload.")
	}
	if err := m.start(name); err != nil {
		return nil, err
	}
	return []Event{{UnitReloaded, name}}, nil
}

func systemctlError(code int, text string) error {
	return &ExitError{Argv: []string{"systemctl"}, Code: code, Stderr: strings.TrimSpace(text)}
}
