package compiler

import (
	"fmt"
	"strings"

	"github.com/homestak/homestak/lang/diag"
)

const (
	codeSecretAbsent  diag.Code = "HS0551"
	codeUserTwice     diag.Code = "HS0417"
	codeReservedUser  diag.Code = "HS0418"
	codeServiceBoth   diag.Code = "HS0419"
	codeServiceNeeded diag.Code = "HS0420"
	driverUser                  = "homestak-driver" // the account the driver logs in with
)

// checkSpec reports what contradicts itself in a spec with its posture.
func (c *compilation) checkSpec(s *specEffect, p *postureDecl) {
	c.checkUsers(s.decl)
	c.checkServices(s, p)
	if t := s.decl.trigger; t.ok() && t.V != "manual" {
		d := c.warnAt(codeNotYet, t.At, "run.trigger %s is not supported in this version", t.V)
		d.Label = "nodes converge when you run homestak"
	}
}

func (c *compilation) checkUsers(decl *specDecl) {
	first := map[string]opt[string]{}
	for i := range decl.users {
		name := decl.users[i].name
		if name.V == driverUser {
			d := c.errorAt(codeReservedUser, name.At, "user %q is homestak's own", driverUser)
			d.Label = "it is on every node, and logs in by certificate only"
			d.Help = "choose another name"
		}
		if old, twice := first[name.V]; twice {
			d := c.errorAt(codeUserTwice, name.At, "user %q is there twice", name.V)
			d.Notes = []diag.Note{{Text: "first named here", Range: old.At}}
			continue
		}
		first[name.V] = name
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
			d.Notes = []diag.Note{{Text: "enabled here", Range: on.At}}
		}
		if why := needed[unitName(off.V)]; why != "" {
			c.errorAt(codeServiceNeeded, off.At, "service %q cannot be disabled", off.V).Label = why
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
