package build_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/unit"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
)

const site = "0b9c1a52-3a54-4d6e-8a4e-2f0f3b6c9d10"

func val[T any](v T) ir.Value[T] { return ir.Value[T]{V: v} }

// deployment makes an IR from lines: a path below the manifest "m", then words:
// pve, ct, pull, hybrid, protect, onboot, host=, vmid=, cores=, disk=, vlan=,
// mac=, ip=, dns=, domain=, gateway=, pool=, tags=, package=, needs=a[:created], peers=b.
func deployment(lines ...string) *ir.Deployment {
	d := &ir.Deployment{
		SiteID: site, Manifest: "m", VMIDs: ir.VMIDRange{First: 9000, Last: 999_999},
		Settings: ir.Settings{OnError: val("stop"), Verify: val(true), Parallelism: val(8)},
	}
	sum := strings.Repeat("0123456789abcdef", 4)
	for _, name := range []string{"debian-12", "debian-12-standard", "debian-13-pve"} {
		d.Images = append(d.Images, ir.Image{
			Name: name, Source: val("builtin:" + name), Checksum: val("sha256:" + sum), MinDisk: val(2 * unit.GiB), Format: val("qcow2"),
		})
	}
	index := map[string]int{}
	for _, line := range lines {
		words := strings.Fields(line)
		index[words[0]] = len(d.Nodes)
		n := ir.Node{
			Address: addr.Address("m/" + words[0]), Type: val(ir.VM), Parent: -1, Spec: val("base"), Image: val("debian-12"),
			Cores: val(2), Memory: val(2 * unit.GiB), Disk: val(10 * unit.GiB),
			Becomes: ir.Spec{
				Timezone: val("Etc/UTC"), Users: []ir.User{{Name: val("homestak"), Sudo: val(true), Keys: []ir.Value[string]{val("alice")}}},
				SSH:          ir.SSH{Port: val(22), PermitRootLogin: val("prohibit-password"), PasswordAuthentication: val("no")},
				RootPassword: val("passwords.vm_root"),
			},
		}
		n.Name = n.Address.Name()
		n.Network.Bridge, n.Network.IP = val("vmbr0"), val("dhcp")
		for i := range n.Modes {
			n.Modes[i] = val(ir.Push)
		}
		for _, w := range words[1:] {
			setWord(&n, w)
		}
		d.Nodes = append(d.Nodes, n)
	}
	for i := range d.Nodes {
		if p := d.Nodes[i].Address.Parent(); p != "" {
			parent := index[strings.TrimPrefix(string(p), "m/")]
			d.Nodes[i].Parent = parent
			d.Edges = append(d.Edges, ir.Edge{Kind: ir.ParentOf, From: parent, To: i})
		}
	}
	for i, line := range lines {
		for _, w := range strings.Fields(line)[1:] {
			key, value, _ := strings.Cut(w, "=")
			to, until, _ := strings.Cut(value, ":")
			switch key {
			case "needs":
				d.Edges = append(d.Edges, ir.Edge{Kind: ir.DependsOn, From: i, To: index[to], Until: cmp.Or(until, "ready")})
			case "peers":
				d.Edges = append(d.Edges, ir.Edge{Kind: ir.PeerOf, From: min(i, index[to]), To: max(i, index[to])})
			}
		}
	}
	for i := range d.Images {
		if d.Images[i].Name == "debian-12-standard" {
			d.Images[i].Format = val("tar.zst")
		}
	}
	return d
}

func setWord(n *ir.Node, w string) {
	key, value, _ := strings.Cut(w, "=")
	number, _ := strconv.Atoi(value)
	switch key {
	case "pve":
		n.Type, n.Image, n.Spec, n.Becomes.PVE = val(ir.PVE), val("debian-13-pve"), val("pve"), &ir.PVEConfig{}
	case "ct":
		n.Type = val(ir.CT)
		extra(n).Container.Template, extra(n).Container.Unprivileged = val("debian-12-standard"), val(true)
	case "pull", "hybrid":
		n.Modes[ir.Config] = val(ir.Mode(key))
	case "protect":
		n.Protect = val(true)
	case "onboot":
		n.OnBoot = val(true)
	case "host":
		n.Host = val(value)
	case "vmid":
		n.VMID = val(number)
	case "cores":
		n.Cores = val(number)
	case "disk":
		n.Disk = val(unit.Size(number) * unit.GiB)
	case "vlan":
		n.Network.VLAN = val(number)
	case "bridge":
		n.Network.Bridge = val(value)
	case "mac":
		n.Network.MAC = val(value)
	case "dns":
		n.Network.DNS = val(strings.Split(value, ","))
	case "domain":
		n.Network.Domain = val(value)
	case "gateway":
		n.Network.Gateway = val(value)
	case "ip":
		n.Network.IP = val(value)
	case "pool":
		n.Pool = val(value)
	case "image":
		n.Image = val(value)
	case "tags":
		n.Tags = val(strings.Split(value, ","))
	case "package":
		n.Becomes.Packages = []ir.Value[string]{val(value)}
	case "needs", "peers":
	default:
		if !setExtra(n, key, value) {
			panic("unknown word " + w)
		}
	}
}

