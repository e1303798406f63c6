package render

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/homestak/homestak/plan"
)

// Mermaid draws hosts and nodes: who runs on whom, and what happens to each.
func Mermaid(p *plan.Program) string {
	var b strings.Builder
	b.WriteString("graph TD\n")
	id, edges := graphNodes(p)
	for _, n := range id.order {
		fmt.Fprintf(&b, "  %s[\"%s\"]\n", id.of[n], strings.NewReplacer(`"`, "#quot;", "<", "#lt;", ">", "#gt;").Replace(id.label[n]))
	}
	for _, e := range edges {
		fmt.Fprintf(&b, "  %s --> %s\n", id.of[e[0]], id.of[e[1]])
	}
	return b.String()
}

// DOT is the same graph for Graphviz.
func DOT(p *plan.Program) string {
	var b strings.Builder
	b.WriteString("digraph plan {\n  rankdir=TB;\n  node [shape=box];\n")
	id, edges := graphNodes(p)
	for _, n := range id.order {
		fmt.Fprintf(&b, "  %s [label=%s];\n", id.of[n], strconv.Quote(id.label[n]))
	}
	for _, e := range edges {
		fmt.Fprintf(&b, "  %s -> %s;\n", id.of[e[0]], id.of[e[1]])
	}
	b.WriteString("}\n")
	return b.String()
}

// graphIDs numbers the vertices, so that no name has to be escaped into an
// identifier.
type graphIDs struct {
	of, label map[string]string
	order     []string
}

func (g *graphIDs) add(name, label string) {
	if _, ok := g.of[name]; ok {
		g.label[name] = label
		return
	}
	g.of[name] = "n" + strconv.Itoa(len(g.order))
	g.label[name] = label
	g.order = append(g.order, name)
}

func graphNodes(p *plan.Program) (*graphIDs, [][2]string) {
	g := &graphIDs{of: map[string]string{}, label: map[string]string{}}
	for _, h := range p.Hosts {
		if h.Parent == "" {
			g.add("host "+h.Name, h.Name)
		}
	}
	vertex := map[string]string{}
	for _, h := range p.Hosts {
		if h.Parent == "" {
			vertex[h.Name] = "host " + h.Name
		} else {
			vertex[h.Name] = string(h.Parent)
		}
	}
	var edges [][2]string
	for i := range p.Changes {
		c := &p.Changes[i]
		mark, _ := glyph(c.Action, false)
		g.add(string(c.Addr), strings.TrimSpace(mark+" "+c.Addr.Name())+" ("+c.Kind+" "+strconv.FormatUint(uint64(c.VMID), 10)+")")
	}
	for i := range p.Changes {
		c := &p.Changes[i]
		if from, ok := vertex[c.Host]; ok && g.of[from] != "" {
			edges = append(edges, [2]string{from, string(c.Addr)})
		}
	}
	return g, edges
}
