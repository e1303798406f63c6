package lab

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// spot says what a new volume of a guest is to be.
type spot struct {
	storage *storage
	vmid    uint
	stem    string // name without its format; "" = the next free vm-VMID-disk-N
	format  string
	base    string // of a linked clone: the volume it stands on, without the base's own base
}

// content is what a new volume holds at first.
type content struct {
	size  int64
	bytes string // file whose bytes it shares, "" = blank
	state string // what a guest has kept on such a disk, copied; "" = nothing
}

// makeVolume makes a volume; its .meta comes last, so that a crash leaves none.
func (l *Lab) makeVolume(at spot, what content) (*volume, error) {
	s := at.storage
	if err := l.hasSpace(s.name); err != nil {
		return nil, err
	}
	v := &volume{
		Content: "images", Format: at.format, Size: what.size, VMID: at.vmid, CTime: l.now().Unix(), Base: at.base,
	}
	l.mu.Lock()
	prefix := "vm"
	if ct := l.vms[at.vmid]; s.kind == "zfspool" && at.stem == "" && ct != nil && ct.isCT() {
		prefix, v.Format = "subvol", "subvol"
	}
	for n := 0; at.stem == ""; n++ {
		if stem := fmt.Sprintf("%s-%d-disk-%d", prefix, at.vmid, n); !s.hasDisk(at.vmid, stem) {
			at.stem = stem
		}
	}
	if s.hasDisk(at.vmid, at.stem) {
		l.mu.Unlock()
		return nil, fmt.Errorf("disk image '%s' already exists", at.stem)
	}
	v.Name = path.Join(at.base, at.stem)
	if s.files() {
		v.Name = path.Join(at.base, fmt.Sprintf("%d/%s.%s", at.vmid, at.stem, at.format))
	}
	s.put(v)
	l.mu.Unlock()
	err := s.disk.mkdir(filepath.Dir(v.file()))
	if err == nil {
		err = errors.Join(s.disk.remove(v.file()), v.clearStates())
	}
	if err == nil && what.bytes != "" {
		err = s.disk.linkOrCopy(what.bytes, v.file())
	}
	if err == nil && what.state != "" {
		err = s.disk.copyTree(what.state, v.state())
	}
	if err == nil {
		err = s.disk.saveJSON(v.meta(), v)
	}
	if err != nil {
		l.mu.Lock()
		s.drop(v)
		l.mu.Unlock()
		return nil, errors.Join(err, s.disk.remove(v.file()), v.clearStates())
	}
	return v, nil
}

// snapState is where what a guest kept on the volume is as it was at a snapshot.
func (v *volume) snapState(snap string) string { return v.state() + "@" + snap }

// stateAt is what a guest keeps on the volume, now or at a snapshot.
func (v *volume) stateAt(snap string) string {
	if snap == "" {
		return v.state()
	}
	return v.snapState(snap)
}

// content is what a copy of the volume holds.
func (v *volume) content(snap string) content {
	c := content{size: v.Size, bytes: v.file(), state: v.stateAt(snap)}
	if _, err := os.Stat(c.bytes); err != nil {
		c.bytes = "" // nothing was written to it through the API
	}
	return c
}

// clearStates removes what guests kept on a volume, snapshots included.
func (v *volume) clearStates() error {
	kept, err := filepath.Glob(v.state() + "*")
	errs := []error{err}
	for _, dir := range kept {
		errs = append(errs, v.storage.disk.removeAll(dir))
	}
	return errors.Join(errs...)
}

// asBase is how the volumes that stand on this one name it.
func (v *volume) asBase() string {
	return strings.TrimPrefix(strings.TrimPrefix(v.Name, v.Base), "/")
}

// backing is the qcow2 backing file of a linked clone, nil for other volumes.
func (v *volume) backing() any {
	switch {
	case v.Base == "":
		return nil
	case v.storage.kind == "zfspool":
		return v.Base + "@__base__"
	}
	return "../" + v.Base
}

// isBase reports whether the volume belongs to a template.
func (v *volume) isBase() bool {
	name := path.Base(v.Name)
	return strings.HasPrefix(name, "base-") || strings.HasPrefix(name, "basevol-")
}

// stemAsBase is the name, without its format, that a volume gets as part of a
// template.
func stemAsBase(stem string) string {
	if rest, ok := strings.CutPrefix(stem, "subvol-"); ok {
		return "basevol-" + rest
	}
	return "base-" + strings.TrimPrefix(stem, "vm-")
}

// inUseBase fails when a linked clone stands on a volume of the guest.
func (l *Lab) inUseBase(v *vm) error {
	for _, d := range l.snapshotDrives(v.Node, v.Config) {
		if v := d.vol; v != nil && v.isBase() && l.standing(v) {
			return fmt.Errorf("base volume '%s' is still in use by linked cloned", v.id())
		}
	}
	return nil
}

func (l *Lab) standing(base *volume) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range base.storage.volumes {
		if v.Base != "" && v.Base == base.asBase() {
			return true
		}
	}
	return false
}

// formatting is the line that qemu-img or LVM prints for a new volume.
func (v *volume) formatting() string {
	switch {
	case v.storage.kind == "zfspool":
		return ""
	case !v.storage.files():
		return fmt.Sprintf("  Logical volume \"%s\" created.", v.Name)
	}
	line := fmt.Sprintf("Formatting '%s', fmt=%s ", v.pvePath(), v.Format)
	switch {
	case v.Base != "":
		format, allocation := strings.TrimPrefix(path.Ext(v.Base), "."), "metadata"
		if format == "raw" {
			allocation = "off"
		}
		return line + fmt.Sprintf("cluster_size=131072 extended_l2=on preallocation=%s compression_type=zlib size=%d "+
			"backing_file=../%s backing_fmt=%s lazy_refcounts=off refcount_bits=16", allocation, v.Size, v.Base, format)
	case v.Format == "qcow2":
		return line + fmt.Sprintf("cluster_size=65536 extended_l2=off preallocation=metadata compression_type=zlib size=%d "+
			"lazy_refcounts=off refcount_bits=16", v.Size)
	case v.Format == "raw":
		return line + fmt.Sprintf("size=%d preallocation=off", v.Size)
	}
	return line + fmt.Sprintf("size=%d", v.Size)
}

var cloudInitVolume = regexp.MustCompile(`(?:^|[:/])vm-\d+-cloudinit(?:\.(?:raw|qcow2))?$`)

// isCloudInit reports whether a volume id is that of a generated seed.
func isCloudInit(file string) bool { return cloudInitVolume.MatchString(file) }

// ownedBy reports whether a volume id is that of a disk of the guest, by name.
func ownedBy(file string, vmid uint) bool {
	_, name, ok := splitVolumeID(file)
	kind, rest, isDisk := strings.Cut(path.Base(name), "-")
	return ok && isDisk && slices.Contains([]string{"vm", "base", "subvol", "basevol"}, kind) && strings.HasPrefix(rest, vmidText(vmid)+"-")
}
