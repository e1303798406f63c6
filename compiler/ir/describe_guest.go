package ir

import (
	"fmt"
	"strconv"
)

// describeGuest is what guest.go has. Lists of things with names are one entry a
// value, as in disk.data.size.
func describeGuest(n *Guest, s sink) {
	for i := range n.Interfaces {
		v := &n.Interfaces[i]
		at := "interface." + strconv.Itoa(v.Slot) + "."
		s.fact(at+"slot", strconv.Itoa(v.Slot), v.Decl)
		describeNetwork(at, &v.Network, s)
		describeCard(at, &v.Card, s)
	}
	describeHardware(&n.Hardware, s)
	for i := range n.Disks {
		describeDisk(&n.Disks[i], s)
	}
	s.text("storage", n.Storage.V, n.Storage.From)
	s.text("clone", n.Clone.V, n.Clone.From)
	s.texts("boot.order", n.Boot.Order.V, n.Boot.Order.From)
	s.number("boot.startup", int64(n.Boot.Startup.V), n.Boot.Startup.From)
	s.number("boot.delay", int64(n.Boot.Delay.V), n.Boot.Delay.From)
	s.number("boot.stop", int64(n.Boot.Stop.V), n.Boot.Stop.From)
	describeContainer(&n.Container, s)
	describeCloudInit(&n.CloudInit, s)
	s.texts("placement.hosts", n.Placement.Hosts.V, n.Placement.Hosts.From)
	s.text("placement.spread", n.Placement.Spread.V, n.Placement.Spread.From)
	s.flag("placement.pin", n.Placement.Pin.V, n.Placement.Pin.From)
	s.text("reboot.policy", n.Reboot.Policy.V, n.Reboot.Policy.From)
	for _, w := range n.Reboot.Windows {
		s.text("reboot.window", w.String(), w.From)
	}
	s.text("renamed_from", n.RenamedFrom.V, n.RenamedFrom.From)
}

func describeNetwork(at string, v *Network, s sink) {
	s.text(at+"bridge", v.Bridge.V, v.Bridge.From)
	s.text(at+"ip", v.IP.V, v.IP.From)
	s.text(at+"gateway", v.Gateway.V, v.Gateway.From)
	s.texts(at+"dns", v.DNS.V, v.DNS.From)
	s.text(at+"domain", v.Domain.V, v.Domain.From)
	s.text(at+"mac", v.MAC.V, v.MAC.From)
	s.number(at+"vlan", int64(v.VLAN.V), v.VLAN.From)
}

func describeCard(at string, v *Card, s sink) {
	s.flag(at+"firewall", v.Firewall.V, v.Firewall.From)
	s.text(at+"model", v.Model.V, v.Model.From)
	s.number(at+"mtu", int64(v.MTU.V), v.MTU.From)
	s.number(at+"rate", int64(v.Rate.V), v.Rate.From)
}

func describeHardware(v *Hardware, s sink) {
	s.text("hardware.cpu", v.CPU.V, v.CPU.From)
	s.number("hardware.sockets", int64(v.Sockets.V), v.Sockets.From)
	s.flag("hardware.numa", v.NUMA.V, v.NUMA.From)
	s.size("hardware.balloon", v.Balloon.V, v.Balloon.From)
	s.flag("hardware.no_balloon", v.NoBalloon.V, v.NoBalloon.From)
	s.text("hardware.bios", v.BIOS.V, v.BIOS.From)
	s.flag("hardware.secure_boot", v.SecureBoot.V, v.SecureBoot.From)
	s.flag("hardware.tpm", v.TPM.V, v.TPM.From)
	s.text("hardware.machine", v.Machine.V, v.Machine.From)
	s.text("hardware.vga", v.VGA.V, v.VGA.From)
	s.flag("hardware.no_serial", v.NoSerial.V, v.NoSerial.From)
	s.text("hardware.scsi", v.SCSI.V, v.SCSI.From)
	s.texts("hardware.hotplug", v.Hotplug.V, v.Hotplug.From)
	s.flag("hardware.hotplug_set", v.HotplugSet.V, v.HotplugSet.From)
	s.flag("hardware.no_agent", v.NoAgent.V, v.NoAgent.From)
}

func describeDisk(v *Disk, s sink) {
	at := "disk." + v.Name.V + "."
	s.text(at+"name", v.Name.V, v.Name.From)
	s.size(at+"size", v.Size.V, v.Size.From)
	s.text(at+"storage", v.Storage.V, v.Storage.From)
	s.text(at+"bus", v.Bus.V, v.Bus.From)
	s.flag(at+"ssd", v.SSD.V, v.SSD.From)
	s.flag(at+"discard", v.Discard.V, v.Discard.From)
	s.flag(at+"backup", v.Backup.V, v.Backup.From)
	s.text(at+"path", v.Path.V, v.Path.From)
}

func describeContainer(v *Container, s sink) {
	s.text("container.template", v.Template.V, v.Template.From)
	s.flag("container.unprivileged", v.Unprivileged.V, v.Unprivileged.From)
	s.flag("container.nesting", v.Nesting.V, v.Nesting.From)
	s.flag("container.keyctl", v.Keyctl.V, v.Keyctl.From)
	s.flag("container.fuse", v.FUSE.V, v.FUSE.From)
	s.flag("container.mknod", v.Mknod.V, v.Mknod.From)
	s.texts("container.mount", v.Mount.V, v.Mount.From)
	s.size("container.swap", v.Swap.V, v.Swap.From)
}

func describeCloudInit(v *CloudInit, s sink) {
	s.text("cloud_init.carrier", v.Carrier.V, v.Carrier.From)
	s.texts("cloud_init.packages", v.Packages.V, v.Packages.From)
	for i := range v.Files {
		f := &v.Files[i]
		at := fmt.Sprintf("cloud_init.file.%d.", i+1)
		s.text(at+"path", f.Path.V, f.Path.From)
		s.text(at+"content", f.Content.V, f.Content.From)
		s.text(at+"owner", f.Owner.V, f.Owner.From)
		s.text(at+"mode", f.Mode.V, f.Mode.From)
	}
	s.texts("cloud_init.commands", v.Commands.V, v.Commands.From)
}
