package build_test

import (
	"fmt"
	"testing"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
)

// large is n nodes, every tenth a pve parent of the next nine.
func large(n int) *ir.Deployment {
	lines := make([]string, n)
	for i := range lines {
		parent := fmt.Sprintf("p%06d", i/10)
		if i%10 == 0 {
			lines[i] = parent + " pve"
		} else {
			lines[i] = fmt.Sprintf("%s/n%06d", parent, i)
		}
	}
	return deployment(lines...)
}

var sizes = []int{10, 100, 1_000, 10_000, 100_000}

func BenchmarkPlan(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d, f := large(n), build.EmptyFacts([]string{"father"})
			b.ReportAllocs()
			for b.Loop() {
				if _, list := build.Plan(d, f, plan.GoalCreate, options); list.HasErrors() {
					b.Fatal(list)
				}
			}
		})
	}
}

// One node of many, selected by a condition that looks at every one.
func BenchmarkPartialPlan(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d, f := large(n), build.EmptyFacts([]string{"father"})
			only := selectors(b, "--only", []string{"type=vm and name=n*1 and under(p000000)"})
			b.ReportAllocs()
			for b.Loop() {
				s, list := build.Select(d, "father", only, nil)
				if list.HasErrors() {
					b.Fatal(list)
				}
				o := options
				o.Selection = s
				if _, list := build.Plan(d, f, plan.GoalCreate, o); list.HasErrors() {
					b.Fatal(list)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p, _ := build.Plan(large(n), build.EmptyFacts([]string{"father"}), plan.GoalCreate, options)
			b.ReportAllocs()
			for b.Loop() {
				data, err := plan.Encode(p)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(data)))
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p, _ := build.Plan(large(n), build.EmptyFacts([]string{"father"}), plan.GoalCreate, options)
			data, err := plan.Encode(p)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := plan.Decode(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
