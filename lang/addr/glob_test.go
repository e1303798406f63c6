package addr

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestGlob(t *testing.T) {
	all := []Address{"m/a", "m/a/b", "m/a/b/c", "m/web-1", "m/web-2", "m/a/web-3", "n/a"}
	for pattern, want := range map[string]string{
		"**":        "m/a m/a/b m/a/b/c m/web-1 m/web-2 m/a/web-3 n/a",
		"*":         "m/a m/a/b m/a/b/c m/web-1 m/web-2 m/a/web-3 n/a",
		"m/**":      "m/a m/a/b m/a/b/c m/web-1 m/web-2 m/a/web-3",
		"m/*":       "m/a m/web-1 m/web-2",
		"m/a":       "m/a",
		"m/a/**":    "m/a/b m/a/b/c m/a/web-3",
		"a":         "m/a n/a",
		"web-?":     "m/web-1 m/web-2 m/a/web-3",
		"*/web-*":   "m/web-1 m/web-2",
		"**/web-*":  "m/web-1 m/web-2 m/a/web-3",
		"m/**/c":    "m/a/b/c",
		"m/**/a":    "m/a",
		"**/b/**":   "m/a/b/c",
		"**/a/**/c": "m/a/b/c",
		"x":         "",
		"m":         "",
		"web":       "",
	} {
		g, err := ParseGlob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range all {
			if g.Match(a) {
				got = append(got, string(a))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s matches %s, want %s", pattern, got, want)
		}
	}
	if (Glob{}).Match("m/a") {
		t.Error("the zero glob matches something")
	}
}

func TestGlobRefuses(t *testing.T) {
	for pattern, at := range map[string]int{
		"": 0, "m/": 2, "/m": 0, "m//a": 2, "m/a**": 2, "m/**/**": 5, "m/a b": 3, "m/ü": 2, "m/[a]": 2, strings.Repeat("a", most+1): 0,
	} {
		_, err := ParseGlob(pattern)
		var ge *GlobError
		if !errors.As(err, &ge) || ge.Offset != at || ge.Help == "" || ge.Offset+ge.Length > len(pattern) {
			t.Errorf("ParseGlob(%q): %#v, want an error at %d", pattern, err, at)
		}
	}
}

// A pattern means what the regular expression of the same meaning means.
func TestGlobIsItsRegularExpression(t *testing.T) {
	segment := rapid.StringMatching(`[ab*?]{1,4}`).Filter(func(s string) bool { return !strings.Contains(s, "**") })
	name := rapid.StringMatching(`[ab]{1,4}`)
	rapid.Check(t, func(t *rapid.T) {
		parts := slices.CompactFunc(append(rapid.SliceOfN(rapid.OneOf(segment, rapid.Just("**")), 1, 4).Draw(t, "pattern"), "a"),
			func(x, y string) bool { return x == "**" && y == "**" })
		if rapid.Bool().Draw(t, "inside") {
			parts = append(parts, "**")
		}
		path := rapid.SliceOfN(name, 2, 6).Draw(t, "path")
		g, err := ParseGlob(strings.Join(parts, "/"))
		if err != nil {
			t.Fatal(err)
		}
		re := "^"
		for i, p := range parts {
			switch {
			case p == "**" && i == len(parts)-1:
				re += "[ab/]*[ab]"
			case p == "**":
				re += "([ab]+/)*"
			default:
				p = strings.ReplaceAll(strings.ReplaceAll(p, "*", "[ab]*"), "?", "[ab]")
				if re += p; i < len(parts)-1 {
					re += "/"
				}
			}
		}
		a := Address(strings.Join(path, "/"))
		if want := regexp.MustCompile(re + "$").MatchString(string(a)); g.Match(a) != want {
			t.Fatalf("%s on %s: %v, want %v", g, a, !want, want)
		}
	})
}

func FuzzGlob(f *testing.F) {
	for _, s := range []string{"m/a", "**/web-*", "m/*/?", "m//", "a**", "m/**/a/**"} {
		f.Add(s, "m/a/web-1")
	}
	f.Fuzz(func(t *testing.T, pattern, address string) {
		g, err := ParseGlob(pattern)
		if err != nil {
			return
		}
		if g.String() != pattern {
			t.Fatalf("%q prints %q", pattern, g)
		}
		g.Match(Address(address))
		if g.Literal() && !g.Match(Address(pattern)) {
			t.Fatalf("%q does not match itself", pattern)
		}
	})
}
