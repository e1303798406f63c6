package diff

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/homestak/homestak/plan"
)

// fields lists what differs between two values of one struct type, one line a
// field; arguments are compared one by one.
func fields(a, b reflect.Value) []string {
	var out []string
	for i := range a.NumField() {
		x, y := a.Field(i).Interface(), b.Field(i).Interface()
		if reflect.DeepEqual(x, y) {
			continue
		}
		name := strings.ToLower(a.Type().Field(i).Name)
		if args, ok := x.([]plan.Arg); ok {
			out = append(out, argDiff(args, y.([]plan.Arg))...)
			continue
		}
		out = append(out, fmt.Sprintf("%s: %v → %v", name, x, y))
	}
	return out
}

func argDiff(a, b []plan.Arg) []string {
	old := map[string]plan.Value{}
	for _, x := range a {
		old[x.Name] = x.Value
	}
	var out []string
	seen := map[string]bool{}
	for _, y := range b {
		was, ok := old[y.Name]
		seen[y.Name] = true
		switch {
		case !ok:
			out = append(out, fmt.Sprintf("%s: (absent) → %s", y.Name, y.Value))
		case !reflect.DeepEqual(was, y.Value):
			out = append(out, fmt.Sprintf("%s: %s → %s", y.Name, was, y.Value))
		}
	}
	for _, x := range a {
		if !seen[x.Name] {
			out = append(out, fmt.Sprintf("%s: %s → (absent)", x.Name, x.Value))
		}
	}
	return out
}
