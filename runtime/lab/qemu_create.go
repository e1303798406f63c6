package lab

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Parameters of a create or update that are no options of the guest.
var notOptions = []string{
	"node", "vmid", "archive", "bwlimit", "force", "ha-managed", "import-working-storage", "live-restore", "pool",
	"start", "storage", "unique", "delete", "digest", "revert", "skiplock", "background_delay",
}

// options are the guest's options among the parameters.
func (c *call) options() map[string]string {
	set := map[string]string{}
	for k, v := range c.params {
		if !slices.Contains(notOptions, k) {
			set[k] = v
		}
	}
	return set
}

// qemuCreate is POST /nodes/{node}/qemu.
func (c *call) qemuCreate() (any, error) {
	vmid, set := c.vmid(), c.options()
	if pool := c.str("pool"); c.has("pool") && !c.hasPool(pool) {
		return nil, errorf(http.StatusForbidden, "Permission check failed (pool '"+pool+"' does not exist)")
	}
	if err := c.needCreate(vmid, c.str("pool")); err != nil {
		return nil, err
	}
	if c.has("archive") || c.flag("ha-managed") {
		return nil, errorf(http.StatusNotImplemented, "restore and HA are not implemented by this lab")
	}
	if err := c.checkOptions(set); err != nil {
		return nil, err
	}
	if err := c.needOptions(vmid, c.str("pool"), set, nil, nil); err != nil {
		return nil, err
	}
	if err := c.checkDrives(c.node(), set); err != nil {
		return nil, err
	}
	if err := (&vm{}).oneSeed(change{set: set}); err != nil {
		return nil, err
	}
	v := &vm{VMID: vmid, Node: c.node(), Config: map[string]string{"lock": "create"}}
	if err := c.reserve(v); err != nil {
		return nil, fmt.Errorf("unable to create VM %d - %w", vmid, err)
	}
	// The new guest's lock file is free: nobody else knows its id yet.
	unlock, err := c.lockVM(c.ctx, vmid, nil)
	if err != nil {
		return nil, errors.Join(err, c.forget(vmid))
	}
	start, pool := c.flag("start"), c.str("pool")
	upid, err := c.start("qmcreate", vmidText(vmid), func(t *task) error {
		err := c.build(t, v, set, pool)
		unlock()
		if err != nil {
			if c.Lab.ctx.Err() == nil {
				_ = c.forget(vmid) // what stays of it goes at the next open
			}
			return fmt.Errorf("unable to create VM %d - %w", vmid, err)
		}
		if start {
			t.logf("Execute autostart")
			if err := c.startVM(t, vmid); err != nil {
				t.logf("%s", oneLine(err.Error())) // the create task still ends OK
			}
		}
		return nil
	})
	if err != nil {
		unlock()
		return nil, err
	}
	return upid, nil
}

// reserve takes the id: of two creates at once, one gets it.
func (l *Lab) reserve(v *vm) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if other := l.vms[v.VMID]; other != nil {
		return fmt.Errorf("%s %d already exists on node '%s'", other.label(), v.VMID, other.Node)
	}
	l.made[v.VMID] = l.now()
	return l.saveLocked(v)
}

// build makes the disks and writes the configuration, in one step with the
// removal of the lock.
func (l *Lab) build(t *task, v *vm, set map[string]string, pool string) error {
	if err := t.delay(); err != nil {
		return err
	}
	if _, err := l.makeDrives(v.Node, v.VMID, set, t.logf); err != nil {
		return err
	}
	l.complete(set)
	if set["boot"] == "" {
		if order := bootOrder(set); order != "" {
			set["boot"] = order
		}
	}
	set["meta"] = fmt.Sprintf("creation-qemu=10.1.2,ctime=%d", l.now().Unix())
	if set["vmgenid"] == "" || set["vmgenid"] == "1" {
		set["vmgenid"] = newUUID()
	}
	if o, err := api().parseObject("smbios1", "smbios1", set["smbios1"]); err == nil && o["uuid"] == "" {
		o["uuid"] = newUUID()
		set["smbios1"] = api().printObject("smbios1", o)
	}
	if pool != "" {
		if err := l.joinPool(pool, v.VMID); err != nil {
			return err
		}
	}
	done := &vm{VMID: v.VMID, Node: v.Node, Config: set}
	done.machine = l.hv.Machine(v.VMID, func() { l.poweredOff(v.VMID) })
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.saveLocked(done)
}

// complete fills in what the server decides: MAC addresses, tag spelling, the
// blank that stands for an empty string.
func (l *Lab) complete(set map[string]string) {
	for k, value := range set {
		base, _, _ := splitSlot(k)
		switch {
		case k == "tags" && value != "":
			set[k] = normalTags(value)
		case base == "net":
			o, err := api().parseObject("net", k, value)
			if err != nil {
				continue
			}
			if o["macaddr"] == "" {
				o["macaddr"] = newMAC()
			}
			o["macaddr"] = strings.ToUpper(o["macaddr"])
			set[k] = api().printObject("net", o)
		case value == "":
			set[k] = " "
		}
	}
}

// normalTags is lower case, sorted, each once.
func normalTags(text string) string {
	tags := splitList(strings.ToLower(text))
	slices.Sort(tags)
	return strings.Join(slices.Compact(tags), ";")
}

// newMAC has PVE's prefix.
func newMAC() string {
	var b [3]byte
	rand.Read(b[:])
	return fmt.Sprintf("BC:24:11:%02X:%02X:%02X", b[0], b[1], b[2])
}

// checkOptions is what PVE refuses besides the schema.
func (c *call) checkOptions(set map[string]string) error {
	if c.flag("skiplock") && !c.who.isRoot() {
		return badParam("skiplock", "Only root may use this option.")
	}
	if err := checkCloudKeys(set["sshkeys"]); err != nil {
		return err
	}
	if c.who.isRoot() {
		return nil
	}
	for _, k := range sortedKeys(set) {
		base, _, _ := splitSlot(k)
		switch {
		case k == "args" || k == "lock" || k == "affinity" || k == "hookscript":
			return errorf(500, "only root can set '"+k+"' config")
		case base == "hostpci" && !strings.Contains(set[k], "mapping="):
			return errorf(500, "only root can set '"+k+"' config for non-mapped devices")
		case base == "serial" && set[k] != "socket", base == "parallel":
			return errorf(500, "only root can set '"+k+"' config for real devices")
		}
	}
	return nil
}

// forget removes a guest: its record is marked first, so that a crash leaves a
// guest that the next open removes.
func (l *Lab) forget(vmid uint) error {
	l.mu.Lock()
	v := l.vms[vmid]
	if v == nil {
		l.mu.Unlock()
		return nil
	}
	gone := v.clone()
	gone.Gone = true
	if err := l.dir.save(gone, "guests", vmidText(vmid)+".json"); err != nil {
		l.mu.Unlock()
		return err
	}
	l.mu.Unlock()
	if v.machine != nil {
		if err := v.machine.Destroy(); err != nil {
			return err
		}
	}
	if err := l.leavePools(vmid); err != nil {
		return err
	}
	if err := l.erase(vmid); err != nil {
		return err
	}
	l.mu.Lock()
	delete(l.vms, vmid)
	l.mu.Unlock()
	return nil
}
