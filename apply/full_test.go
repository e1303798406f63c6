package apply_test

import (
	"strings"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
)

// edit writes a manifest of one node, applies it, and expects these ops, and that
// the plan after it is empty and sends no write.
func (w *world) edit(node string, want ...string) *plan.Plan {
	w.t.Helper()
	w.write("manifests/one.yaml", "schema_version: 2\nname: one\nnodes:\n  - {name: a, spec: web"+node+"}\n")
	p := w.plan("one", plan.GoalCreate)
	var ops []string
	for _, s := range p.Program.Steps {
		ops = append(ops, strings.ToLower(s.Op.String()))
	}
	if got, want := strings.Join(ops, " "), strings.Join(want, " "); got != want {
		w.t.Errorf("%s: %s\nwant %s\n%v", node, got, want, p.Program.Changes)
	}
	if len(ops) == 0 {
		return p
	}
	w.must(p, apply.Done)
	before := w.writes()
	if again := w.plan("one", plan.GoalCreate); len(again.Program.Steps) > 0 {
		for _, s := range again.Program.Steps {
			w.t.Errorf("after %s: %s %v", node, s.Op, s.Args)
		}
		w.t.Errorf("%v", again.Program.Changes)
	}
	w.must(p, apply.AlreadyApplied)
	if n := w.writes() - before; n != 0 {
		w.t.Errorf("%s: finding that nothing is to be done made %d writes", node, n)
	}
	return p
}

var (
	makesVM = strings.Fields("image.fetch seed.upload guest.create seed.remove guest.grow guest.start guest.await seed.remove target.push check.ready guest.configure")
	reboots = strings.Fields("guest.reboot guest.await target.push check.ready")
)

// A VM gets disks, interfaces and hardware, and loses them again, in place.
func TestMachineInFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.edit(", disks: [{name: data, size: 1}], interfaces: [{bridge: vmbr0}], hardware: {bios: ovmf, machine: q35, tpm: true, balloon: 512}, boot: {startup: 2, delay: 30s}", makesVM...)
	w.edit(", disks: [{name: data, size: 2}, {name: logs, size: 1, ssd: true}], interfaces: [{bridge: vmbr0}], hardware: {bios: ovmf, machine: q35, tpm: true, balloon: 512}, boot: {startup: 2, delay: 30s}",
		"guest.grow", "guest.attach")
	w.edit(", disks: [{name: logs, size: 1, ssd: true}], hardware: {bios: ovmf, machine: q35, tpm: true}",
		"guest.configure", "guest.detach")
	w.edit(", disks: [{name: logs, size: 1, ssd: true}, {name: data, size: 3}], hardware: {bios: ovmf, machine: q35, tpm: true}",
		"guest.attach", "guest.grow")
	w.edit(", disks: [{name: logs, size: 1, ssd: true}, {name: data, size: 3}], hardware: {bios: ovmf, machine: q35, tpm: true}, storage: local", "guest.move")
	w.edit(", disks: [{name: logs, size: 1, ssd: true}, {name: data, size: 3}], hardware: {bios: ovmf, machine: q35, tpm: true, sockets: 2}, network: {firewall: true}",
		append([]string{"guest.configure"}, reboots...)...)
	w.edit(", disks: [{name: logs, size: 1, ssd: true}, {name: data, size: 3, bus: virtio}], hardware: {bios: ovmf, machine: q35, tpm: true}, network: {firewall: false}",
		append(strings.Fields("guest.configure guest.detach guest.attach guest.grow"), reboots...)...)
	gone := w.plan("one", plan.GoalDestroy)
	w.must(gone, apply.Done)
	if left := w.guests(); len(left) > 0 {
		t.Errorf("guests are left: %v", left)
	}
}

var makesCT = strings.Fields("image.fetch ct.create guest.start guest.await target.push check.ready guest.configure")

// A container, made and changed through the API alone.
func TestContainerInFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.edit(", type: ct, disks: [{name: data, size: 1, path: /srv}]", makesCT...)
	w.edit(", type: ct, cores: 2, memory: 1024, swap: 0, disks: [{name: data, size: 1, path: /srv}]", "guest.configure")
	w.edit(", type: ct, cores: 2, memory: 1024, disks: [{name: data, size: 2, path: /srv}, {name: more, size: 1, path: /more}], interfaces: [{ip: dhcp}]",
		"guest.grow", "guest.configure", "guest.attach")
	w.edit(", type: ct, cores: 2, memory: 1024, disks: [{name: more, size: 1, path: /more}], features: {nesting: true}",
		append(strings.Fields("guest.configure guest.detach"), reboots...)...)
	w.edit(", type: ct, cores: 2, memory: 1024, disks: [{name: more, size: 1, path: /more}], features: {nesting: true}, storage: local",
		strings.Fields("guest.shutdown guest.stop guest.move guest.start guest.await target.push check.ready")...)
	w.edit(", cores: 2, memory: 1024", strings.Fields("guest.shutdown guest.stop guest.delete image.fetch seed.upload guest.create seed.remove guest.grow guest.start guest.await seed.remove target.push check.ready guest.configure")...)
	w.edit(", cores: 2, memory: 1024, type: ct", append(strings.Fields("guest.shutdown guest.stop guest.delete"), makesCT[1:]...)...)
	gone := w.plan("one", plan.GoalDestroy)
	w.must(gone, apply.Done)
	if left := w.guests(); len(left) > 0 {
		t.Errorf("guests are left: %v", left)
	}
}
