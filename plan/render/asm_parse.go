package render

import (
	"encoding/hex"
	"errors"
	"strconv"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/plan"
)

const codeAsm diag.Code = "HS0640"

// The concrete syntax is one recursive statement; what the words mean is
// decided below, where a position is at hand for the complaint. Tokens are named,
// not quoted: a literal would match the same text inside a string, too.
type asmFile struct {
	Stmts []*stmt `parser:"EOL* @@*"`
}

type stmt struct {
	Pos   lexer.Position
	Key   string  `parser:"@Word"`
	Items []*item `parser:"@@*"`
	Block []*stmt `parser:"( Open EOL+ @@* Close )? EOL+"`
}

type item struct {
	Name   string  `parser:"( @Word Equals )?"`
	Quoted *string `parser:"( @String"`
	Word   string  `parser:"| @Word )"`
}

func (it *item) text() string {
	if it.Quoted != nil {
		return *it.Quoted
	}
	return it.Word
}

// asmParser builds the parser; it is cheap enough to be made per call and so
// needs no package state.
func asmParser() *participle.Parser[asmFile] {
	lex := lexer.MustSimple([]lexer.SimpleRule{
		{Name: "Comment", Pattern: `#[^\n]*`},
		{Name: "EOL", Pattern: `\r?\n[\s]*`},
		{Name: "Space", Pattern: `[ \t]+`},
		{Name: "String", Pattern: `"(?:\\.|[^"\\\n])*"`},
		{Name: "Word", Pattern: `[A-Za-z0-9_.:/-]+`},
		{Name: "Equals", Pattern: `=`},
		{Name: "Open", Pattern: `\{`},
		{Name: "Close", Pattern: `\}`},
	})
	return participle.MustBuild[asmFile](participle.Lexer(lex), participle.Elide("Comment", "Space"),
		participle.Unquote("String"), participle.UseLookahead(2))
}

// ParseAsm reads the assembly form. The error is a *diag.Diagnostic with a
// position. The result is what Asm was given; whether it is a sound plan is
// decided by plan.Encode.
func ParseAsm(f *source.File) (*plan.Program, error) {
	tree, err := asmParser().ParseBytes(f.Name, append(f.Text[:len(f.Text):len(f.Text)], '\n'))
	if err != nil {
		d := codeAsm.Errorf("this is not the assembly form of a plan")
		d.Help = "write it with `homestak show --format asm`"
		var perr participle.Error
		if errors.As(err, &perr) {
			d.Label = perr.Message()
			d.Range = source.Span(f, perr.Position().Offset, perr.Position().Offset+1)
		}
		return nil, d
	}
	r := &asmReader{file: f}
	p := r.program(tree)
	if r.err != nil {
		return nil, r.err
	}
	return p, nil
}

// asmReader gives statements their meaning; it keeps the first complaint.
type asmReader struct {
	file *source.File
	err  *diag.Diagnostic
}

func (r *asmReader) fail(s *stmt, format string, args ...any) {
	if r.err != nil {
		return
	}
	r.err = codeAsm.Errorf(format, args...)
	r.err.Range = source.Span(r.file, s.Pos.Offset, s.Pos.Offset+len(s.Key))
	r.err.Help = "compare with the output of `homestak show --format asm`"
}

// bare is the n-th item without a name, "" when there are fewer.
func (s *stmt) bare(n int) string {
	for _, it := range s.Items {
		if it.Name != "" {
			continue
		}
		if n == 0 {
			return it.text()
		}
		n--
	}
	return ""
}

func (s *stmt) bares() []*item {
	var out []*item
	for _, it := range s.Items {
		if it.Name == "" {
			out = append(out, it)
		}
	}
	return out
}

func (s *stmt) get(name string) string {
	for _, it := range s.Items {
		if it.Name == name {
			return it.text()
		}
	}
	return ""
}

func (r *asmReader) num(s *stmt, text string) uint {
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		r.fail(s, "%q is not a number", text)
	}
	return uint(n)
}

// enum reads a member of a closed set.
func enum[T any](r *asmReader, s *stmt, what, text string, parse func(string) (T, bool)) T {
	v, ok := parse(text)
	if !ok {
		r.fail(s, "%q is no %s", text, what)
	}
	return v
}

