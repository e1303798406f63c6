package compiler

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
)

const rootPassword = "passwords.vm_root"

// specEffect is a spec with its posture and the site merged in: what all nodes
// with this spec have in common. Nodes share its slices.
type specEffect struct {
	name    string
	at      source.Range
	decl    *specDecl
	layer   ir.Layer
	posture ir.Value[string]
	common  ir.Spec // without the host name
	run     ir.RunSchedule
}

// specNamed is the effect of a spec, made once per compilation; nil when it is
// unknown or beyond use. first is a node that refers to it, nil for none.
func (c *compilation) specNamed(name opt[string], first *node) *specEffect {
	if s, done := c.specs[name.V]; done && (s != nil || c.site.find(schema.KindSpec, name.V) != nil) {
		return s
	}
	decl, d := decoded(c, &c.specDecls, schema.KindSpec, name, c.findings.spec)
	if c.specs == nil {
		c.specs = map[string]*specEffect{}
	}
	if decl == nil {
		c.specs[name.V] = nil
		return nil
	}
	if len(decl.users) > maxUsers {
		e := c.errorAt(codeSpecTooLarge, decl.usersAt.At, "spec %q has more than %d users", d.name, maxUsers)
		e.Help = "split it into several specs"
		decl.users = decl.users[:maxUsers]
	}
	if !decl.version.Set && !d.doc.hcl && d.layer != ir.FromStdlib {
		c.noVersion(d, d.doc.tree, "1")
	}
	s := &specEffect{name: d.name, at: d.at, decl: decl, layer: d.layer}
	s.posture = over(decl.posture, d.layer, defaultText(schema.Spec.Field("access").Object, "posture"))
	posture, postureLayer := &postureDecl{}, ir.FromDefault
	if !decl.posture.Bad {
		var who []diag.Note
		if first != nil {
			who = []diag.Note{{Text: fmt.Sprintf("spec %q is what node %q becomes", d.name, first.name), Range: first.at()}}
		}
		at := opt[string]{V: s.posture.V, At: s.posture.From.Range}
		if p, pd := decoded(c, &c.postures, schema.KindPosture, at, c.findings.posture, who...); p != nil {
			posture, postureLayer = p, pd.layer
		}
	}
	c.becomes(s, posture, postureLayer)
	c.checkSpec(s, posture)
	c.specs[name.V] = s
	return s
}

// becomes merges the layers of a spec.
func (c *compilation) becomes(s *specEffect, p *postureDecl, pl ir.Layer) {
	own, decl, b := &c.site.own, s.decl, &s.common
	ssh := schema.Posture.Field("ssh").Object
	b.Timezone = over(decl.timezone, s.layer, over(own.timezone, ir.FromSite, defaultText(schema.SiteDefaults, "timezone")))
	b.Packages = union(texts(own.packages, ir.FromSite), texts(p.packages, pl), texts(decl.packages, s.layer))
	b.ServicesEnable = union(texts(decl.enable, s.layer))
	b.ServicesDisable = union(texts(decl.disable, s.layer))
	b.SSH.Port = over(p.port, pl, defaultInt(ssh, "port"))
	b.SSH.PermitRootLogin = over(p.rootLogin, pl, defaultText(ssh, "permit_root_login"))
	b.SSH.PasswordAuthentication = over(p.passwords, pl, defaultText(ssh, "password_authentication"))
	b.SudoNoPassword = over(p.nopasswd, pl, defaultFlag(schema.Posture.Field("sudo").Object, "nopasswd"))
	b.Fail2ban = over(p.fail2ban, pl, defaultFlag(schema.Posture.Field("fail2ban").Object, "enabled"))
	b.AuthMethod = over(p.auth, pl, defaultText(schema.Posture.Field("auth").Object, "method"))
	if at, ok := c.site.secrets.names[rootPassword]; ok {
		b.RootPassword = ir.Value[string]{V: rootPassword, From: ir.Origin{Layer: ir.FromSite, Range: at}}
	}
	if decl.pve.Set {
		b.PVE = c.pveConfig(s)
	}
	b.Users = c.users(s)
	s.run = ir.RunSchedule{
		Trigger:  over(decl.trigger, s.layer, defaultText(schema.Spec.Field("run").Object, "trigger")),
		Interval: over(interval(decl.interval), s.layer, byDefault("")),
	}
}

