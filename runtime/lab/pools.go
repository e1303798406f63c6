package lab

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// pool is a resource pool as it is on disk.
type pool struct {
	ID      string   `json:"id"`
	Comment string   `json:"comment,omitempty"`
	VMs     []uint   `json:"vms,omitempty"`     // sorted
	Storage []string `json:"storage,omitempty"` // sorted
}

func (l *Lab) loadPools() error {
	names, err := l.dir.list("pools", ".json")
	if err != nil {
		return err
	}
	for _, name := range names {
		p := &pool{}
		if err := l.dir.load(p, "pools", name+".json"); err != nil {
			return err
		}
		l.pools[p.ID] = p
	}
	return nil
}

// poolFile keeps the "/" of nested pools out of file names.
func poolFile(id string) string { return strings.ReplaceAll(id, "/", "%2F") + ".json" }

// savePool writes a pool, on disk first; the caller holds mu.
func (l *Lab) savePool(p *pool) error {
	if err := l.dir.save(p, "pools", poolFile(p.ID)); err != nil {
		return err
	}
	l.pools[p.ID] = p
	return nil
}

func (l *Lab) hasPool(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pools[id] != nil
}

// poolsByVM maps guests to their pool.
func (l *Lab) poolsByVM() map[uint]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := map[uint]string{}
	for id, p := range l.pools {
		for _, vmid := range p.VMs {
			m[vmid] = id
		}
	}
	return m
}

// joinPool puts a new guest into a pool.
func (l *Lab) joinPool(id string, vmid uint) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.pools[id]
	if p == nil {
		return fmt.Errorf("pool '%s' does not exist", id)
	}
	changed := *p
	changed.VMs = insert(p.VMs, vmid)
	return l.savePool(&changed)
}

// leavePools takes a guest that is destroyed out of its pool.
func (l *Lab) leavePools(vmid uint) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range sortedKeys(l.pools) {
		if p := l.pools[id]; slices.Contains(p.VMs, vmid) {
			changed := *p
			changed.VMs = without(p.VMs, vmid)
			if err := l.savePool(&changed); err != nil {
				return err
			}
		}
	}
	return nil
}

func insert[T uint | string](list []T, v T) []T {
	out := append(slices.Clone(list), v)
	slices.Sort(out)
	return slices.Compact(out)
}

func without[T uint | string](list []T, v T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(x T) bool { return x == v })
}

// poolList is GET /pools; with poolid it is a list of one, with its members.
func (c *call) poolList() (any, error) {
	if c.has("poolid") {
		p, err := c.poolMembers()
		if err != nil {
			return nil, err
		}
		return []any{p}, nil
	}
	c.mu.Lock()
	var all []*pool
	for _, id := range sortedKeys(c.pools) {
		all = append(all, c.pools[id])
	}
	c.mu.Unlock()
	list := []any{}
	for _, p := range all {
		if c.may("/pool/"+p.ID, "Pool.Audit") {
			list = append(list, p.row())
		}
	}
	return list, nil
}

func (p *pool) row() map[string]any {
	row := map[string]any{"poolid": p.ID}
	if p.Comment != "" {
		row["comment"] = p.Comment
	}
	return row
}

func (c *call) poolGet() (any, error) {
	row, err := c.poolMembers()
	if err != nil {
		return nil, err
	}
	return row, nil
}

// poolMembers is a pool with its members that exist.
func (c *call) poolMembers() (map[string]any, error) {
	id, want := c.str("poolid"), c.str("type")
	c.mu.Lock()
	p := c.pools[id]
	c.mu.Unlock()
	if err := c.need("/pool/"+id, "Pool.Audit"); err != nil {
		return nil, err
	}
	if p == nil {
		return nil, errorf(500, "pool '"+id+"' does not exist")
	}
	row, members := p.row(), []any{}
	for _, s := range c.statuses() {
		if slices.Contains(p.VMs, s.vm.VMID) && (want == "" || want == s.kind()) {
			members = append(members, c.vmResource(s))
		}
	}
	for _, name := range p.Storage {
		if want == "" || want == "storage" {
			members = append(members, map[string]any{
				"id": "storage/" + c.local + "/" + name, "type": "storage", "storage": name, "node": c.local,
			})
		}
	}
	row["members"] = members
	return row, nil
}