func (r *asmReader) program(tree *asmFile) *plan.Program {
	p := &plan.Program{}
	for i, s := range tree.Stmts {
		if (s.Key == "plan") != (i == 0) {
			r.fail(s, "a plan starts with one \"plan\" statement")
			return nil
		}
		switch s.Key {
		case "plan":
			p.Format = r.num(s, s.bare(0))
			p.Goal = enum(r, s, "goal", s.bare(1), plan.ParseGoal)
			p.Manifest, p.Partial = s.bare(2), s.get("partial")
			p.SiteID, p.OnError = s.get("site"), s.get("on_error")
		case "host":
			p.Hosts = append(p.Hosts, plan.Host{
				Name: s.bare(0), Parent: addr.Address(s.get("parent")), Cluster: s.get("cluster"), Node: s.get("node"),
				Fingerprint: s.get("fingerprint"), IOWidth: r.num(s, s.get("io")),
			})
		case "change":
			p.Changes = append(p.Changes, r.change(s))
		case "step":
			p.Steps = append(p.Steps, r.step(s))
		case "undo":
			p.Undo = append(p.Undo, r.step(s))
		case "program":
			data, err := hex.DecodeString(s.bare(1))
			if err != nil {
				r.fail(s, "the program's bytes are not hexadecimal")
			}
			p.Programs = append(p.Programs, plan.NodeProgram{Digest: s.bare(0), Data: data})
		case "secret":
			p.Secrets = append(p.Secrets, plan.SecretRef{Name: s.bare(0), Digest: s.get("digest")})
		default:
			r.fail(s, "unknown statement %q", s.Key)
		}
	}
	if len(tree.Stmts) == 0 {
		r.err = codeAsm.Errorf("this is not the assembly form of a plan: it is empty")
	}
	return p
}

func (r *asmReader) change(s *stmt) plan.Change {
	c := plan.Change{
		Addr: addr.Address(s.bare(0)), Action: enum(r, s, "action", s.bare(1), plan.ParseAction), Reason: s.bare(2),
		Host: s.get("host"), VMID: r.num(s, s.get("vmid")), UUID: s.get("uuid"), Kind: s.get("kind"),
		Was: addr.Address(s.get("was")),
	}
	for _, b := range s.Block {
		switch b.Key {
		case "attr":
			c.Attrs = append(c.Attrs, plan.Attr{Name: b.bare(0), From: b.get("from"), To: b.get("to"), Class: enum(r, b, "class", b.bare(1), plan.ParseClass)})
		case "stake":
			c.Stake = append(c.Stake, b.bare(0))
		default:
			r.fail(b, "a change has no %q", b.Key)
		}
	}
	return c
}

func (r *asmReader) step(s *stmt) plan.Step {
	out := plan.Step{
		ID: plan.StepID(s.bare(0)), Op: enum(r, s, "op", s.bare(1), plan.ParseOp), Addr: addr.Address(s.bare(2)),
		Host: s.get("host"), Phase: enum(r, s, "phase", s.get("phase"), plan.ParsePhase), Mode: s.get("mode"),
		Executor: s.get("executor"), Reason: s.get("reason"), Deadline: r.num(s, s.get("deadline")),
	}
	if risk := s.get("risk"); risk != "" {
		out.Risk = enum(r, s, "risk", risk, plan.ParseRisk)
	}
	for _, b := range s.Block {
		switch b.Key {
		case "arg":
			out.Args = append(out.Args, plan.Arg{Name: b.bare(0), Value: r.value(b)})
		case "after":
			out.After = stepIDs(b)
		case "undo":
			out.Undo = stepIDs(b)
		case "guard":
			g := plan.Guard{Kind: enum(r, b, "guard", b.bare(0), plan.ParseGuardKind), VMID: r.num(b, b.get("vmid")), UUID: b.get("uuid")}
			for _, e := range b.Block {
				g.Expect = append(g.Expect, plan.KV{Key: e.bare(0), Value: e.bare(1)})
			}
			out.Guards = append(out.Guards, g)
		case "lock":
			out.Locks = append(out.Locks, plan.Lock{Kind: enum(r, b, "lock", b.bare(0), plan.ParseLockKind), Of: b.bare(1)})
		default:
			r.fail(b, "a step has no %q", b.Key)
		}
	}
	return out
}

// value reads the rest of an arg statement: a quoted text, or the bare word
// list or late with what follows.
func (r *asmReader) value(s *stmt) plan.Value {
	rest := s.bares()[min(1, len(s.bares())):]
	switch {
	case len(rest) == 1 && rest[0].Quoted != nil:
		return plan.Value{Text: rest[0].text()}
	case len(rest) >= 1 && rest[0].Word == "list":
		list := make([]string, len(rest)-1)
		for i, it := range rest[1:] {
			list[i] = it.text()
		}
		return plan.Value{List: list}
	case len(rest) == 3 && rest[0].Word == "late":
		return plan.Value{Late: &plan.Late{
			Kind: enum(r, s, "late value", rest[1].text(), plan.ParseLateKind), Of: rest[2].text(), Step: plan.StepID(s.get("step")),
		}}
	default:
		r.fail(s, "an argument is \"text\", list \"a\" \"b\", or late KIND \"of\"")
		return plan.Value{}
	}
}

func stepIDs(s *stmt) []plan.StepID {
	var out []plan.StepID
	for _, it := range s.bares() {
		out = append(out, plan.StepID(it.text()))
	}
	return out
}
