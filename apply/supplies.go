package apply

import (
	"context"
	"slices"
	"strings"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/pve"
)

// supplies is what a host offers to guests, read once per preflight. An attempt
// that failed is not remembered: whoever comes next asks again.
type supplies struct {
	turn     turn
	known    bool
	storages []pve.Storage
	bridges  []string
	files    map[string][]string // volume ids by storage and content type
}

func (in *inspection) suppliesOf(ctx context.Context, h *host) (*supplies, error) {
	in.mu.Lock()
	s := in.supplies[h.name]
	if s == nil {
		s = &supplies{turn: newTurn()}
		in.supplies[h.name] = s
	}
	in.mu.Unlock()
	if err := s.turn.take(ctx); err != nil {
		return nil, err
	}
	defer s.turn.give()
	if s.known {
		return s, nil
	}
	var err error
	if s.storages, err = h.api.Storages(ctx, h.node); err != nil {
		return nil, err
	}
	if s.bridges, err = h.api.Bridges(ctx, h.node); err != nil {
		return nil, err
	}
	s.known = true
	return s, nil
}

// checkSupplies finds what a step names and the host does not have: a storage that
// takes such content, a bridge, a file to make a disk of. PVE would accept most of
// them and fail in the middle.
func (in *inspection) checkSupplies(ctx context.Context, s *plan.Step) error {
	wants := suppliesFor(s)
	if len(wants) == 0 {
		return nil
	}
	h, err := in.fleet.host(ctx, s.Host)
	if err != nil {
		return err
	}
	have, err := in.suppliesOf(ctx, h)
	if err != nil {
		return err
	}
	for _, w := range wants {
		if w.bridge != "" {
			if slices.Contains(have.bridges, w.bridge) {
				continue
			}
			d := codeSupplies.Errorf("host %s has no bridge %q", h.name, w.bridge)
			d.Label = "it has " + strings.Join(have.bridges, ", ")
			d.Help = "make the bridge on the host, or name another one and plan again"
			return d
		}
		if !have.takes(w.storage, w.content) {
			d := codeSupplies.Errorf("host %s has no storage %q for content type %s", h.name, w.storage, w.content)
			d.Label = "it has " + describeStorages(have.storages)
			d.Help = "enable the content type on the host, or name another storage in the host's entry and plan again"
			return d
		}
		if w.file == "" || in.brings(s.Host, w.file) {
			continue
		}
		there, err := have.hasFile(ctx, h, w)
		if err != nil {
			return err
		}
		if !there {
			d := codeSupplies.Errorf("host %s has no volume %s any more", h.name, w.file)
			d.Label = s.Op.String() + " makes a disk of it"
			d.Help = "plan again: the new plan brings the image there first"
			return d
		}
	}
	return nil
}

func (s *supplies) takes(storage, content string) bool {
	return slices.ContainsFunc(s.storages, func(st pve.Storage) bool {
		return st.Name == storage && st.Active && slices.Contains(st.Content, content)
	})
}

// hasFile reports whether a file is on a storage; each storage is listed once per
// content type.
func (s *supplies) hasFile(ctx context.Context, h *host, w supply) (bool, error) {
	if err := s.turn.take(ctx); err != nil {
		return false, err
	}
	defer s.turn.give()
	key := w.storage + " " + w.content
	list, known := s.files[key]
	if !known {
		volumes, err := h.api.Volumes(ctx, h.node, w.storage, w.content)
		if err != nil {
			return false, err
		}
		for _, v := range volumes {
			list = append(list, v.ID)
		}
		if s.files == nil {
			s.files = map[string][]string{}
		}
		s.files[key] = list
	}
	return slices.Contains(list, w.file), nil
}

// brings reports whether the plan itself brings a file to a host.
func (in *inspection) brings(host, file string) bool {
	return slices.ContainsFunc(in.p.Steps, func(s plan.Step) bool {
		return s.Op == plan.ImageFetch && s.Host == host && s.Text(plan.ArgVolume) == file
	})
}

func describeStorages(list []pve.Storage) string {
	var parts []string
	for _, s := range list {
		text := s.Name + " (" + strings.Join(s.Content, ", ") + ")"
		if !s.Active {
			text += " inactive"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}
