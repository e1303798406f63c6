package perm

import (
	"strings"

	"github.com/homestak/homestak/plan"
)

// Kinds of guests, as PVE calls them.
const (
	qemu = "qemu"
	lxc  = "lxc"
)

// guestAt is a guest whose options change.
type guestAt struct {
	Place
	path string // "/vms/9001"
	kind string
}

// option is what setting or removing one option needs. value is "" when it is
// removed, or not known yet.
func (g guestAt) option(name, value string) []Need {
	base := strings.TrimRight(name, "0123456789")
	numbered := base != name
	if g.kind == lxc {
		return g.containerOption(base, numbered, value)
	}
	return g.machineOption(name, base, numbered, value)
}

// machineOption is the table for VMs, as qemu-server checks it.
func (g guestAt) machineOption(name, base string, numbered bool, value string) []Need {
	priv := func(p string) []Need { return []Need{at(g.path, p)} }
	if numbered {
		switch base {
		case "scsi", "virtio", "sata", "ide":
			if hasWord(value, "media=cdrom") {
				return g.volumes("VM.Config.CDROM", value)
			}
			return g.volumes("VM.Config.Disk", value)
		case "efidisk", "tpmstate":
			return g.volumes("VM.Config.Disk", value)
		case "unused":
			return priv("VM.Config.Disk")
		case "net":
			return append(priv("VM.Config.Network"), g.bridge(value)...)
		case "ipconfig":
			return g.cloudInit()
		case "numa":
			return priv("VM.Config.CPU")
		case "serial", "usb", "hostpci", "virtiofs", "audio", "rng", "parallel":
			return append(priv("VM.Config.HWType"), g.mapping(base, value)...)
		}
	}
	switch name {
	case "cores", "cpu", "cpulimit", "cpuunits", "numa", "sockets", "vcpus", "affinity":
		return priv("VM.Config.CPU")
	case "memory", "balloon", "shares":
		return priv("VM.Config.Memory")
	case "acpi", "hotplug", "kvm", "machine", "scsihw", "smbios1", "tablet", "vga", "watchdog", "arch":
		return priv("VM.Config.HWType")
	case "boot", "bootdisk", "vmstatestorage":
		return priv("VM.Config.Disk")
	case "cicustom", "cipassword", "citype", "ciuser", "ciupgrade", "nameserver", "searchdomain", "sshkeys":
		return g.cloudInit()
	case "startup":
		// The order in which a host starts its guests is the host's affair.
		return append(priv("VM.Config.Options"), at("/", "Sys.Modify"))
	}
	return priv("VM.Config.Options")
}

// cloudInit is the older privilege or the newer one.
func (g guestAt) cloudInit() []Need {
	return []Need{anyAt(g.path, "VM.Config.Network", "VM.Config.Cloudinit")}
}

// containerOption is the table for containers, as pve-container checks it.
func (g guestAt) containerOption(base string, numbered bool, value string) []Need {
	priv := func(p string) []Need { return []Need{at(g.path, p)} }
	switch {
	case base == "rootfs", base == "mp" && numbered:
		return g.volumes("VM.Config.Disk", value)
	case base == "unused" && numbered:
		return priv("VM.Config.Disk")
	case base == "net" && numbered:
		return append(priv("VM.Config.Network"), g.bridge(value)...)
	}
	switch base {
	case "cores", "cpulimit", "cpuunits":
		return priv("VM.Config.CPU")
	case "memory", "swap":
		return priv("VM.Config.Memory")
	case "hostname", "nameserver", "searchdomain":
		return priv("VM.Config.Network")
	case "features":
		return priv("VM.Allocate") // nesting; everything else is root's alone
	}
	return priv("VM.Config.Options")
}

// volumes is what a drive's text needs: to change drives, to make a volume where
// it says "STORAGE:SIZE", to read where it is imported from.
func (g guestAt) volumes(priv, value string) []Need {
	out := []Need{at(g.path, priv)}
	if strings.TrimSpace(value) == "" {
		return out
	}
	file, rest, _ := strings.Cut(value, ",")
	file = strings.TrimPrefix(file, "file=")
	if storage, name, ok := strings.Cut(file, ":"); ok {
		switch kind, _, isFile := strings.Cut(name, "/"); {
		case isFile && (kind == "iso" || kind == "vztmpl" || kind == "import"):
			out = append(out, readVolume(storage))
		case isNumber(name) || name == "cloudinit":
			out = append(out, at(storagePath(storage), "Datastore.AllocateSpace"))
		}
	}
	for _, word := range strings.Split(rest, ",") {
		if source, ok := strings.CutPrefix(word, "import-from="); ok {
			if storage, _, ok := strings.Cut(source, ":"); ok {
				out = append(out, readVolume(storage))
			}
		}
	}
	return out
}

// readVolume is the right to see a storage's templates, ISOs and images, and to
// build on them.
func readVolume(storage string) Need {
	return anyAt(storagePath(storage), "Datastore.Audit", "Datastore.AllocateSpace")
}

// bridge is the right to plug into a bridge, which PVE asks for since 8.0.
func (g guestAt) bridge(value string) []Need {
	if g.Release.before(8, 0) {
		return nil
	}
	bridge, tag := "", ""
	for _, word := range strings.Split(value, ",") {
		if v, ok := strings.CutPrefix(word, "bridge="); ok {
			bridge = v
		}
		if v, ok := strings.CutPrefix(word, "tag="); ok {
			tag = v
		}
	}
	if bridge == "" {
		return nil
	}
	path := "/sdn/zones/localnetwork/" + bridge
	if tag != "" {
		path += "/" + tag
	}
	// A virtual network of another zone has another path, which a plan does not know.
	return []Need{{Any: []Grant{{Path: path, Privs: []string{"SDN.Use"}}, {Path: "/sdn/zones", Privs: []string{"SDN.Use"}, Below: true}}}}
}

// mapping is the right to use a device that the cluster has a name for.
func (g guestAt) mapping(base, value string) []Need {
	kind := map[string]string{"usb": "usb", "hostpci": "pci", "virtiofs": "dir"}[base]
	if kind == "" {
		return nil
	}
	for _, word := range strings.Split(value, ",") {
		if id, ok := strings.CutPrefix(word, "mapping="); ok {
			return []Need{at("/mapping/"+kind+"/"+id, "Mapping.Use")}
		}
		if id, ok := strings.CutPrefix(word, "dirid="); ok {
			return []Need{at("/mapping/"+kind+"/"+id, "Mapping.Use")}
		}
	}
	return nil
}

func storagePath(storage string) string { return "/storage/" + storage }

func hasWord(value, word string) bool {
	for _, w := range strings.Split(value, ",") {
		if w == word {
			return true
		}
	}
	return false
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789.") == ""
}

// options is what all of PVE's own parameters among a step's arguments need, and
// those it removes.
func (g guestAt) options(s *plan.Step, own ...string) []Need {
	var out []Need
	for _, a := range s.Args {
		switch {
		case strings.Contains(a.Name, "."), isOneOf(a.Name, own), isOneOf(a.Name, []string{plan.ArgVMID, plan.ArgDelete, plan.ArgProgram, plan.ArgKind, plan.ArgIncarnation}):
			continue
		}
		out = append(out, g.option(a.Name, a.Value.Text)...)
	}
	for _, name := range s.List(plan.ArgDelete) {
		out = append(out, g.option(name, "")...)
	}
	return out
}

func isOneOf(s string, list []string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
