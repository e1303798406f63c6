package render

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/view"
)

// Asm writes the program section in the assembly form. Every statement is a
// line: a keyword, then words, "quoted texts" and name=value pairs, then an
// optional block. Comments start with #. ParseAsm gives the same program back.
//
//	plan 1 test "n2-push" site="…" on_error=stop
//	host "lab" node="pve1" cluster="" fingerprint="AA:…" io=64
//	change n2-push/edge create absent host="lab" vmid=99001 uuid="…" kind=vm {
//	  attr "cores" from="" to="2" live
//	}
//	step 3fa2c1d0 Guest.Start n2-push/edge host="lab" phase=create executor="driver" reason="absent" deadline=120 {
//	  arg "vmid" "99001"
//	  after 1b2c3d4e
//	  guard power vmid=99001 uuid="…"
//	  lock guest "lab/99001"
//	}
//	program <digest> "<hex>"
//	secret "ssh_keys.alice" digest="…"
func Asm(w io.Writer, p *plan.Program) error {
	a := &asm{w: bufio.NewWriter(w)}
	a.program(p)
	return a.w.Flush()
}

type asm struct{ w *bufio.Writer }

func (a *asm) line(parts ...string) {
	first := true
	for _, p := range parts {
		if p == "" {
			continue
		}
		if !first && strings.Trim(p, " ") != "" {
			a.w.WriteByte(' ')
		}
		a.w.WriteString(p)
		first = strings.Trim(p, " ") == ""
	}
	a.w.WriteByte('\n')
}

var bareWord = regexp.MustCompile(`^[A-Za-z0-9_.:/-]+$`)

// word quotes only what cannot stand bare.
func word(s string) string {
	if bareWord.MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}

func set(name, value string) string { return name + "=" + strconv.Quote(value) }

func setIf(name, value string) string {
	if value == "" {
		return ""
	}
	return set(name, value)
}

func num[T ~uint | ~int](name string, n T) string { return fmt.Sprintf("%s=%d", name, n) }

func (a *asm) program(p *plan.Program) {
	a.line("plan", strconv.Itoa(int(p.Format)), p.Goal.String(), strconv.Quote(p.Manifest), set("site", p.SiteID), "on_error="+word(p.OnError), setIf("partial", p.Partial))
	for _, h := range p.Hosts {
		a.line("host", strconv.Quote(h.Name), setIf("parent", string(h.Parent)), setIf("cluster", h.Cluster), set("node", h.Node),
			setIf("fingerprint", h.Fingerprint), num("io", h.IOWidth))
	}
	for i := range p.Changes {
		a.change(&p.Changes[i])
	}
	for i := range p.Steps {
		a.step("step", &p.Steps[i])
	}
	for i := range p.Undo {
		a.step("undo", &p.Undo[i])
	}
	for _, np := range p.Programs {
		a.nodeProgram(np)
	}
	for _, s := range p.Secrets {
		a.line("secret", strconv.Quote(s.Name), setIf("digest", s.Digest))
	}
}

func (a *asm) change(c *plan.Change) {
	open := ""
	if len(c.Attrs)+len(c.Stake) > 0 {
		open = "{"
	}
	a.line("change", word(string(c.Addr)), c.Action.String(), word(c.Reason), set("host", c.Host), num("vmid", c.VMID), set("uuid", c.UUID), "kind="+word(c.Kind),
		setIf("was", string(c.Was)), open)
	if open == "" {
		return
	}
	for _, t := range c.Attrs {
		a.line("  ", "attr", strconv.Quote(t.Name), setIf("from", t.From), setIf("to", t.To), t.Class.String())
	}
	for _, s := range c.Stake {
		a.line("  ", "stake", strconv.Quote(s))
	}
	a.line("}")
}

func (a *asm) step(keyword string, s *plan.Step) {
	risk := ""
	if s.Risk != plan.Safe {
		risk = "risk=" + s.Risk.String()
	}
	mode := ""
	if s.Mode != "" {
		mode = "mode=" + word(s.Mode)
	}
	a.line(keyword, string(s.ID), s.Op.String(), word(string(s.Addr)), set("host", s.Host), "phase="+s.Phase.String(), mode,
		set("executor", s.Executor), set("reason", s.Reason), risk, num("deadline", s.Deadline), "{")
	for _, arg := range s.Args {
		a.line("  ", "arg", strconv.Quote(arg.Name), asmValue(arg.Value))
	}
	a.ids("after", s.After)
	for _, g := range s.Guards {
		a.guard(g)
	}
	for _, l := range s.Locks {
		a.line("  ", "lock", l.Kind.String(), strconv.Quote(l.Of))
	}
	a.ids("undo", s.Undo)
	a.line("}")
}

func asmValue(v plan.Value) string {
	switch {
	case v.Late != nil:
		return "late " + v.Late.Kind.String() + " " + strconv.Quote(v.Late.Of) + step(v.Late.Step)
	case v.List != nil:
		quoted := make([]string, len(v.List))
		for i, item := range v.List {
			quoted[i] = " " + strconv.Quote(item)
		}
		return "list" + strings.Join(quoted, "")
	default:
		return strconv.Quote(v.Text)
	}
}

func step(id plan.StepID) string {
	if id == "" {
		return ""
	}
	return " step=" + string(id)
}

func (a *asm) ids(keyword string, ids []plan.StepID) {
	if len(ids) == 0 {
		return
	}
	parts := []string{"  ", keyword}
	for _, id := range ids {
		parts = append(parts, string(id))
	}
	a.line(parts...)
}

func (a *asm) guard(g plan.Guard) {
	vmid, open := "", ""
	if g.VMID != 0 {
		vmid = num("vmid", g.VMID)
	}
	if len(g.Expect) > 0 {
		open = "{"
	}
	a.line("  ", "guard", g.Kind.String(), vmid, setIf("uuid", g.UUID), open)
	if open == "" {
		return
	}
	for _, kv := range g.Expect {
		a.line("    ", "expect", strconv.Quote(kv.Key), strconv.Quote(kv.Value))
	}
	a.line("  }")
}

// nodeProgram writes the bytes, and as comments what they say.
func (a *asm) nodeProgram(np plan.NodeProgram) {
	if v, err := view.ProgramOf(np); err == nil {
		for _, r := range v.Resources {
			a.line("#", r.Name+": "+r.Wish)
		}
	}
	a.line("program", np.Digest, strconv.Quote(hex.EncodeToString(np.Data)))
}
