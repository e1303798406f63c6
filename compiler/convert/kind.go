package convert

import (
	"path"
	"strings"

	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// head takes the comments at the top of a file that are about all of it: those
// with a blank line below, or when there is none, all before the first field.
func head(body *value) []comment {
	if len(body.entries) == 0 {
		return nil
	}
	first := body.entries[0]
	until := len(first.lead)
	for i := until - 1; i > 0 && !first.blank; i-- {
		if first.lead[i].blank {
			until = i
			break
		}
	}
	top := first.lead[:until:until]
	first.lead = first.lead[until:]
	return top
}

func (c *conversion) unknownKind() {
	c.report(codeKind, source.Span(c.file, 0, 0), "nothing says what %s defines", c.file.Name).Help =
		"put it into manifests/, specs/, presets/, postures/, images/ or hosts/; site.yaml and secrets are YAML only"
}

// kindOf is what a YAML file defines, by its directory or what is in it.
func kindOf(name string, root *value) string {
	base := path.Base(name)
	if strings.HasPrefix(base, "site.") || strings.HasPrefix(base, "secrets.") {
		return ""
	}
	switch path.Base(path.Dir(name)) {
	case "manifests":
		return schema.KindManifest
	case "specs":
		return schema.KindSpec
	case "presets":
		return schema.KindPreset
	case "postures":
		return schema.KindPosture
	case "images":
		return schema.KindImage
	case "hosts", "nodes":
		return schema.KindHost
	case "policies":
		return kindPolicy
	}
	for _, k := range []struct {
		kind string
		keys []string
	}{
		{schema.KindManifest, []string{"nodes"}},
		{schema.KindSpec, []string{"platform", "access", "config", "identity"}},
		{schema.KindPreset, []string{"cores", "memory"}},
		{schema.KindPosture, []string{"ssh", "sudo", "fail2ban"}},
		{schema.KindImage, []string{"source"}},
		{schema.KindHost, []string{"endpoint", "endpoints", "api_endpoint", "datastore", "fingerprint"}},
	} {
		for _, key := range k.keys {
			if root.find(key) != nil {
				return k.kind
			}
		}
	}
	return ""
}

// fromYAML finds out what the file defines.
func (c *conversion) fromYAML(root *value) []definition {
	d := definition{name: strings.TrimSuffix(path.Base(c.file.Name), path.Ext(c.file.Name)), body: root, at: source.Span(c.file, 0, 0)}
	if c.upgrade(&d) {
		c.upgraded = true
	} else {
		d.kind = kindOf(c.file.Name, root)
	}
	if c.list.HasErrors() {
		return nil
	}
	if d.kind == "" {
		c.unknownKind()
		return nil
	}
	d.lead = append(d.lead, head(d.body)...)
	d.takeScope()
	if c.options.Evaluate {
		d.scope, d.expressive = nil, false
	}
	if n := root.get("name"); n != nil && n.kind == syntax.String && n.text != "" && !c.upgraded {
		d.name = n.text
	}
	return []definition{d}
}
