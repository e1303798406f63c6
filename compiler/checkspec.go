package compiler

import (
	"fmt"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

const (
	codeSecretAbsent  diag.Code = "HS0551"
	codeUserTwice     diag.Code = "HS0417"
	codeReservedUser  diag.Code = "HS0418"
	codeServiceBoth   diag.Code = "HS0419"
	codeServiceNeeded diag.Code = "HS0420"
	codeSpecTooLarge  diag.Code = "HS0422"
	codeSudoUseless   diag.Code = "HS0423"
	driverUser                  = "homestak-driver" // the account the driver logs in with
)

// checkSpec reports what contradicts itself in a spec with its posture.
func (c *compilation) checkSpec(s *specEffect, p *postureDecl) {
	c.checkUsers(s.decl)
	c.checkProgram(s)
	c.checkServices(s, p)
	c.checkSudo(s, p)
}

// checkSudo: where sudo asks for a password, those who may use it cannot, because
// nothing gives them one. Root needs no sudo.
func (c *compilation) checkSudo(s *specEffect, p *postureDecl) {
	unknown := c.postures[s.posture.V] == nil // which was reported
	if s.common.SudoNoPassword.V || unknown || p.nopasswd.Bad {
		return
	}
	var names []string
	var at source.Range
	for i := range s.common.Users {
		u := &s.common.Users[i]
		if !u.Sudo.V || u.Name.V == "root" || u.Name.V == driverUser {
			continue
		}
		if len(names) == 0 {
			at = u.Sudo.From.Range
		}
		names = append(names, u.Name.V)
	}
	if len(names) == 0 {
		return
	}
	d := c.warnAt(codeSudoUseless, at, "sudo asks %s for a password, and homestak gives nobody one", enumerate(names))
	d.Label = fmt.Sprintf("posture %q wants a password for sudo", s.posture.V)
	d.Help = "use a posture with `sudo: {nopasswd: true}`, or leave sudo to root"
	if p.nopasswd.Set {
		d.Notes = []diag.Note{{Text: "sudo asks because of this", Range: p.nopasswd.At}}
	}
}

func (c *compilation) checkUsers(decl *specDecl) {
	first := map[string]opt[string]{}
	for i := range decl.users {
		name := decl.users[i].name
		c.reservedUser(name)
		if old, twice := first[name.V]; twice {
			d := c.errorAt(codeUserTwice, name.At, "user %q is there twice", name.V)
			d.Help = "make one of the two, with the keys of both"
			d.Notes = []diag.Note{{Text: "first named here", Range: old.At}}
			continue
		}
		first[name.V] = name
	}
}

// reservedUser refuses the account homestak itself uses.
func (f *findings) reservedUser(name opt[string]) {
	if !name.ok() || name.V != driverUser {
		return
	}
	d := f.errorAt(codeReservedUser, name.At, "user %q is homestak's own", driverUser)
	d.Label = "it is on every node, and logs in by certificate only"
	d.Help = "choose another name"
}

// The bounds of a node's program: its resources, the secrets it needs, its
// bytes.
const (
	maxResources = 4096
	maxValues    = 1024
	maxProgram   = 1 << 20
	maxUsers     = 1024
)

// checkProgram: what a node becomes has to fit into its program.
func (c *compilation) checkProgram(s *specEffect) {
	b := &s.common
	// The host name, its zone, sudo, sshd and the like, and an address 32 deep.
	resources, size := 16, 4096
	add := func(names []ir.Value[string]) {
		for i := range names {
			size += len(names[i].V) + 16
		}
	}
	for _, list := range [][]ir.Value[string]{b.Packages, b.ServicesEnable, b.ServicesDisable} {
		resources += len(list)
		add(list)
	}
	keys := map[string]bool{}
	for i := range b.Users {
		u := &b.Users[i]
		resources += 2
		size += 2 * (len(u.Name.V) + 16)
		add(u.Keys)
		for _, k := range u.Keys {
			size += len("ssh_keys.")
			keys[k.V] = true
		}
		if size > maxProgram {
			break
		}
	}
	if resources > maxResources || len(keys) >= maxValues || size > maxProgram {
		d := c.errorAt(codeSpecTooLarge, s.at, "spec %q is too much for one machine", s.name)
		d.Label = fmt.Sprintf("at most %d packages, services and accounts, %d keys, 1 MiB of names", maxResources-16, maxValues-1)
		d.Help = "split it into several specs"
	}
}

// checkServices finds units that should run and should not.
func (c *compilation) checkServices(s *specEffect, p *postureDecl) {
	enabled := map[string]opt[string]{}
	for _, on := range s.decl.enable {
		enabled[unitName(on.V)] = on
		c.checkFail2ban(s, p, on, false)
	}
	for _, off := range s.decl.disable {
		if on, both := enabled[unitName(off.V)]; both {
			d := c.errorAt(codeServiceBoth, off.At, "service %q is enabled and disabled", off.V)
			d.Help = "remove it from one of the two"
			d.Notes = []diag.Note{{Text: "enabled here", Range: on.At}}
		}
		if why := needed[unitName(off.V)]; why != "" {
			d := c.errorAt(codeServiceNeeded, off.At, "service %q cannot be disabled", off.V)
			d.Label, d.Help = why, "remove it"
		}
		c.checkFail2ban(s, p, off, true)
	}
}

// needed are the services homestak itself depends on, and why.
var needed = map[string]string{
	"ssh":              "the driver reaches the node through it",
	"sshd":             "the driver reaches the node through it",
	"ssh.socket":       "the driver reaches the node through it",
	"qemu-guest-agent": "the host learns the node's address from it",
}

// checkFail2ban: the posture alone decides about fail2ban.
func (c *compilation) checkFail2ban(s *specEffect, p *postureDecl, unit opt[string], off bool) {
	if unitName(unit.V) != "fail2ban" || s.common.Fail2ban.V != off {
		return
	}
	d := c.errorAt(codeServiceBoth, unit.At, "service %q is enabled and disabled", unit.V)
	d.Label = fmt.Sprintf("posture %q says otherwise", s.posture.V)
	if p.fail2ban.Set {
		d.Notes = []diag.Note{{Text: fmt.Sprintf("posture %q", s.posture.V), Range: p.fail2ban.At}}
	}
	d.Help = "leave fail2ban to the posture"
}

func unitName(s string) string { return strings.TrimSuffix(s, ".service") }
