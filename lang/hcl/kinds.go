package hcl

import "github.com/homestak/homestak/lang/schema"

// labelled are the blocks of the top level that define something by name.
var labelled = map[string]bool{
	"manifest": true, "spec": true, "preset": true, "posture": true, "image": true, "host": true,
	"variable": true, "policy": true,
}

// items are the blocks of which a body has any number, in order, and the field
// that lists them. A label is the item's name.
var items = map[string]struct {
	field string
	label labelUse
}{
	"node":   {"nodes", required},
	"module": {"modules", required},
	"user":   {"users", required},
	"check":  {"checks", optional},
	"disk":   {"disks", required},

	"interface": {"interfaces", forbidden},

	"validation": {"validation", forbidden},
}

type labelUse uint8

const (
	forbidden labelUse = iota
	optional
	required
)

// named are the items that may have a label, for suggestions.
var named = []string{"check", "disk", "module", "node", "user"}

// groups are the fields of the language that are mappings: blocks without a
// label.
var groups = func() map[string]bool {
	keys, seen := map[string]bool{}, map[*schema.Object]bool{}
	for _, o := range []*schema.Object{schema.Manifest, schema.Spec, schema.Preset, schema.Posture, schema.Image, schema.Host, schema.Node, schema.Site, schema.Policy} {
		addGroups(keys, seen, o)
	}
	return keys
}()

func addGroups(keys map[string]bool, seen map[*schema.Object]bool, o *schema.Object) {
	if o == nil || seen[o] {
		return
	}
	seen[o] = true
	for i := range o.Fields {
		f := &o.Fields[i]
		if f.Type == schema.Group || f.Type == schema.Table || f.Object != nil {
			keys[f.Key] = true
		}
		addGroups(keys, seen, f.Object)
		if f.Elem != nil {
			addGroups(keys, seen, f.Elem.Object)
		}
	}
}
