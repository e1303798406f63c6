package build

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/identity"
)

// uploadSeed brings the node's seed to its host. Its host key is made when the
// plan is applied.
func (s nodeSteps) uploadSeed(gates []int32) int32 {
	n := s.n
	step := s.step(plan.SeedUpload, quickDeadline, append(seedArgs(n),
		plan.Arg{Name: plan.ArgHostKey, Value: plan.Value{Late: &plan.Late{Kind: plan.LateHostKey, Of: string(n.Address)}}},
		text(plan.ArgHostname, hostname(n)), text(plan.ArgInstance, identity.Instance(n.uuid, n.incarnation)),
		text(plan.ArgMAC, n.mac), text(plan.ArgStorage, n.host.imports))...)
	step.Locks = s.copies[:1]
	at := s.add(step, "", gates...)
	undo := s.step(plan.SeedRemove, quickDeadline, text(plan.ArgWhat, plan.WhatUpload), text(plan.ArgStorage, n.host.imports),
		plan.Arg{Name: plan.ArgSeed, Value: s.b.drafts.from(plan.LateSeedName, string(n.Address), at)})
	undo.Phase = plan.PhaseDestroy
	s.b.drafts.addUndo(at, undo)
	return at
}

// seedArgs are those whose values the first boot fixes for good.
func seedArgs(n *node) []plan.Arg {
	args := []plan.Arg{
		list(plan.ArgDNS, n.Network.DNS.V...), text(plan.ArgDomain, n.Network.Domain.V),
		text(plan.ArgGateway, n.Network.Gateway.V), text(plan.ArgIP, seedIP(n)),
	}
	more := func(name string, items []string) {
		if len(items) > 0 {
			args = append(args, list(name, items...))
		}
	}
	extra := n.Extra()
	var networks, files []string
	for i := range extra.Interfaces {
		x := &extra.Interfaces[i]
		networks = append(networks, plan.SeedInterface{
			Name: "eth" + strconv.Itoa(x.Slot), MAC: n.macOf(x), IP: x.Network.IP.V, Gateway: x.Network.Gateway.V, DNS: x.Network.DNS.V,
		}.String())
	}
	for _, f := range extra.CloudInit.Files {
		files = append(files, plan.SeedFile{Mode: f.Mode.V, Owner: f.Owner.V, Path: f.Path.V, Content: f.Content.V}.String())
	}
	more(plan.ArgInterfaces, networks)
	more(plan.ArgPackages, extra.CloudInit.Packages.V)
	more(plan.ArgFiles, files)
	more(plan.ArgCommands, extra.CloudInit.Commands.V)
	return args
}

func seedIP(n *node) string { return cmp.Or(n.Network.IP.V, "dhcp") }

// seedMade is what the node's seed fixes.
func seedMade(n *node) []plan.KV {
	step := plan.Step{Args: seedArgs(n)}
	slices.SortFunc(step.Args, func(a, b plan.Arg) int { return cmp.Compare(a.Name, b.Name) })
	return step.Made()
}
