package lower_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/plan/program"
	"github.com/homestak/homestak/plan/program/lower"
)

func v[T any](x T) ir.Value[T] { return ir.Value[T]{V: x} }

func vs(xs ...string) []ir.Value[string] {
	var out []ir.Value[string]
	for _, x := range xs {
		out = append(out, v(x))
	}
	return out
}

func deployment() *ir.Deployment {
	return &ir.Deployment{Manifest: "m", Nodes: []ir.Node{
		{
			Address: "m/host", Name: "host", Type: v(ir.PVE), Network: ir.Network{Domain: v("home.arpa")},
			Becomes: ir.Spec{
				Timezone: v("America/Denver"), Packages: vs("proxmox-ve", "htop", "htop"),
				Users: []ir.User{
					{Name: v("alice"), Sudo: v(true), Keys: vs("laptop", "desk")},
					{Name: v("bob")},
				},
				ServicesEnable: vs("pveproxy", "pvedaemon"), ServicesDisable: vs("rpcbind"),
				SSH:            ir.SSH{Port: v(2222), PermitRootLogin: v("prohibit-password"), PasswordAuthentication: v("no")},
				SudoNoPassword: v(true), Fail2ban: v(true), RootPassword: v("passwords.vm_root"),
				PVE: &ir.PVEConfig{RemoveSubscriptionNag: v(true)},
			},
		},
		{
			Address: "m/host/guest", Name: "guest", Type: v(ir.VM),
			Becomes: ir.Spec{Hostname: v("other"), SSH: ir.SSH{Port: v(22), PermitRootLogin: v("no"), PasswordAuthentication: v("no")}},
		},
	}}
}

func TestNode(t *testing.T) {
	got := lower.Node(deployment(), 0)
	want := &program.Program{Format: program.FormatVersion, Node: "m/host", Resources: []program.Resource{
		{Hostname: &program.Hostname{Name: "host", Domain: "home.arpa", Routable: true}},
		{Timezone: &program.Timezone{Name: "America/Denver"}},
		{Package: &program.Package{Name: "htop"}},
		{Package: &program.Package{Name: "proxmox-ve"}},
		{User: &program.User{Name: "alice", Sudo: true}},
		{User: &program.User{Name: "bob"}},
		{Password: &program.Password{User: "root", Secret: "passwords.vm_root"}},
		{Keys: &program.AuthorizedKeys{User: "alice", Keys: []string{"ssh_keys.desk", "ssh_keys.laptop"}}},
		{Keys: &program.AuthorizedKeys{User: "bob", Keys: []string{}}},
		{Sudo: &program.Sudo{NoPassword: true}},
		{PVE: &program.PVE{RemoveSubscriptionNag: true}},
		{Service: &program.Service{Name: "rpcbind"}},
		{Service: &program.Service{Name: "pvedaemon", Enabled: true}},
		{Service: &program.Service{Name: "pveproxy", Enabled: true}},
		{Fail2ban: &program.Fail2ban{Enabled: true}},
		{SSHD: &program.SSHD{Port: 2222, PermitRootLogin: "prohibit-password", PasswordAuthentication: "no"}},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
	kinds := map[string]bool{}
	for _, r := range got.Resources {
		kinds[r.Kind()] = true
	}
	for _, k := range program.Kinds() {
		if !kinds[k] {
			t.Errorf("nothing lowers to a %s", k)
		}
	}
}

func TestPlainNode(t *testing.T) {
	got := lower.Node(deployment(), 1)
	var names []string
	for _, r := range got.Resources {
		names = append(names, r.String())
	}
	if !slices.Equal(names, []string{"hostname", "sudo", "fail2ban", "sshd"}) {
		t.Errorf("resources %q", names)
	}
	if h := got.Resources[0].Hostname; *h != (program.Hostname{Name: "other"}) {
		t.Errorf("host name %+v", h)
	}
}

// Order of declaration is not meaning: the same packages, keys and services in
// another order give the same bytes.
func TestOrderDoesNotMatter(t *testing.T) {
	d := deployment()
	one, err := program.Encode(lower.Node(d, 0))
	if err != nil {
		t.Fatal(err)
	}
	b := &d.Nodes[0].Becomes
	slices.Reverse(b.Packages)
	slices.Reverse(b.ServicesEnable)
	slices.Reverse(b.Users[0].Keys)
	two, err := program.Encode(lower.Node(d, 0))
	if err != nil {
		t.Fatal(err)
	}
	if program.Digest(one) != program.Digest(two) {
		t.Error("another digest")
	}
}
