package build

import (
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
)

// wasAdopted reports whether the guest was there before homestak, or is about to
// be adopted: nobody made it from the manifest.
func (n *node) wasAdopted() bool {
	if n.match == nil {
		return false
	}
	m := n.match.guest.Marker
	return n.adopts || m != nil && m.Authentic && m.Adopted
}

// isAdopted reports whether also what is inside an adopted guest is not
// homestak's: the manifest does not say what the node becomes.
func (n *node) isAdopted() bool {
	return n.wasAdopted() && !said(n.Spec.From) && n.proven() == ""
}

// keepSaid leaves of what an adopted guest should be what somebody wrote down:
// defaults are for guests that homestak makes.
func (d *desired) keepSaid(manifest string) {
	n := d.n
	if !n.wasAdopted() {
		return
	}
	have := n.match.guest.Config
	d.want = slices.DeleteFunc(d.want, func(kv plan.KV) bool {
		key := canon.KeyOf(kv.Key)
		if isNew := key != "net0" && strings.HasPrefix(key, "net") && !slices.ContainsFunc(have, func(h plan.KV) bool { return canon.KeyOf(h.Key) == key }); isNew {
			return false // an interface that it gets
		}
		return !n.says(kv.Key)
	})
	if said(n.Tags.From) {
		return
	}
	for i := range d.want {
		if d.want[i].Key == "tags" {
			own := append(slices.Clone(n.match.guest.Tags), identity.ManagedTag, identity.Tag(manifest))
			d.want[i].Value = canon.Set(strings.Join(own, ","))
		}
	}
}

// says reports whether the manifest, or a preset that it names, says what an
// attribute of the node's guest shall be.
func (n *node) says(attr string) bool {
	x := n.Extra()
	size := func(from ir.Origin) bool {
		return said(from) && (from.Layer > ir.FromStdlib || said(n.Preset.From))
	}
	key, part, _ := strings.Cut(attr, ".")
	switch {
	case strings.HasPrefix(key, "net") && part != "":
		return n.saysWire(strings.TrimPrefix(key, "net"), part)
	case part == "size" && (key == "scsi0" || key == "rootfs"):
		return size(n.Disk.From)
	}
	switch attr {
	case "agent.enabled":
		return said(x.Hardware.NoAgent.From)
	case "boot.order":
		return said(x.Boot.Order.From)
	case "cores":
		return size(n.Cores.From)
	case "memory":
		return size(n.Memory.From)
	case "name", "hostname":
		return n.former
	case "ostype":
		return false
	case "scsihw":
		return said(x.Hardware.SCSI.From)
	case "serial0":
		return said(x.Hardware.NoSerial.From)
	case "onboot":
		return said(n.OnBoot.From)
	case "protection":
		return said(n.Protect.From)
	case "unprivileged":
		return said(x.Container.Unprivileged.From)
	case "swap":
		return said(x.Container.Swap.From)
	}
	return true // it is only there when somebody said so, or it is a mark
}

// saysWire is says for a part of an interface.
func (n *node) saysWire(slot, part string) bool {
	net, card := &n.Network, &n.Extra().Card
	for i := range n.Extra().Interfaces {
		if x := &n.Extra().Interfaces[i]; strconv.Itoa(x.Slot) == slot {
			net, card = &x.Network, &x.Card
		}
	}
	switch part {
	case "bridge":
		return said(net.Bridge.From)
	case "macaddr", "hwaddr":
		return net.MAC.V != ""
	case "model":
		return said(card.Model.From)
	case "tag":
		return said(net.VLAN.From)
	case "ip":
		return said(net.IP.From)
	case "gw":
		return said(net.Gateway.From)
	case "name":
		return false
	}
	return true
}
