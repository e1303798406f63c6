package lab

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// newDisk is PVE's spelling of a volume to be made: "local:32", in GiB.
var newDisk = regexp.MustCompile(`^([^:\s]+):(\d+(?:\.\d+)?)$`)

// parseDrive reads a drive option, or a mount point of a container: what that
// calls volume is the drive's file.
func parseDrive(slot, text string) object {
	o, err := api().parseObject(objectKind(slot), slot, text)
	if err != nil {
		return object{} // parameters were checked, and stored ones are ours
	}
	if isMount(slot) {
		o["file"] = o["volume"]
		delete(o, "volume")
	}
	return o
}

func printDrive(slot string, o object) string {
	if isMount(slot) {
		o = maps.Clone(o)
		o["volume"] = o["file"]
		delete(o, "file")
	}
	return api().printObject(objectKind(slot), o)
}

// checkDrives is what PVE verifies of drives before any task starts: syntax of
// imports, storages, and that sources exist.
func (l *Lab) checkDrives(node string, set map[string]string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, slot := range sortedKeys(set) {
		if !isDriveSlot(slot) {
			continue
		}
		o := parseDrive(slot, set[slot])
		file := o["file"]
		m := newDisk.FindStringSubmatch(file)
		if from := o["import-from"]; from != "" {
			if m == nil || m[2] != "0" {
				return badParam(slot, "'import-from' requires special syntax - use <storage ID>:0,import-from=<source>")
			}
			if _, err := l.importSource(node, from); err != nil {
				return err
			}
		}
		store, _, isVolume := splitVolumeID(file)
		if !isVolume {
			continue // none, cdrom, a path
		}
		s, err := l.usable(node, store)
		if err != nil {
			return err
		}
		_, seed := wantsSeed(file)
		if m != nil || seed {
			if err := s.holds("images"); err != nil {
				return err
			}
		}
		if seed {
			continue
		}
		if v := l.findVolume(node, file); m == nil && v != nil && v.Content != "images" && v.Content != "iso" ||
			m == nil && strings.HasPrefix(file, store+":import/") {
			return badParam(slot, "content type needs to be 'images' or 'iso'")
		}
	}
	return nil
}

// importSource finds the volume that a drive is imported from; the caller holds
// mu.
func (l *Lab) importSource(node, from string) (*volume, error) {
	store, name, isVolume := splitVolumeID(from)
	if !isVolume || strings.HasPrefix(from, "/") {
		return nil, errorf(500, "failed to stat '"+from+"'")
	}
	s, err := l.usable(node, store)
	if err != nil {
		return nil, err
	}
	v := s.volumes[name]
	if v == nil {
		missing := &volume{Name: name, storage: s}
		return nil, errorf(500, "failed to stat '"+missing.pvePath()+"'")
	}
	if v.Content == "images" {
		return nil, errorf(501, "importing the disk of a guest is not implemented by this lab")
	}
	if v.Content != "import" {
		return nil, errorf(500, "cannot import from '"+from+"': content type needs to be 'import' or 'images'")
	}
	return v, nil
}

// makeDrives turns the drives in set that ask for a new volume into drives that
// name one. What it made is in made, also when it fails.
func (l *Lab) makeDrives(node string, vmid uint, set map[string]string, logf func(string, ...any)) (made []*volume, err error) {
	for _, slot := range sortedKeys(set) {
		if !isDriveSlot(slot) {
			continue
		}
		o := parseDrive(slot, set[slot])
		if store, ok := wantsSeed(o["file"]); ok {
			v, err := l.makeSeedVolume(node, vmid, store, o, logf)
			if err != nil {
				return made, err
			}
			made = append(made, v)
			set[slot] = printDrive(slot, o)
			logf("%s: successfully created disk '%s'", slot, set[slot])
			continue
		}
		m := newDisk.FindStringSubmatch(o["file"])
		if m == nil {
			if err := l.checkVolume(node, o); err != nil {
				return made, err
			}
			set[slot] = l.printExisting(node, slot, o)
			continue
		}
		v, err := l.makeDisk(node, vmid, slot, m[1], m[2], o, logf)
		if err != nil {
			return made, err
		}
		made = append(made, v)
		o["file"], o["size"] = v.id(), formatSize(v.Size)
		delete(o, "import-from")
		delete(o, "format")
		set[slot] = printDrive(slot, o)
		logf("%s: successfully created disk '%s'", slot, set[slot])
	}
	return made, nil
}

