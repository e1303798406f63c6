package lower

import (
	"slices"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/plan/program"
)

// Node lowers node i of d. The program is valid whenever the deployment is.
func Node(d *ir.Deployment, i int) *program.Program {
	n := &d.Nodes[i]
	s := &n.Becomes
	p := &program.Program{Format: program.FormatVersion, Node: string(n.Address)}
	add := func(r program.Resource) { p.Resources = append(p.Resources, r) }

	host := s.Hostname.V
	if host == "" {
		host = n.Name
	}
	add(program.Resource{Hostname: &program.Hostname{Name: host, Domain: n.Network.Domain.V, Routable: n.Type.V == ir.PVE}})
	if z := s.Timezone.V; z != "" {
		add(program.Resource{Timezone: &program.Timezone{Name: z}})
	}
	for _, name := range sorted(s.Packages) {
		add(program.Resource{Package: &program.Package{Name: name}})
	}
	for _, u := range s.Users {
		add(program.Resource{User: &program.User{Name: u.Name.V, Sudo: u.Sudo.V}})
	}
	if secret := s.RootPassword.V; secret != "" {
		add(program.Resource{Password: &program.Password{User: "root", Secret: secret}})
	}
	for _, u := range s.Users {
		add(program.Resource{Keys: &program.AuthorizedKeys{User: u.Name.V, Keys: secrets("ssh_keys.", u.Keys)}})
	}
	add(program.Resource{Sudo: &program.Sudo{NoPassword: s.SudoNoPassword.V}})
	if s.PVE != nil {
		add(program.Resource{PVE: &program.PVE{RemoveSubscriptionNag: s.PVE.RemoveSubscriptionNag.V}})
	}
	for _, name := range sorted(s.ServicesDisable) {
		add(program.Resource{Service: &program.Service{Name: name}})
	}
	for _, name := range sorted(s.ServicesEnable) {
		add(program.Resource{Service: &program.Service{Name: name, Enabled: true}})
	}
	add(program.Resource{Fail2ban: &program.Fail2ban{Enabled: s.Fail2ban.V}})
	add(program.Resource{SSHD: &program.SSHD{
		Port:                   uint(s.SSH.Port.V),
		PermitRootLogin:        s.SSH.PermitRootLogin.V,
		PasswordAuthentication: s.SSH.PasswordAuthentication.V,
	}})
	return p
}

func sorted(vs []ir.Value[string]) []string {
	out := make([]string, 0, len(vs))
	for _, v := range vs {
		out = append(out, v.V)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func secrets(prefix string, vs []ir.Value[string]) []string {
	out := sorted(vs)
	for i := range out {
		out[i] = prefix + out[i]
	}
	return out
}
