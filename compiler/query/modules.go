package query

import (
	"io/fs"
	"path"
	"strings"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/stdlib"
)

// libraryModules is where the library has its modules.
const libraryModules = "modules"

// module is the document that a source in another means, nil when there is none.
func (w *World) module(from *document, source string) *document {
	if source == "" {
		return nil
	}
	if name, ok := strings.CutPrefix(source, "stdlib:"); ok {
		for _, ext := range []string{".hcl", ".yaml"} {
			if d := w.document("stdlib:" + libraryModules + "/" + name + ext); d != nil {
				return d
			}
		}
		return nil
	}
	name := path.Join(path.Dir(strings.TrimPrefix(from.file.Name, "stdlib:")), source)
	if from.library() {
		name = "stdlib:" + name
	}
	return w.document(name)
}

// moduleBody is the mapping that has a module's nodes.
func moduleBody(d *document) *node {
	root := d.outline()
	if m := root.value(schema.KindManifest); d.hcl && m != nil && len(m.fields) > 0 {
		return m.fields[0].value
	}
	return root
}

// sources offers the sources of modules: the library's, and files where modules
// are kept.
func (c *completer) sources() {
	for _, name := range stdlib.ModuleNames() {
		c.source("stdlib:"+name, "of the library", "stdlib:"+libraryModules+"/"+name+".hcl")
	}
	here := path.Dir(c.doc.file.Name)
	seen := map[string]bool{c.doc.file.Name: true}
	for _, dir := range []string{path.Join(here, "modules"), "modules", here} {
		for _, name := range moduleFiles(c.w.fsys, dir) {
			if !seen[name] {
				seen[name] = true
				c.source(relative(here, name), "of the site", name)
			}
		}
	}
}

func (c *completer) source(label, detail, file string) {
	doc := ""
	if d := c.w.document(file); d != nil {
		doc = moduleBody(d).textOf("description")
	}
	insert := label
	if c.value.quote == 0 && c.doc.hcl {
		insert = `"` + label + `"`
	}
	c.add(usual, Item{Label: label, Kind: ItemModule, Detail: detail, Doc: doc, Insert: c.prefix + insert})
}

func moduleFiles(fsys fs.FS, dir string) []string {
	if fsys == nil {
		return nil
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		if len(out) < maxItems && lang.Known(e.Name()) && e.Type().IsRegular() {
			out = append(out, path.Join(dir, e.Name()))
		}
	}
	return out
}

// relative is how a file is named from a directory of the site: with ./ or ../
// at its beginning.
func relative(dir, name string) string {
	up := "./"
	for dir != "." && !strings.HasPrefix(name, dir+"/") {
		dir = path.Dir(dir)
		if up == "./" {
			up = ""
		}
		up += "../"
	}
	if dir != "." {
		name = strings.TrimPrefix(name, dir+"/")
	}
	return up + name
}

// inputs offers the variables of the module around that have no value yet.
func (c *completer) inputs(present *node) {
	m := c.within(schema.Module)
	if m == nil {
		return
	}
	d := c.w.module(c.doc, m.textOf("source"))
	if d == nil {
		return
	}
	with := m.value("with")
	for _, v := range declarations(d.outline(), "var") {
		if given := present.get(v.key); given != nil && given != c.entry || present == m && with.get(v.key) != nil {
			continue
		}
		if present == m && schema.Module.Field(v.key) != nil {
			continue // it can only be given inside with
		}
		class := byte(usual)
		if v.value.get("default") == nil {
			class = required
		}
		insert := v.key
		if !c.written() {
			if insert += ": "; c.doc.hcl {
				insert = v.key + " = "
			}
		}
		c.add(class, Item{Label: v.key, Kind: ItemVariable, Detail: declaredDetail(d, "var", v), Doc: v.value.textOf("description"), Insert: insert})
	}
}
