package lab

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/homestak/homestak/runtime/lab/guest"
)

// Containers share their records, locks, volumes and snapshots with VMs. What
// is a drive of a VM is rootfs or a mount point (mp0 …) of a container; the
// volume it names is its file to the lab.

// kindCT is vm.Kind of a container.
const kindCT = "lxc"

func (v *vm) isCT() bool { return v.Kind == kindCT }

// label is how PVE calls a guest of this kind in its texts.
func (v *vm) label() string {
	if v.isCT() {
		return "CT"
	}
	return "VM"
}

// kindOf is the kind of guest that a method is about: kindCT, or "" for a VM.
func (m *method) kind() string {
	if strings.HasPrefix(m.path, "/nodes/{node}/lxc") {
		return kindCT
	}
	return ""
}

// worker is the type of a guest's task: qmstart or vzstart.
func (c *call) worker(what string) string {
	if c.method.kind() == kindCT {
		return "vz" + what
	}
	return "qm" + what
}

// optionsOf is the schema of a kind of guest's options.
func optionsOf(kind string) *schema {
	if kind == kindCT {
		return api().schemas["lxc-options"]
	}
	return api().schemas["qemu-options"]
}

// isMount reports whether an option is a container's root file system or a
// mount point.
func isMount(option string) bool {
	base, _, ok := splitSlot(option)
	return option == "rootfs" || ok && base == "mp"
}

// objectKind is the name of an option's property string in the table.
func objectKind(option string) string {
	base, _, ok := splitSlot(option)
	switch {
	case option == "rootfs":
		return "ct-rootfs"
	case ok && base == "mp":
		return "ct-mp"
	}
	return base
}

// mounts are the options of a container that name a volume, rootfs first.
func mounts(config map[string]string) []string {
	return slices.DeleteFunc(sortedSlots(config), func(slot string) bool { return !isMount(slot) })
}

// ctNet reads a network option of a container.
func ctNet(slot, text string) object {
	o, err := api().parseObject("ct-net", slot, text)
	if err != nil {
		return object{} // parameters were checked, and stored ones are ours
	}
	return o
}

func ctNIC(slot, text string) guest.NIC {
	o := ctNet(slot, text)
	n := guest.NIC{
		Slot: slot, Model: "veth", MAC: strings.ToUpper(o["hwaddr"]), Bridge: o["bridge"], Down: o["link_down"] == "1",
		Name: o["name"], IP: o["ip"], Gateway: o["gw"],
	}
	fmt.Sscan(o["tag"], &n.VLAN)
	return n
}

// ctHardware is the machine that a container's configuration describes; the
// caller holds mu.
func (l *Lab) ctHardware(v *vm, config map[string]string) guest.Hardware {
	hw := guest.Hardware{
		VMID: v.VMID, Node: v.Node, Name: v.nameIn(config), Cores: coresOf(config), Memory: memoryOf(config), Boot: []string{"rootfs"},
		Container: &guest.Container{
			Hostname: v.nameIn(config), Nameservers: splitList(config["nameserver"]), Search: splitList(config["searchdomain"]),
			Timezone: config["timezone"],
		},
	}
	if config["cores"] == "" {
		hw.Cores = nodeCPUs
	}
	for _, slot := range sortedSlots(config) {
		base, _, _ := splitSlot(slot)
		switch {
		case isMount(slot):
			if d, ok := l.disk(v.Node, slot, config[slot]); ok {
				hw.Disks = append(hw.Disks, d)
			}
		case base == "net":
			hw.NICs = append(hw.NICs, ctNIC(slot, config[slot]))
		}
	}
	return hw
}

// nameIn is what a guest is called where it has a name.
func (v *vm) nameIn(config map[string]string) string {
	name := config["name"]
	if v.isCT() {
		name = config["hostname"]
	}
	if name == "" && v.isCT() {
		return "CT" + vmidText(v.VMID)
	}
	if name == "" {
		return "VM " + vmidText(v.VMID)
	}
	return name
}

// ctIndex is GET /nodes/{node}/lxc/{vmid}.
func (c *call) ctIndex() (any, error) {
	if _, err := c.vm(); err != nil {
		return nil, err
	}
	return subdirs("config pending status vncproxy termproxy vncwebsocket spiceproxy migrate clone initlog rrd rrddata firewall snapshot resize interfaces"), nil
}

// ctStatusIndex is GET …/status.
func (c *call) ctStatusIndex() (any, error) {
	if _, err := c.vm(); err != nil {
		return nil, err
	}
	return subdirs("current start stop shutdown migrate"), nil
}

// ctFeature is GET …/feature.
func (c *call) ctFeature() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	feature, snap, config := c.str("feature"), c.str("snapname"), v.Config
	if snap != "" {
		s, err := v.snapshot(snap)
		if err != nil {
			return nil, err
		}
		config = s.Config
	}
	has := 1
	for _, d := range c.snapshotDrives(v.Node, config) {
		if d.vol == nil || !ctCan(d.vol, feature, snap) {
			has = 0
		}
	}
	return map[string]any{"hasFeature": has}, nil
}

// ctCan is volume.can for a container's volume: what stands on another is
// qcow2 on a directory, and that no container has.
func ctCan(v *volume, feature, snap string) bool {
	return v.can(feature, snap) && !(feature == "clone" && v.storage.files())
}

// ctInterfaces is GET …/interfaces: null while the container is off.
func (c *call) ctInterfaces() (any, error) {
	v, err := c.vm()
	if err != nil || !v.running() {
		return nil, err
	}
	list := []any{}
	for _, i := range v.machine.Interfaces() {
		row := map[string]any{"name": i.Name, "hwaddr": i.MAC, "hardware-address": i.MAC}
		addresses := []any{}
		for _, a := range i.Addresses {
			family := "inet"
			if a.Addr().Is6() {
				family = "inet6"
			}
			row[family] = a.String()
			addresses = append(addresses, map[string]any{
				"ip-address": a.Addr().String(), "ip-address-type": family, "prefix": fmt.Sprint(a.Bits()),
			})
		}
		row["ip-addresses"] = addresses
		list = append(list, row)
	}
	return list, nil
}

// ctOptions are the container's options among the parameters.
func (c *call) ctOptions() map[string]string {
	set := maps.Clone(c.params)
	maps.DeleteFunc(set, func(k, _ string) bool {
		return optionsOf(kindCT).lookup(k) == nil || k == "node" || k == "vmid"
	})
	return set
}
