package render

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/unit"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/view"
)

// TextOptions of the terminal rendering.
type TextOptions struct {
	Color   bool // ANSI colours
	ASCII   bool // no glyphs outside ASCII
	Verbose bool // every step and node program
}

// Text writes the plan for a terminal: a summary line, what destroys data, the
// tree of nodes by host, with Verbose the steps and node programs, then findings
// and the digest. A plan that changes nothing is one line and the digest.
func Text(w io.Writer, p *plan.Plan, o TextOptions) error {
	t := &text{w: bufio.NewWriter(w), o: o, p: &p.Program, sum: view.Summarize(&p.Program)}
	t.line(t.paint(bold, Headline(&p.Program)))
	if p.Program.Partial != "" {
		t.line("  selected: " + p.Program.Partial + t.paint(dim, ", with what that needs; everything else is left as it is"))
	}
	if t.sum.Changes() > 0 || t.sum.Steps > 0 {
		t.stakes()
		t.tree()
		if o.Verbose {
			t.steps()
			t.programs()
		}
	}
	t.findings(p.Notes.Findings)
	t.line("")
	t.line("digest sha256:" + p.Program.Digest())
	return t.w.Flush()
}

// Headline says in one line what a program does: "n2-push: 2 to create, 23 steps".
func Headline(p *plan.Program) string {
	s := view.Summarize(p)
	if s.Changes() == 0 && s.Steps == 0 {
		return p.Manifest + ": no changes" + partial(p)
	}
	var parts []string
	count := func(n int, verb string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, verb))
		}
	}
	count(s.Replace, "replace")
	count(s.Delete, "destroy")
	count(s.Create, "create")
	count(s.Update, "update")
	count(s.Move, "move")
	count(s.Adopt, "adopt")
	count(s.Rename, "rename")
	count(s.Forget, "forget")
	if s.Unchanged > 0 {
		parts = append(parts, fmt.Sprintf("%d unchanged", s.Unchanged))
	}
	parts = append(parts, plural(s.Steps, "step"))
	line := p.Manifest + ": " + strings.Join(parts, ", ")
	if p.Goal == plan.GoalTest {
		line += " (create, check, destroy again)"
	}
	return line + partial(p)
}

