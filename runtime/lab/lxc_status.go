package lab

// ctRow is what /nodes/X/lxc and status/current have in common.
func (s vmStatus) ctRow() map[string]any {
	config := s.vm.Config
	row := map[string]any{
		"vmid": s.vm.VMID, "name": s.name, "type": "lxc", "status": s.power(), "cpus": s.cores(), "cpu": 0,
		"maxmem": uint64(memoryOf(config)) << 20, "mem": 0, "maxswap": swapOf(config) << 20, "swap": 0, "maxdisk": s.disk, "disk": 0,
		"uptime": s.uptime, "netin": 0, "netout": 0, "diskread": 0, "diskwrite": 0,
	}
	if s.running {
		row["pid"] = 10000 + s.vm.VMID
		for _, k := range []string{"cpu", "io", "memory"} {
			row["pressure"+k+"some"], row["pressure"+k+"full"] = "0.00", "0.00"
		}
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

// cores are the CPUs that a guest sees. A container without a number has all of
// its node.
func (s vmStatus) cores() uint {
	if s.vm.isCT() && s.vm.Config["cores"] == "" {
		return nodeCPUs
	}
	return coresOf(s.vm.Config)
}

// swapOf is in MiB; PVE's default is 512.
func swapOf(config map[string]string) uint64 {
	if n, ok := parseSize(config["swap"]); ok {
		return uint64(n)
	}
	return 512
}

// ctList is GET /nodes/{node}/lxc.
func (c *call) ctList() (any, error) {
	list := []any{}
	for _, s := range c.statuses() {
		if s.vm.isCT() && s.vm.Node == c.node() {
			list = append(list, s.ctRow())
		}
	}
	return list, nil
}

// ctCurrent is GET …/status/current.
func (c *call) ctCurrent() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	row := c.status(v).ctRow()
	row["ha"] = c.haOf(v)
	return row, nil
}

// kind is how the cluster calls a guest.
func (s vmStatus) kind() string {
	if s.vm.isCT() {
		return "lxc"
	}
	return "qemu"
}
