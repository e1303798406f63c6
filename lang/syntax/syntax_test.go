package syntax

import (
	"fmt"
	"testing"

	"github.com/homestak/homestak/lang/source"
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

func TestGlued(t *testing.T) {
	for text, want := range map[string]string{
		"name:web": "name", "a-1:2": "a-1", "_x:y:z": "_x",
		"name": "", "name:": "", ":x": "", "name: x": "", "https://x": "", "10:20": "", "a b:c": "", "a::b": "", "é:b": "",
	} {
		key, _, ok := Glued(text)
		if key != want || ok != (want != "") {
			t.Errorf("%q is %q, %v", text, key, ok)
		}
	}
	f := source.NewFile("a.yaml", []byte(`- a:b
- "a:b"
`))
	plain := &Node{Kind: String, Text: "a:b", Range: source.Span(f, 2, 5)}
	quoted := &Node{Kind: String, Text: "a:b", Range: source.Span(f, 8, 13)}
	if _, _, ok := plain.Glued(); !ok {
		t.Error("a plain text may be a field")
	}
	if _, _, ok := quoted.Glued(); ok {
		t.Error("quoted text is text")
	}
}

func TestKindNames(t *testing.T) {
	for k := Null; k <= Bad; k++ {
		if k.String() == "" {
			t.Errorf("kind %d has no name", k)
		}
	}
}
