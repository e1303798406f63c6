package jsonschema

import (
	"slices"

	"github.com/homestak/homestak/lang/schema"
)

// kindModule is a file of nodes that manifests use.
const kindModule = "module"

// wholeOnly are fields of manifests about a deployment as a whole, which a
// module is a part of.
var wholeOnly = []string{"pattern", "execution", "settings", "checks"}

// moduleFile is a manifest that is a part of another: nothing has to be in it
// that says what the file is, because who uses it knows.
func moduleFile() *schema.Object {
	o := &schema.Object{Name: "module-file", Doc: "Nodes that join those of whoever uses them, and variables for what differs."}
	for _, f := range schema.Manifest.Fields {
		if !slices.Contains(wholeOnly, f.Key) {
			f.InYAML = false
			o.Fields = append(o.Fields, f)
		}
	}
	return o
}

// somethingToMake demands that there are nodes, or modules that have some.
func somethingToMake(o *schema.Object) []*node {
	if o.Name != schema.KindManifest && o.Name != moduleFile().Name || o.Field("nodes").Required {
		return nil
	}
	return []*node{{Required: []string{"nodes"}}, {Required: []string{"modules"}}}
}
