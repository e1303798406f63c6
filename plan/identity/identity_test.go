package identity_test

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/identity"
)

const site = "0b9c1a52-3a54-4d6e-8a4e-2f0f3b6c9d10"

// Pinned: these identities are on guests, so they never change. The values were
// computed by another implementation.
func TestPinned(t *testing.T) {
	u := identity.UUID(site, "n2-push", "n2-push/root-pve/edge")
	for name, c := range map[string][2]string{
		"uuid":     {u, "ecc0568f-77eb-581b-b7aa-6f290e0a449c"},
		"mac":      {identity.MAC(u, 0), "02:C8:34:4B:30:10"},
		"instance": {identity.Instance(u, 2), "ecc0568f-77eb-581b-b7aa-6f290e0a449c-2"},
		"tag":      {identity.Tag("n2-push"), "hs-n2-push"},
		"field":    {identity.Field([]byte("key"), u, "cores", "2"), "79a665ed0b8f"},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %s, want %s", name, c[0], c[1])
		}
	}
	if id, ok := identity.VMID(u, 9000, 9999, func(uint) bool { return false }); id != 9852 || !ok {
		t.Errorf("vmid: %d", id)
	}
	// Computed by another implementation (uuid5 of Python), in the DNS namespace
	// of RFC 9562.
	if got := identity.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "a", "b"); got != "2742fcf2-a7eb-5b73-995b-3b304eecb3d9" {
		t.Errorf("v5 of a/b in the DNS namespace: %s", got)
	}
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func name(rt *rapid.T, label string) string {
	return rapid.StringMatching(`[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?`).Draw(rt, label)
}

func TestIdentityProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := name(rt, "manifest")
		a, b := addr.New(m, name(rt, "a")), addr.New(m, name(rt, "a2"))
		s := rapid.SampledFrom([]string{site, "11111111-2222-4333-8444-555555555555", "home", ""}).Draw(rt, "site")
		u, v := identity.UUID(s, m, a), identity.UUID(s, m, b)
		if !uuidForm.MatchString(u) {
			rt.Fatalf("%q is no v5 UUID", u)
		}
		if (u == v) != (a == b) {
			rt.Fatalf("%s and %s: %s, %s", a, b, u, v)
		}
		if identity.UUID("99999999-2222-4333-8444-555555555555", m, a) == u {
			rt.Fatal("two sites make one identity")
		}
		mac := identity.MAC(u, 0)
		if len(mac) != 17 || mac != strings.ToUpper(mac) || !strings.HasPrefix(mac, "02:") || mac == identity.MAC(u, 1) {
			rt.Fatalf("MAC %s", mac)
		}
	})
}

func TestVMIDProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		u := identity.UUID(site, "m", addr.New("m", name(rt, "node")))
		first := rapid.UintRange(1, 500).Draw(rt, "first")
		last := first + rapid.UintRange(0, 30).Draw(rt, "width")
		taken := map[uint]bool{}
		for _, id := range rapid.SliceOf(rapid.UintRange(first, last)).Draw(rt, "taken") {
			taken[id] = true
		}
		got, ok := identity.VMID(u, first, last, func(id uint) bool { return taken[id] })
		if ok != (uint(len(taken)) <= last-first) {
			rt.Fatalf("%d of %d taken, found: %v", len(taken), last-first+1, ok)
		}
		if ok && (got < first || got > last || taken[got]) {
			rt.Fatalf("%d is outside or taken", got)
		}
		// What others hold does not move a node whose place is free.
		choice, _ := identity.VMID(u, first, last, func(uint) bool { return false })
		if ok && !taken[choice] && got != choice {
			rt.Fatalf("moved from %d to %d", choice, got)
		}
	})
	if _, ok := identity.VMID(site, 0, 0, func(uint) bool { return false }); ok {
		t.Error("an empty range has a number")
	}
	if _, ok := identity.VMID(site, 9, 8, func(uint) bool { return false }); ok {
		t.Error("a reversed range has a number")
	}
}

// What PVE takes as a tag.
var tagForm = regexp.MustCompile(`^[a-z0-9_][a-z0-9_\-+.]*$`)

func TestTag(t *testing.T) {
	seen := map[string]string{}
	rapid.Check(t, func(rt *rapid.T) {
		m := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z0-9-]{1,63}`), rapid.StringMatching(`[a-z_.]{60,200}`)).Draw(rt, "manifest")
		tag := identity.Tag(m)
		if !tagForm.MatchString(tag) || len(tag) > 64 {
			rt.Fatalf("%q: tag %q", m, tag)
		}
		if other, ok := seen[tag]; ok && other != m {
			rt.Fatalf("%q and %q are both %s", m, other, tag)
		}
		seen[tag] = m
	})
	long := strings.Repeat("a", 60)
	if identity.Tag(long+"-1") == identity.Tag(long+"-2") {
		t.Error("long names share a tag")
	}
}

func TestMarks(t *testing.T) {
	u := identity.UUID(site, "m", "m/a")
	s := identity.Subject{SiteID: site, Manifest: "m", Addr: "m/a", UUID: u, VMID: 9001, Was: "m/before"}
	mine := func(authentic bool) *plan.MarkerFacts {
		return &plan.MarkerFacts{SiteID: site, Manifest: "m", Addr: "m/a", UUID: u, VMID: 9001, Authentic: authentic}
	}
	other := mine(true)
	other.Addr = "m/b"
	forgotten := mine(true)
	forgotten.Forgotten = true
	damaged := mine(false)
	damaged.Forgotten = true
	before := mine(true)
	before.Addr = "m/before"
	renamed := mine(true)
	renamed.UUID = "another"
	for _, c := range []struct {
		name  string
		guest plan.GuestFacts
		want  int
	}{
		{"all three", plan.GuestFacts{VMID: 9001, UUID: u, Marker: mine(true)}, 3},
		{"upper case uuid", plan.GuestFacts{VMID: 9001, UUID: strings.ToUpper(u), Marker: mine(true)}, 3},
		{"notes gone", plan.GuestFacts{VMID: 9001, UUID: u}, 2},
		{"uuid changed", plan.GuestFacts{VMID: 9001, UUID: "x", Marker: mine(true)}, 2},
		{"another number than planned, with its marker", plan.GuestFacts{VMID: 9555, UUID: "x", Marker: mine(true)}, 2},
		{"uuid of record", plan.GuestFacts{VMID: 9001, UUID: "another", Marker: renamed}, 3},
		{"clone", plan.GuestFacts{VMID: 9555, UUID: "x", Marker: mine(false)}, 0},
		{"restored elsewhere", plan.GuestFacts{VMID: 9555, UUID: u, Marker: mine(false)}, 1},
		{"stranger on the number", plan.GuestFacts{VMID: 9001, UUID: "x"}, 1},
		{"another node on the number", plan.GuestFacts{VMID: 9001, UUID: u, Marker: other}, 0},
		{"forgotten", plan.GuestFacts{VMID: 9001, UUID: u, Marker: forgotten}, 0},
		{"forgotten, and the note was damaged", plan.GuestFacts{VMID: 9001, UUID: u, Marker: damaged}, 0},
		{"before it was renamed", plan.GuestFacts{VMID: 9001, UUID: u, Marker: before}, 3},
		{"no uuid", plan.GuestFacts{VMID: 9555}, 0},
	} {
		if got := identity.MarksOf(&c.guest, s); got.Count() != c.want || got.Ours() != (c.want >= 2) {
			t.Errorf("%s: %+v, want %d marks", c.name, got, c.want)
		}
	}
}
