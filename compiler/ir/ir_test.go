package ir_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/unit"
)

// sample has at least one element in every list, so that every field of the IR
// is reachable.
func sample() *ir.Deployment {
	text := func(s string) ir.Value[string] { return ir.Value[string]{V: s} }
	node := ir.Node{Address: "m/a", Name: "a", Parent: -1}
	node.Becomes = ir.Spec{
		Packages:        []ir.Value[string]{text("curl")},
		Users:           []ir.User{{Name: text("ann"), Keys: []ir.Value[string]{text("laptop")}}},
		ServicesEnable:  []ir.Value[string]{text("x")},
		ServicesDisable: []ir.Value[string]{text("y")},
		PVE:             &ir.PVEConfig{},
	}
	node.Tags.V = []string{"t"}
	node.Network.DNS.V = []string{"192.0.2.1"}
	g := &ir.Guest{
		Interfaces: []ir.Interface{{Slot: 1, Network: ir.Network{DNS: ir.Value[[]string]{V: []string{"192.0.2.2"}}}}},
		Disks:      []ir.Disk{{Name: text("data"), Path: text("/srv")}},
		CloudInit:  ir.CloudInit{Files: []ir.CloudFile{{Path: text("/f")}}},
		Reboot:     ir.Reboot{Windows: []ir.Window{{Days: 64, Start: 120, End: 240}}},
	}
	for _, list := range []*ir.Value[[]string]{
		&g.Hardware.Hotplug, &g.Boot.Order, &g.Container.Mount, &g.CloudInit.Packages, &g.CloudInit.Commands, &g.Placement.Hosts,
	} {
		list.V = []string{"x"}
	}
	node.Guest = g
	return &ir.Deployment{
		Manifest: "m",
		Nodes:    []ir.Node{node, {Address: "m/a/b", Name: "b"}, {Address: "m/a/c", Name: "c"}},
		Images:   []ir.Image{{Name: "i", MinDisk: ir.Value[unit.Size]{V: unit.GiB}}},
		Edges:    []ir.Edge{{Kind: ir.ParentOf, From: 0, To: 1}},
	}
}

// leaves calls visit with the path of every settable scalar.
func leaves(path string, v reflect.Value, visit func(string, reflect.Value)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			leaves(path+"."+v.Type().Field(i).Name, v.Field(i), visit)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			leaves(fmt.Sprintf("%s[%d]", path, i), v.Index(i), visit)
		}
	case reflect.Pointer:
		if !v.IsNil() && v.Type().Elem() != reflect.TypeFor[source.File]() {
			leaves(path, v.Elem(), visit)
		}
	default:
		visit(path, v)
	}
}

func mutate(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(v.Int() + 1)
	case reflect.Uint8:
		v.SetUint(v.Uint() + 1)
	default:
		panic("the IR has a field of kind " + v.Kind().String())
	}
}

// Every value of the IR is in the digest and in the dump; places and layers are
// in the dump only.
func TestDigestAndDumpCoverEveryField(t *testing.T) {
	base := sample()
	digest, text := base.Digest(), base.Dump()
	var paths []string
	leaves("d", reflect.ValueOf(base).Elem(), func(p string, _ reflect.Value) { paths = append(paths, p) })
	if len(paths) < 150 {
		t.Fatalf("only %d fields found", len(paths))
	}
	for i, path := range paths {
		d, n := sample(), 0
		leaves("d", reflect.ValueOf(d).Elem(), func(p string, v reflect.Value) {
			if n == i {
				mutate(v)
			}
			n++
		})
		provenance := strings.Contains(path, ".From.") || strings.Contains(path, ".Decl.")
		if changed := d.Digest() != digest; changed == provenance {
			t.Errorf("%s: digest changed is %t", path, changed)
		}
		inAddress := strings.HasSuffix(path, ".Parent")
		place := strings.HasSuffix(path, ".Start") || strings.HasSuffix(path, ".End") // of no file
		if changed := d.Dump() != text; !changed && !inAddress && !place {
			t.Errorf("%s: not in the dump", path)
		}
	}
}

func TestAbsentIsNotEmpty(t *testing.T) {
	without := sample()
	without.Nodes[0].Becomes.PVE = nil
	if without.Digest() == sample().Digest() {
		t.Error("a node without host configuration has the digest of one with")
	}
}
