package schema_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/schema"
)

// later lists what the language has and this version does not act on. The list
// may only shrink: what is new is acted on from the first day.
const later = `
manifest.execution.run
manifest.checks
node.execution.run
spec.run.trigger
spec.run.interval
spec.run.port
spec.run.path
spec.run.repo
spec.run.branch
spec.run.poll_interval
host.bridge
site.defaults.server_url
policy.rule
`

// roots are the objects that stand for themselves.
var roots = []*schema.Object{schema.Manifest, schema.Node, schema.Spec, schema.Preset, schema.Posture, schema.Image, schema.Host,
	schema.Site, schema.Policy, schema.Variable, schema.Module}

// every calls visit for each field, with its path from a root.
func every(visit func(path string, o *schema.Object, f *schema.Field)) {
	seen := map[*schema.Object]bool{}
	for _, o := range roots {
		seen[o] = true
	}
	var walk func(path string, o *schema.Object)
	walk = func(path string, o *schema.Object) {
		for i := range o.Fields {
			f := &o.Fields[i]
			at := path + "." + f.Key
			visit(at, o, f)
			for _, inner := range []*schema.Object{f.Object, elem(f)} {
				if inner != nil && !seen[inner] {
					seen[inner] = true
					walk(at, inner)
				}
			}
		}
	}
	for _, o := range roots {
		walk(o.Name, o)
	}
}

func elem(f *schema.Field) *schema.Object {
	if f.Elem == nil {
		return nil
	}
	return f.Elem.Object
}

func TestWhatComesLaterOnlyShrinks(t *testing.T) {
	allowed := strings.Fields(later)
	every(func(path string, _ *schema.Object, f *schema.Field) {
		if f.Use != schema.Later {
			return
		}
		i := slices.Index(allowed, path)
		if i < 0 {
			t.Errorf("%s is declared and nothing acts on it", path)
			return
		}
		allowed = slices.Delete(allowed, i, i+1)
	})
	for _, path := range allowed {
		t.Errorf("%s is acted on now: take it from the list", path)
	}
}

// What a field says about itself fits together.
func TestFieldsAreComplete(t *testing.T) {
	every(func(path string, o *schema.Object, f *schema.Field) {
		switch {
		case f.Renamed != "":
			if o.Field(f.Renamed) == nil {
				t.Errorf("%s is now %s, which does not exist", path, f.Renamed)
			}
			return
		case f.Gone != "":
			return
		}
		if f.Doc == "" || !strings.HasSuffix(f.Doc, ".") {
			t.Errorf("%s has no sentence that explains it", path)
		}
		switch f.Type {
		case schema.Ref:
			if schema.Of(f.Of) == nil {
				t.Errorf("%s refers to no kind", path)
			}
		case schema.Int:
			if f.Max == 0 {
				t.Errorf("%s has no upper bound", path)
			}
		case schema.Size:
			if f.Unit == 0 || f.Max == 0 {
				t.Errorf("%s has no unit, or no upper bound", path)
			}
		case schema.List, schema.Table:
			if f.Elem == nil {
				t.Errorf("%s says nothing of what is in it", path)
			}
		}
		if f.Enum != nil && f.Default != "" && !slices.Contains(f.Enum, f.Default) {
			t.Errorf("%s has a default that it does not allow", path)
		}
		if f.Required && f.Default != "" {
			t.Errorf("%s is required and has a default", path)
		}
		for _, key := range o.OneOf {
			if o.Field(key) == nil || o.Field(key).Required {
				t.Errorf("%s is one of several and required, or is not there", o.Name+"."+key)
			}
		}
	})
}

func TestKeysAreUnique(t *testing.T) {
	every(func(path string, o *schema.Object, f *schema.Field) {
		if o.Field(f.Key) != f {
			t.Errorf("%s is there twice", path)
		}
	})
}
