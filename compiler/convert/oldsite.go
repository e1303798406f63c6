package convert

import (
	"io/fs"
	"slices"
	"strconv"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
	"github.com/homestak/homestak/lang/unit"
	"github.com/homestak/homestak/stdlib"
)

// maxLookup bounds a file that is looked up.
const maxLookup = 1 << 20

// lookup reads a file of the site, nil if there is none.
func lookup(site fs.FS, names ...string) *syntax.Node {
	if site == nil {
		return nil
	}
	for _, name := range names {
		if !fs.ValidPath(name) {
			continue
		}
		info, err := fs.Stat(site, name)
		if err != nil || !info.Mode().IsRegular() || info.Size() > maxLookup {
			continue
		}
		data, err := fs.ReadFile(site, name)
		if err != nil {
			continue
		}
		tree, found := lang.Parse(source.NewFile(name, data))
		if !found.HasErrors() && tree != nil && tree.Kind == syntax.Map {
			return tree
		}
	}
	return nil
}

// str is the text of a scalar field, "" when there is none.
func str(n *syntax.Node, key string) string {
	if v := n.Get(key); v != nil && v.Kind != syntax.Map && v.Kind != syntax.List {
		return v.Text
	}
	return ""
}

// machineOf follows a level, or a machine of an environment, through v1's files:
// env, template, vm_preset, in this order of precedence.
func (c *conversion) machineOf(v *value) *machine {
	m := &machine{}
	switch e := v.find("env"); {
	case e != nil && e.value.text != "":
		c.fromEnvironment(m, v, e)
	case v.str("template") != "":
		c.fromTemplate(m, v.str("template"), v.find("template").value.at)
	case v.str("vm_preset") != "":
		m.preset = v.str("vm_preset")
		c.sizes(m, nil)
	default:
		c.report(codeOldShape, v.at, "nothing says which machine this is").Help = "name vm_preset, template or env"
	}
	return m
}

// fromEnvironment takes the first machine of an environment.
func (c *conversion) fromEnvironment(m *machine, v *value, e *entry) {
	env := e.value.text
	tree := lookup(c.options.Site, "envs/"+env+".yaml")
	if tree == nil {
		c.missing(e.value.at, "environment", "envs/"+env+".yaml")
		return
	}
	vms := tree.Get("vms")
	if vms == nil || vms.Kind != syntax.List || len(vms.Items) == 0 {
		c.report(codeOldShape, e.value.at, "environment %q lists no machine", env).Help = "add one to envs/" + env + ".yaml"
		return
	}
	first := vms.Items[0]
	c.instance(m, first, e.value.at)
	if m.vmid == "" {
		m.vmid = str(tree, "vmid_base")
	}
	if offset := v.str("vmid_offset"); m.vmid != "" {
		m.vmid = addNumbers(m.vmid, offset)
	}
	if name := str(first, "name"); name != "" && name != v.str("name") {
		c.lost(e.value.at, "the machine's name "+name, "a node is called as its level: "+v.str("name"))
	}
	for _, other := range vms.Items[1:] {
		c.lost(e.value.at, "machine "+str(other, "name")+" of environment "+env, "a level is one node: convert envs/"+env+".yaml")
	}
	if p := str(tree, "posture"); p != "" && p != "dev" {
		c.lost(e.value.at, "posture "+p+" of environment "+env, "a spec names its posture: give the node one that does")
	}
}

// instance is one machine of an environment.
func (c *conversion) instance(m *machine, n *syntax.Node, at source.Range) {
	switch {
	case str(n, "template") != "":
		c.fromTemplate(m, str(n, "template"), at)
	default:
		m.preset = str(n, "vm_preset") + str(n, "preset")
		c.sizes(m, n)
	}
	m.override(n)
	m.vmid, m.ip, m.gateway = str(n, "vmid"), str(n, "ip"), str(n, "gateway")
}

func (m *machine) override(n *syntax.Node) {
	for _, f := range []struct {
		key string
		to  *string
	}{{"image", &m.image}, {"cores", &m.cores}, {"memory", &m.memory}, {"disk", &m.disk}} {
		if s := str(n, f.key); s != "" {
			*f.to = s
		}
	}
}

func (c *conversion) fromTemplate(m *machine, name string, at source.Range) {
	tree := lookup(c.options.Site, "vms/"+name+".yaml")
	if tree == nil {
		c.missing(at, "template", "vms/"+name+".yaml")
		return
	}
	m.preset, m.image = str(tree, "preset"), str(tree, "image")
	c.sizes(m, tree)
	if tree.Get("packages") != nil {
		c.lost(at, "packages of template "+name, "packages are part of a spec")
	}
}

func (c *conversion) missing(at source.Range, what, name string) {
	c.report(codeLookup, at, "the %s is not in the site: %s", what, name).Help = "name the old site's directory with --site"
}

// sizes are those of the old preset and then of n. What the preset vm-NAME of
// today says, too, is left to it.
func (c *conversion) sizes(m *machine, n *syntax.Node) {
	if m.preset != "" {
		old := lookup(c.options.Site, "vms/presets/"+m.preset+".yaml")
		now := lookup(c.options.Site, "presets/vm-"+m.preset+".yaml", "v2/presets/vm-"+m.preset+".yaml")
		if now == nil {
			now = lookup(stdlib.Files(), "presets/vm-"+m.preset+".yaml")
		}
		m.override(old)
		m.override(n)
		if now != nil {
			m.less(now)
		} else if m.cores != "" && m.memory != "" && m.disk != "" {
			m.preset = ""
		}
		return
	}
	m.override(n)
}

