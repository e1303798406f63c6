package sim

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/homestak/homestak/runtime/lab/guest"
	"github.com/homestak/homestak/runtime/lab/vnet"
	"github.com/homestak/homestak/runtime/system"
)

// power is a machine from switching on to switching off.
type power struct {
	m      *machine
	ctx    context.Context // ends with the power
	cancel context.CancelFunc
	host   *vnet.Host
	work   sync.WaitGroup // logins and their commands

	booting chan struct{} // closed when a boot begins; a machine that is resumed has none
	booted  chan struct{} // closed when the machine is up, or its boot has failed
	ready   atomic.Bool   // the system is up
	ending  atomic.Bool
	down    atomic.Int32 // what a command asked for: stay, off or again

	plug sync.Mutex // held while cards are configured, so that none is missed
	mu   sync.Mutex
	hw   guest.Hardware
	nics []guest.Interface

	// Set by boot before ready.
	disk  string // slot of the boot disk
	os    *operatingSystem
	store *store
	sshd  *sshd
	pve   *pveNode
}

// What a guest can ask for itself.
const (
	stay int32 = iota
	off
	again
)

func newPower(m *machine, hw guest.Hardware) *power {
	p := &power{m: m, hw: hw, host: vnet.NewHost(), booting: make(chan struct{}), booted: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

func (p *power) log(event, format string, args ...any) {
	p.m.hv.cfg.Log(p.m.vmid, event, fmt.Sprintf(format, args...))
}

func (p *power) hardware() guest.Hardware {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hw
}

// up is true while the operating system runs.
func (p *power) up() bool { return p.ready.Load() }

// boot brings the operating system up, or back after a resume.
func (p *power) boot(resume bool) {
	defer close(p.booted)
	if err := p.bring(resume); err != nil && p.ctx.Err() == nil {
		p.log("boot", "%v", err)
	}
	p.settle()
}

func (p *power) bring(resume bool) error {
	hw := p.hardware()
	disk, img, err := bootDisk(hw)
	if err != nil {
		return err
	}
	p.disk = disk.Slot
	if p.store, err = openStore(disk.State); err != nil {
		return err
	}
	memory, fresh, err := p.store.memory(img.os)
	if err != nil {
		return err
	}
	p.os = newOS(memory, p.m.hv.cfg.Binary, p.m.hv.cfg.Programs, p)
	resumed := resume && p.store.running()
	if !resumed {
		if err := p.start(fresh, hw.Disks); err != nil {
			return err
		}
	}
	p.sshd = newSSHD(p)
	p.pve = newPVENode(p, !resumed)
	p.plug.Lock()
	defer p.plug.Unlock()
	p.netUp(p.hardware().NICs)
	memory.Watch(p.event)
	p.sync()
	if err := p.store.save(memory, true); err != nil {
		return err
	}
	p.ready.Store(true)
	p.log("boot", "%s is up", img.os)
	return nil
}

// start is a boot up to the services: firmware, kernel, cloud-init.
func (p *power) start(fresh bool, disks []guest.Disk) error {
	close(p.booting)
	if p.store.running() { // a boot that is cut off must not be resumed
		if err := p.store.save(p.os.Memory, false); err != nil {
			return err
		}
	}
	if err := p.m.hv.cfg.Clock.Sleep(p.ctx, p.bootTime()); err != nil {
		return err
	}
	if fresh {
		if err := p.os.preinstall(); err != nil {
			return err
		}
	}
	p.os.Boot()
	if hw := p.hardware(); hw.Container != nil {
		if err := p.os.contain(p.ctx, hw); err != nil {
			return err
		}
	}
	if runCloudInit(p.ctx, p.os, disks) {
		p.reloadSSH()
	}
	return p.os.imageKeys(p.ctx)
}

// bootTime is far shorter for a container: it has no firmware and no kernel.
func (p *power) bootTime() time.Duration {
	d := p.m.hv.cfg.BootTime
	if p.hardware().Container != nil {
		d /= 20
	}
	return d
}

// reloadSSH makes sshd read what cloud-init has written: the real one starts
// after cloud-init has.
func (p *power) reloadSSH() {
	u, err := p.os.Unit(p.ctx, "ssh")
	switch {
	case err != nil || !u.Enabled:
	case u.Active:
		err = p.os.ReloadUnit(p.ctx, "ssh")
	default:
		err = p.os.SetUnit(p.ctx, "ssh", true, true)
	}
	if err != nil {
		p.log("ssh", "%v", err)
	}
}

// bootDisk is the first disk in boot order with an operating system. Without a
// boot order the disks are tried by slot, CD-ROMs not at all.
func bootDisk(hw guest.Hardware) (guest.Disk, image, error) {
	var tried []string
	for _, d := range hw.Disks {
		if len(hw.Boot) == 0 && !d.CDROM {
			tried = append(tried, d.Slot)
		}
	}
	if len(hw.Boot) > 0 {
		tried = hw.Boot
	}
	for _, slot := range tried {
		i := slices.IndexFunc(hw.Disks, func(d guest.Disk) bool { return d.Slot == slot && !d.CDROM && d.State != "" })
		if i < 0 {
			continue
		}
		if img, err := readImage(hw.Disks[i].Path); err == nil {
			return hw.Disks[i], img, nil
		}
	}
	return guest.Disk{}, image{}, fmt.Errorf("no bootable disk among %q", strings.Join(tried, " "))
}

// event is a change in the operating system that the machine around it shows.
func (p *power) event(e system.Event) {
	switch {
	case p.ending.Load():
	case e.Kind == system.UnitStarted, e.Kind == system.UnitStopped, e.Kind == system.UnitReloaded,
		e.Kind == system.PackageInstalled, e.Kind == system.PackageRemoved:
		if e.Name == "ssh.service" || e.Name == "pveproxy.service" || e.Name == "proxmox-ve" {
			p.sync()
		}
	}
}

// sync makes the network services what the units say.
func (p *power) sync() {
	if err := p.sshd.sync(); err != nil {
		p.log("ssh", "%v", err)
	}
	if err := p.pve.sync(p.ctx); err != nil {
		p.log("pve", "%v", err)
	}
}

// persist puts on disk what the operating system has written so far.
func (p *power) persist() error { return p.store.save(p.os.Memory, true) }

// end takes the power away. With resumable the machine is on in its own eyes
// and the next power goes on from here.
func (p *power) end(resumable bool) error {
	p.ending.Store(true)
	p.cancel()
	p.host.Close()
	<-p.booted
	p.work.Wait()
	if p.store == nil || p.os == nil {
		return nil
	}
	if p.pve != nil {
		if err := p.pve.close(); err != nil {
			p.log("pve", "%v", err)
		}
	}
	if !p.ready.Swap(false) {
		return nil // what a boot that did not end has done is lost, as its disk cache would be
	}
	return p.store.save(p.os.Memory, resumable)
}

// poweroff implements device.
func (p *power) poweroff() { p.down.Store(off) }

// reboot implements device.
func (p *power) reboot() { p.down.Store(again) }

// settle lets the machine go down if a command has asked for it. It is called
// when that command has been answered.
func (p *power) settle() {
	if d := p.down.Swap(stay); d != stay {
		go p.m.leave(p, d == again)
	}
}

// listening implements device.
func (p *power) listening() []uint16 { return p.host.Listening() }

// agentReady is true while the guest agent answers.
func (p *power) agentReady() bool {
	if !p.up() || !p.hardware().Agent {
		return false
	}
	u, err := p.os.Unit(p.ctx, "qemu-guest-agent")
	return err == nil && u.Active
}

func (p *power) interfaces() []guest.Interface {
	p.mu.Lock()
	defer p.mu.Unlock()
	lo := guest.Interface{Name: "lo", MAC: "00:00:00:00:00:00", Addresses: []netip.Prefix{
		netip.MustParsePrefix("127.0.0.1/8"), netip.MustParsePrefix("::1/128"),
	}}
	return append([]guest.Interface{lo}, p.nics...)
}
