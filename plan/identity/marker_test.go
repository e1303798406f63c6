package identity_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/identity"
)

var key = []byte("the marker key of a site")

func drawMarker(rt *rapid.T) identity.Marker {
	m := name(rt, "manifest")
	a := addr.New(m, name(rt, "node"))
	u := identity.UUID(site, m, a)
	config := []plan.KV{{Key: "cores", Value: "2"}, {Key: "memory", Value: rapid.String().Draw(rt, "memory")}}
	return identity.Marker{
		SiteID: site, Manifest: m, Addr: a, UUID: u, VMID: rapid.UintRange(100, 999999999).Draw(rt, "vmid"),
		Incarnation: rapid.UintRange(1, 9).Draw(rt, "incarnation"),
		Program:     rapid.SampledFrom([]string{"", strings.Repeat("ab", 32)}).Draw(rt, "program"),
		Secrets:     rapid.SampledFrom([]string{"", strings.Repeat("cd", 32)}).Draw(rt, "secrets"),
		Kind:        rapid.SampledFrom([]string{"", "vm", "pve"}).Draw(rt, "kind"),
		Port:        uint(rapid.IntRange(0, 65535).Draw(rt, "port")),
		Test:        rapid.Bool().Draw(rt, "test"),
		Adopted:     rapid.Bool().Draw(rt, "adopted"),
		Forgotten:   rapid.Bool().Draw(rt, "forgotten"),
		Made: rapid.SampledFrom([][]plan.KV{
			nil, {{Key: plan.MadeDNS, Value: "10.0.0.1,fd00::1"}, {Key: plan.MadeImage, Value: "two words"}},
		}).Draw(rt, "made"),
		Fields: identity.Fields(key, u, config),
	}
}

// PVE and people do this to notes without meaning it.
func drawMangle(rt *rapid.T, notes string) string {
	for _, f := range rapid.SliceOfN(rapid.SampledFrom([]func(string) string{
		func(s string) string { return s + "\n" },
		func(s string) string { return strings.TrimRight(s, "\n") },
		func(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n") },
		func(s string) string { return strings.ReplaceAll(s, "\n", "  \n") },
	}), 0, 3).Draw(rt, "mangle") {
		notes = f(notes)
	}
	return notes
}

func TestSealOpen(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := drawMarker(rt)
		notes, ok := identity.Put(rapid.StringOfN(rapid.RuneFrom([]rune("ab #*\n`é")), 0, 60, -1).Draw(rt, "own"), identity.Seal(m, key))
		if !ok {
			rt.Fatal("it does not fit")
		}
		notes = drawMangle(rt, notes)
		got, authentic, found := identity.Open(notes, m.VMID, key)
		if !found || !authentic {
			rt.Fatalf("found %v, authentic %v:\n%s", found, authentic, notes)
		}
		if d := cmp.Diff(m, got); d != "" {
			rt.Fatal(d)
		}
		if _, authentic, _ := identity.Open(notes, m.VMID+1, key); authentic {
			rt.Fatal("a copy under another vmid is authentic")
		}
		if _, authentic, _ := identity.Open(notes, m.VMID, []byte("another key")); authentic {
			rt.Fatal("another site's key opens it")
		}
	})
}

// A guest that was given up stays so, whatever stands beside it in the notes.
func TestForgottenRules(t *testing.T) {
	m := identity.Marker{SiteID: site, Manifest: "m", Addr: "m/a", UUID: "u", VMID: 9001, Incarnation: 1}
	live := identity.Seal(m, key)
	m.Forgotten = true
	gone := identity.Seal(m, key)
	for name, notes := range map[string]string{"alone": gone, "twice": gone + gone, "below": live + gone, "above": gone + "text\n" + live} {
		if got, authentic, _ := identity.Open(notes, 9001, key); !authentic || !got.Forgotten {
			t.Errorf("%s: authentic %v, %+v", name, authentic, got)
		}
		if _, authentic, _ := identity.Open(notes, 9002, key); authentic {
			t.Errorf("%s: a copy is authentic", name)
		}
	}
}

// Any other content of the block has no authority.
func TestForgeries(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := drawMarker(rt)
		notes := identity.Seal(m, key)
		at := rapid.IntRange(len("```homestak\n"), len(notes)-len("\n```\n")-1).Draw(rt, "at")
		b := []byte(notes)
		b[at] = rapid.ByteRange(33, 126).Draw(rt, "byte")
		if string(b) == notes {
			return
		}
		if _, authentic, _ := identity.Open(string(b), m.VMID, key); authentic {
			rt.Fatalf("forged:\n%s", b)
		}
	})
	m := identity.Marker{SiteID: site, Manifest: "m", Addr: "m/a", UUID: "u", VMID: 9001, Incarnation: 1}
	good := identity.Seal(m, key)
	for name, notes := range map[string]string{
		"nothing":       "",
		"only a fence":  "```homestak\n",
		"no mac":        "```homestak\nmarker 1\nsite s\n```\n",
		"an open fence": "```homestak\nmarker 1\n",
		"twice":         good + "\n" + good,
		"line more":     strings.Replace(good, "vmid ", "vmid 1\nvmid ", 1),
		"unknown line":  strings.Replace(good, "vmid ", "owner me\nvmid ", 1),
	} {
		if _, authentic, _ := identity.Open(notes, 9001, key); authentic {
			t.Errorf("%s is authentic", name)
		}
	}
	if _, _, found := identity.Open("my notes about homestak", 9001, key); found {
		t.Error("plain notes are a marker")
	}
}

