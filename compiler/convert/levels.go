package convert

import (
	"path"
	"strconv"

	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/syntax"
)

// upgrade turns what only schema v1 had into what there is today, and says
// whether it was such a file.
func (c *conversion) upgrade(d *definition) bool {
	dir := path.Base(path.Dir(c.file.Name))
	grand := path.Base(path.Dir(path.Dir(c.file.Name)))
	switch {
	case d.body.find("levels") != nil:
		c.levels(d)
	case dir == "presets" && grand == "vms":
		d.kind, d.name = schema.KindPreset, "vm-"+d.name
	case dir == "vms":
		c.template(d)
	case dir == "envs" || d.body.find("vms") != nil && d.body.find("vmid_base") != nil:
		c.environment(d)
	case isFlatPosture(d.body):
		c.posture(d)
	case isNodeTemplate(d.body):
		c.nodeTemplate(d)
	default:
		return false
	}
	if v := versions[d.kind]; v != "" {
		if old := d.body.get("schema_version"); old != nil {
			old.kind, old.text = syntax.Int, v
		} else if len(d.body.entries) > 0 {
			e := field("schema_version", number(v))
			first := d.body.entries[0]
			e.lead, first.lead = first.lead, nil
			e.blank, first.blank = first.blank, false
			d.body.entries = append([]*entry{e}, d.body.entries...)
		}
	}
	return true
}

// levels makes nodes of levels: each is the parent of the next.
func (c *conversion) levels(d *definition) {
	root := d.body
	d.kind = schema.KindManifest
	if name := root.str("name"); name != "" {
		d.name = name
	}
	list := root.find("levels")
	if list.value.kind != syntax.List || len(list.value.entries) == 0 {
		c.report(codeOldShape, list.at, "levels has to be a list with at least one level").Help = "write one item per level"
		return
	}
	above := ""
	for i, e := range list.value.entries {
		name := e.value.str("name")
		if e.value.kind != syntax.Map || name == "" {
			c.report(codeOldShape, e.at, "level %d has no name", i+1).Help = "give it one: the node is called so"
			continue
		}
		last := i == len(list.value.entries)-1
		c.level(e, name, above, last)
		above = name
	}
	list.key = "nodes"
	pattern := "flat"
	if len(list.value.entries) > 1 {
		pattern = "tiered"
	}
	for i, e := range root.entries {
		if e == list && root.find("pattern") == nil {
			p := field("pattern", text(pattern))
			root.entries = append(root.entries[:i:i], append([]*entry{p}, root.entries[i:]...)...)
			break
		}
	}
	c.settings(root.get("settings"))
}

// settings renames what has a new name, and drops what nothing ever used.
func (c *conversion) settings(v *value) {
	if v == nil || v.kind != syntax.Map {
		return
	}
	if e := v.find("verify_ssh"); e != nil && v.find("verify") == nil {
		e.key = "verify"
	}
	if e := v.take("timeout_buffer"); e != nil {
		c.lost(e.at, "timeout_buffer", "nothing ever used it: each step has a deadline of its own")
	}
}

// level makes a node of one level.
func (c *conversion) level(e *entry, name, above string, last bool) {
	v := e.value
	setup := v.str("post_scenario") == "pve-setup"
	m := c.machineOf(v)
	if n := v.get("vmid"); n != nil && n.kind == syntax.Int {
		m.vmid = n.text
	}
	if image := v.str("image"); image != "" {
		m.image = image
	}
	c.drop(v, "post_scenario", func(w *value) string {
		if w.kind == syntax.Null || setup {
			return ""
		}
		return "what it did belongs into the node's spec"
	})
	c.drop(v, "post_scenario_args", func(*value) string {
		if setup {
			return "the spec pve does what pve-setup did, and takes no arguments"
		}
		return "nothing takes arguments: a spec says what a node becomes"
	})
	for _, key := range []string{"env", "template", "vm_preset", "vmid", "vmid_offset", "image", "name"} {
		e.adopt(v, key)
	}
	rest := v.entries
	v.entries = nil
	v.wide = true
	m.host = setup || !last
	m.fill(v, name)
	if above != "" {
		v.entries = append(v.entries, field("parent", text(above)))
	}
	for _, x := range rest {
		c.lost(x.at, x.key, "a level has no such field")
		v.tail = append(v.tail, x.remarks()...)
	}
}

// adopt moves a field's comments to the entry that holds it.
func (e *entry) adopt(v *value, key string) {
	f := v.cut(key)
	if f == nil {
		return
	}
	e.lead = append(e.lead, f.lead...)
	e.lead = append(e.lead, f.beside...)
	e.lead = append(e.lead, f.value.remarks()...)
}

// drop takes a field out, and warns when there is a reason.
func (c *conversion) drop(v *value, key string, why func(*value) string) {
	e := v.find(key)
	if e == nil {
		return
	}
	v.take(key)
	if reason := why(e.value); reason != "" {
		c.lost(e.at, key, reason)
	}
}

// machine is what v1 says of one virtual machine, from all its files.
type machine struct {
	preset              string // of vms/presets
	image               string
	cores, memory, disk string
	vmid                string
	ip, gateway         string
	host                bool // others run inside
}

// fill writes the machine as the fields of a node.
func (m *machine) fill(v *value, name string) {
	add := func(key string, w *value) { v.entries = append(v.entries, field(key, w)) }
	add("name", text(name))
	if m.host {
		add("type", text("pve"))
		add("spec", text("pve"))
	} else {
		add("type", text("vm"))
		add("spec", text("base"))
	}
	if m.preset != "" {
		add("preset", text("vm-"+m.preset))
	}
	if m.image != "" {
		add("image", text(m.image))
	}
	for _, n := range []struct{ key, text string }{{"vmid", m.vmid}, {"cores", m.cores}, {"memory", m.memory}, {"disk", m.disk}} {
		if n.text != "" {
			add(n.key, number(n.text))
		}
	}
	if m.ip != "" && m.ip != "dhcp" {
		network := mapping(field("ip", text(m.ip)))
		if m.gateway != "" {
			network.entries = append(network.entries, field("gateway", text(m.gateway)))
		}
		add("network", network)
	}
}

func addNumbers(a, b string) string {
	x, errX := strconv.Atoi(a)
	y, errY := strconv.Atoi(b)
	if errX != nil || errY != nil || b == "" {
		return a
	}
	return strconv.Itoa(x + y)
}
