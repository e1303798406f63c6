package expr_test

import (
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/source"
)

// Sets of as many values as there may be nodes are within the budget, whatever
// they are of.
func TestSetsOfMany(t *testing.T) {
	for _, text := range []string{
		`distinct([for i in range(20000) : "x${i}"])`,
		`distinct(range(20000))`,
		`toset(range(20000))`,
		`toset([for i in range(20000) : "x${i}"])`,
		`setunion(range(9000), range(9000))`,
		`setsubtract([for i in range(9000) : "x${i}"], [for i in range(9000) : "y${i}"])`,
		`setintersection(range(9000), range(9000))`,
	} {
		if _, l := evalFile(source.NewFile("a.hcl", []byte("x = length("+text+")\n")), expr.NewBudget()); len(l) > 0 {
			t.Errorf("%s: %v", text, l)
		}
	}
}

// What is one value to a set is what == says.
func TestSetsCompareAsOperatorsDo(t *testing.T) {
	values := []string{
		"null", "true", "false", "0", "-0", "1", "1.0", "1e0", "0.1", "1/10", "100000000000000000000", "1e20",
		`""`, `"0"`, `"1"`, `"true"`, `"null"`, "[]", "[1]", "[1.0]", `["1"]`, "{}", "{ a = 1 }", "{ a = 1.0 }", "{ a = null }",
	}
	for _, a := range values {
		for _, b := range values {
			for _, said := range []string{
				"(length(distinct([A, B])) == 1) == (A == B)",
				"(length(setunion([A], [B])) == 1) == (A == B)",
				"(length(setintersection([A], [B])) == 1) == (A == B)",
				"(length(setsubtract([A], [B])) == 0) == (A == B)",
				"contains([A], B) == (A == B)",
			} {
				text := "locals {\n  a = " + a + "\n  b = " + b + "\n}\nx = " + strings.NewReplacer("A", "local.a", "B", "local.b").Replace(said) + "\n"
				got, l := evalFile(source.NewFile("a.hcl", []byte(text)), expr.NewBudget())
				if len(l) > 0 || got.Get("x").Text != "true" {
					t.Errorf("%s for %s and %s: %v", said, a, b, l)
				}
			}
		}
	}
}
