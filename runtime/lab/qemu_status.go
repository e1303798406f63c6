package lab

import (
	"net/http"
	"slices"
	"strings"
)

// vmStatus is a guest in numbers, as every listing starts from.
type vmStatus struct {
	vm      *vm
	name    string
	running bool
	uptime  int64
	disk    int64 // bytes of the first boot disk
}

// statuses are the guests the caller may see, by vmid.
func (c *call) statuses() []vmStatus {
	return c.statusesIf(func(vmid uint) bool { return c.may("/vms/"+vmidText(vmid), "VM.Audit") })
}

// statusesIf are the guests of the ids that may be seen, by vmid.
func (c *call) statusesIf(seen func(vmid uint) bool) []vmStatus {
	c.mu.Lock()
	ids := sortedVMIDs(c.vms)
	c.mu.Unlock()
	ids = slices.DeleteFunc(ids, func(id uint) bool { return !seen(id) })
	c.mu.Lock()
	var vms []*vm
	for _, id := range ids {
		if v := c.vms[id]; v != nil {
			vms = append(vms, v.clone())
		}
	}
	c.mu.Unlock()
	out := make([]vmStatus, len(vms))
	for i, v := range vms {
		out[i] = c.status(v)
	}
	return out
}

func (l *Lab) status(v *vm) vmStatus {
	s := vmStatus{vm: v, name: v.nameIn(v.Config), running: v.running()}
	if s.running {
		s.uptime = l.now().Unix() - v.Since
	}
	for _, slot := range bootDisks(v.Config) {
		if size, ok := parseSize(parseDrive(slot, v.Config[slot])["size"]); ok {
			s.disk = size
			break
		}
	}
	return s
}

// bootDisks are the disks of the boot order, then the others.
func bootDisks(config map[string]string) []string {
	var out []string
	o, _ := api().parseObject("boot", "boot", config["boot"])
	for _, slot := range append(splitList(o["order"]), sortedSlots(config)...) {
		if isDriveSlot(slot) && !strings.HasPrefix(slot, "mp") && config[slot] != "" && parseDrive(slot, config[slot])["media"] != "cdrom" {
			out = append(out, slot)
		}
	}
	return out
}

func (s vmStatus) power() string {
	if s.running {
		return "running"
	}
	return "stopped"
}

// row is what /nodes/X/qemu and status/current have in common.
func (s vmStatus) row() map[string]any {
	row := map[string]any{
		"vmid": s.vm.VMID, "name": s.name, "status": s.power(), "cpus": coresOf(s.vm.Config), "cpu": 0,
		"maxmem": uint64(memoryOf(s.vm.Config)) << 20, "mem": 0, "memhost": 0, "maxdisk": s.disk, "disk": 0,
		"uptime": s.uptime, "netin": 0, "netout": 0,
	}
	if s.running {
		row["pid"] = 10000 + s.vm.VMID
	}
	if tags, ok := s.vm.next()["tags"]; ok {
		row["tags"] = tags
	}
	if lock := s.vm.lock(); lock != "" {
		row["lock"] = lock
	}
	if s.vm.template() {
		row["template"] = 1
	}
	return row
}

// qemuList is GET /nodes/{node}/qemu.
func (c *call) qemuList() (any, error) {
	list := []any{}
	for _, s := range c.statuses() {
		if s.vm.Node == c.node() && !s.vm.isCT() {
			list = append(list, s.row())
		}
	}
	return list, nil
}

// qemuCurrent is GET …/status/current.
func (c *call) qemuCurrent() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	s := c.status(v)
	row := s.row()
	row["qmpstatus"] = s.power()
	if v.Paused {
		row["qmpstatus"] = "paused"
	}
	row["ha"] = c.haOf(v)
	if agentOn(v.Config) {
		row["agent"] = 1
	}
	if vga := v.Config["vga"]; vga != "" {
		row["clipboard"] = nil
		if o, err := api().parseObject("vga", "vga", vga); err == nil && o["clipboard"] != "" {
			row["clipboard"] = o["clipboard"]
		}
	}
	if v.Config["serial0"] != "" {
		row["serial"] = 1
	}
	if s.running {
		for _, k := range []string{"cpu", "io", "memory"} {
			row["pressure"+k+"some"], row["pressure"+k+"full"] = 0, 0
		}
		nics := map[string]any{}
		for _, n := range c.hardware(v).NICs {
			_, i, _ := splitSlot(n.Slot)
			nics["tap"+vmidText(v.VMID)+"i"+vmidText(uint(i))] = map[string]any{"netin": 0, "netout": 0}
		}
		row["nics"] = nics
	}
	return row, nil
}

