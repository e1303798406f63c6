package lab

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/homestak/homestak/runtime/lab/guest"
)

// ctNew is a container that has passed the checks before its task.
type ctNew struct {
	set      map[string]string
	template string
	storage  string // where the root file system goes when rootfs does not say
	pool     string
	install  guest.Install
	start    bool
}

// ctCreate is POST /nodes/{node}/lxc.
func (c *call) ctCreate() (any, error) {
	p, err := c.checkCreateCT()
	if err != nil {
		return nil, err
	}
	vmid := c.vmid()
	v := &vm{Kind: kindCT, VMID: vmid, Node: c.node(), Config: map[string]string{"lock": "create"}}
	if err := c.reserve(v); err != nil {
		return nil, err
	}
	unlock, err := c.lockVM(c.ctx, vmid, nil)
	if err != nil {
		return nil, err
	}
	upid, err := c.start("vzcreate", vmidText(vmid), func(t *task) error {
		err := c.buildCT(t, v, p)
		unlock()
		if err != nil {
			if c.Lab.ctx.Err() == nil {
				_ = c.forget(vmid) // what stays of it goes at the next open
			}
			return fmt.Errorf("unable to create CT %d - %w", vmid, err)
		}
		if p.start {
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

// checkCreateCT is all that PVE refuses before it starts the task.
func (c *call) checkCreateCT() (*ctNew, error) {
	p := &ctNew{
		set: c.ctOptions(), template: c.str("ostemplate"), storage: c.str("storage"), pool: c.str("pool"), start: c.flag("start"),
		install: guest.Install{Password: c.str("password"), Keys: c.str("ssh-public-keys")},
	}
	if c.has("pool") && !c.hasPool(p.pool) {
		return nil, errorf(http.StatusForbidden, "Permission check failed (pool '"+p.pool+"' does not exist)")
	}
	if err := c.needCreate(c.vmid(), p.pool); err != nil {
		return nil, err
	}
	if err := checkKeys(p.install.Keys); err != nil {
		return nil, err
	}
	if c.flag("restore") || c.flag("force") || c.flag("ha-managed") || p.template == "-" {
		return nil, errorf(http.StatusNotImplemented, "restore and HA are not implemented by this lab")
	}
	if !c.who.all && p.set["unprivileged"] != "1" {
		if err := c.need("/", "Sys.Modify"); err != nil {
			return nil, err
		}
	}
	if err := c.needCTOptions(c.vmid(), p.pool, p.set, nil, map[string]string{"unprivileged": p.set["unprivileged"]}); err != nil {
		return nil, err
	}
	store, name, ok := splitVolumeID(p.template)
	if !ok {
		return nil, errorf(500, "unable to parse volume ID '"+p.template+"'")
	}
	if _, err := c.usableNamed(c.node(), store); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(name, "vztmpl/") {
		return nil, errorf(500, "unable to parse directory volume name '"+name+"'")
	}
	if err := c.needVolume(c.vmid(), p.template); err != nil {
		return nil, err
	}
	if p.storage == "" {
		p.storage = "local"
	}
	if p.set["rootfs"] == "" {
		p.set["rootfs"] = p.storage + ":4"
	}
	for _, slot := range mounts(p.set) {
		if err := c.checkMount(slot, p.set[slot]); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// checkMount verifies the storage of a volume that is to be made, or that one
// is there.
func (c *call) checkMount(slot, text string) error {
	file := parseDrive(slot, text)["file"]
	store, _, isVolume := splitVolumeID(file)
	if !isVolume || strings.HasPrefix(file, "/") {
		if c.who.isRoot() {
			return errorf(501, "bind mounts and devices as mount points are not implemented by this lab")
		}
		return errorf(403, "Permission check failed (mount point type bind is only allowed for root@pam)")
	}
	s, err := c.usableNamed(c.node(), store)
	if err != nil {
		return err
	}
	if !slices.Contains(s.content, "rootdir") {
		return badParam("storage", "storage '"+store+"' does not support container directories")
	}
	return c.needVolume(c.vmid(), file)
}

// buildCT makes the volumes, unpacks the template and writes the configuration,
// in one step with the removal of the lock.
func (l *Lab) buildCT(t *task, v *vm, p *ctNew) error {
	if err := t.delay(); err != nil {
		return err
	}
	set := p.set
	l.mu.Lock()
	template := l.findVolume(v.Node, p.template)
	l.mu.Unlock()
	if _, err := l.makeMounts(v, set, template, t.logf); err != nil {
		return err
	}
	if template == nil {
		return fmt.Errorf("volume '%s' does not exist", p.template)
	}
	t.logf("extracting archive '%s'", template.pvePath())
	t.logf("Total bytes read: %d", template.Size)
	l.completeCT(v.VMID, set)
	if set["arch"] == "" {
		t.logf("Detected container architecture: amd64")
		set["arch"] = "amd64"
	}
	if set["ostype"] == "" {
		set["ostype"] = ostypeOf(template)
	}
	if set["unprivileged"] == "0" {
		delete(set, "unprivileged")
	}
	done := &vm{Kind: kindCT, VMID: v.VMID, Node: v.Node, Config: set}
	done.machine = l.hv.Machine(v.VMID, func() { l.poweredOff(v.VMID) })
	if err := done.machine.Install(t.ctx, l.hardware(done), p.install); err != nil {
		return err
	}
	if p.pool != "" {
		if err := l.joinPool(p.pool, v.VMID); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.saveLocked(done)
}

// ostypeOf is what PVE finds in a template: by what it says it is, else by its
// name.
func ostypeOf(template *volume) string {
	name := path.Base(template.Name)
	if f, err := os.Open(template.file()); err == nil {
		head, _ := io.ReadAll(io.LimitReader(f, 4096))
		f.Close()
		if _, rest, ok := bytes.Cut(head, []byte("\nos: ")); ok {
			name = string(rest)
		}
	}
	kind, _, _ := strings.Cut(name, "-")
	if slices.Contains(optionsOf(kindCT).lookup("ostype").enum, kind) {
		return kind
	}
	return "unmanaged"
}

// makeMounts turns the mount points in set that ask for a new volume into some
// that name one. The root file system holds the template's bytes. What it made
// is in made, also when it fails.
func (l *Lab) makeMounts(v *vm, set map[string]string, template *volume, logf func(string, ...any)) (made []*volume, err error) {
	for _, slot := range mounts(set) {
		o := parseDrive(slot, set[slot])
		m := newDisk.FindStringSubmatch(o["file"])
		if m == nil {
			if err := l.checkVolume(v.Node, o); err != nil {
				return made, err
			}
			set[slot] = l.printExisting(v.Node, slot, o)
			continue
		}
		s := l.storageNamed(v.Node, m[1])
		if s == nil {
			return made, fmt.Errorf("storage '%s' does not exist", m[1])
		}
		var gib float64
		if _, err := fmt.Sscan(m[2], &gib); err != nil || gib > 1<<20 {
			return made, fmt.Errorf("bad disk size '%s'", m[2])
		}
		source := ""
		if slot == "rootfs" && template != nil {
			source = template.file()
		}
		size := int64(gib * (1 << 30))
		if size == 0 {
			return made, errors.New("volumes without a size are not implemented by this lab")
		}
		vol, err := l.newImage(s, v.VMID, "raw", size, source)
		if err != nil {
			return made, err
		}
		made = append(made, vol)
		vol.logMade(logf)
		logf("Creating filesystem with %d 4k blocks and %d inodes", size>>12, size>>14)
		logf("Filesystem UUID: %s", newUUID())
		o["file"], o["size"] = vol.id(), formatSize(size)
		set[slot] = printDrive(slot, o)
	}
	return made, nil
}

// completeCT fills in what the server decides of options that are set.
func (l *Lab) completeCT(vmid uint, set map[string]string) {
	for _, k := range sortedKeys(set) {
		value := set[k]
		base, _, _ := splitSlot(k)
		switch {
		case k == "tags" && value != "":
			set[k] = normalTags(value)
		case k == "description" && value != "":
			set[k] = strings.TrimRight(value, "\n") + "\n"
		case base == "net":
			o := ctNet(k, value)
			if o["hwaddr"] == "" {
				o["hwaddr"] = newMAC()
			}
			o["hwaddr"], o["type"] = strings.ToUpper(o["hwaddr"]), "veth"
			set[k] = api().printObject("ct-net", o)
		case value == "":
			set[k] = " "
		}
	}
}
