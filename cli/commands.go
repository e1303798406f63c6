package cli

import (
	"fmt"
	"strings"
)

// group is a heading of the overview with its verbs.
type group struct {
	title    string
	commands []command
}

// groups is every verb, in the order people meet them.
func groups() []group {
	return []group{
		{"start", []command{initCommand(), labCommand(), secretsCommand(), hostCommand()}},
		{"write", []command{fmtCommand(), convertCommand(), validateCommand(), explainCommand(), schemaCommand(), lspCommand(), docCommand(), whyCommand(), evalCommand()}},
		{"plan", []command{planCommand(), showCommand(), diffCommand(), factsCommand(), importCommand(), statusCommand(), driftCommand(), permsCommand()}},
		{"act", []command{applyCommand(), createCommand(), destroyCommand(), testCommand(), lockCommand()}},
		{"other", []command{configCommand(), completionCommand(), versionCommand()}},
	}
}

func commands() []command {
	var all []command
	for _, g := range groups() {
		all = append(all, g.commands...)
	}
	return all
}

// laterVerbs are part of the design and not of this version, so that asking
// for one gets an honest answer.
func laterVerbs() map[string]string {
	return map[string]string{
		"graph": "use plan --format mermaid", "policy": "plan rules",
		"simulate": "a rehearsal on a copy", "sign": "plan signatures", "verify": "plan signatures",
		"serve": "the spec server",
		"agent": "the node's agent", "spec": "spec get", "job": "run phase", "exec": "run phase",
		"token": "tokens", "ca": "the site's CA", "ci": "CI comments",
	}
}

func overview() string {
	var b strings.Builder
	b.WriteString(`homestak compiles a manifest into a plan, lets people review it, and applies
exactly that plan to Proxmox VE hosts.

usage: homestak COMMAND [ARGUMENTS]

`)
	for _, g := range groups() {
		for i, c := range g.commands {
			title := ""
			if i == 0 {
				title = g.title
			}
			fmt.Fprintf(&b, "  %-7s %-11s %s\n", title, c.name, c.short)
		}
	}
	b.WriteString(`
A first look, with no hardware:   homestak test -M NAME -H lab
More on a command:                homestak help COMMAND
`)
	return b.String()
}

func (c command) help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: homestak %s %s\n\n%s\n", c.name, c.args, strings.TrimSpace(c.long))
	f := newFlags(c.name)
	c.setup(f)
	if f.HasFlags() {
		fmt.Fprintf(&b, "\nflags:\n%s", f.FlagUsagesWrapped(90))
	}
	return b.String()
}
