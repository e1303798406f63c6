package ir_test

import (
	"testing"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/source"
)

// Sections tells a value that nobody set from one that somebody set to nothing.
func TestSectionsOfEmptyValues(t *testing.T) {
	at := source.Span(source.NewFile("m.yaml", []byte(`pool: ""`)), 6, 8)
	d := &ir.Deployment{Manifest: "m", Nodes: []ir.Node{{
		Address: "m/a", Name: "a", Pool: ir.Value[string]{From: ir.Origin{Layer: ir.FromNode, Range: at}},
	}}}
	sections := d.Sections()
	if len(sections) != 2 || sections[1].Kind != "node" || sections[1].Name != "m/a" {
		t.Fatalf("%v", sections)
	}
	found := map[string]ir.Entry{}
	for _, e := range sections[1].Entries {
		found[e.Name] = e
	}
	if e := found["pool"]; e.Empty || e.Value != `""` || e.From.Range != at {
		t.Errorf("pool, which is set: %+v", e)
	}
	if e := found["network.gateway"]; !e.Empty {
		t.Errorf("gateway, which is not: %+v", e)
	}
	if e := found["name"]; !e.Fact || e.Value != "a" {
		t.Errorf("name: %+v", e)
	}
}
