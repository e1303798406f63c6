package sim

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/homestak/homestak/runtime/lab/guest"
	"github.com/homestak/homestak/runtime/system"
)

// netUp configures network cards as the machine's own configuration says. A
// machine without any has DHCP on its first card, as cloud-init's fallback is.
func (p *power) netUp(nics []guest.NIC) {
	plan, configured := p.netplan()
	var shown []guest.Interface
	for i, nic := range nics {
		kernel := fmt.Sprintf("ens%d", 18+slot(nic.Slot, i))
		e, name, ok := plan.of(nic.MAC, kernel)
		switch {
		case nic.Name != "":
			name, e, ok = nic.Name, containerNIC(nic), true
		case !configured && i == 0:
			e.DHCP4, ok = true, true
		}
		shown = append(shown, guest.Interface{Name: name, MAC: strings.ToLower(nic.MAC)})
		if !ok || nic.Down {
			continue
		}
		addrs, err := p.attach(nic, e)
		if err != nil {
			p.log("network", "%s: %v", name, err)
		}
		shown[i].Addresses = addrs
	}
	p.mu.Lock()
	p.nics = shown
	p.mu.Unlock()
	p.tellAddresses()
}

// slot is the number in "net1".
func slot(name string, fallback int) int {
	var n int
	if _, err := fmt.Sscanf(name, "net%d", &n); err != nil {
		return fallback
	}
	return n
}

func (p *power) netplan() (n netplan, configured bool) {
	text, _, err := p.os.ReadFile(p.ctx, netplanPath)
	if errors.Is(err, system.ErrNotExist) {
		return netplan{}, false
	}
	if err == nil {
		n, err = parseNetplan(text)
	}
	if err != nil {
		p.log("network", "%v", err)
	}
	return n, true
}

// attach gives a card its addresses; those it got are returned beside the error.
func (p *power) attach(nic guest.NIC, e ethernet) ([]netip.Prefix, error) {
	wire, err := p.m.hv.network(nic.Bridge, nic.VLAN)
	if err != nil {
		return nil, err
	}
	mac := strings.ToUpper(nic.MAC)
	var got []netip.Prefix
	var errs []error
	for _, text := range e.Addresses {
		prefix, err := netip.ParsePrefix(text)
		if err == nil && !prefix.Addr().Is4() {
			continue // the lab's networks have no IPv6
		}
		if err == nil {
			err = p.host.Attach(wire, mac, prefix)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		got = append(got, prefix)
	}
	if e.DHCP4 {
		prefix, err := p.host.Lease(wire, mac, p.store.lease(mac))
		if err != nil {
			return got, errors.Join(append(errs, err)...)
		}
		p.store.keepLease(mac, prefix.Addr())
		got = append(got, prefix)
	}
	return got, errors.Join(errs...)
}

// tellAddresses lets programs inside know the machine's addresses.
func (p *power) tellAddresses() {
	p.mu.Lock()
	var all []string
	for _, n := range p.nics {
		for _, a := range n.Addresses {
			all = append(all, a.Addr().String())
		}
	}
	p.mu.Unlock()
	p.os.SetAddresses(all...)
}

// hotplug changes the hardware of a running machine.
func (p *power) hotplug(hw guest.Hardware) error {
	p.plug.Lock()
	defer p.plug.Unlock()
	if err := p.letGo(hw); err != nil {
		return err
	}
	p.mu.Lock()
	old := p.hw
	p.hw = hw
	p.mu.Unlock()
	if !p.up() {
		return nil // the boot finds the new hardware
	}
	for _, d := range hw.Disks {
		if d.Slot == p.disk && d.State != "" {
			p.store.move(d.State)
		}
	}
	if err := p.os.mountPoints(p.ctx, hw.Disks); err != nil {
		return err
	}
	if slices.Equal(old.NICs, hw.NICs) {
		return p.persist()
	}
	for _, nic := range old.NICs {
		p.host.Detach(strings.ToUpper(nic.MAC))
	}
	p.netUp(hw.NICs)
	return p.persist()
}

// unplugWait is how long PVE waits for a guest to let go of a device.
const unplugWait = 5 * time.Second

// letGo fails when a network card goes away, which takes an operating system
// that reacts: with none, PVE waits in vain.
func (p *power) letGo(hw guest.Hardware) error {
	select {
	case <-p.booted:
	default:
		return nil // whatever boots finds what is there then
	}
	if p.up() {
		return nil
	}
	for _, old := range p.hardware().NICs {
		stays := slices.ContainsFunc(hw.NICs, func(n guest.NIC) bool {
			return n.Slot == old.Slot && n.MAC == old.MAC && n.Model == old.Model
		})
		if !stays {
			if err := p.m.hv.cfg.Clock.Sleep(p.ctx, unplugWait); err != nil {
				return err
			}
			return fmt.Errorf("error on hot-unplugging device '%s' - still busy in guest?", old.Slot)
		}
	}
	return nil
}

// describe is what the guest agent says of the operating system.
func (p *power) describe() guest.OS {
	ctx := context.Background()
	text, _, _ := p.os.ReadFile(ctx, "/etc/os-release")
	v := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		v[key] = strings.Trim(value, `"`)
	}
	o := guest.OS{
		ID: v["ID"], Name: v["NAME"], PrettyName: v["PRETTY_NAME"], Version: v["VERSION"], VersionID: v["VERSION_ID"],
		Machine: "x86_64", KernelRelease: kernels[p.os.Memory.OS()], KernelVersion: "#1 SMP PREEMPT_DYNAMIC",
	}
	o.Hostname, _ = p.os.Hostname(ctx)
	o.Timezone, _ = p.os.Timezone(ctx)
	return o
}

// kernels are the releases that the images boot.
var kernels = map[string]string{"debian-12": "6.1.0-44-cloud-amd64", "debian-13": "6.12.73+deb13-cloud-amd64", "pve-9": "6.17.13-2-pve"}
