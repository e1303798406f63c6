package render

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/plan"
)

// Whatever a program says, its assembly form says the same.
func TestAsmParsesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyProgram(t)
		var text bytes.Buffer
		if err := Asm(&text, p); err != nil {
			t.Fatal(err)
		}
		back, err := ParseAsm(source.NewFile("plan.asm", text.Bytes()))
		if err != nil {
			t.Fatalf("%v\n%s", err, text.Bytes())
		}
		if d := cmp.Diff(p, back, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("%s\n%s", d, text.Bytes())
		}
	})
}

func TestParseAsmComplains(t *testing.T) {
	for _, c := range []struct{ in, want, at string }{
		{"", "it is empty", ""},
		{"host \"lab\"\n", "starts with one \"plan\" statement", "x:1:1"},
		{"plan 1 build \"m\"\n", "\"build\" is no goal", "x:1:1"},
		{"plan 1 test \"m\"\nstep 01 Guest.Fly a/b phase=create deadline=1\n", "\"Guest.Fly\" is no op", "x:2:1"},
		{"plan 1 test \"m\"\nbogus\n", "unknown statement \"bogus\"", "x:2:1"},
		{"plan 1 test \"m\"\nstep 01 Guest.Start a/b phase=create deadline=1 {\n  arg \"a\" \"b\" \"c\"\n}\n", "an argument is", "x:3:3"},
		{"plan 1 test \"m\"\nstep 01 \"unclosed\n", "not the assembly form", "x:2:9"},
	} {
		_, err := ParseAsm(source.NewFile("x", []byte(c.in)))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), c.at) {
			t.Errorf("%q: %v; want %q at %q", c.in, err, c.want, c.at)
		}
	}
}

func anyProgram(t *rapid.T) *plan.Program {
	list := func(name string, n int) int { return rapid.IntRange(0, n).Draw(t, name) }
	p := &plan.Program{
		Format: 1, Goal: plan.Goal(rapid.IntRange(1, 4).Draw(t, "goal")), SiteID: word1(t), Manifest: anyText(t),
		Partial: rapid.SampledFrom([]string{"", "web-*", `tag="a b" or not under(c)`}).Draw(t, "partial"), OnError: "stop",
	}
	for range list("hosts", 3) {
		p.Hosts = append(p.Hosts, plan.Host{Name: anyText(t), Parent: addr.Address(anyText(t)), Cluster: anyText(t), Node: anyText(t), Fingerprint: anyText(t), IOWidth: 4})
	}
	for range list("changes", 3) {
		c := plan.Change{Addr: anyAddr(t), Host: anyText(t), VMID: 7, UUID: anyText(t), Kind: "vm", Action: plan.Action(rapid.IntRange(0, 8).Draw(t, "action")), Reason: plan.ReasonAbsent}
		if rapid.Bool().Draw(t, "renamed") {
			c.Was = anyAddr(t)
		}
		for range list("attrs", 2) {
			c.Attrs = append(c.Attrs, plan.Attr{Name: anyText(t), From: anyText(t), To: anyText(t), Class: plan.Class(rapid.IntRange(0, 3).Draw(t, "class"))})
		}
		for range list("stake", 2) {
			c.Stake = append(c.Stake, anyText(t))
		}
		p.Changes = append(p.Changes, c)
	}
	for range list("steps", 4) {
		p.Steps = append(p.Steps, anyStep(t))
	}
	for range list("undo", 2) {
		p.Undo = append(p.Undo, anyStep(t))
	}
	for range list("programs", 2) {
		data := rapid.SliceOf(rapid.Byte()).Draw(t, "data")
		p.Programs = append(p.Programs, plan.NodeProgram{Digest: hex.EncodeToString([]byte("digest")), Data: data})
	}
	for range list("secrets", 2) {
		p.Secrets = append(p.Secrets, plan.SecretRef{Name: anyText(t), Digest: anyText(t)})
	}
	return p
}

func anyStep(t *rapid.T) plan.Step {
	id := func() plan.StepID { return plan.StepID(rapid.StringMatching(`[0-9a-f]{8}`).Draw(t, "id")) }
	s := plan.Step{
		ID: id(), Addr: anyAddr(t), Host: anyText(t), Op: plan.Op(rapid.IntRange(1, 17).Draw(t, "op")), Phase: plan.Phase(rapid.IntRange(1, 4).Draw(t, "phase")),
		Mode: rapid.SampledFrom([]string{"", "push"}).Draw(t, "mode"), Executor: "driver", Reason: anyText(t), Risk: plan.Risk(rapid.IntRange(0, 2).Draw(t, "risk")),
		Deadline: rapid.UintRange(0, 1<<40).Draw(t, "deadline"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "args") {
		v := plan.Value{Text: anyText(t)}
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 1:
			v = plan.Value{List: []string{anyText(t), anyText(t)}}
		case 2:
			v = plan.Value{Late: &plan.Late{Kind: plan.LateKind(rapid.IntRange(1, 10).Draw(t, "late")), Of: anyText(t), Step: id()}}
		}
		s.Args = append(s.Args, plan.Arg{Name: anyText(t), Value: v})
	}
	for range rapid.IntRange(0, 2).Draw(t, "after") {
		s.After, s.Undo = append(s.After, id()), append(s.Undo, id())
	}
	for range rapid.IntRange(0, 2).Draw(t, "guards") {
		g := plan.Guard{Kind: plan.GuardKind(rapid.IntRange(1, 5).Draw(t, "guard")), VMID: 5, UUID: anyText(t)}
		for range rapid.IntRange(0, 2).Draw(t, "expect") {
			g.Expect = append(g.Expect, plan.KV{Key: anyText(t), Value: anyText(t)})
		}
		s.Guards = append(s.Guards, g)
		s.Locks = append(s.Locks, plan.Lock{Kind: plan.LockKind(rapid.IntRange(1, 4).Draw(t, "lock")), Of: anyText(t)})
	}
	return s
}

// anyText is valid UTF-8, as everything in a plan is, with quotes, control
// characters and words of the assembly form among it.
func anyText(t *rapid.T) string {
	return rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "list", "late", "{", "a=b", "# no comment", "\"", "\n", "\\", "ü€"})).Draw(t, "text")
}

func word1(t *rapid.T) string { return rapid.StringMatching(`[a-z-]{1,9}`).Draw(t, "word") }

func anyAddr(t *rapid.T) addr.Address {
	return rapid.SampledFrom([]addr.Address{"", "m/a", "m/a/b"}).Draw(t, "addr")
}
