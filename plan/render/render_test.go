package render

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/sebdah/goldie/v2"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
)

// mixed is a plan in which something of everything happens.
func mixed() *plan.Plan {
	change := func(a addr.Address, host string, vmid uint, kind string, act plan.Action, reason string) plan.Change {
		return plan.Change{Addr: a, Host: host, VMID: vmid, UUID: "00000000-0000-5000-8000-00000000000" + fmt.Sprint(vmid%10), Kind: kind, Action: act, Reason: reason}
	}
	root := change("shop/root-pve", "father", 99011, "pve", plan.Update, plan.ReasonDiffers)
	root.Attrs = []plan.Attr{{Name: "cores", From: "2", To: "4", Class: plan.Reboot}, {Name: "tags", From: "", To: "hs-shop", Class: plan.Live}}
	web := change("shop/root-pve/web", "shop/root-pve", 99021, "vm", plan.Create, plan.ReasonAbsent)
	web.Attrs = []plan.Attr{{Name: "cores", To: "2"}, {Name: "image", To: "debian-12"}, {Name: "memory", To: "2048"}, {Name: "scsi0.size", To: "10737418240"}}
	db := change("shop/db", "father", 99031, "vm", plan.Delete, plan.ReasonRemoved)
	db.Stake = []string{"local-lvm:vm-99031-disk-0", "local-lvm:vm-99031-disk-1"}
	return &plan.Plan{
		Program: plan.Program{
			Format: 1, Goal: plan.GoalReconcile, SiteID: "5b4c", Manifest: "shop", OnError: "stop",
			Hosts: []plan.Host{{Name: "father", Node: "pve1", Fingerprint: "AA:BB", IOWidth: 4}, {Name: "shop/root-pve", Parent: "shop/root-pve", Node: "root-pve", IOWidth: 4}},
			Changes: []plan.Change{
				root, web, change("shop/mail", "father", 99041, "vm", plan.None, plan.ReasonPresent), db,
			},
			Steps: []plan.Step{
				{ID: "aaaaaaaa", Addr: "shop/root-pve", Host: "father", Op: plan.GuestConfigure, Phase: plan.PhaseCreate, Executor: "driver", Reason: "differs",
					Args: []plan.Arg{{Name: "cores", Value: plan.Value{Text: "4"}}, {Name: "description", Value: plan.Value{Late: &plan.Late{Kind: plan.LateMarker, Of: "shop/root-pve"}}}}, Deadline: 60},
				{ID: "bbbbbbbb", Addr: "shop/root-pve", Host: "father", Op: plan.GuestReboot, Phase: plan.PhaseCreate, Executor: "driver", Reason: "differs",
					Args: []plan.Arg{{Name: "keys", Value: plan.Value{List: []string{"cores"}}}}, After: []plan.StepID{"aaaaaaaa"}, Risk: plan.Downtime, Deadline: 60},
				{ID: "cccccccc", Host: "shop/root-pve", Op: plan.ImageFetch, Phase: plan.PhaseCreate, Executor: "driver", Reason: "absent", After: []plan.StepID{"bbbbbbbb"}, Deadline: 60},
				{ID: "dddddddd", Addr: "shop/db", Host: "father", Op: plan.GuestDelete, Phase: plan.PhaseDestroy, Executor: "driver", Reason: "removed", Risk: plan.DataLoss, Deadline: 60},
			},
		},
		Notes: plan.Notes{Tool: "homestak devel", Findings: []plan.Finding{{Code: "HS0701", Level: "warning", Addr: "shop/root-pve/web", Message: "image debian-12 is not pinned"}}},
	}
}

