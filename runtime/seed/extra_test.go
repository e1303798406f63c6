package seed_test

import (
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"github.com/homestak/homestak/runtime/seed"
)

type extras struct {
	Packages []string
	Runcmd   []any
	Files    []struct {
		Path, Owner, Permissions, Content string
		Defer                             bool
	} `yaml:"write_files"`
}

func readUserData(t rapid.TB, data []byte) (x extras) {
	t.Helper()
	if err := yaml.Unmarshal(data, &x); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return x
}

// Whatever is added to a first boot arrives as it was written, and is not in the
// copy that the machine keeps.
func TestExtra(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r != '\n' && r != 0 })).Filter(func(s string) bool { return s != "" })
		s := sample()
		s.Extra = seed.Extra{
			Packages: []string{"nginx"}, Commands: []string{line.Draw(t, "command")},
			Files: []seed.File{
				{Path: "/etc/motd", Content: rapid.String().Draw(t, "content"), Owner: "root", Mode: "0644"},
				{Path: "/home/ann/x", Content: "SECOND", Owner: "ann", Mode: "0600"},
			},
		}
		files, err := seed.Render(s)
		if err != nil {
			t.Fatal(err)
		}
		x := readUserData(t, files.UserData)
		if !slices.Equal(x.Packages, []string{"qemu-guest-agent", "nginx"}) || len(x.Runcmd) != 2 || x.Runcmd[1] != s.Extra.Commands[0] {
			t.Fatalf("%v %v", x.Packages, x.Runcmd)
		}
		last := x.Files[len(x.Files)-2:]
		if f := last[0]; f.Path != "/etc/motd" || f.Content != s.Extra.Files[0].Content || f.Owner != "root:root" || f.Defer {
			t.Fatalf("%+v", f)
		}
		if f := last[1]; f.Owner != "ann:ann" || f.Permissions != "0600" || !f.Defer {
			t.Fatalf("%+v", f)
		}
		i := slices.IndexFunc(x.Files, func(f struct {
			Path, Owner, Permissions, Content string
			Defer                             bool
		}) bool {
			return f.Path == seed.LocalSeed+"/user-data"
		})
		if own := x.Files[i].Content; strings.Contains(own, "nginx") || strings.Contains(own, "SECOND") {
			t.Fatalf("the machine's own copy would do the first boot again:\n%s", own)
		}
	})
}

func TestFurtherInterfaces(t *testing.T) {
	s := sample()
	s.Interfaces = []seed.Interface{
		{Name: "eth1", MAC: "0A:1B:2C:3D:4E:60", IP: "10.1.0.5/24", Gateway: "10.1.0.1", DNS: []string{"10.1.0.2"}},
		{Name: "eth2", MAC: "0A:1B:2C:3D:4E:61", IP: "dhcp"},
		{Name: "eth4", MAC: "0A:1B:2C:3D:4E:62"},
	}
	files, err := seed.Render(s)
	if err != nil {
		t.Fatal(err)
	}
	var n struct {
		Version   int
		Ethernets map[string]struct {
			Match     struct{ Macaddress string }
			SetName   string `yaml:"set-name"`
			DHCP4     bool
			Overrides struct {
				UseRoutes *bool `yaml:"use-routes"`
			} `yaml:"dhcp4-overrides"`
			Addresses   []string
			Routes      []struct{ To, Via string }
			Nameservers struct{ Addresses, Search []string }
		}
	}
	if err := yaml.Load(files.NetworkConfig, &n, yaml.WithKnownFields()); err != nil {
		t.Fatalf("%v\n%s", err, files.NetworkConfig)
	}
	one, two, four := n.Ethernets["eth1"], n.Ethernets["eth2"], n.Ethernets["eth4"]
	if len(n.Ethernets) != 4 || one.Match.Macaddress != "0a:1b:2c:3d:4e:60" || one.SetName != "eth1" || one.Addresses[0] != "10.1.0.5/24" ||
		one.Routes[0].Via != "10.1.0.1" || one.Nameservers.Addresses[0] != "10.1.0.2" || one.Nameservers.Search != nil {
		t.Errorf("%+v", one)
	}
	if !two.DHCP4 || two.Overrides.UseRoutes == nil || *two.Overrides.UseRoutes {
		t.Errorf("the second network would take the default route: %+v", two)
	}
	if four.DHCP4 || len(four.Addresses) > 0 || four.SetName != "eth4" {
		t.Errorf("%+v", four)
	}
}
