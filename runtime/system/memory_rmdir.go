package system

import "fmt"

// RemoveDir removes an empty directory. Those every machine has stay.
func (m *Memory) RemoveDir(name string) error {
	return m.change(func() ([]Event, error) {
		if !m.isDir(name) {
			return nil, fmt.Errorf("remove %s: %w", name, ErrNotExist)
		}
		if len(m.list(name)) > 0 {
			return nil, fmt.Errorf("remove %s: directory not empty", name)
		}
		info, changed := m.s.dirs[name]
		delete(m.s.dirs, name)
		if m.isDir(name) {
			if changed {
				m.s.dirs[name] = info
			}
			return nil, fmt.Errorf("remove %s: it belongs to the system", name)
		}
		return nil, nil
	})
}
