package build

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/unit"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
)

// markUUID is the attribute that is a VM's third mark.
const markUUID = "smbios1.uuid"

// desired is the node's canonical configuration: the attributes homestak holds
// its guest to. An empty value says the attribute must not be there. What the
// manifest is silent about is not among them, unless it said something about it
// once, which the guest's marker knows: then it is what PVE does by itself.
func (b *builder) desired(n *node) []plan.KV {
	if n.want != nil {
		return n.want
	}
	d := desired{n: n, want: make([]plan.KV, 0, 24)}
	tags := append([]string{identity.ManagedTag, identity.Tag(b.d.Manifest)}, n.Tags.V...)
	d.set("memory", canon.MiB(int64(n.Memory.V)))
	d.set("onboot", digit(n.OnBoot.V))
	d.set("protection", digit(n.Protect.V))
	d.set("tags", canon.Set(strings.Join(tags, ",")))
	if n.kind() == canon.LXC {
		d.container()
	} else {
		d.machine()
	}
	boot := &n.Extra().Boot
	d.may("startup.order", text10(boot.Startup.V), boot.Startup.V > 0)
	d.may("startup.up", text10(boot.Delay.V), boot.Delay.V > 0)
	d.may("startup.down", text10(boot.Stop.V), boot.Stop.V > 0)
	for _, disk := range n.drives() {
		d.drive(disk)
	}
	d.keepSaid(b.d.Manifest)
	slices.SortFunc(d.want, func(x, y plan.KV) int { return strings.Compare(x.Key, y.Key) })
	n.want = d.want
	return n.want
}

// desired collects what one node's guest should be.
type desired struct {
	n    *node
	want []plan.KV
}

func (d *desired) set(attr, value string) { d.want = append(d.want, plan.KV{Key: attr, Value: value}) }

// may sets an attribute that is nobody's when the manifest never said anything
// about it.
func (d *desired) may(attr, value string, said bool) {
	if said {
		d.set(attr, value)
		return
	}
	if !d.n.knows(attr) {
		return
	}
	if usual, is := canon.IsSettled(d.n.match.guest.Config, attr); is {
		d.set(attr, usual)
	}
}

// knows reports whether the guest's marker says that homestak set an attribute.
func (n *node) knows(attr string) bool {
	if n.match == nil {
		return false
	}
	m := n.match.guest.Marker
	return m != nil && m.Authentic && (slices.Contains(m.Unchanged, attr) || slices.Contains(m.Edited, attr))
}

// said reports whether somebody wrote a value down.
func said(from ir.Origin) bool { return from.Layer != ir.FromDefault }

// kind is PVE's word for what the node is declared as.
func (n *node) kind() string {
	if n.Type.V == ir.CT {
		return canon.LXC
	}
	return canon.QEMU
}

// machine is what only a VM has.
func (d *desired) machine() {
	n, hw, card := d.n, &d.n.Extra().Hardware, &d.n.Extra().Card
	d.set("agent.enabled", digit(!hw.NoAgent.V))
	d.set("boot.order", n.bootOrder())
	d.set("cores", strconv.Itoa(max(n.Cores.V, 1)))
	d.set("name", n.Name)
	d.set("ostype", "l26")
	d.set("scsihw", cmp.Or(hw.SCSI.V, "virtio-scsi-single"))
	d.set(markUUID, strings.ToLower(n.uuid))
	if hw.NoSerial.V {
		d.set("serial0", "")
	} else {
		d.set("serial0", "socket")
	}
	d.nic(0, &n.Network, card, n.mac)
	for i := range n.Extra().Interfaces {
		x := &n.Extra().Interfaces[i]
		d.nic(x.Slot, &x.Network, &x.Card, n.macOf(x))
	}
	cpu := hw.CPU.V
	if cpu == "" && n.Type.V == ir.PVE {
		cpu = "host"
	}
	d.may("cpu.cputype", cpu, cpu != "")
	d.may("sockets", text10(hw.Sockets.V), hw.Sockets.V > 0 && said(hw.Sockets.From) || hw.Sockets.V > 1)
	d.may("numa", digit(hw.NUMA.V), hw.NUMA.V || said(hw.NUMA.From))
	switch {
	case hw.NoBalloon.V:
		d.set("balloon", "0")
	default:
		d.may("balloon", canon.MiB(int64(hw.Balloon.V)), hw.Balloon.V > 0)
	}
	d.may("bios", hw.BIOS.V, hw.BIOS.V == "ovmf" || hw.BIOS.V != "" && said(hw.BIOS.From))
	if hw.BIOS.V == "ovmf" {
		keys := ""
		if hw.SecureBoot.V {
			keys = "1"
		}
		d.set("efidisk0.efitype", "4m")
		if n.absent() || said(hw.SecureBoot.From) || hw.SecureBoot.V || n.knows("efidisk0.efitype") {
			d.set("efidisk0.pre-enrolled-keys", keys)
		}
	}
	switch {
	case hw.TPM.V:
		d.set("tpmstate0.version", "v2.0")
	case n.knows("tpmstate0.version"):
		d.set("tpmstate0.version", "")
	}
	d.may("machine.type", hw.Machine.V, hw.Machine.V != "")
	d.may("vga.type", hw.VGA.V, hw.VGA.V != "" && (said(hw.VGA.From) || hw.VGA.V != "std"))
	plugs := canon.Set(strings.Join(hw.Hotplug.V, ","))
	d.may("hotplug", cmp.Or(plugs, "none"), hw.HotplugSet.V)
	d.disk(plan.SlotRoot)
}