// reasons has one node for each reason there is.
func reasons() *plan.Plan {
	p := &plan.Plan{Program: plan.Program{
		Format: 1, Goal: plan.GoalDestroy, Manifest: "shop", OnError: "stop", Hosts: []plan.Host{{Name: "father", Node: "father", IOWidth: 4}},
	}}
	for i, c := range []struct {
		action plan.Action
		reason string
	}{
		{plan.None, plan.ReasonAbsent}, {plan.None, plan.ReasonPresent}, {plan.Update, plan.ReasonDiffers}, {plan.Update, plan.ReasonUnfinished},
		{plan.Update, plan.ReasonStopped}, {plan.Update, plan.ReasonSpec}, {plan.Delete, plan.ReasonGoal}, {plan.Delete, plan.ReasonRemoved},
		{plan.Replace, plan.ReasonReplaced}, {plan.Delete, plan.ReasonParent}, {plan.Update, plan.ReasonParent}, {plan.Update, plan.ReasonTested},
		{plan.Create, plan.ReasonAbsent}, {plan.Delete, plan.ReasonLeftover},
	} {
		p.Program.Changes = append(p.Program.Changes, plan.Change{
			Addr: addr.Address(fmt.Sprintf("shop/n%02d", i)), Host: "father", VMID: uint(9000 + i), Kind: "vm", Action: c.action, Reason: c.reason,
		})
	}
	return p
}

func empty() *plan.Plan {
	return &plan.Plan{Program: plan.Program{Format: 1, Goal: plan.GoalCreate, Manifest: "shop", OnError: "stop"}}
}

func TestRenderings(t *testing.T) {
	g := goldie.New(t, goldie.WithFixtureDir("testdata"), goldie.WithNameSuffix(""))
	text := func(p *plan.Plan, o TextOptions) []byte {
		var b bytes.Buffer
		if err := Text(&b, p, o); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	g.Assert(t, "mixed.txt", text(mixed(), TextOptions{}))
	g.Assert(t, "mixed-verbose.txt", text(mixed(), TextOptions{Verbose: true, ASCII: true}))
	g.Assert(t, "mixed-color.txt", text(mixed(), TextOptions{Color: true}))
	g.Assert(t, "reasons.txt", text(reasons(), TextOptions{}))
	g.Assert(t, "empty.txt", text(empty(), TextOptions{}))
	g.Assert(t, "mixed.md", []byte(Markdown(mixed())))
	g.Assert(t, "mixed.mermaid", []byte(Mermaid(&mixed().Program)))
	g.Assert(t, "mixed.dot", []byte(DOT(&mixed().Program)))
	var asm bytes.Buffer
	if err := Asm(&asm, &mixed().Program); err != nil {
		t.Fatal(err)
	}
	g.Assert(t, "mixed.asm", asm.Bytes())
}

// However much there is to say, a comment fits, and keeps what matters: the
// marker, the headline, the digest and the command to apply.
func TestMarkdownFits(t *testing.T) {
	for _, n := range []int{1, 60, 600, 6000} {
		p := mixed()
		for i := range n {
			c := p.Program.Changes[1]
			c.Addr = addr.Address(fmt.Sprintf("shop/root-pve/%s-%d", strings.Repeat("n", 50), i))
			p.Program.Changes = append(p.Program.Changes, c)
			p.Program.Steps = append(p.Program.Steps, p.Program.Steps[0])
		}
		s := Markdown(p)
		if len(s) > MaxMarkdown {
			t.Errorf("%d nodes: %d bytes", n, len(s))
		}
		for _, want := range []string{"<!-- homestak-plan shop -->", Headline(&p.Program), "sha256:" + p.Program.Digest(), "homestak apply"} {
			if !strings.Contains(s, want) {
				t.Errorf("%d nodes: no %q", n, want)
			}
		}
	}
}

// Names come from users; none may break out of a comment.
func TestMarkdownIsSafe(t *testing.T) {
	p := mixed()
	p.Notes.Findings[0].Message = "<img src=x> | `x` **bold** @everyone"
	p.Program.Changes[1].Attrs[0].To = "</td><script>alert(1)</script>"
	s := Markdown(p)
	for _, bad := range []string{"<img", "<script", " @everyone", "**bold**"} {
		if strings.Contains(s, bad) {
			t.Errorf("contains %q", bad)
		}
	}
}
