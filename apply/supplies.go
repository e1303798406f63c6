package apply

import (
	"context"
	"slices"
	"strings"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/runtime/pve"
)

// supplies is what a host offers to guests, read once per preflight. An attempt
// that failed is not remembered: whoever comes next asks again.
type supplies struct {
	turn     turn
	known    bool
	storages []pve.Storage
	bridges  []string
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

// checkSupplies finds a storage or bridge that a step names and the host does
// not have: PVE would accept most of them and fail in the middle.
func (in *inspection) checkSupplies(ctx context.Context, s *plan.Step) error {
	var storage, content, bridge string
	switch s.Op {
	case plan.ImageFetch, plan.SeedUpload:
		storage, content = s.Text(plan.ArgStorage), "import"
	case plan.GuestCreate:
		storage, content = createdStorage(s), "images"
		bridge = canon.Get(createdConfig(s), "net0.bridge")
	default:
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
	if !slices.ContainsFunc(have.storages, func(st pve.Storage) bool {
		return st.Name == storage && st.Active && slices.Contains(st.Content, content)
	}) {
		d := codeSupplies.Errorf("host %s has no storage %q for content type %s", h.name, storage, content)
		d.Label = "it has " + describeStorages(have.storages)
		d.Help = "enable the content type on the host, or name another storage in the host's entry and plan again"
		return d
	}
	if bridge != "" && !slices.Contains(have.bridges, bridge) {
		d := codeSupplies.Errorf("host %s has no bridge %q", h.name, bridge)
		d.Label = "it has " + strings.Join(have.bridges, ", ")
		d.Help = "make the bridge on the host, or name another one and plan again"
		return d
	}
	return nil
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
