package lab

import (
	"context"
	"net/netip"

	"github.com/homestak/homestak/runtime/lab/guest"
	"github.com/homestak/homestak/runtime/lab/sim"
	"github.com/homestak/homestak/runtime/lab/vnet"
)

// simulated makes the default hypervisor of a lab: simulated guests, each with
// a lab inside once Proxmox VE is installed in it.
func simulated(l *Lab) (guest.Hypervisor, error) {
	return simulatedOn(l, sim.NewBinary(l.cfg.Self), nil, nil)
}

// simulatedOn is simulated for a lab whose host is host, nil for one that is
// no machine itself; avoid are the subnets around it.
func simulatedOn(l *Lab, binary *sim.Binary, host *vnet.Host, avoid []netip.Prefix) (guest.Hypervisor, error) {
	return sim.New(sim.Config{
		Subnet: l.cfg.Subnet, SubnetOf: l.subnetOf, Avoid: avoid, Host: host,
		Clock: l.cfg.Clock, BootTime: l.cfg.BootTime, Programs: l.cfg.Programs, Binary: binary,
		Nest: func(ctx context.Context, n sim.Nest) (sim.Inner, error) { return l.nest(ctx, binary, n) },
		Log: func(vmid uint, event, detail string) {
			l.log.write(Entry{Time: l.now(), Kind: "guest", ID: vmidText(vmid), Type: event, Text: detail})
		},
	})
}

// inside is what a lab inside a guest takes over from the lab around it.
type inside struct {
	log  *journal // of the lab around
	name string   // vmid of the guest there
	cold bool     // the guest has booted, so nothing is resumed
}

// coldStart is a PVE node coming up: whatever ran is off, guests with onboot
// are started, and one that does not start is left off.
func (l *Lab) coldStart(ctx context.Context, vmids []uint) error {
	for _, vmid := range vmids {
		l.poweredOff(vmid)
		v, err := l.lookup(vmid)
		if err != nil || v.Config["onboot"] != "1" || v.template() {
			continue
		}
		err = v.machine.Start(ctx, l.hardware(v))
		if err == nil {
			err = l.poweredOn(vmid)
		}
		if err != nil {
			l.log.write(Entry{Time: l.now(), Kind: "guest", ID: vmidText(vmid), Type: "onboot", Text: err.Error()})
		}
	}
	return ctx.Err()
}

// nest opens the lab inside a guest.
func (l *Lab) nest(ctx context.Context, binary *sim.Binary, n sim.Nest) (sim.Inner, error) {
	inner, err := Open(ctx, Config{
		Dir: n.Dir, Name: n.Node, Node: n.Node, Listener: n.Listener, Certificate: &n.Certificate, Subnet: n.Subnet,
		TaskTime: l.cfg.TaskTime, BootTime: l.cfg.BootTime, PollTime: l.cfg.PollTime, Clock: l.cfg.Clock, Programs: l.cfg.Programs, Self: l.cfg.Self,
		Hypervisor: func(in *Lab) (guest.Hypervisor, error) { return simulatedOn(in, binary, n.Host, n.Avoid) },
		inside:     &inside{log: l.log, name: vmidText(n.VMID), cold: n.Cold},
	})
	if err != nil {
		return nil, err
	}
	return innerLab{inner}, nil
}

// innerLab is a lab as the machine around it sees it.
type innerLab struct{ *Lab }

func (i innerLab) Do(ctx context.Context, method, path string, params []sim.Param) (status int, data any, reason string) {
	kvs := make([]KV, len(params))
	for k, p := range params {
		kvs[k] = KV(p)
	}
	return i.Lab.Do(ctx, method, path, kvs)
}