// world is an empty host "father" as a lab reports it.
func world() *plan.Facts {
	return &plan.Facts{Format: plan.FactsVersion, Hosts: []plan.HostFacts{{
		Name: "father", Presence: plan.Present, Node: "father", Version: "9.2.11/lab", Fingerprint: "AA:BB", IOWidth: 64,
		Storages: []plan.StorageFacts{
			{Name: "local", Type: "dir", Content: []string{"import", "iso", "vztmpl"}},
			{Name: "local-lvm", Type: "lvmthin", Content: []string{"images", "rootdir"}},
			{Name: "ssd", Type: "lvmthin", Content: []string{"images", "rootdir"}},
		},
		Bridges: []string{"vmbr0", "vmbr1"},
	}}}
}

var options = build.Options{
	DefaultHost: "father",
	Secrets:     []plan.SecretRef{{Name: "passwords.vm_root", Digest: "0a"}, {Name: "ssh_keys.alice", Digest: "0b"}, {Name: "unused", Digest: "0c"}},
}

// make plans, and fails the test on any error or on a plan that cannot be written.
func makePlan(t testing.TB, d *ir.Deployment, f *plan.Facts, goal plan.Goal) *plan.Plan {
	t.Helper()
	p, list := build.Plan(d, f, goal, options)
	if list.HasErrors() {
		t.Fatalf("no plan:\n%v", list)
	}
	data, err := plan.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	if q, err := plan.Decode(data); err != nil || q.Program.Digest() != p.Program.Digest() {
		t.Fatalf("the plan changes in a file: %v", err)
	}
	return p
}

// refused plans and wants exactly these errors.
func refused(t testing.TB, d *ir.Deployment, f *plan.Facts, goal plan.Goal, want ...diag.Code) diag.List {
	t.Helper()
	p, list := build.Plan(d, f, goal, options)
	var got []diag.Code
	for _, x := range list {
		if x.Severity == diag.Error {
			got = append(got, x.Code)
			if x.Help == "" {
				t.Errorf("%v says not what to do", x)
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("refused with %v, want %v:\n%v", got, want, list)
	}
	if (p == nil) != list.HasErrors() {
		t.Errorf("plan %v, errors %v", p != nil, list.HasErrors())
	}
	return list
}

// dump is a plan as text, for goldens.
func dump(p *plan.Plan) string {
	var b strings.Builder
	g := &p.Program
	fmt.Fprintf(&b, "goal %s on_error %s\n", g.Goal, g.OnError)
	for _, h := range g.Hosts {
		fmt.Fprintf(&b, "host %s node=%s parent=%s fingerprint=%s io=%d\n", h.Name, h.Node, h.Parent, h.Fingerprint, h.IOWidth)
	}
	for _, c := range g.Changes {
		fmt.Fprintf(&b, "change %s %s (%s) %s vmid=%d uuid=%s on %s\n", c.Action, c.Addr, c.Reason, c.Kind, c.VMID, c.UUID, c.Host)
		for _, a := range c.Attrs {
			fmt.Fprintf(&b, "    %s: %q -> %q (%s)\n", a.Name, short(a.From), short(a.To), a.Class)
		}
		for _, s := range c.Stake {
			fmt.Fprintf(&b, "    at stake: %s\n", s)
		}
	}
	names := map[plan.StepID]string{}
	count := map[string]int{}
	for _, list := range [][]plan.Step{g.Steps, g.Undo} {
		for _, s := range list {
			name := string(s.Addr) + " " + s.Op.String()
			count[name]++
			names[s.ID] = fmt.Sprintf("%s#%d", name, count[name])
		}
	}
	for i, list := range [][]plan.Step{g.Steps, g.Undo} {
		for _, s := range list {
			fmt.Fprintf(&b, "%s %s [%s] %s %s host=%s by=%s %s deadline=%d\n", []string{"step", "undo"}[i], names[s.ID], s.ID, s.Phase, s.Reason, s.Host, s.Executor, s.Risk, s.Deadline)
			if s.Mode != "" {
				fmt.Fprintf(&b, "    mode %s\n", s.Mode)
			}
			for _, a := range s.Args {
				text := a.Value.String()
				if l := a.Value.Late; l != nil {
					text = fmt.Sprintf("%s(%s) from %s", l.Kind, l.Of, names[l.Step])
				}
				fmt.Fprintf(&b, "    %s = %s\n", a.Name, short(text))
			}
			for _, id := range s.After {
				fmt.Fprintf(&b, "    after %s\n", names[id])
			}
			for _, guard := range s.Guards {
				fmt.Fprintf(&b, "    guard %s %d %v\n", guard.Kind, guard.VMID, guard.Expect)
			}
			for _, l := range s.Locks {
				fmt.Fprintf(&b, "    lock %s %s\n", l.Kind, l.Of)
			}
			for _, id := range s.Undo {
				fmt.Fprintf(&b, "    undone by %s\n", names[id])
			}
		}
	}
	for _, s := range g.Secrets {
		fmt.Fprintf(&b, "secret %s %s\n", s.Name, s.Digest)
	}
	for _, f := range p.Notes.Findings {
		fmt.Fprintf(&b, "finding %s %s %s: %s\n", f.Level, f.Code, f.Addr, f.Message)
	}
	return b.String()
}

// short cuts digests, so that goldens do not change with node programs.
func short(s string) string {
	if len(s) >= 64 && !strings.ContainsAny(s, " :") {
		return "<digest>"
	}
	return s
}
