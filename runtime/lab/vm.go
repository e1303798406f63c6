package lab

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/homestak/homestak/runtime/lab/guest"
)

// lockWait is how long PVE waits for a guest's lock file.
const lockWait = 10 * time.Second

// vm is a guest as it is on disk. Config is what the guest runs with; Pending
// and Unset are changes that wait for its next start.
type vm struct {
	Kind    string            `json:"kind,omitempty"` // kindCT, or "" for a VM
	VMID    uint              `json:"vmid"`
	Node    string            `json:"node"`
	Config  map[string]string `json:"config"`
	Pending map[string]string `json:"pending,omitempty"`
	Unset   []string          `json:"unset,omitempty"` // options whose removal is pending, sorted
	Running bool              `json:"running,omitempty"`
	Since   int64             `json:"since,omitempty"`  // when it was started
	Paused  bool              `json:"paused,omitempty"` // it runs, but its CPUs stand still
	Stale   map[string]string `json:"stale,omitempty"`  // what the seed says of options that changed since; "" = nothing
	Gone    bool              `json:"gone,omitempty"`   // destroyed; what is left of it is removed at the next open
	Making  bool              `json:"making,omitempty"` // being cloned; removed at the next open
	Moving  string            `json:"moving,omitempty"` // the node it is being migrated to, or was a moment ago

	Rolling   string               `json:"rolling,omitempty"`   // the snapshot a rollback is under way to
	Snapshots map[string]*snapshot `json:"snapshots,omitempty"` // not changed in place

	machine guest.Machine
	still   bool // its CPUs stand still while the lab copies a disk
}

// clone is a copy whose maps can be changed.
func (v *vm) clone() *vm {
	c := *v
	c.Config, c.Pending, c.Unset = maps.Clone(v.Config), maps.Clone(v.Pending), slices.Clone(v.Unset)
	c.Snapshots, c.Stale = maps.Clone(v.Snapshots), maps.Clone(v.Stale)
	if c.Pending == nil {
		c.Pending = map[string]string{}
	}
	return &c
}

// next is the configuration after the next start.
func (v *vm) next() map[string]string {
	c := maps.Clone(v.Config)
	for _, k := range v.Unset {
		delete(c, k)
	}
	maps.Copy(c, v.Pending)
	return c
}

