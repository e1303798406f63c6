package system

import (
	"context"
	"slices"
)

// Installed implements System.
func (m *Memory) Installed(_ context.Context, name string) (string, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.installed(name) {
		return "", false, nil
	}
	p, _ := lookupPackage(name)
	return p.version, true, nil
}

func (m *Memory) installed(name string) bool {
	if there, changed := m.s.packages[name]; changed {
		return there
	}
	_, ok := slices.BinarySearch(m.base.packages, name)
	return ok
}

// Packages lists what is installed, sorted.
func (m *Memory) Packages() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.packages()
}

func (m *Memory) packages() []string {
	var names []string
	for name, there := range m.s.packages {
		if there {
			names = append(names, name)
		}
	}
	for _, name := range m.base.packages {
		if _, changed := m.s.packages[name]; !changed {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Install implements System. Either everything is installed or nothing.
func (m *Memory) Install(_ context.Context, pkgs ...string) error {
	return m.change(func() ([]Event, error) {
		for _, name := range pkgs {
			if _, ok := lookupPackage(name); !ok {
				return nil, &ExitError{
					Argv: append([]string{"apt-get", "install", "-y"}, pkgs...), Code: 100,
					Stderr: "E: Unable to locate package " + name,
				}
			}
		}
		var events []Event
		for _, name := range closure(pkgs) {
			if !m.installed(name) {
				events = append(events, m.unpack(name)...)
			}
		}
		return events, nil
	})
}

// unpack installs one package whose needs are looked after.
func (m *Memory) unpack(name string) []Event {
	m.s.packages[name] = true
	for _, f := range conffiles(name) {
		if _, err := m.lookup(f.path); err != nil { // a configuration file that is there is the administrator's
			m.put(f.path, &file{data: []byte(f.text), info: rootFile(f.mode)})
		}
	}
	events := []Event{{PackageInstalled, name}}
	p, _ := lookupPackage(name)
	for _, u := range p.units {
		// A daemon that does not like its configuration fails to start; dpkg goes on.
		if st := m.unit(u.name); st.Active && m.start(u.name) != nil {
			st.Active = false
			m.putUnit(u.name, st)
		}
		if m.unit(u.name).Active {
			events = append(events, Event{UnitStarted, u.name})
		}
	}
	return events
}

// Remove implements System. Packages that need a removed one go too, and so do
// units; configuration files stay.
func (m *Memory) Remove(_ context.Context, pkgs ...string) error {
	return m.change(func() ([]Event, error) {
		var events []Event
		for todo := slices.Clone(pkgs); len(todo) > 0; {
			name := todo[0]
			todo = todo[1:]
			if !m.installed(name) {
				continue
			}
			p, _ := lookupPackage(name)
			for _, u := range p.units {
				if m.unit(u.name).Active {
					events = append(events, Event{UnitStopped, u.name})
				}
				delete(m.s.units, u.name)
			}
			m.s.packages[name] = false
			events = append(events, Event{PackageRemoved, name})
			for _, other := range m.packages() {
				if o, ok := lookupPackage(other); ok && slices.Contains(o.needs, name) {
					todo = append(todo, other)
				}
			}
		}
		return events, nil
	})
}
