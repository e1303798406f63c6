package apply

import (
	"testing"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/identity"
)

// Only what is surely a seed is taken from a guest.
func TestHasSeed(t *testing.T) {
	disk := func(size string) []plan.KV {
		kv := []plan.KV{{Key: "scsi1.file", Value: "local:150/vm-150-disk-1.raw"}}
		if size != "" {
			kv = append(kv, plan.KV{Key: "scsi1.size", Value: size})
		}
		return kv
	}
	adopted := marker{Marker: identity.Marker{Adopted: true}, authentic: true}
	for _, c := range []struct {
		name      string
		config    []plan.KV
		marker    marker
		has, fail bool
	}{
		{name: "nothing", config: nil},
		{name: "a seed", config: disk("4194304"), has: true},
		{name: "a data disk", config: disk("1073741824")},
		{name: "unknown", config: disk(""), fail: true},
		{name: "unreadable", config: disk("much"), fail: true},
		{name: "a small disk of an adopted guest", config: disk("4194304"), marker: adopted},
		{name: "a disk of an adopted guest", config: disk(""), marker: adopted},
		{name: "a CD-ROM", config: []plan.KV{{Key: "scsi1.file", Value: "local:iso/x.iso"}, {Key: "scsi1.media", Value: "cdrom"}}, has: true},
	} {
		g := &guest{marker: c.marker}
		g.Config = c.config
		if has, err := g.hasSeed("scsi1"); has != c.has || (err != nil) != c.fail {
			t.Errorf("%s: %v, %v", c.name, has, err)
		}
	}
}
