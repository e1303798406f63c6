package reference_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/homestak/homestak/runtime/lab"
)

// pveNode is a node of pve-apidata.json.
type pveNode struct {
	Path     string
	Children []pveNode
	Info     map[string]struct {
		Parameters  struct{ Properties map[string]pveProperty }
		Permissions *struct{ Check []any }
	}
}

type pveProperty struct {
	Type       string
	Optional   any
	Enum       []string
	Minimum    any
	Maximum    any
	MaxLength  int
	Format     json.RawMessage
	Pattern    string
	Requires   string
	Alias      string
	KeyAlias   string
	DefaultKey any `json:"default_key"`
}

// Every method that the lab answers checks its parameters exactly as PVE's own
// schema says, and asks for the same privileges.
func TestLabSchema(t *testing.T) {
	dir := folder(t, "PVE's schema")
	if dir == "" {
		return
	}
	data, err := os.ReadFile(filepath.Join(dir, "pve-apidata.json"))
	if err != nil {
		t.Fatal(err)
	}
	var roots []pveNode
	if err := json.Unmarshal(data, &roots); err != nil {
		t.Fatal(err)
	}
	nodes := map[string]pveNode{}
	var walk func([]pveNode)
	walk = func(list []pveNode) {
		for _, n := range list {
			nodes[n.Path] = n
			walk(n.Children)
		}
	}
	walk(roots)
	for _, m := range lab.Methods() {
		info, ok := nodes[m.Path].Info[m.Verb]
		if !ok {
			t.Errorf("PVE has no %s %s", m.Verb, m.Path)
			continue
		}
		want := pveParams(t, info.Parameters.Properties)
		for i := range want {
			// What is in the path is always there.
			if strings.Contains(m.Path, "{"+want[i].Name+"}") {
				want[i].Required = true
			}
		}
		if diff := cmp.Diff(want, m.Params); diff != "" {
			t.Errorf("%s %s (-PVE +lab)\n%s", m.Verb, m.Path, diff)
		}
		wantCheck := ""
		if info.Permissions == nil {
			wantCheck = "root"
		} else if check := info.Permissions.Check; check != nil {
			text, err := json.Marshal(check)
			if err != nil {
				t.Fatal(err)
			}
			wantCheck = string(text)
		}
		if m.Check != wantCheck {
			t.Errorf("%s %s checks %s, PVE %s", m.Verb, m.Path, m.Check, wantCheck)
		}
	}
}

func pveParams(t *testing.T, properties map[string]pveProperty) []lab.Param {
	var out []lab.Param
	for name, p := range properties {
		d := lab.Param{
			Name: name, Type: p.Type, Required: p.Alias == "" && !truth(p.Optional), Default: truth(p.DefaultKey), Enum: p.Enum,
			Min: number(t, p.Minimum), Max: number(t, p.Maximum), MaxLength: p.MaxLength,
			Pattern: strings.ReplaceAll(p.Pattern, "(?^:", "(?:"), Requires: p.Requires, Alias: p.Alias, KeyAlias: p.KeyAlias,
		}
		if len(p.Format) > 0 {
			var keys map[string]pveProperty
			if json.Unmarshal(p.Format, &d.Format) != nil {
				if err := json.Unmarshal(p.Format, &keys); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				d.Keys = pveParams(t, keys)
			}
		}
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b lab.Param) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// truth is Perl's.
func truth(v any) bool {
	switch v := v.(type) {
	case float64:
		return v != 0
	case string:
		return v != "" && v != "0"
	}
	return false
}

func number(t *testing.T, v any) *float64 {
	switch v := v.(type) {
	case float64:
		return &v
	case string:
		f, err := strconv.ParseFloat(v, 64)
		if err != nil {
			t.Fatal(err)
		}
		return &f
	}
	return nil
}