// disk is what holds of the first disk, whatever kind of guest has it.
func (d *desired) disk(slot string) {
	if d.n.Disk.V > 0 {
		d.set(slot+".size", strconv.FormatInt(int64(d.n.Disk.V), 10))
	}
	if storage := d.n.Extra().Storage.V; storage != "" {
		d.set(slot+"."+canon.Storage, storage)
	}
}

// bootOrder is PVE's text of what the guest boots from.
func (n *node) bootOrder() string {
	order := n.Extra().Boot.Order.V
	if len(order) == 0 {
		return plan.SlotRoot
	}
	slots := make([]string, len(order))
	for i, what := range order {
		switch what {
		case "network":
			slots[i] = "net0"
		case "cdrom":
			slots[i] = "ide2"
		default:
			slots[i] = plan.SlotRoot
		}
	}
	return strings.Join(slots, ";")
}

// nic is a VM's interface in a slot.
func (d *desired) nic(slot int, net *ir.Network, card *ir.Card, mac string) {
	name := "net" + strconv.Itoa(slot)
	d.set(name+".bridge", cmp.Or(net.Bridge.V, bridge(d.n.Node)))
	d.set(name+".macaddr", mac)
	d.set(name+".model", cmp.Or(card.Model.V, "virtio"))
	d.wire(name, net, card)
}

// wire is what the host does with an interface of either kind of guest.
func (d *desired) wire(name string, net *ir.Network, card *ir.Card) {
	d.set(name+".tag", text10(net.VLAN.V))
	firewall := ""
	if card.Firewall.V {
		firewall = "1"
	}
	d.may(name+".firewall", firewall, card.Firewall.V || said(card.Firewall.From))
	d.may(name+".mtu", text10(card.MTU.V), card.MTU.V > 0)
	d.may(name+".rate", text10(card.Rate.V), card.Rate.V > 0)
}

// macOf is the address of a further interface.
func (n *node) macOf(x *ir.Interface) string {
	if x.Network.MAC.V != "" {
		return strings.ToUpper(x.Network.MAC.V)
	}
	return identity.MAC(n.uuid, x.Slot)
}

// drive is a further disk, or mount point.
func (d *desired) drive(x *drive) {
	if x.Size.V > 0 {
		d.set(x.slot+".size", strconv.FormatInt(int64(x.Size.V), 10))
	}
	if x.Storage.V != "" {
		d.set(x.slot+"."+canon.Storage, x.Storage.V)
	}
	if d.n.kind() == canon.LXC {
		d.set(x.slot+".mp", x.Path.V)
		d.set(x.slot+".backup", onlyOn(x.Backup.V))
		return
	}
	d.set(x.slot+".serial", x.Name.V)
	d.set(x.slot+".ssd", onlyOn(x.SSD.V))
	discard, backup := "", "0"
	if x.Discard.V {
		discard = "on"
	}
	if x.Backup.V {
		backup = ""
	}
	d.set(x.slot+".discard", discard)
	d.set(x.slot+".backup", backup)
}

func digit(is bool) string {
	if is {
		return "1"
	}
	return "0"
}

// onlyOn is the value of a switch that is off when it is not there.
func onlyOn(is bool) string {
	if is {
		return "1"
	}
	return ""
}

// text10 is a number, "" for zero.
func text10[T ~int](n T) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(int(n))
}

// sizeOf reads a size in bytes as canonical attributes have it.
func sizeOf(text string) (unit.Size, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return unit.Size(n), err == nil
}