func (l *Lab) makeDisk(node string, vmid uint, slot, store, gib string, o object, logf func(string, ...any)) (*volume, error) {
	l.mu.Lock()
	s := l.storage(node, store)
	var src *volume
	var err error
	if from := o["import-from"]; from != "" {
		src, err = l.importSource(node, from)
	}
	l.mu.Unlock()
	if s == nil {
		return nil, fmt.Errorf("storage '%s' does not exist", store)
	}
	if err != nil {
		return nil, err
	}
	format, size, path := o["format"], int64(0), ""
	if src != nil {
		path = src.file()
		if size, err = imageSize(path, src.Format); err != nil {
			return nil, err
		}
		if format == "" {
			format = src.Format
		}
	} else {
		f, err := strconv.ParseFloat(gib, 64)
		if err != nil || f > 1<<20 {
			return nil, fmt.Errorf("bad disk size '%s'", gib)
		}
		size = int64(f * (1 << 30))
		if slot == "efidisk0" {
			size = 528 << 10
		}
	}
	if src == nil && format != "" && format != "raw" && !s.files() {
		return nil, fmt.Errorf("unsupported format '%s'", format)
	}
	if format == "" || !s.files() {
		format = "raw"
	}
	v, err := l.newImage(s, vmid, format, size, path)
	if err != nil {
		return nil, err
	}
	v.logMade(logf)
	if src != nil {
		total := humanSize(size)
		logf("transferred 0.0 B of %s (0.00%%)", total)
		logf("transferred %s of %s (100.00%%)", total, total)
	}
	return v, nil
}

// checkVolume fails when a drive names a volume that is not there.
func (l *Lab) checkVolume(node string, o object) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, _, isVolume := splitVolumeID(o["file"]); isVolume && l.findVolume(node, o["file"]) == nil {
		return fmt.Errorf("volume '%s' does not exist", o["file"])
	}
	return nil
}

// printExisting adds the size of a volume to a drive, as PVE does.
func (l *Lab) printExisting(node, slot string, o object) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v := l.findVolume(node, o["file"]); v != nil {
		size := v.Size
		if info, err := os.Stat(v.file()); v.VMID == 0 && err == nil {
			size = info.Size()
		}
		o["size"] = formatSize(size)
	}
	return printDrive(slot, o)
}

// humanSize is qemu-img's form of a size.
func humanSize(n int64) string {
	f, units := float64(n), []string{"B", "KiB", "MiB", "GiB", "TiB"}
	for f >= 1024 && len(units) > 1 {
		f, units = f/1024, units[1:]
	}
	return fmt.Sprintf("%.1f %s", f, units[0])
}

// bootOrder is the order PVE gives a guest that was made without one: the last
// disk by PVE's order of buses, the first CD-ROM, the first network card.
func bootOrder(config map[string]string) string {
	var disk, cdrom, net string
	slots := sortedSlots(config)
	for _, bus := range []string{"ide", "scsi", "virtio", "sata"} {
		for _, slot := range slots {
			if base, _, _ := splitSlot(slot); base != bus {
				continue
			}
			if parseDrive(slot, config[slot])["media"] != "cdrom" {
				disk = slot
			} else if cdrom == "" {
				cdrom = slot
			}
		}
	}
	for _, slot := range slots {
		if base, _, _ := splitSlot(slot); base == "net" && net == "" {
			net = slot
		}
	}
	var order []string
	for _, d := range []string{disk, cdrom, net} {
		if d != "" {
			order = append(order, d)
		}
	}
	if len(order) == 0 {
		return ""
	}
	return "order=" + strings.Join(order, ";")
}