// vmResource is a guest in /cluster/resources and in pools.
func (c *call) vmResource(s vmStatus) map[string]any {
	if !c.polled(s.vm.VMID) || !c.nodeUp(s.vm.Node) {
		return map[string]any{
			"id": s.kind() + "/" + vmidText(s.vm.VMID), "type": s.kind(), "vmid": s.vm.VMID, "node": s.vm.Node, "status": "unknown",
		}
	}
	row := map[string]any{
		"id": s.kind() + "/" + vmidText(s.vm.VMID), "type": s.kind(), "vmid": s.vm.VMID, "node": s.vm.Node,
		"name": s.name, "status": s.power(), "template": 0, "maxcpu": s.cores(), "cpu": 0,
		"maxmem": uint64(memoryOf(s.vm.Config)) << 20, "mem": 0, "maxdisk": s.disk, "disk": 0, "uptime": s.uptime,
		"netin": 0, "netout": 0, "diskread": 0, "diskwrite": 0,
	}
	if s.vm.template() {
		row["template"] = 1
	}
	if lock := s.vm.lock(); lock != "" {
		row["lock"] = lock
	}
	if state := c.haState(s.vm); state != "" {
		row["hastate"] = state
	}
	return row
}

// polled reports whether pvestatd has seen a guest: until then the cluster knows
// of it no more than that it is there. Guests that were there when the lab was
// opened have been seen.
func (l *Lab) polled(vmid uint) bool {
	l.mu.Lock()
	made, ok := l.made[vmid]
	l.mu.Unlock()
	every := l.cfg.PollTime
	return !ok || every <= 0 || l.now().Sub(l.born)/every > made.Sub(l.born)/every
}

// clusterResources is GET /cluster/resources.
func (c *call) clusterResources() (any, error) {
	want := c.str("type")
	list := []any{}
	if want == "" || want == "vm" {
		pools := c.poolsByVM()
		for _, s := range c.statuses() {
			row := c.vmResource(s)
			if tags, ok := s.vm.next()["tags"]; ok {
				row["tags"] = tags
			}
			if pool := pools[s.vm.VMID]; pool != "" {
				row["pool"] = pool
			}
			list = append(list, row)
		}
	}
	if want == "" || want == "node" {
		for _, m := range c.members() {
			list = append(list, c.nodeRow(m, "cgroup-mode"))
		}
	}
	if want == "" || want == "storage" {
		for _, m := range c.members() {
			list = append(list, c.storageResources(m)...)
		}
	}
	return list, nil
}

// storageResources are the storages of a node in /cluster/resources.
func (c *call) storageResources(m member) []any {
	var list []any
	for _, s := range c.storageRows(m.Name) {
		if !c.maySee(s["storage"].(string)) {
			continue
		}
		row := map[string]any{
			"id": "storage/" + m.Name + "/" + s["storage"].(string), "type": "storage", "node": m.Name,
			"storage": s["storage"], "plugintype": s["type"], "content": s["content"], "shared": s["shared"], "status": "unknown",
		}
		if m.State == NodeUp && s["enabled"] == 1 {
			row["status"], row["maxdisk"], row["disk"] = "available", s["total"], s["used"]
		}
		list = append(list, row)
	}
	return list
}

// clusterNextID is GET /cluster/nextid; it reserves nothing.
func (c *call) clusterNextID() (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.has("vmid") {
		if c.vms[c.vmid()] != nil {
			return nil, badParam("vmid", "VM "+c.str("vmid")+" already exists")
		}
		return c.str("vmid"), nil
	}
	for id := uint(100); id < 1_000_000; id++ {
		if c.vms[id] == nil {
			return vmidText(id), nil
		}
	}
	return nil, errorf(http.StatusInternalServerError, "unable to get any free VMID in range [100, 1000000]")
}
