package system

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Memory is a Debian machine that exists in memory only. It keeps what differs
// from the image it was made of, so thousands fit in a process, and that
// difference is serialisable. Methods may be called from several goroutines.
//
// It is honest about what it does not have: programs it does not know are not
// found, packages outside its catalogue cannot be located.
type Memory struct {
	mu      sync.Mutex
	base    *base
	s       state
	watch   []func(Event)
	resolve func(digest string) ([]byte, error)
}

var _ System = (*Memory)(nil)

// Event is a change somebody may want to react to.
type Event struct {
	Kind EventKind
	Name string // package or unit; "" for Booted
}

// EventKind of an Event.
type EventKind uint8

const (
	PackageInstalled EventKind = 1 + iota
	PackageRemoved
	UnitStarted
	UnitStopped
	UnitReloaded
	Booted
)

// NewMemory is a machine as the image of that operating system leaves it,
// switched on once. The names are those of the image catalogue: "debian-12",
// "debian-13", and "pve-9" for Debian 13 with Proxmox VE 9.
func NewMemory(os string) (*Memory, error) {
	b, ok := lookupBase(os)
	if !ok {
		return nil, fmt.Errorf("operating system %q: %w (known: %s)", os, ErrNotExist, strings.Join(Bases(), ", "))
	}
	return &Memory{base: b, s: newState()}, nil
}

// OS is the name NewMemory was given.
func (m *Memory) OS() string { return m.base.name }

// Watch registers f, which is called after each change, in order, by the
// goroutine that made it and with no lock held. There is no way to unregister.
func (m *Memory) Watch(f func(Event)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watch = append(m.watch, f)
}

// update runs f under the lock and then tells the watchers what f returned.
func (m *Memory) update(f func() []Event) {
	m.mu.Lock()
	events := f()
	watch := slices.Clone(m.watch)
	m.mu.Unlock()
	for _, e := range events {
		for _, w := range watch {
			w(e)
		}
	}
}

// change is update for what can fail.
func (m *Memory) change(f func() ([]Event, error)) (err error) {
	m.update(func() (events []Event) {
		events, err = f()
		return events
	})
	return err
}

// Boot is a (re)start of the machine: /run and /tmp are empty, enabled units
// are active and the others are not, sshd reads its configuration.
func (m *Memory) Boot() {
	m.update(func() []Event {
		m.s.boots++
		m.s.sshd = nil
		for path := range m.s.files {
			if volatile(path) {
				delete(m.s.files, path)
			}
		}
		for path := range m.s.dirs {
			if volatile(path) {
				delete(m.s.dirs, path)
			}
		}
		events := []Event{{Kind: Booted}}
		for _, name := range m.knownUnits() {
			u := m.unit(name)
			u.Active = u.Enabled
			if u.Active && name == "ssh.service" {
				u.Active = m.loadSSHD() == nil
			}
			m.putUnit(name, u)
			if u.Active {
				events = append(events, Event{UnitStarted, name})
			}
		}
		return events
	})
}

func volatile(path string) bool {
	return strings.HasPrefix(path, "/run/") || strings.HasPrefix(path, "/tmp/")
}

// Boots counts the calls of Boot.
func (m *Memory) Boots() uint {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.s.boots
}

// SetAddresses tells the machine its addresses, the primary first, without
// prefix lengths. `hostname -I` prints them.
func (m *Memory) SetAddresses(addrs ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.s.addresses = slices.Clone(addrs)
}

// Hostname implements System.
func (m *Memory) Hostname(context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hostname(), nil
}

func (m *Memory) hostname() string {
	data, _, err := m.read("/etc/hostname")
	if err != nil {
		return "localhost"
	}
	return strings.TrimSpace(string(data))
}

// SetHostname implements System. It also writes /etc/hostname.
func (m *Memory) SetHostname(_ context.Context, name string) error {
	if name == "" || len(name) > 64 || strings.ContainsAny(name, " \t\n/") {
		return &ExitError{Argv: []string{"hostnamectl", "hostname", name}, Code: 1, Stderr: "Invalid hostname '" + name + "'"}
	}
	return m.change(func() ([]Event, error) {
		m.put("/etc/hostname", &file{data: []byte(name + "\n"), info: rootFile(0o644)})
		return nil, nil
	})
}

// Timezone implements System.
func (m *Memory) Timezone(context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.timezone(), nil
}

func (m *Memory) timezone() string {
	if m.s.timezone == "" {
		return "Etc/UTC"
	}
	return m.s.timezone
}

// SetTimezone implements System; the zone must be one of the tz database.
func (m *Memory) SetTimezone(_ context.Context, name string) error {
	if !knownZone(name) {
		return &ExitError{
			Argv: []string{"timedatectl", "set-timezone", name}, Code: 1,
			Stderr: "Failed to set time zone: Invalid or not installed time zone '" + name + "'",
		}
	}
	return m.change(func() ([]Event, error) {
		m.s.timezone = name
		return nil, nil
	})
}
