package converge

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/homestak/homestak/plan/program"
	"github.com/homestak/homestak/runtime/seed"
	"github.com/homestak/homestak/runtime/system"
)

const (
	keyAlice = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICANARYcanaryALICEkeykeykeykeykeykeykeykey alice@laptop"
	keyBob   = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICANARYcanaryBOBkeykeykeykeykeykeykeykeykey bob@desk"
	hashRoot = "$6$CANARYsalt$CANARYhashhashhashhashhashhashhashhashhashhash"
)

// guest is a machine as it is after its seed was read.
func guest(t testing.TB, os string) *system.Memory {
	t.Helper()
	m, err := system.NewMemory(os)
	if err != nil {
		t.Fatal(err)
	}
	m.Boot()
	m.SetAddresses("10.0.9.20")
	ctx := context.Background()
	if err := m.PutUser(ctx, system.User{Name: seed.DriverUser, Home: "/", Shell: "/bin/sh"}); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{
		seed.UserCAPath:   "ssh-ed25519 AAAAca site\n",
		seed.HostKeyPath:  "host key\n",
		seed.HostCertPath: "host certificate\n",
		seed.SSHDDropIn:   "TrustedUserCAKeys " + seed.UserCAPath + "\nHostKey " + seed.HostKeyPath + "\nHostCertificate " + seed.HostCertPath + "\n",
		seed.SudoDropIn:   seed.DriverUser + " ALL=(ALL:ALL) NOPASSWD: ALL\n",
	} {
		if err := m.WriteFile(ctx, path, []byte(text), system.FileInfo{Mode: 0o600, Owner: "root", Group: "root"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.ReloadUnit(ctx, "ssh"); err != nil {
		t.Fatal(err)
	}
	return m
}

// full is a program with every kind of resource.
func full() *program.Program {
	return &program.Program{
		Format: program.FormatVersion, Node: "test/pve1",
		Resources: []program.Resource{
			{Hostname: &program.Hostname{Name: "pve1", Domain: "home.arpa", Routable: true}},
			{Timezone: &program.Timezone{Name: "America/Denver"}},
			{Package: &program.Package{Name: "chrony"}},
			{Package: &program.Package{Name: "htop"}},
			{Package: &program.Package{Name: "rpcbind"}},
			{User: &program.User{Name: "alice", Sudo: true}},
			{User: &program.User{Name: "bob"}},
			{Password: &program.Password{User: "root", Secret: "passwords.vm_root"}},
			{Keys: &program.AuthorizedKeys{User: "alice", Keys: []string{"ssh_keys.alice", "ssh_keys.bob"}}},
			{Keys: &program.AuthorizedKeys{User: "bob", Keys: []string{"ssh_keys.bob"}}},
			{Sudo: &program.Sudo{NoPassword: true}},
			{PVE: &program.PVE{RemoveSubscriptionNag: true}},
			{Service: &program.Service{Name: "rpcbind"}},
			{Service: &program.Service{Name: "chrony", Enabled: true}},
			{Fail2ban: &program.Fail2ban{Enabled: true}},
			{SSHD: &program.SSHD{Port: 22, PermitRootLogin: "prohibit-password", PasswordAuthentication: "no"}},
		},
	}
}

func bundle() *program.Bundle {
	return &program.Bundle{Values: []program.BundleValue{
		{Name: "passwords.vm_root", Value: []byte(hashRoot)},
		{Name: "ssh_keys.alice", Value: []byte(keyAlice + "\n")},
		{Name: "ssh_keys.bob", Value: []byte(keyBob)},
	}}
}

// converge runs and collects.
func converge(t testing.TB, sys system.System, p *program.Program, b *program.Bundle, check bool) (Report, []Result) {
	t.Helper()
	var rs []Result
	r := Run(context.Background(), sys, p, b, Options{Check: check}, func(res Result) { rs = append(rs, res) })
	if len(rs) != len(p.Resources) || r.OK+r.Changed+r.Differs+r.Failed+r.Unknown != len(rs) {
		t.Fatalf("%d resources, %d results, report %+v", len(p.Resources), len(rs), r)
	}
	return r, rs
}

func mustConverge(t testing.TB, sys system.System, p *program.Program, b *program.Bundle) {
	t.Helper()
	if r, rs := converge(t, sys, p, b, false); !r.Holds() {
		t.Fatalf("converging failed: %s", show(rs))
	}
}

func show(rs []Result) string {
	var b strings.Builder
	for _, r := range rs {
		if r.Status != OK {
			fmt.Fprintf(&b, "\n  %s: %s %v %s", r.Resource, r.Status, r.Diffs, r.Reason)
		}
	}
	return b.String()
}

// wrong lists the resources that are not ok.
func wrong(rs []Result) []string {
	var names []string
	for _, r := range rs {
		if r.Status != OK {
			names = append(names, r.Resource)
		}
	}
	return names
}