// less leaves out the sizes that a preset has.
func (m *machine) less(preset *syntax.Node) {
	for _, f := range []struct {
		key  string
		of   *string
		bare unit.Size
	}{{"cores", &m.cores, 1}, {"memory", &m.memory, unit.MiB}, {"disk", &m.disk, unit.GiB}} {
		x, errX := unit.ParseSize(str(preset, f.key), f.bare)
		y, errY := unit.ParseSize(*f.of, f.bare)
		if errX == nil && errY == nil && x == y {
			*f.of = ""
		}
	}
}

// template makes a size of vms/NAME.yaml: there are no templates of machines.
func (c *conversion) template(d *definition) {
	d.kind = schema.KindPreset
	m := &machine{}
	root := d.body
	if p := root.find("preset"); p != nil {
		old := lookup(c.options.Site, "vms/presets/"+p.value.text+".yaml")
		if old == nil {
			old = lookup(stdlib.Files(), "presets/vm-"+p.value.text+".yaml")
		}
		if old == nil {
			c.missing(p.value.at, "preset", "vms/presets/"+p.value.text+".yaml")
			return
		}
		m.override(old)
		root.take("preset")
	}
	c.drop(root, "image", func(v *value) string { return "a node names its image: image: " + v.text })
	c.drop(root, "packages", func(*value) string { return "packages are part of a spec" })
	for _, f := range []struct{ key, text string }{{"cores", m.cores}, {"memory", m.memory}, {"disk", m.disk}} {
		if root.find(f.key) == nil && f.text != "" {
			root.entries = append(root.entries, field(f.key, number(f.text)))
		}
	}
}

// environment makes a manifest of envs/NAME.yaml: a node for each machine.
func (c *conversion) environment(d *definition) {
	d.kind = schema.KindManifest
	root := d.body
	vms := root.find("vms")
	switch {
	case vms == nil && slices.ContainsFunc(root.entries, func(e *entry) bool { return e.key != "posture" && e.key != "vmid_base" }):
		c.report(codeOldShape, d.at, "this is no environment: it has no vms").Help = "list its machines, or put the file where it belongs"
		return
	case vms == nil:
		vms = field("vms", &value{kind: syntax.Null})
		root.entries = append(root.entries, vms)
	case vms.value.kind != syntax.List && vms.value.kind != syntax.Null:
		c.report(codeOldShape, vms.at, "vms has to be a list of machines").Help = "write `- name: NAME` and what it is for each"
		return
	}
	if len(vms.value.entries) == 0 {
		c.warn(codeNotKept, d.at, "this environment lists no machine").Label = "a manifest without nodes is refused until it has one"
		vms.value = &value{kind: syntax.List, tail: vms.value.tail}
	}
	base := root.str("vmid_base")
	for i, e := range vms.value.entries {
		v, m := e.value, &machine{}
		name := v.str("name")
		if v.kind != syntax.Map || name == "" {
			c.report(codeOldShape, e.at, "machine %d has no name", i+1).Help = "give it one"
			continue
		}
		c.instance(m, v.tree(), v.at)
		if m.vmid == "" && base != "" {
			m.vmid = addNumbers(base, strconv.Itoa(i))
		}
		for _, key := range []string{"template", "vm_preset", "preset", "vmid", "ip", "gateway", "image", "cores", "memory", "disk", "name"} {
			e.adopt(v, key)
		}
		rest := v.entries
		v.entries, v.wide = nil, true
		m.fill(v, name)
		for _, x := range rest {
			c.lost(x.at, x.key, "a node has no such field")
			v.tail = append(v.tail, x.remarks()...)
		}
	}
	vms.key = "nodes"
	c.drop(root, "vmid_base", func(*value) string { return "" })
	c.drop(root, "posture", func(v *value) string {
		if v.text == "dev" {
			return ""
		}
		return "a spec names its posture: give the nodes one that does"
	})
}

// tree is the part of a mapping that machines are made of.
func (v *value) tree() *syntax.Node {
	n := &syntax.Node{Kind: syntax.Map}
	for _, e := range v.entries {
		if !e.value.container() {
			n.Fields = append(n.Fields, syntax.Field{Key: e.key, Value: &syntax.Node{Kind: e.value.kind, Text: e.value.text}})
		}
	}
	return n
}

// isNodeTemplate finds v2/nodes files: one node without a manifest around it.
func isNodeTemplate(v *value) bool {
	return v.find("type") != nil && v.find("nodes") == nil && (v.find("image") != nil || v.find("preset") != nil || v.find("spec") != nil || v.find("template") != nil)
}

// nodeTemplate makes a manifest of one node.
func (c *conversion) nodeTemplate(d *definition) {
	d.kind = schema.KindManifest
	node := &entry{value: d.body}
	if d.body.find("name") == nil {
		d.body.entries = append([]*entry{field("name", text(d.name))}, d.body.entries...)
		first := d.body.entries[1]
		node.lead, first.lead = first.lead, nil
	}
	for _, e := range append([]*entry{}, d.body.entries...) {
		switch f := schema.Node.Field(e.key); {
		case f == nil, f.Gone != "", e.key == "hardware": // which was upstream's note of a machine
			d.body.take(e.key)
			c.lost(e.at, e.key, "a node has no such field")
		}
	}
	d.body.wide = true
	list := &value{kind: syntax.List, wide: true, entries: []*entry{node}}
	d.body = mapping(field("nodes", list))
}
