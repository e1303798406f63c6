package system

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// state is what differs from the image.
type state struct {
	timezone  string
	boots     uint
	files     map[string]*file // nil: removed
	dirs      map[string]FileInfo
	users     map[string]User
	packages  map[string]bool // false: removed
	units     map[string]Unit
	addresses []string
	sshd      *SSHDConfig // what the running sshd has read; nil: what its files say
}

func newState() state {
	return state{
		files: map[string]*file{}, dirs: map[string]FileInfo{}, users: map[string]User{},
		packages: map[string]bool{}, units: map[string]Unit{},
	}
}

// The serialised form: deterministic CBOR, lists by name.
type (
	storedMemory struct {
		Format    uint            `cbor:"1,keyasint"`
		OS        string          `cbor:"2,keyasint"`
		Timezone  string          `cbor:"3,keyasint,omitempty"`
		Boots     uint            `cbor:"4,keyasint,omitempty"`
		Files     []storedFile    `cbor:"5,keyasint,omitempty"`
		Dirs      []storedDir     `cbor:"6,keyasint,omitempty"`
		Users     []storedUser    `cbor:"7,keyasint,omitempty"`
		Packages  []storedPackage `cbor:"8,keyasint,omitempty"`
		Units     []storedUnit    `cbor:"9,keyasint,omitempty"`
		Addresses []string        `cbor:"10,keyasint,omitempty"`
		SSHD      *SSHDConfig     `cbor:"11,keyasint,omitempty"`
	}
	storedFile struct {
		Path    string      `cbor:"1,keyasint"`
		Removed bool        `cbor:"2,keyasint,omitempty"`
		Data    []byte      `cbor:"3,keyasint,omitempty"`
		Digest  string      `cbor:"4,keyasint,omitempty"` // of a reference
		Size    int64       `cbor:"5,keyasint,omitempty"` // of a reference
		Mode    fs.FileMode `cbor:"6,keyasint,omitempty"`
		Owner   string      `cbor:"7,keyasint,omitempty"`
		Group   string      `cbor:"8,keyasint,omitempty"`
	}
	storedDir struct {
		Path  string      `cbor:"1,keyasint"`
		Mode  fs.FileMode `cbor:"2,keyasint"`
		Owner string      `cbor:"3,keyasint"`
		Group string      `cbor:"4,keyasint"`
	}
	storedUser struct {
		Name   string   `cbor:"1,keyasint"`
		Home   string   `cbor:"2,keyasint"`
		Shell  string   `cbor:"3,keyasint"`
		Groups []string `cbor:"4,keyasint,omitempty"`
		Hash   string   `cbor:"5,keyasint,omitempty"`
	}
	storedPackage struct {
		Name    string `cbor:"1,keyasint"`
		Removed bool   `cbor:"2,keyasint,omitempty"`
	}
	storedUnit struct {
		Name    string `cbor:"1,keyasint"`
		Known   bool   `cbor:"2,keyasint,omitempty"`
		Enabled bool   `cbor:"3,keyasint,omitempty"`
		Active  bool   `cbor:"4,keyasint,omitempty"`
	}
)

const storedFormat = 1

// MarshalBinary gives the whole machine but its watchers and resolver; equal
// machines give equal bytes. It holds what secrets the machine holds.
func (m *Memory) MarshalBinary() ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	st := storedMemory{
		Format: storedFormat, OS: m.base.name, Timezone: m.s.timezone, Boots: m.s.boots,
		Addresses: m.s.addresses, SSHD: m.s.sshd,
	}
	for _, name := range slices.Sorted(maps.Keys(m.s.files)) {
		f := m.s.files[name]
		if f == nil {
			st.Files = append(st.Files, storedFile{Path: name, Removed: true})
			continue
		}
		sf := storedFile{Path: name, Data: f.data, Mode: f.info.Mode, Owner: f.info.Owner, Group: f.info.Group}
		if f.ref != nil {
			sf.Digest, sf.Size = f.ref.Digest, f.ref.Size
		}
		st.Files = append(st.Files, sf)
	}
	for _, name := range slices.Sorted(maps.Keys(m.s.dirs)) {
		d := m.s.dirs[name]
		st.Dirs = append(st.Dirs, storedDir{name, d.Mode, d.Owner, d.Group})
	}
	for _, name := range slices.Sorted(maps.Keys(m.s.users)) {
		u := m.s.users[name]
		st.Users = append(st.Users, storedUser{u.Name, u.Home, u.Shell, u.Groups, u.PasswordHash})
	}
	for _, name := range slices.Sorted(maps.Keys(m.s.packages)) {
		st.Packages = append(st.Packages, storedPackage{name, !m.s.packages[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(m.s.units)) {
		u := m.s.units[name]
		st.Units = append(st.Units, storedUnit{name, u.Known, u.Enabled, u.Active})
	}
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return nil, err
	}
	return mode.Marshal(st)
}

// UnmarshalBinary makes m, which may be the zero Memory, the machine that
// MarshalBinary was called on. Watchers and resolver of m stay.
func (m *Memory) UnmarshalBinary(data []byte) error {
	var st storedMemory
	mode, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField, MaxNestedLevels: 8,
	}.DecMode()
	if err == nil {
		err = mode.Unmarshal(data, &st)
	}
	if err != nil {
		return errors.New("a stored machine cannot be read")
	}
	b, ok := lookupBase(st.OS)
	if !ok || st.Format != storedFormat {
		return fmt.Errorf("a stored machine of format %d runs %q, which this version does not know", st.Format, st.OS)
	}
	s := newState()
	s.timezone, s.boots, s.addresses, s.sshd = st.Timezone, st.Boots, st.Addresses, st.SSHD
	for _, f := range st.Files {
		switch {
		case f.Removed:
			s.files[f.Path] = nil
		case f.Digest != "":
			s.files[f.Path] = &file{ref: &Reference{f.Digest, f.Size}, info: FileInfo{f.Mode, f.Owner, f.Group}}
		default:
			s.files[f.Path] = &file{data: bytes.Clone(f.Data), info: FileInfo{f.Mode, f.Owner, f.Group}}
		}
	}
	for _, d := range st.Dirs {
		s.dirs[d.Path] = FileInfo{d.Mode, d.Owner, d.Group}
	}
	for _, u := range st.Users {
		s.users[u.Name] = User{u.Name, u.Home, u.Shell, u.Groups, u.Hash}
	}
	for _, p := range st.Packages {
		s.packages[p.Name] = !p.Removed
	}
	for _, u := range st.Units {
		s.units[u.Name] = Unit{u.Known, u.Enabled, u.Active}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.base, m.s = b, s
	return nil
}
