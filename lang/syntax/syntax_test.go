package syntax

import (
	"fmt"
	"testing"
)

func TestIndex(t *testing.T) {
	var x Index
	var fields []Field
	for i := range 3 * smallMap {
		key := fmt.Sprint("k", i)
		if _, ok := x.Find(fields, key); ok {
			t.Fatalf("%s is found before it is there", key)
		}
		fields = append(fields, Field{Key: key})
		for j := range fields {
			if at, ok := x.Find(fields, fmt.Sprint("k", j)); !ok || at != j {
				t.Fatalf("k%d of %d is found at %d, %v", j, len(fields), at, ok)
			}
		}
	}
}

func TestGet(t *testing.T) {
	one := &Node{Kind: Int, Text: "1"}
	m := &Node{Kind: Map, Fields: []Field{{Key: "a", Value: one}}}
	if m.Get("a") != one || m.Get("b") != nil || one.Get("a") != nil || (*Node)(nil).Get("a") != nil {
		t.Error("Get finds fields, and nothing in what has none")
	}
}

func TestKindNames(t *testing.T) {
	for k := Null; k <= Bad; k++ {
		if k.String() == "" {
			t.Errorf("kind %d has no name", k)
		}
	}
}
