package stdlib

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/homestak/homestak/lang/unit"
)

//go:embed presets postures specs images modules
var files embed.FS

//go:embed zones.txt
var zones string

// Zones lists the names of the IANA time zones, aliases included, sorted:
// those of Go's own time/tzdata.
func Zones() []string { return strings.Fields(zones) }

// Files is the embedded library in the layout of a site.
func Files() fs.FS { return files }

// builtinSize is the size of every builtin image: one disk block of the lab's
// storage, and enough to make a truncated upload visible.
const builtinSize = 64 * unit.KiB

// builtinImage is what the header of a builtin image says.
type builtinImage struct {
	name      string
	os        string
	format    string // raw, or of a container template tar.zst
	virtual   unit.Size
	hostReady bool
}

// Virtual sizes are those of the images upstream uses, rounded up: a generic
// Debian cloud image is 3 GiB, one with Proxmox VE installed fits in 8. Of a
// container template it is what it unpacks to.
var builtins = []builtinImage{
	{"debian-12", "debian-12", "raw", 3 * unit.GiB, false},
	{"debian-12-custom", "debian-12", "raw", 4 * unit.GiB, false},
	{"debian-12-standard", "debian-12", "tar.zst", unit.GiB, false},
	{"debian-13", "debian-13", "raw", 3 * unit.GiB, false},
	{"debian-13-custom", "debian-13", "raw", 4 * unit.GiB, false},
	{"debian-13-pve", "pve-9", "raw", 8 * unit.GiB, true},
	{"debian-13-standard", "debian-13", "tar.zst", unit.GiB, false},
	{"pve-9", "pve-9", "raw", 8 * unit.GiB, true},
}

// Builtin returns the bytes of the image "builtin:NAME" stands for, the same
// on every machine and in every run. The package documentation describes them.
func Builtin(name string) ([]byte, bool) {
	for _, b := range builtins {
		if b.name == name {
			return b.bytes(), true
		}
	}
	return nil, false
}

// BuiltinNames lists the names Builtin knows, sorted.
func BuiltinNames() []string {
	names := make([]string, len(builtins))
	for i, b := range builtins {
		names[i] = b.name
	}
	return names
}

func (b builtinImage) bytes() []byte {
	data := make([]byte, builtinSize)
	copy(data, fmt.Sprintf("homestak builtin image 1\nname: %s\nos: %s\nformat: %s\nvirtual-size: %d\nhost-ready: %t\n\n",
		b.name, b.os, b.format, b.virtual, b.hostReady))
	return data
}

// ModuleNames lists the patterns of modules/, sorted.
func ModuleNames() []string {
	list, err := files.ReadDir("modules")
	if err != nil {
		return nil
	}
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = strings.TrimSuffix(e.Name(), ".hcl")
	}
	return names
}
