package compiler

import (
	"fmt"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/expr"
)

// A set has each value once, and making one takes time linear in its size.
func TestDistinct(t *testing.T) {
	var items []cty.Value
	for i := range 200_000 {
		items = append(items, cty.NumberIntVal(int64(i%100_000)))
	}
	items = append(items, cty.StringVal("b"), cty.StringVal("a"), expr.Sensitive(cty.StringVal("b")))
	out := distinct(items)
	if len(out) != 100_002 || out[len(out)-2].AsString() != "a" {
		t.Errorf("%d values", len(out))
	}
}

// A type of many fields is read and fitted in time linear in their number.
func TestLargeObject(t *testing.T) {
	k := &constraint{kind: ofObject, index: map[string]int{}}
	value := map[string]cty.Value{}
	for i := range 50_000 {
		name := fmt.Sprint("a", i)
		k.index[name] = len(k.attrs)
		k.attrs = append(k.attrs, attribute{name: name, of: &constraint{kind: ofPrimitive, prim: cty.String}})
		value[name] = cty.NumberIntVal(1)
	}
	v, wrong := k.fit(cty.ObjectVal(value))
	if wrong != nil || v.GetAttr("a7").AsString() != "1" {
		t.Errorf("%v", wrong)
	}
	value["b"] = cty.True
	if _, wrong = k.fit(cty.ObjectVal(value)); wrong == nil || !strings.Contains(wrong.text("v"), "v.b is no field of it") {
		t.Errorf("%+v", wrong)
	}
}