// digest is the SHA-1 of the configuration file PVE would have.
func (v *vm) digest() string {
	var b strings.Builder
	for _, line := range strings.Split(v.Config["description"], "\n") {
		b.WriteString("#" + url.PathEscape(line) + "\n")
	}
	section := func(c map[string]string) {
		for _, k := range sortedKeys(c) {
			if k != "description" {
				b.WriteString(k + ": " + c[k] + "\n")
			}
		}
	}
	section(v.Config)
	if len(v.Pending)+len(v.Unset) > 0 {
		b.WriteString("\n[PENDING]\n")
		if len(v.Unset) > 0 {
			b.WriteString("delete: " + strings.Join(v.Unset, ",") + "\n")
		}
		section(v.Pending)
		b.WriteString(v.Pending["description"])
	}
	sum := sha1.Sum([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

func (v *vm) lock() string   { return v.Config["lock"] }
func (v *vm) template() bool { return v.Config["template"] == "1" }

// unlocked fails while a lock is in the configuration.
func (v *vm) unlocked() error {
	if lock := v.lock(); lock != "" {
		return fmt.Errorf("%s is locked (%s)", v.label(), lock)
	}
	return nil
}

// changed is what PVE says when a configuration has another digest than the
// caller thinks.
func (v *vm) changed() error {
	if v.isCT() {
		return errors.New("detected modified configuration - file changed by other user? Try again.")
	}
	return errors.New("checksum mismatch (file change by other user?)")
}

// missingConfig is what PVE says of a guest that does not exist here.
func missingConfig(kind, node string, vmid uint) error {
	dir := "qemu-server"
	if kind == kindCT {
		dir = "lxc"
	}
	return fmt.Errorf("Configuration file 'nodes/%s/%s/%d.conf' does not exist", node, dir, vmid)
}

// vm is a copy of a guest's record.
func (c *call) vm() (*vm, error) { return c.lookup(c.vmid()) }

// lookup is a copy of the record of a guest on the node of the request, of the
// kind that it is about: to that, guests elsewhere and others do not exist.
func (c *call) lookup(vmid uint) (*vm, error) {
	v, err := c.Lab.lookup(vmid)
	if kind := c.method.kind(); err != nil || v.Node != c.node() || v.Kind != kind {
		return nil, missingConfig(kind, c.node(), vmid)
	}
	return v, nil
}

// heldVM is vm for a change that is made at once: nobody else changes the guest
// until unlock, and no lock in its configuration forbids it.
func (c *call) heldVM() (v *vm, unlock func(), err error) {
	if unlock, err = c.lockVM(c.ctx, c.vmid(), nil); err != nil {
		return nil, nil, err
	}
	if v, err = c.vm(); err == nil {
		err = v.unlocked()
	}
	if err != nil {
		unlock()
		return nil, nil, err
	}
	return v, unlock, nil
}

// lookup is a copy of the record of a guest, on whatever node.
func (l *Lab) lookup(vmid uint) (*vm, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.vms[vmid]
	if v == nil {
		return nil, missingConfig("", l.cfg.Node, vmid)
	}
	return v.clone(), nil
}

// saveConfig writes the configuration of a changed copy, on disk first. Power
// stays as it is: a guest may have powered off meanwhile.
func (l *Lab) saveConfig(v *vm) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := l.vms[v.VMID]; now != nil {
		v.Running, v.Since, v.Paused, v.machine, v.still = now.Running, now.Since, now.Paused, now.machine, now.still
	}
	return l.saveLocked(v)
}

// poweredOn records that a guest runs.
func (l *Lab) poweredOn(vmid uint) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	on := l.vms[vmid].clone()
	on.Running, on.Paused, on.Since = true, false, l.now().Unix()
	return l.saveLocked(on)
}

func (l *Lab) saveLocked(v *vm) error {
	if err := l.dir.save(v, "guests", vmidText(v.VMID)+".json"); err != nil {
		return err
	}
	kept := v.clone()
	l.vms[v.VMID] = kept
	return nil
}

// loadVMs reads the guests. One whose creation or destruction was interrupted
// is removed: the task that did it is gone.
func (l *Lab) loadVMs() error {
	names, err := l.dir.list("guests", ".json")
	if err != nil {
		return err
	}
	for _, name := range names {
		v := &vm{}
		if err := l.dir.load(v, "guests", name+".json"); err != nil {
			return err
		}
		if v.Gone || v.Making || v.lock() == "create" {
			if err := errors.Join(l.leavePools(v.VMID), l.erase(v.VMID)); err != nil {
				return dirError(l.dir.root, err)
			}
			continue
		}
		l.vms[v.VMID] = v
	}
	return nil
}

// erase removes the files of a guest, its record last.
func (l *Lab) erase(vmid uint) error {
	var errs []error
	for _, vol := range l.imagesOf(vmid) {
		errs = append(errs, l.removeVolume(vol))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return l.dir.disk.remove(l.dir.path("guests", vmidText(vmid)+".json"))
}

// resume gives every guest its machine and puts the running ones back. One that
// cannot come back is stopped, and the log says why.
func (l *Lab) resume(ctx context.Context) error {
	// Nothing runs yet, so nothing else looks at the guests.
	ids := sortedVMIDs(l.vms)
	for _, vmid := range ids {
		l.vms[vmid].machine = l.hv.Machine(vmid, func() { l.poweredOff(vmid) })
	}
	if in := l.cfg.inside; in != nil && in.cold {
		return l.coldStart(ctx, ids)
	}
	limit := make(chan struct{}, 32)
	var wg sync.WaitGroup
	for _, vmid := range ids {
		v, err := l.lookup(vmid)
		if err != nil || !v.Running || v.Paused {
			continue
		}
		limit <- struct{}{}
		wg.Go(func() {
			defer func() { <-limit }()
			if err := v.machine.Resume(ctx, l.hardware(v)); err != nil {
				l.log.write(Entry{Time: l.now(), Kind: "guest", ID: vmidText(vmid), Type: "resume", Text: err.Error()})
				l.poweredOff(vmid)
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

func sortedVMIDs(m map[uint]*vm) []uint {
	ids := make([]uint, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// poweredOff records that a guest is off, and with that applies what was
// pending.
func (l *Lab) poweredOff(vmid uint) {
	l.mu.Lock()
	v := l.vms[vmid]
	if v == nil || !v.Running {
		l.mu.Unlock()
		return
	}
	off := v.clone()
	off.Running, off.Paused, off.Since = false, false, 0
	freed := off.applyPending()
	err := l.saveLocked(off)
	l.mu.Unlock()
	if err == nil {
		err = l.release(off.Node, freed)
	}
	if err != nil {
		l.log.write(Entry{Time: l.now(), Kind: "guest", ID: vmidText(vmid), Type: "off", Text: err.Error()})
	}
}

// applyPending makes the pending changes effective, and returns the volumes that
// nothing refers to any more.
func (v *vm) applyPending() (freed []string) {
	for _, k := range slices.Concat(slices.Clone(v.Unset), sortedKeys(v.Pending)) {
		freed = append(freed, v.settle(k, false)...)
	}
	v.Pending, v.Unset = map[string]string{}, nil
	return freed
}

// running reports whether the machine is on.
func (v *vm) running() bool {
	return v.Running && v.machine != nil && (v.Paused || v.still || v.machine.Running())
}

// lockVM takes a guest's lock file, or fails as PVE does after ten seconds. t is
// the task that waits, if any.
func (l *Lab) lockVM(ctx context.Context, vmid uint, t *task) (unlock func(), err error) {
	name := fmt.Sprintf("/var/lock/qemu-server/lock-%d.conf", vmid)
	l.mu.Lock()
	if v := l.vms[vmid]; v != nil && v.isCT() {
		name = fmt.Sprintf("/run/lock/lxc/pve-config-%d.lock", vmid)
	}
	l.mu.Unlock()
	return l.lockFile(ctx, name, t)
}

func (l *Lab) lockFile(ctx context.Context, name string, t *task) (unlock func(), err error) {
	if err := mishapOf(ctx).lockFile(name, t); err != nil {
		return nil, err
	}
	l.mu.Lock()
	free := l.locks[name]
	if free == nil {
		free = make(chan struct{}, 1)
		free <- struct{}{}
		l.locks[name] = free
	}
	l.mu.Unlock()
	unlock = func() { free <- struct{}{} }
	select {
	case <-free:
		return unlock, nil
	default:
	}
	if t != nil {
		t.logf("trying to acquire lock...")
	}
	wait, cancel := l.timeout(ctx, lockWait)
	defer cancel()
	select {
	case <-free:
		return unlock, nil
	case <-wait.Done():
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("can't lock file '%s' - got timeout", name)
	}
}

// timeout is ctx with a deadline by the lab's clock.
func (l *Lab) timeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		if l.cfg.Clock.Sleep(ctx, d) == nil {
			cancel()
		}
	}()
	return ctx, cancel
}
