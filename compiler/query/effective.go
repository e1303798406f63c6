package query

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/schema"
)

// compiled is one manifest with every effective value as people read it.
type compiled struct {
	once       sync.Once
	deployment *ir.Deployment // for as far as it is known; nil when it is not
	sections   []ir.Section
}

// compiled compiles a manifest, once.
func (w *World) compiled(manifest string) *compiled {
	w.mu.Lock()
	c := w.manifests[manifest]
	if c == nil {
		c = &compiled{}
		w.manifests[manifest] = c
	}
	w.mu.Unlock()
	c.once.Do(func() {
		if c.deployment = compiler.Sketch(w.site, compiler.Options{Manifest: manifest}); c.deployment != nil {
			c.sections = c.deployment.Sections()
		}
	})
	return c
}

// manifestName is the name of the manifest a place is in, "" for none.
func (p *place) manifestName() string {
	m := p.manifest()
	switch {
	case m == nil:
		return ""
	case !p.doc.hcl && p.doc.module:
		return ""
	case !p.doc.hcl:
		return p.doc.name
	}
	all := p.root.value(schema.KindManifest)
	if all == nil {
		return ""
	}
	for i := range all.fields {
		if all.fields[i].value == m {
			return all.fields[i].key
		}
	}
	return ""
}

// sectionAt is what the manifest around a place says of the node around it, or
// of itself; more counts further instances of the node.
func (w *World) sectionAt(p *place) (s ir.Section, more int, ok bool) {
	name := p.manifestName()
	if _, defined := w.site.Find(schema.KindManifest, name); name == "" || !defined {
		return s, 0, false
	}
	c := w.compiled(name)
	if c.deployment == nil {
		return s, 0, false
	}
	body := p.within(schema.Node)
	if body == nil {
		return c.sections[0], 0, true
	}
	label := body.value("name")
	if label == nil {
		return s, 0, false
	}
	first := -1
	for i := range c.deployment.Nodes {
		at := c.deployment.Nodes[i].Decl
		if at.File == nil || at.File.Name != p.doc.file.Name || int(at.Start) != label.start {
			continue
		}
		if first >= 0 {
			more++
		} else {
			first = i
		}
	}
	if first < 0 {
		return s, 0, false
	}
	address := string(c.deployment.Nodes[first].Address)
	i := slices.IndexFunc(c.sections, func(s ir.Section) bool { return s.Kind == "node" && s.Name == address })
	return c.sections[i], more, true
}

// entryName is what a section calls the value of the field at a place, or the
// beginning of the names of several.
func (p *place) entryName() string {
	var keys []string
	node := p.within(schema.Node)
	for i := len(p.chain) - 1; i >= 0; i-- {
		l := p.chain[i]
		if l.node == node || l.shape.object != nil && l.shape.object.Name == schema.KindManifest {
			break
		}
		keys = append([]string{l.key}, keys...)
	}
	if p.entry == nil {
		return ""
	}
	keys = append(keys, p.entry.key)
	switch {
	case node != nil && keys[0] == "execution":
		if last := keys[len(keys)-1]; len(keys) > 1 && last != "mode" {
			return "mode." + last
		}
		return "mode"
	case node == nil && keys[0] == "settings" && len(keys) > 1:
		return keys[1]
	}
	return strings.Join(keys, ".")
}

// effective says what the field at a place is in the end, and why; "" when
// nobody knows.
func (w *World) effective(p *place) string {
	name := p.entryName()
	s, more, ok := w.sectionAt(p)
	if !ok || name == "" || name == "name" {
		return ""
	}
	var b strings.Builder
	for _, e := range s.Entries {
		if rest, ok := strings.CutPrefix(e.Name, name); !ok || rest != "" && rest[0] != '.' || e.Empty {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n\n")
		}
		label := "Effective"
		if e.Name != name {
			label = "Effective `" + e.Name + "`"
		}
		fmt.Fprintf(&b, "%s: `%s`, %s", label, e.Value, origin(s, e))
	}
	if more > 0 && b.Len() > 0 {
		fmt.Fprintf(&b, "\n\nOf `%s`; %s may differ.", s.Name, instances(more))
	}
	return b.String()
}

func instances(more int) string {
	if more == 1 {
		return "1 more instance"
	}
	return fmt.Sprintf("%d more instances", more)
}

// origin says where a value came from: the layer, what chose it, the place.
func origin(s ir.Section, e ir.Entry) string {
	at := e.From.Range
	switch {
	case e.Fact && at.IsZero():
		return "as the site says"
	case e.Fact:
		return "at " + at.String()
	case at.IsZero() && s.Kind == "deployment" && e.Name == "pattern":
		return "derived from how the nodes relate"
	case at.IsZero():
		return "by default"
	}
	from := e.From.Layer.String()
	if by := chooser(e); by != "" && by != e.Name {
		for _, o := range s.Entries {
			if o.Name == by {
				from = by + " `" + o.Value + "`"
			}
		}
	}
	return "from " + from + " at " + at.String()
}

// chooser is the value that says which file another was taken from, "" where
// nothing did.
func chooser(e ir.Entry) string {
	switch e.From.Layer {
	case ir.FromPreset:
		return schema.KindPreset
	case ir.FromPosture:
		return schema.KindPosture
	case ir.FromSpec:
		return schema.KindSpec
	case ir.FromStdlib:
		dir := path.Base(path.Dir(strings.TrimPrefix(e.From.Range.File.Name, "stdlib:")))
		return strings.TrimSuffix(dir, "s")
	}
	return ""
}
