package compiler

import (
	"fmt"

	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
	"github.com/homestak/homestak/lang/unit"
)

// manifestDecl is a manifest without its nodes.
type manifestDecl struct {
	description opt[string]
	pattern     opt[string]
	execution   executionDecl
	settings    runSettings
}

// executionDecl is the block `execution` of a manifest or of a node.
type executionDecl struct {
	mode   opt[string]    // default_mode of a manifest, mode of a node
	phases [4]opt[string] // by ir.Phase
}

// nodeDecl is one node as it was written.
type nodeDecl struct {
	at        source.Range // where the node is declared: its name, if it has one
	name      opt[string]
	typ       opt[string]
	spec      opt[string]
	preset    opt[string]
	image     opt[string]
	vmid      opt[int]
	parent    opt[string]
	host      opt[string]
	cores     opt[int]
	memory    opt[unit.Size]
	disk      opt[unit.Size]
	network   networkDecl
	tags      []opt[string]
	tagsAt    opt[struct{}]
	pool      opt[string]
	protect   opt[bool]
	onBoot    opt[bool]
	execution executionDecl
	dependsOn []dependencyDecl
	peers     []opt[string]
	guest     *guestDecl // nil when it says nothing of that
}

type networkDecl struct {
	bridge, ip, gateway, domain, mac opt[string]
	dns                              []opt[string]
	dnsAt                            opt[struct{}]
	vlan                             opt[int]
}

type dependencyDecl struct {
	node  opt[string]
	until opt[string]
}

// manifest decodes everything of a manifest but its nodes, which expand has
// taken already.
func (f *findings) manifest(n *syntax.Node, where string) manifestDecl {
	r := f.read(n, schema.Manifest, where)
	// Whether these two are right was judged when the manifest was found.
	r.take("schema_version")
	r.take("name")
	r.take("nodes")
	r.take("modules")
	r.later("checks")
	return manifestDecl{
		description: r.text("description"),
		pattern:     r.text("pattern"),
		execution:   executionOf(r.group("execution"), "default_mode"),
		settings:    runSettingsOf(r.group("settings")),
	}
}

func executionOf(r *reader, mode string) executionDecl {
	return executionDecl{
		mode:   r.text(mode),
		phases: [4]opt[string]{r.text("create"), r.text("config"), r.text("run"), r.text("destroy")},
	}
}

// node decodes one node. Its count and its children are expand's business.
func (f *findings) node(n *syntax.Node) *nodeDecl {
	where := "node"
	if name := n.Get("name"); name != nil && name.Kind == syntax.String {
		where = fmt.Sprintf("node %q", name.Text)
	}
	r := f.read(n, schema.Node, where)
	network := r.group("network")
	d := &nodeDecl{
		at:        firstLine(r.at),
		name:      r.text("name"),
		typ:       r.text("type"),
		spec:      r.text("spec"),
		preset:    r.text("preset"),
		image:     r.text("image"),
		vmid:      r.number("vmid"),
		parent:    r.text("parent"),
		host:      r.text("host"),
		cores:     r.number("cores"),
		memory:    r.size("memory"),
		disk:      r.size("disk"),
		network:   networkOf(network),
		pool:      r.text("pool"),
		protect:   r.flag("protect"),
		onBoot:    r.flag("on_boot"),
		execution: executionOf(r.group("execution"), "mode"),
		dependsOn: dependenciesOf(r),
		guest:     guestOf(r, network),
	}
	d.tags, d.tagsAt = r.texts("tags")
	d.peers, _ = r.texts("peers")
	for _, expanded := range []string{"count", "for_each", "nodes", "modules"} {
		r.take(expanded)
	}
	if d.name.Set {
		d.at = d.name.At
	}
	return d
}

func networkOf(r *reader) networkDecl {
	d := networkDecl{
		bridge:  r.text("bridge"),
		ip:      r.text("ip"),
		gateway: r.text("gateway"),
		domain:  r.text("domain"),
		mac:     r.text("mac"),
		vlan:    r.number("vlan"),
	}
	d.dns, d.dnsAt = r.texts("dns")
	return d
}

// dependenciesOf reads names and {node, until} mappings.
func dependenciesOf(r *reader) []dependencyDecl {
	items, _ := r.items("depends_on")
	var out []dependencyDecl
	for _, n := range items {
		var d dependencyDecl
		if n.Kind == syntax.Map {
			m := r.f.read(n, schema.Dependency, "dependency")
			d = dependencyDecl{node: m.text("node"), until: m.text("until")}
		} else {
			d.node = r.item(n, "depends_on")
		}
		if d.node.ok() {
			out = append(out, d)
		}
	}
	return out
}
