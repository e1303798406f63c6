package plan_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/homestak/homestak/plan"
)

// Items of a seed's lists read back as what they were made of, and nothing else
// reads as one of them.
func TestSeedArgs(t *testing.T) {
	word := rapid.StringMatching(`[a-z0-9:./]{1,12}`)
	maybe := rapid.OneOf(rapid.Just(""), word)
	rapid.Check(t, func(t *rapid.T) {
		i := plan.SeedInterface{Name: word.Draw(t, "name"), MAC: maybe.Draw(t, "mac"), IP: maybe.Draw(t, "ip"), Gateway: maybe.Draw(t, "gateway")}
		if dns := rapid.SliceOfN(word, 0, 3).Draw(t, "dns"); len(dns) > 0 {
			i.DNS = dns
		}
		got, err := plan.ParseSeedInterface(i.String())
		if err != nil || got.String() != i.String() || !slices.Equal(got.DNS, i.DNS) || got.MAC != i.MAC {
			t.Fatalf("%q: %+v, %v", i, got, err)
		}
		f := plan.SeedFile{Mode: "0644", Owner: word.Draw(t, "owner"), Path: word.Draw(t, "path"), Content: rapid.String().Draw(t, "content")}
		if got, err := plan.ParseSeedFile(f.String()); err != nil || got != f {
			t.Fatalf("%q: %+v, %v", f, got, err)
		}
	})
	for _, s := range []string{"", "eth1", "eth1 a b c", "eth1 a b c d e", "eth1  b c d"} {
		if i, err := plan.ParseSeedInterface(s); err == nil {
			t.Errorf("%q is %+v", s, i)
		}
	}
	for _, s := range []string{"", "0644 root /a b", "0644 root /a \"b", "0644 root /a 'b'", "0644 root /a `b`"} {
		if f, err := plan.ParseSeedFile(s); err == nil {
			t.Errorf("%q is %+v", s, f)
		}
	}
}

func TestMade(t *testing.T) {
	s := plan.Step{Args: []plan.Arg{
		{Name: plan.ArgCommands, Value: plan.Value{List: []string{"true"}}},
		{Name: plan.ArgDNS, Value: plan.Value{List: []string{"10.0.0.1", "10.0.0.2"}}},
		{Name: plan.ArgInterfaces, Value: plan.Value{List: []string{
			"eth1 BC:24:11:00:00:01 10.1.0.5/24 10.1.0.1 -", "eth2 BC:24:11:00:00:02 dhcp - -", "eth3 BC:24:11:00:00:03 - - -",
		}}},
		{Name: plan.ArgIP, Value: plan.Value{Text: "dhcp"}},
	}}
	made := s.Made()
	want := []plan.KV{
		{Key: "cloud_init", Value: made[0].Value}, {Key: "dns", Value: "10.0.0.1,10.0.0.2"},
		{Key: "interfaces", Value: "eth1 10.1.0.5/24 10.1.0.1; eth2 dhcp; eth3"}, {Key: "ip", Value: "dhcp"},
	}
	if !slices.Equal(made, want) || len(made[0].Value) != 12 {
		t.Errorf("%v", made)
	}
	s.Args[0].Name = plan.ArgPackages
	if other := s.Made(); other[0].Value == made[0].Value {
		t.Error("a command and a package of one name are the same")
	}
}