func partial(p *plan.Program) string {
	if p.Partial == "" {
		return ""
	}
	return " (partial plan)"
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

type text struct {
	w   *bufio.Writer
	o   TextOptions
	p   *plan.Program
	sum view.Summary
}

type style string

const (
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
)

func (t *text) paint(s style, text string) string {
	if !t.o.Color || s == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

func (t *text) line(s string) {
	t.w.WriteString(strings.TrimRight(s, " "))
	t.w.WriteByte('\n')
}

// glyph of an action: one column, in Unicode or ASCII.
func glyph(a plan.Action, ascii bool) (string, style) {
	switch a {
	case plan.Create:
		return "+", green
	case plan.Update:
		return "~", yellow
	case plan.Replace:
		if ascii {
			return "!", red
		}
		return "±", red
	case plan.Move:
		if ascii {
			return "m", yellow
		}
		return "⇄", yellow
	case plan.Adopt:
		return ">", green
	case plan.Rename:
		return "r", yellow
	case plan.Delete:
		return "-", red
	case plan.Forget:
		return ".", dim
	default:
		return " ", ""
	}
}

// stakes come before everything else: what cannot be undone. A test destroys
// only what it made, which is not at stake.
func (t *text) stakes() {
	first := true
	for _, c := range t.p.Changes {
		if len(c.Stake) == 0 {
			continue
		}
		if first {
			t.line("")
			t.line("  " + t.paint(red, "destroys data"))
			first = false
		}
		t.line(fmt.Sprintf("  - %s (vmid %d on %s): %s", c.Addr, c.VMID, c.Host, strings.Join(c.Stake, ", ")))
	}
}

// tree shows the changes below their hosts. A nested host's nodes stand,
// indented, below the node that is the host.
func (t *text) tree() {
	children := map[string][]*plan.Change{}
	for i := range t.p.Changes {
		c := &t.p.Changes[i]
		children[c.Host] = append(children[c.Host], c)
	}
	width := 0
	for i := range t.p.Changes {
		a := t.p.Changes[i].Addr
		width = max(width, 2*(a.Depth()-1)+utf8.RuneCountInString(a.Name()))
	}
	shown := map[addr.Address]bool{}
	for _, h := range t.p.Hosts {
		if h.Parent != "" {
			continue
		}
		t.line("")
		t.line("  " + t.paint(bold, h.Name) + t.paint(dim, hostNote(h)))
		t.branch(children, h.Name, 0, width, shown)
	}
	// What hangs on a host the plan does not list is shown all the same.
	for i := range t.p.Changes {
		if c := &t.p.Changes[i]; !shown[c.Addr] {
			t.node(c, 0, width)
		}
	}
}

func hostNote(h plan.Host) string {
	if h.Node == "" || h.Node == h.Name {
		return ""
	}
	return "  node " + h.Node
}

func (t *text) branch(children map[string][]*plan.Change, host string, depth, width int, shown map[addr.Address]bool) {
	for _, c := range children[host] {
		if shown[c.Addr] {
			continue
		}
		shown[c.Addr] = true
		t.node(c, depth, width)
		t.branch(children, string(c.Addr), depth+1, width, shown)
	}
}

func (t *text) node(c *plan.Change, depth, width int) {
	mark, st := glyph(c.Action, t.o.ASCII)
	indent := strings.Repeat("  ", depth)
	pad := strings.Repeat(" ", max(0, width-2*depth-utf8.RuneCountInString(c.Addr.Name())))
	head := fmt.Sprintf("  %s%s %s%s  %-3s %6d", indent, t.paint(st, mark), c.Addr.Name(), pad, c.Kind, c.VMID)
	if c.Action == plan.Create {
		t.line(head + "  " + t.paint(dim, createText(c, t.p.Goal)))
		return
	}
	t.line(head + "  " + t.paint(dim, reasonText(c, t.p.Goal)))
	for _, a := range c.Attrs {
		t.line(fmt.Sprintf("  %s    %s: %s %s %s%s", indent, a.Name, orNone(human(a.Name, a.From)), t.arrow(), orNone(human(a.Name, a.To)), classNote(a.Class)))
	}
}

// createText says in one line what a new node will be; everything else about
// it is in the steps.
func createText(c *plan.Change, goal plan.Goal) string {
	var parts []string
	for _, want := range []struct{ attr, noun string }{
		{"cores", "cores"}, {"memory", "memory"}, {"scsi0.size", "disk"}, {"rootfs.size", "disk"}, {"image", ""},
	} {
		for _, a := range c.Attrs {
			if a.Name == want.attr {
				parts = append(parts, strings.TrimSpace(human(a.Name, a.To)+" "+want.noun))
			}
		}
	}
	if len(parts) == 0 {
		return reasonText(c, goal)
	}
	return strings.Join(parts, ", ")
}

// human shows canonical quantities as people write them: memory is counted in
// MiB, sizes of disks in bytes.
func human(attr, value string) string {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n <= 0 {
		return value
	}
	switch {
	case attr == "memory" || attr == "balloon":
		return (unit.Size(n) * unit.MiB).String()
	case strings.HasSuffix(attr, ".size"):
		return unit.Size(n).String()
	}
	return value
}

func (t *text) arrow() string {
	if t.o.ASCII {
		return "->"
	}
	return "→"
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

func classNote(c plan.Class) string {
	if c == plan.Live {
		return ""
	}
	return " (" + c.String() + ")"
}

func (t *text) steps() {
	t.line("")
	t.line("  " + t.paint(bold, "steps"))
	number := map[plan.StepID]int{}
	for i := range t.p.Steps {
		number[t.p.Steps[i].ID] = i + 1
	}
	for i := range t.p.Steps {
		s := &t.p.Steps[i]
		line := fmt.Sprintf("  %4d  %s  %-15s %s", i+1, s.ID, s.Op, stepSubject(s))
		if after := numbers(s.After, number); after != "" {
			line += t.paint(dim, "  after "+after)
		}
		if s.Risk != plan.Safe {
			line += "  " + t.paint(red, s.Risk.String())
		}
		t.line(line)
	}
}

// programs spells out what the plan makes of each node, once for nodes that
// become the same.
func (t *text) programs() {
	for _, np := range t.p.Programs {
		v, err := view.ProgramOf(np)
		if err != nil {
			continue // plan.Decode has excluded it
		}
		t.line("")
		t.line(fmt.Sprintf("  %s %s  %s", t.paint(bold, "program of"), v.Node, t.paint(dim, np.Digest[:min(12, len(np.Digest))])))
		for _, r := range v.Resources {
			t.line("        " + r.Name + t.paint(dim, ": "+r.Wish))
		}
	}
}

func stepSubject(s *plan.Step) string {
	if s.Addr == "" {
		return "on " + s.Host
	}
	return string(s.Addr)
}

func numbers(ids []plan.StepID, number map[plan.StepID]int) string {
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = fmt.Sprint(number[id])
	}
	return strings.Join(parts, ", ")
}

func (t *text) findings(list []plan.Finding) {
	if len(list) == 0 {
		return
	}
	t.line("")
	for _, f := range list {
		where := ""
		if f.Addr != "" {
			where = f.Addr + ": "
		}
		t.line(fmt.Sprintf("  %s[%s]: %s%s", t.paint(yellow, f.Level), f.Code, where, f.Message))
	}
}
