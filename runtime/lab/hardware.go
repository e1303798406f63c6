package lab

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/runtime/lab/guest"
)

// hardware is the machine that a guest's effective configuration describes.
// Drives whose volume is gone are left out; checkHardware finds them.
func (l *Lab) hardware(v *vm) guest.Hardware {
	return l.hardwareOf(v, v.Config)
}

func (l *Lab) hardwareOf(v *vm, config map[string]string) guest.Hardware {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v.isCT() {
		return l.ctHardware(v, config)
	}
	hw := guest.Hardware{
		VMID: v.VMID, Node: v.Node, Name: config["name"],
		Cores: coresOf(config), Memory: memoryOf(config), Agent: agentOn(config),
	}
	if o, err := api().parseObject("smbios1", "smbios1", config["smbios1"]); err == nil {
		hw.UUID = o["uuid"]
	}
	for _, slot := range sortedSlots(config) {
		base, _, _ := splitSlot(slot)
		switch base {
		case "ide", "sata", "scsi", "virtio":
			if d, ok := l.disk(v.Node, slot, config[slot]); ok {
				hw.Disks = append(hw.Disks, d)
			}
		case "net":
			if n, ok := nic(slot, config[slot]); ok {
				hw.NICs = append(hw.NICs, n)
			}
		}
	}
	if o, err := api().parseObject("boot", "boot", config["boot"]); err == nil {
		hw.Boot = splitList(o["order"])
	}
	return hw
}

// disk describes one drive; the caller holds mu.
func (l *Lab) disk(node, slot, text string) (guest.Disk, bool) {
	o := parseDrive(slot, text)
	vol := l.findVolume(node, o["file"])
	if vol == nil {
		return guest.Disk{}, false
	}
	d := guest.Disk{Slot: slot, Volume: vol.id(), Path: vol.file(), Size: vol.Size, CDROM: o["media"] == "cdrom", Mount: o["mp"]}
	if _, err := os.Stat(d.Path); err != nil {
		d.Path = ""
	}
	if !d.CDROM {
		d.State = vol.state()
	}
	return d, true
}

func nic(slot, text string) (guest.NIC, bool) {
	o, err := api().parseObject("net", slot, text)
	if err != nil {
		return guest.NIC{}, false
	}
	tag, _ := strconv.ParseUint(o["tag"], 10, 16)
	return guest.NIC{
		Slot: slot, Model: o["model"], MAC: strings.ToUpper(o["macaddr"]), Bridge: o["bridge"],
		VLAN: uint(tag), Down: o["link_down"] == "1",
	}, true
}

// checkHardware is what stops a start: volumes and bridges that are not there.
func (l *Lab) checkHardware(v *vm) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if cpu, _, _ := strings.Cut(v.Config["cpu"], ","); !v.isCT() && v.Config["kvm"] == "0" && strings.TrimPrefix(cpu, "cputype=") == "host" {
		return &guest.StartError{
			Reason: "start failed: QEMU exited with code 1", Log: []string{"kvm: CPU model 'host' requires KVM or HVF"},
		}
	}
	for _, slot := range sortedSlots(v.Config) {
		base, _, _ := splitSlot(slot)
		text := v.Config[slot]
		switch {
		case isDriveSlot(slot):
			file := parseDrive(slot, text)["file"]
			if _, _, isVolume := splitVolumeID(file); isVolume && l.findVolume(v.Node, file) == nil {
				return fmt.Errorf("volume '%s' does not exist", file)
			}
		case base == "net":
			n, ok := nic(slot, text)
			if v.isCT() {
				n, ok = ctNIC(slot, text), true
			}
			if ok && n.Bridge != "" && !l.isBridge(v.Node, n.Bridge) {
				return fmt.Errorf("bridge '%s' does not exist", n.Bridge)
			}
		}
	}
	return nil
}

// sortedSlots are the options that have a number, by name, then by number. A
// container's rootfs comes first.
func sortedSlots(config map[string]string) []string {
	var slots []string
	for k := range config {
		if _, _, ok := splitSlot(k); ok || k == "rootfs" {
			slots = append(slots, k)
		}
	}
	slices.SortFunc(slots, func(a, b string) int {
		if a == "rootfs" {
			return -1
		}
		if b == "rootfs" {
			return 1
		}
		ab, an, _ := splitSlot(a)
		bb, bn, _ := splitSlot(b)
		if ab != bb {
			return strings.Compare(ab, bb)
		}
		return an - bn
	})
	return slots
}

func coresOf(config map[string]string) uint {
	n := func(key string) uint {
		v, err := strconv.ParseUint(config[key], 10, 32)
		if err != nil || v == 0 {
			return 1
		}
		return uint(v)
	}
	if config["vcpus"] != "" {
		return n("vcpus")
	}
	return n("cores") * n("sockets")
}

// memoryOf is in MiB; PVE's default is 512.
func memoryOf(config map[string]string) uint {
	o, err := api().parseObject("memory", "memory", config["memory"])
	if err != nil {
		return 512
	}
	n, err := strconv.ParseUint(o["current"], 10, 32)
	if err != nil {
		return 512
	}
	return uint(n)
}

func agentOn(config map[string]string) bool {
	o, err := api().parseObject("agent", "agent", config["agent"])
	return err == nil && o["enabled"] == "1"
}

// asStartError makes a task's error of a failed start: QEMU's own lines go to
// the log, the reason ends the task.
func asStartError(t *task, err error) error {
	var se *guest.StartError
	if errors.As(err, &se) {
		for _, line := range se.Log {
			t.logf("%s", line)
		}
	}
	return err
}
