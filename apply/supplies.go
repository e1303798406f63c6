package apply

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/runtime/pve"
)

// supplies is what a host offers to guests, read once per preflight.
type supplies struct {
	once     sync.Once
	storages []pve.Storage
	bridges  []string
	err      error
}

func (in *inspection) suppliesOf(ctx context.Context, h *host) *supplies {
	in.mu.Lock()
	s := in.supplies[h.name]
	if s == nil {
		s = &supplies{}
		in.supplies[h.name] = s
	}
	in.mu.Unlock()
	s.once.Do(func() {
		if s.storages, s.err = h.api.Storages(ctx, h.node); s.err == nil {
			s.bridges, s.err = h.api.Bridges(ctx, h.node)
		}
	})
	return s
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
	have := in.suppliesOf(ctx, h)
	if have.err != nil {
		return have.err
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
