package faults

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWhichRequests(t *testing.T) {
	for _, c := range []struct {
		on, verb, path string
		want           bool
	}{
		{"", "GET", "/version", true},
		{"* /nodes/**", "PUT", "/nodes/a/qemu/1/config", true},
		{"* /nodes/**", "GET", "/nodes", true},
		{"POST /nodes/*/qemu", "POST", "/nodes/a/qemu", true},
		{"POST /nodes/*/qemu", "POST", "/nodes/a/qemu/100", false},
		{"POST /nodes/*/qemu", "GET", "/nodes/a/qemu", false},
		{"POST /nodes/*/qemu", "POST", "/nodes/a/lxc", false},
		{"GET /nodes/*/qemu/*/pending", "GET", "/nodes/a/qemu", false},
		{"CONNECT /*", "CONNECT", "/10.0.0.1:22", true},
	} {
		p, err := parsePattern(c.on)
		if err != nil || p.matches(c.verb, c.path) != c.want {
			t.Errorf("%q %s %s: %v, %v", c.on, c.verb, c.path, !c.want, err)
		}
	}
}

func TestSkipAndTimes(t *testing.T) {
	e := New(Script{Faults: []Rule{
		{Fault: Drop, On: "GET /a", Skip: 1, Times: 2},
		{Fault: Delay, Delay: 1},
	}})
	var got []string
	for _, path := range []string{"/a", "/b", "/a", "/a", "/a"} {
		var names []string
		for _, h := range e.Match("GET", path) {
			names = append(names, string(h.Fault))
		}
		got = append(got, strings.Join(names, "+"))
	}
	if want := []string{"delay", "delay", "drop+delay", "drop+delay", "delay"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if s := e.State(); s[0].Matched != 3 || s[0].Fired != 2 || s[1].Fired != 5 {
		t.Errorf("%+v", s)
	}
}

// The seed alone decides what is left to chance, whatever else is asked between.
func TestTheSeedDecides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Script{Seed: rapid.Uint64().Draw(t, "seed"), Random: rapid.IntRange(0, 20).Draw(t, "random"), Faults: []Rule{
			{Fault: Delay, On: "GET /a", Delay: 5, Jitter: 1000, Chance: 50},
		}}
		if bad := s.Check(); len(bad) > 0 {
			t.Fatal(bad)
		}
		a, b := New(s), New(s)
		for range 50 {
			one, two := a.Match("GET", "/a"), b.Match("GET", "/a")
			if !reflect.DeepEqual(one, two) {
				t.Fatalf("%v, then %v", one, two)
			}
		}
		if !reflect.DeepEqual(a.State(), b.State()) {
			t.Fatal("states differ")
		}
	})
}

// Whatever Random makes is a script that Check takes and JSON carries.
func TestRandomRulesAreRight(t *testing.T) {
	seen := map[Kind]bool{}
	for seed := range uint64(300) {
		s := Script{Faults: Random(seed, 12)}
		if bad := s.Check(); len(bad) > 0 {
			t.Fatalf("seed %d: %v", seed, bad)
		}
		for _, r := range s.Faults {
			seen[r.Fault] = true
		}
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := Decode(data); err != nil || !reflect.DeepEqual(back, s) {
			t.Fatalf("%s reads as %+v, %v", data, back, err)
		}
	}
	for _, e := range Kinds() {
		if !seen[e.Kind] {
			t.Errorf("Random never makes %s", e.Kind)
		}
	}
}

func TestCheckFindsEverything(t *testing.T) {
	for _, c := range []struct {
		rule Rule
		says string
	}{
		{Rule{}, `"" is no fault`},
		{Rule{Fault: "explode"}, "there are delay, answer"},
		{Rule{Fault: Delay}, "delay needs delay"},
		{Rule{Fault: Drop, Status: 500}, "drop takes no status"},
		{Rule{Fault: Drop, On: "POST"}, "a verb and a path"},
		{Rule{Fault: Drop, On: "PATCH /x"}, "the verb is"},
		{Rule{Fault: Drop, On: "GET /a/**/b"}, "at the end only"},
		{Rule{Fault: Drop, Skip: -1}, "negative"},
		{Rule{Fault: Drop, Times: -1}, "negative"},
		{Rule{Fault: Drop, Chance: 101}, "percentage"},
		{Rule{Fault: Cut, Percent: -1}, "percentage"},
		{Rule{Fault: Answer, Status: 200}, "400 to 599"},
		{Rule{Fault: Answer, Status: 500, Reason: "a\nb"}, "one line"},
		{Rule{Fault: Delay, Delay: -1}, "between 0 and"},
		{Rule{Fault: NodeDown}, "needs `for`"},
	} {
		if got := fmt.Sprint(Script{Faults: []Rule{c.rule}}.Check()); !strings.Contains(got, c.says) {
			t.Errorf("%+v: %s", c.rule, got)
		}
	}
	if bad := (Script{Random: -1}).Check(); len(bad) != 1 {
		t.Error(bad)
	}
	for _, text := range []string{`{"faults":[{"fault":"drop","wenn":"x"}]}`, `{} {}`, `{"faults":[{"delay":"soon"}]}`, `[`} {
		if _, err := Decode([]byte(text)); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

func TestFieldsAndKindsAgree(t *testing.T) {
	known := map[string]bool{}
	for _, f := range Fields() {
		known[f.Name] = true
		var r Rule
		value := map[string]string{"text": "x", "number": "3", "percent": "3", "duration": "3s", "yes/no": "true"}[f.Type]
		if err := r.Set(f.Name, value); err != nil || !f.isSet(&r) {
			t.Errorf("%s: %v", f.Name, err)
		}
		if f.Type != "text" && r.Set(f.Name, "x") == nil {
			t.Errorf("%s takes x", f.Name)
		}
	}
	for _, e := range Kinds() {
		for _, name := range append(append(Common(), e.Needs...), e.Takes...) {
			if !known[name] {
				t.Errorf("%s has a field %s that there is not", e.Kind, name)
			}
		}
	}
}