func TestPutKeepsTheUsersNotes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		line := rapid.StringMatching(`[a-z *#]{0,8}[a-z]`)
		before := strings.Join(rapid.SliceOfN(line, 0, 4).Draw(rt, "before"), "\n")
		after := strings.Join(rapid.SliceOfN(line, 0, 4).Draw(rt, "after"), "\n")
		m := drawMarker(rt)
		first, _ := identity.Put(before, identity.Seal(m, key))
		m.Incarnation++
		if after != "" {
			first += "\n" + after + "\n"
		}
		second, ok := identity.Put(first, identity.Seal(m, key))
		if !ok || !strings.HasPrefix(second, before) || !strings.HasSuffix(strings.TrimRight(second, "\n"), after) {
			rt.Fatalf("the user's text is gone: %q", second)
		}
		if strings.Count(second, "```homestak") != 1 {
			rt.Fatalf("not one block: %q", second)
		}
		if got, authentic, _ := identity.Open(second, m.VMID, key); !authentic || got.Incarnation != m.Incarnation {
			rt.Fatal("the new block does not rule")
		}
		if again, _ := identity.Put(second, identity.Seal(m, key)); again != second {
			rt.Fatalf("putting it again changes it: %q, %q", second, again)
		}
	})
	m := identity.Marker{SiteID: site, Manifest: "m", Addr: "m/a", UUID: "u", VMID: 9001, Incarnation: 1}
	two := identity.Seal(m, key) + "text\n" + identity.Seal(m, key)
	if one, _ := identity.Put(two, identity.Seal(m, key)); strings.Count(one, "```homestak") != 1 || !strings.Contains(one, "text") {
		t.Errorf("a second block stays: %q", one)
	}
	if _, ok := identity.Put(strings.Repeat("é", identity.MaxNotes), identity.Seal(m, key)); ok {
		t.Error("more than PVE takes is written")
	}
}

func TestUnchanged(t *testing.T) {
	u := identity.UUID(site, "m", "m/a")
	config := []plan.KV{{Key: "cores", Value: "2"}, {Key: "memory", Value: "2048"}, {Key: "tags", Value: ""}}
	m := identity.Marker{UUID: u, Fields: identity.Fields(key, u, config)}
	now := []plan.KV{{Key: "cores", Value: "2"}, {Key: "memory", Value: "4096"}}
	same, edited := m.Compare(key, append(now, plan.KV{Key: "cpu.cputype", Value: "host"}))
	if len(same) != 2 || same[0] != "cores" || same[1] != "tags" || len(edited) != 1 || edited[0] != "memory" {
		t.Errorf("unchanged: %v, edited: %v", same, edited)
	}
	if f := identity.FactsOf(m, true, key, now); len(f.Unchanged) != 2 || len(f.Edited) != 1 {
		t.Errorf("facts: %+v", f)
	}
	if f := identity.FactsOf(m, false, key, now); f.Unchanged != nil || f.Edited != nil || f.Authentic {
		t.Errorf("facts of a copy: %+v", f)
	}
	if identity.Field(key, u, "cores", "2") == identity.Field(key, "other", "cores", "2") {
		t.Error("equal values of two guests can be told to be equal")
	}
}

// The longest thing homestak may have to say still leaves room for people.
func TestBlockIsSmall(t *testing.T) {
	deep := addr.Address("m")
	for range 8 {
		deep = deep.Child(strings.Repeat("n", 63))
	}
	var config []plan.KV
	for range 20 {
		config = append(config, plan.KV{Key: "net0.macaddr", Value: "x"})
	}
	m := identity.Marker{
		SiteID: site, Manifest: strings.Repeat("m", 63), Addr: deep, UUID: site, VMID: 999999999, Incarnation: 99,
		Program: strings.Repeat("a", 64), Test: true, Fields: identity.Fields(key, site, config),
		Made: []plan.KV{
			{Key: plan.MadeDNS, Value: "fd00:1111:2222:3333:4444:5555:6666:7777,fd00:1111:2222:3333:4444:5555:6666:8888"},
			{Key: plan.MadeDomain, Value: strings.Repeat("d", 63) + ".example.org"}, {Key: plan.MadeGateway, Value: "fd00::1"},
			{Key: plan.MadeImage, Value: strings.Repeat("i", 63)}, {Key: plan.MadeIP, Value: "192.168.100.100/24"},
		},
	}
	if n := len(identity.Seal(m, key)); n > identity.MaxNotes/3 {
		t.Errorf("the block has %d characters", n)
	}
}
