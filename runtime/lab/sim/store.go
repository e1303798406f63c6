package sim

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"

	"github.com/fxamacker/cbor/v2"

	"github.com/homestak/homestak/runtime/system"
)

// store is what a machine keeps on its boot disk: a directory with the
// operating system, and with the inner lab's directory.
type store struct {
	dir string

	mu   sync.Mutex
	kept kept
	last []byte // what the file holds
}

// kept is the content of the file "os".
type kept struct {
	Format  uint   `cbor:"1,keyasint"`
	Memory  []byte `cbor:"2,keyasint"`
	Running bool   `cbor:"3,keyasint,omitempty"` // the machine was on and is to be resumed, not booted
	Leases  []held `cbor:"4,keyasint,omitempty"`
	Node    string `cbor:"5,keyasint,omitempty"` // PVE node name, fixed when the node first came up
}

// held is an address that a network gave to a card.
type held struct {
	MAC  string `cbor:"1,keyasint"`
	Addr string `cbor:"2,keyasint"`
}

const keptFormat = 1

// openStore reads what there is; an absent directory is an empty store.
func openStore(dir string) (*store, error) {
	s := &store{dir: dir, kept: kept{Format: keptFormat}}
	data, err := os.ReadFile(s.file())
	switch {
	case errors.Is(err, os.ErrNotExist):
		return s, nil
	case err != nil:
		return nil, err
	}
	if err := cbor.Unmarshal(data, &s.kept); err != nil {
		return nil, fmt.Errorf("%s: the state of a machine cannot be read", s.file())
	}
	if s.kept.Format != keptFormat {
		return nil, fmt.Errorf("%s: a machine of format %d; this version knows %d", s.file(), s.kept.Format, keptFormat)
	}
	s.last = data
	return s, nil
}

func (s *store) file() string { return filepath.Join(s.dir, "os") }

// inner is the directory of the inner lab.
func (s *store) inner() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return filepath.Join(s.dir, "lab")
}

// memory is the operating system as it was left, or as the image has it.
func (s *store) memory(image string) (m *system.Memory, fresh bool, err error) {
	if s.kept.Memory == nil {
		m, err := system.NewMemory(image)
		return m, true, err
	}
	m = new(system.Memory)
	return m, false, m.UnmarshalBinary(s.kept.Memory)
}

func (s *store) running() bool { return s.kept.Running }

// lease is the address that a card had last, if any.
func (s *store) lease(mac string) netip.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.kept.Leases {
		if h.MAC == mac {
			a, _ := netip.ParseAddr(h.Addr)
			return a
		}
	}
	return netip.Addr{}
}

func (s *store) keepLease(mac string, addr netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, h := range s.kept.Leases {
		if h.MAC == mac {
			s.kept.Leases[i].Addr = addr.String()
			return
		}
	}
	s.kept.Leases = append(s.kept.Leases, held{mac, addr.String()})
}

// node fixes the PVE node's name the first time it is asked.
func (s *store) node(hostname string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept.Node == "" {
		s.kept.Node = hostname
	}
	return s.kept.Node
}

// move follows the disk to another place; the lab has moved the files.
func (s *store) move(dir string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dir = dir
}

// save writes the file if it would change. The rename makes it the old or the
// new state, whole, if the process is killed at any instant; a crash of the
// real machine is not what the lab guards against, so nothing is fsynced.
func (s *store) save(m *system.Memory, running bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.kept.Memory, err = m.MarshalBinary(); err != nil {
		return err
	}
	s.kept.Running = running
	data, err := cbor.Marshal(s.kept)
	if err != nil {
		return err
	}
	if bytes.Equal(data, s.last) {
		return nil
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	tmp := s.file() + ".new"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	if err := os.Rename(tmp, s.file()); err != nil {
		return err
	}
	s.last = data
	return nil
}
