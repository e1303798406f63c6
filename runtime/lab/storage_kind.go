package lab

import "slices"

// storageKind is how a type of storage differs on the wire.
type storageKind struct {
	files  bool     // volumes are files of a format, below a directory for each guest
	shared bool     // all nodes see the same
	needs  []string // parameters
	holds  []string // content types it can have
	first  []string // content types it has when nothing is said
	can    map[string][]string
}

// What can be done with a volume, at "current", at a "snap"shot or when it is a
// template's "base", as PVE's storage plugins say. For files it depends on the
// format, see can.
func storageKinds() map[string]storageKind {
	var (
		all   = []string{"backup", "images", "import", "iso", "none", "rootdir", "snippets", "vztmpl"}
		block = []string{"images", "none", "rootdir"}
	)
	files := storageKind{files: true, holds: all, first: slices.DeleteFunc(slices.Clone(all), func(c string) bool { return c == "none" })}
	dir, nfs, cifs := files, files, files
	dir.needs = []string{"path"}
	nfs.needs, nfs.shared, nfs.first = []string{"export", "server"}, true, []string{"images"}
	cifs.needs, cifs.shared, cifs.first = []string{"server", "share"}, true, []string{"images"}
	return map[string]storageKind{
		"dir": dir, "nfs": nfs, "cifs": cifs,
		"lvm": {needs: []string{"vgname"}, holds: block, first: []string{"images", "rootdir"}, can: map[string][]string{"copy": {"base", "current"}}},
		"lvmthin": {needs: []string{"thinpool", "vgname"}, holds: block, first: []string{"images", "rootdir"}, can: map[string][]string{
			"snapshot": {"current"}, "clone": {"base", "snap"}, "template": {"current"}, "copy": {"base", "current", "snap"},
		}},
		"zfspool": {needs: []string{"pool"}, holds: block, first: []string{"images", "rootdir"}, can: map[string][]string{
			"snapshot": {"current"}, "clone": {"base"}, "template": {"current"}, "copy": {"base", "current"},
		}},
	}
}

// files reports whether volumes are files with a format.
func (s *storage) files() bool { return storageKinds()[s.kind].files }

// mustNameItsBase reports whether the name of a linked clone begins with that of
// the volume it stands on.
func (s *storage) mustNameItsBase() bool { return s.files() || s.kind == "zfspool" }

// can reports whether the storage can do something with a volume, at a snapshot
// or as it is.
func (v *volume) can(feature, snap string) bool {
	at := "current"
	switch {
	case snap != "":
		at = "snap"
	case v.isBase():
		at = "base"
	}
	if !v.storage.files() {
		return slices.Contains(storageKinds()[v.storage.kind].can[feature], at)
	}
	switch feature {
	case "snapshot":
		return at != "base" && v.Format == "qcow2"
	case "clone":
		return at == "base"
	case "template":
		return at == "current"
	case "copy":
		return at != "snap" || v.Format == "qcow2"
	}
	return false
}

// onlyNewest reports whether nothing but the newest snapshot can be gone back to.
func (v *volume) onlyNewest() bool { return v.storage.kind == "zfspool" }

// logMade says what the tools print that make a volume.
func (v *volume) logMade(logf func(string, ...any)) {
	if line := v.formatting(); line != "" {
		logf("%s", line)
	}
}
