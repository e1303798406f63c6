package lab

import (
	"context"
	"fmt"
)

// sharing is a guest's lock file held by several readers together.
type sharing struct {
	readers int
	unlock  func()
}

// shareVM takes a guest's lock file together with others that only read it:
// clones of one template run at once, and nothing changes it meanwhile.
func (l *Lab) shareVM(ctx context.Context, vmid uint, t *task) (release func(), err error) {
	// One reader at a time decides whether he is the first.
	next, err := l.lockFile(ctx, fmt.Sprintf("readers of %d", vmid), nil)
	if err != nil {
		return nil, err
	}
	defer next()
	l.mu.Lock()
	s := l.shared[vmid]
	if s != nil {
		s.readers++
	}
	l.mu.Unlock()
	if s == nil {
		unlock, err := l.lockVM(ctx, vmid, t)
		if err != nil {
			return nil, err
		}
		s = &sharing{readers: 1, unlock: unlock}
		l.mu.Lock()
		l.shared[vmid] = s
		l.mu.Unlock()
	}
	return func() {
		l.mu.Lock()
		s.readers--
		last := s.readers == 0
		if last {
			delete(l.shared, vmid)
		}
		l.mu.Unlock()
		if last {
			s.unlock()
		}
	}, nil
}
