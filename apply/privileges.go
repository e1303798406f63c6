package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/perm"
	"github.com/homestak/homestak/runtime/pve"
)

const codePrivilege diag.Code = "HS0690"

// heldBy asks a host what this site's token may do there.
func heldBy(ctx context.Context, api *pve.Client) (perm.Held, error) {
	list, err := api.Permissions(ctx)
	if err != nil {
		return nil, err
	}
	held := perm.Held{}
	for _, p := range list {
		privs := map[string]bool{}
		for _, name := range p.Privileges {
			privs[name] = slices.Contains(p.Below, name)
		}
		held[p.Path] = privs
	}
	return held, nil
}

// checkPrivileges finds every privilege that the plan needs on a site host and
// the token does not have. A host that is a node is driven with a token of its own
// root.
func (r *run) checkPrivileges(ctx context.Context, h *host, release perm.Release) (bad diag.List, err error) {
	held, err := heldBy(ctx, h.api)
	if err != nil {
		return nil, err
	}
	needs := perm.Plan(r.p, h.name, perm.World{Release: func(string) perm.Release { return release }})
	for _, g := range lackingBy(held.Missing(needs)) {
		bad = append(bad, g.diagnostic(h.name))
	}
	r.mu.Lock()
	r.held[h.name] = privileges{held, release}
	r.mu.Unlock()
	return bad, nil
}

// privileges is what preflight found out about a host's token.
type privileges struct {
	held    perm.Held
	release perm.Release
}

// lacking are the needs that lack the same privileges, wherever.
type lacking struct {
	privs []string
	needs []perm.Need
}

func lackingBy(missing []perm.Need) []lacking {
	var out []lacking
	for _, n := range missing {
		privs := n.Any[0].Privs
		i := slices.IndexFunc(out, func(l lacking) bool { return slices.Equal(l.privs, privs) })
		if i < 0 {
			out, i = append(out, lacking{privs: privs}), len(out)
		}
		out[i].needs = append(out[i].needs, n)
	}
	return out
}

// named is how many paths a message names before it counts.
const named = 8

func (l lacking) diagnostic(host string) *diag.Diagnostic {
	var paths, whys []string
	for _, n := range l.needs {
		if p := n.Any[0].Path; !slices.Contains(paths, p) {
			paths = append(paths, p)
		}
		if !slices.Contains(whys, n.For) {
			whys = append(whys, n.For)
		}
	}
	d := codePrivilege.Errorf("the API token of host %s lacks %s at %s", host, strings.Join(l.privs, ", "), some(paths))
	d.Label = "needed for " + some(whys)
	for _, g := range l.needs[0].Any[1:] {
		d.Notes = append(d.Notes, diag.Note{Text: "enough instead: " + g.String()})
	}
	d.Help = "`homestak perms PLAN` prints the roles the plan needs and the commands that grant them; grant them to the token, and to its user"
	return d
}

// some is a list that stays readable.
func some(list []string) string {
	if len(list) <= named {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:named], ", "), len(list)-named)
}

// checkDisks looks at the needs of a step that only the guest itself can tell, when
// the plan does not: which storage its disks are on.
func (in *inspection) checkDisks(ctx context.Context, t *task) *diag.Diagnostic {
	p, ok := in.held[t.s.Host]
	if !ok || t.n == nil || !asksForStorage(t.s) {
		return nil
	}
	h, err := in.fleet.host(ctx, t.s.Host)
	if err != nil {
		return nil // the step itself will say so
	}
	g, err := in.read(ctx, h, t.n.vmid)
	if err != nil || g == nil {
		return nil
	}
	needs, _ := perm.Step(t.s, perm.Place{
		Node: h.node, Release: p.release, Kind: g.Kind,
		Storage: func(_, slot string) string { return storageOf(g.raw, slot) },
	})
	for _, l := range lackingBy(p.held.Missing(needs)) {
		return l.diagnostic(h.name)
	}
	return nil
}

// asksForStorage reports whether what a step needs depends on where a disk is, and
// the step does not say.
func asksForStorage(s *plan.Step) bool {
	asked := false
	_, _ = perm.Step(s, perm.Place{Storage: func(string, string) string { asked = true; return "" }})
	return asked
}

// storageOf is the storage of a guest's disk, "" when the slot is empty.
func storageOf(raw []plan.KV, slot string) string {
	for _, kv := range raw {
		if kv.Key == slot {
			storage, _, _ := strings.Cut(kv.Value, ":")
			return storage
		}
	}
	return ""
}
