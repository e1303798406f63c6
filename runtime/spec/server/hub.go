package server

import (
	"context"
	"strings"
	"sync"

	"github.com/homestak/homestak/runtime/store"
)

// hub wakes those who wait for a node's events or assignment. It watches the
// store, so what another server took is heard here, too.
type hub struct {
	mu      sync.Mutex
	waiting map[string]map[*news]struct{} // by uuid
}

type news struct {
	hub  *hub
	node string
	wake chan struct{} // holds one
}

func newHub(ctx context.Context, s store.Store) (*hub, error) {
	h := &hub{waiting: map[string]map[*news]struct{}{}}
	for _, prefix := range []string{keyEvents, keyNode} {
		changes, err := s.Watch(ctx, prefix)
		if err != nil {
			return nil, err
		}
		go func() {
			for c := range changes {
				h.tell(strings.TrimPrefix(c.Key, prefix))
			}
		}()
	}
	return h, nil
}

func (h *hub) tell(node string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for n := range h.waiting[node] {
		select {
		case n.wake <- struct{}{}:
		default:
		}
	}
}

// subscribe registers before anybody looks, so that nothing is missed between.
func (h *hub) subscribe(node string) *news {
	n := &news{h, node, make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting[node] == nil {
		h.waiting[node] = map[*news]struct{}{}
	}
	h.waiting[node][n] = struct{}{}
	return n
}

func (n *news) close() {
	n.hub.mu.Lock()
	defer n.hub.mu.Unlock()
	delete(n.hub.waiting[n.node], n)
	if len(n.hub.waiting[n.node]) == 0 {
		delete(n.hub.waiting, n.node)
	}
}