// poolCreate is atomic: of many at once, one succeeds.
func (c *call) poolCreate() (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := c.str("poolid")
	if c.pools[id] != nil {
		return nil, errorf(500, "create pool failed: pool '"+id+"' already exists")
	}
	if i := strings.LastIndexByte(id, '/'); i > 0 && c.pools[id[:i]] == nil {
		return nil, errorf(500, "create pool failed: parent '"+id[:i]+"' of pool '"+id+"' does not exist")
	}
	return nil, c.savePool(&pool{ID: id, Comment: c.str("comment")})
}

// poolUpdate is PUT /pools and PUT /pools/{poolid}.
func (c *call) poolUpdate() (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := c.str("poolid")
	old := c.pools[id]
	if old == nil {
		return nil, errorf(500, "update pools failed: pool '"+id+"' does not exist")
	}
	p := *old
	if c.has("comment") {
		p.Comment = c.str("comment")
	}
	moved, err := c.poolVMs(&p)
	if err != nil {
		return nil, fmt.Errorf("update pools failed: %w", err)
	}
	for _, name := range splitList(c.str("storage")) {
		if c.flag("delete") {
			p.Storage = without(p.Storage, name)
		} else {
			p.Storage = insert(p.Storage, name)
		}
	}
	for _, other := range moved {
		if err := c.savePool(other); err != nil {
			return nil, err
		}
	}
	return nil, c.savePool(&p)
}

// poolVMs adds or removes guests; moved are the pools they were taken from.
func (c *call) poolVMs(p *pool) (moved []*pool, err error) {
	for _, text := range splitList(c.str("vms")) {
		var vmid uint
		if _, err := fmt.Sscan(text, &vmid); err != nil {
			return nil, err
		}
		member := slices.Contains(p.VMs, vmid)
		if c.flag("delete") {
			if !member {
				return nil, fmt.Errorf("VM %d is not a pool member", vmid)
			}
			p.VMs = without(p.VMs, vmid)
			continue
		}
		if member {
			return nil, fmt.Errorf("VM %d is already a pool member", vmid)
		}
		for _, id := range sortedKeys(c.pools) {
			if other := c.pools[id]; id != p.ID && slices.Contains(other.VMs, vmid) {
				if !c.flag("allow-move") {
					return nil, fmt.Errorf("VM %d belongs already to pool '%s' and 'allow-move' is not set", vmid, id)
				}
				changed := *other
				changed.VMs = without(other.VMs, vmid)
				moved = append(moved, &changed)
			}
		}
		p.VMs = insert(p.VMs, vmid)
	}
	return moved, nil
}

// poolDelete is DELETE /pools and DELETE /pools/{poolid}; only an empty pool
// goes.
func (c *call) poolDelete() (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := c.str("poolid")
	p := c.pools[id]
	var err error
	switch {
	case p == nil:
		err = fmt.Errorf("pool '%s' does not exist", id)
	case len(p.VMs) > 0:
		err = fmt.Errorf("pool '%s' is not empty (contains VM %d)", id, p.VMs[0])
	case len(p.Storage) > 0:
		err = fmt.Errorf("pool '%s' is not empty (contains storage '%s')", id, p.Storage[0])
	}
	for _, other := range sortedKeys(c.pools) {
		if err == nil && strings.HasPrefix(other, id+"/") {
			err = errors.New("pool '" + id + "' is not empty (contains pool '" + other + "')")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("delete pool failed: %w", err)
	}
	if err := c.dir.disk.remove(c.dir.path("pools", poolFile(id))); err != nil {
		return nil, err
	}
	delete(c.pools, id)
	return nil, nil
}