// pveConfig is what only hosts have. Nodes of type pve have it whether their
// spec speaks of it or not.
func (c *compilation) pveConfig(s *specEffect) *ir.PVEConfig {
	nag := over(c.site.own.nag, ir.FromSite, defaultFlag(schema.SiteDefaults, "pve_remove_subscription_nag"))
	return &ir.PVEConfig{RemoveSubscriptionNag: over(s.decl.nag, s.layer, nag)}
}

// interval puts a duration into one canonical form.
func interval(o opt[time.Duration]) opt[string] {
	return opt[string]{V: o.V.String(), At: o.At, Set: o.Set, Bad: o.Bad}
}

// union sorts and keeps, of equal values, the one of the last list.
func union(lists ...[]ir.Value[string]) []ir.Value[string] {
	var all []ir.Value[string]
	for _, list := range slices.Backward(lists) {
		all = append(all, list...)
	}
	byValue := func(a, b ir.Value[string]) int { return strings.Compare(a.V, b.V) }
	slices.SortStableFunc(all, byValue)
	return slices.CompactFunc(all, func(a, b ir.Value[string]) bool { return a.V == b.V })
}

// users are the accounts of a spec: those it names, else the site's vm_user.
func (c *compilation) users(s *specEffect) []ir.User {
	decl := s.decl
	if !decl.usersAt.Set {
		user := c.site.own.user
		if !user.ok() {
			return nil
		}
		from := ir.Origin{Layer: ir.FromSite, Range: user.At}
		return []ir.User{{
			Name: ir.Value[string]{V: user.V, From: from},
			Sudo: ir.Value[bool]{V: true, From: from},
			Keys: c.everyKey(),
		}}
	}
	users := make([]ir.User, 0, len(decl.users))
	for i := range decl.users {
		u := &decl.users[i]
		users = append(users, ir.User{
			Name: over(u.name, s.layer, byDefault("")),
			Sudo: over(u.sudo, s.layer, defaultFlag(schema.User, "sudo")),
			Keys: c.keysOf(u, s.layer),
		})
	}
	slices.SortStableFunc(users, func(a, b ir.User) int { return strings.Compare(a.Name.V, b.Name.V) })
	return users
}

// everyKey is what a user without ssh_keys gets: all keys of the site.
func (c *compilation) everyKey() []ir.Value[string] {
	if c.allKeys != nil {
		return c.allKeys
	}
	keys := []ir.Value[string]{}
	for _, k := range c.site.secrets.below("ssh_keys.") {
		at := c.site.secrets.names["ssh_keys."+k]
		keys = append(keys, ir.Value[string]{V: k, From: ir.Origin{Layer: ir.FromSite, Range: at}})
	}
	c.allKeys = keys
	return keys
}

// keysOf resolves the keys a user names.
func (c *compilation) keysOf(u *userDecl, layer ir.Layer) []ir.Value[string] {
	if !u.keysAt.Set {
		return c.everyKey()
	}
	var keys []ir.Value[string]
	for _, k := range u.keys {
		if name, ok := c.key(k); ok {
			keys = append(keys, ir.Value[string]{V: name, From: ir.Origin{Layer: layer, Range: k.At}})
		}
	}
	return union(keys)
}

// key is the name of one key. Upstream once wrote ssh_keys.NAME.
func (c *compilation) key(k opt[string]) (string, bool) {
	name := k.V
	if short, old := strings.CutPrefix(name, "ssh_keys."); old {
		d := c.warnAt(codeRenamedField, k.At, "keys are named without \"ssh_keys.\"")
		d.Help = fmt.Sprintf("write %q", short)
		d.Fixes = replace(k.At, short)
		name = short
	}
	if !validSecretName(name) {
		d := c.errorAt(codeBadName, k.At, "%q cannot be the name of a key", shortened(name))
		d.Label, d.Help = "letters, digits, and . _ - @ inside", "write a name from below ssh_keys in secrets.yaml"
		return "", false
	}
	s := c.site.secrets
	if _, ok := s.names["ssh_keys."+name]; ok || !s.known {
		return name, true
	}
	d := c.errorAt(codeSecretAbsent, k.At, "there is no key %q among the site's secrets", name)
	d.Label = "not below ssh_keys in secrets.yaml"
	d.Help = "add it there, or remove it here"
	if d.Range.File == nil || !d.Range.File.Secret {
		c.suggestAmong(d, name, "keys", func() []string { return s.below("ssh_keys.") })
	}
	return "", false
}
