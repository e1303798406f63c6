package store

import (
	"context"
	"strings"
	"sync"
)

// Hub hands changes to watchers. A slow watcher holds up nobody: what it has not
// read is kept for it, one change a key.
type Hub struct {
	mu       sync.Mutex
	watchers map[*watcher]struct{}
}

type watcher struct {
	prefix string
	mu     sync.Mutex
	order  []string // keys of unread, oldest first
	unread map[string]Change
	wake   chan struct{} // holds one
}

// Watch registers a watcher until ctx ends.
func (h *Hub) Watch(ctx context.Context, prefix string) <-chan Change {
	w := &watcher{prefix: prefix, unread: map[string]Change{}, wake: make(chan struct{}, 1)}
	h.mu.Lock()
	if h.watchers == nil {
		h.watchers = map[*watcher]struct{}{}
	}
	h.watchers[w] = struct{}{}
	h.mu.Unlock()
	out := make(chan Change)
	go func() {
		defer close(out)
		defer func() {
			h.mu.Lock()
			delete(h.watchers, w)
			h.mu.Unlock()
		}()
		for {
			for c, ok := w.take(); ok; c, ok = w.take() {
				select {
				case out <- c:
				case <-ctx.Done():
					return
				}
			}
			select {
			case <-w.wake:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// Tell hands a change to all who watch its key. Calls are in the order of
// revisions.
func (h *Hub) Tell(c Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers {
		if strings.HasPrefix(c.Key, w.prefix) {
			w.put(c)
		}
	}
}

func (w *watcher) put(c Change) {
	w.mu.Lock()
	if _, there := w.unread[c.Key]; !there {
		w.order = append(w.order, c.Key)
	}
	w.unread[c.Key] = c
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *watcher) take() (Change, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.order) == 0 {
		return Change{}, false
	}
	key := w.order[0]
	w.order = w.order[1:]
	c := w.unread[key]
	delete(w.unread, key)
	return c, true
}
