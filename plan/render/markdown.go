package render

import (
	"fmt"
	"html"
	"strings"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/view"
)

// MaxMarkdown is how long a Markdown rendering may be, in bytes: a pull request
// comment holds 65,536 characters, and the difference is left for what CI adds.
const MaxMarkdown = 60_000

// Markdown renders one comment for a pull request. It starts with a hidden
// marker that stays the same for a manifest, so that CI replaces its own
// comment. When there is too much to say, the least important parts go first:
// the arguments of steps, the steps, the graph, the tail of the table.
func Markdown(p *plan.Plan) string {
	for _, d := range []detail{{args: true, steps: true, graph: true, rows: 2000}, {steps: true, graph: true, rows: 1000}, {graph: true, rows: 400}, {rows: 200}, {rows: 50}, {rows: 10}} {
		if s := markdown(p, d); len(s) <= MaxMarkdown {
			return s
		}
	}
	return markdown(p, detail{})
}

// detail is what one degree of rendering shows.
type detail struct {
	args, steps, graph bool
	rows               int
}

// maxGraph is the number of nodes up to which a graph helps.
const maxGraph = 40

func markdown(p *plan.Plan, d detail) string {
	var b strings.Builder
	sum := view.Summarize(&p.Program)
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("<!-- homestak-plan %s -->", md(p.Program.Manifest))
	line("### homestak plan: %s", md(Headline(&p.Program)))
	line("")
	line("%s", badges(&p.Program, sum))
	line("")
	if len(p.Program.Changes) > 0 {
		changes(line, &p.Program, d)
	}
	for _, f := range p.Notes.Findings {
		line("> **%s %s** %s %s", md(f.Level), f.Code, code(f.Addr), md(f.Message))
	}
	if n := len(p.Program.Changes); d.graph && n > 1 && n <= maxGraph {
		line("\n```mermaid\n%s```\n", Mermaid(&p.Program))
	}
	if d.steps && len(p.Program.Steps) > 0 {
		stepsDetails(line, &p.Program, d)
	}
	line("digest %s", code("sha256:"+p.Program.Digest()))
	line("")
	line("```sh\nhomestak plan -M %s -o plan.bin%s%s\nhomestak apply plan.bin --expect sha256:%s\n```", p.Program.Manifest,
		goalFlag(p.Program.Goal), onlyFlag(p.Program.Partial), p.Program.Digest())
	notes(line, p.Notes)
	return b.String()
}

func goalFlag(g plan.Goal) string {
	if g == plan.GoalCreate {
		return ""
	}
	return " --goal " + g.String()
}

// onlyFlag repeats a partial plan's selector in the words of a shell.
func onlyFlag(selector string) string {
	if selector == "" {
		return ""
	}
	return " --only '" + strings.ReplaceAll(fence(brief(selector)), "'", `'\''`) + "'"
}

// brief cuts a selector that would crowd out the plan.
func brief(selector string) string {
	const most = 2000
	if len(selector) <= most {
		return selector
	}
	return strings.ToValidUTF8(selector[:most], "") + " …"
}

func badges(p *plan.Program, s view.Summary) string {
	var out []string
	stake, guests, inside := 0, 0, ""
	for i := range p.Changes {
		for _, s := range p.Changes[i].Stake {
			if s == plan.StakeUnseen {
				inside = ", and what is inside hosts that could not be asked"
			} else if strings.ContainsRune(s, ' ') && !plan.IsGuest(s) {
				continue // a snapshot, or a place in a backup job
			} else if stake++; plan.IsGuest(s) {
				guests++
			}
		}
	}
	switch {
	case guests > 0:
		out = append(out, fmt.Sprintf("🔴 **destroys data** (%s, and %s that are in no manifest%s)", plural(stake-guests, "volume"), plural(guests, "guest"), inside))
	case stake > 0, inside != "":
		out = append(out, fmt.Sprintf("🔴 **destroys data** (%s%s)", plural(stake, "volume"), inside))
	case s.Downtime > 0:
		out = append(out, "🟠 **downtime**")
	default:
		out = append(out, "🟢 nothing is destroyed")
	}
	if p.Partial != "" {
		out = append(out, "⚠️ partial plan of "+code(brief(p.Partial)))
	}
	return strings.Join(out, " · ")
}

func changes(line func(string, ...any), p *plan.Program, d detail) {
	line("| | node | kind | host | vmid | what |")
	line("|---|---|---|---|---|---|")
	shown := 0
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Action == plan.None {
			continue
		}
		if shown == d.rows {
			line("\n… and more: `homestak show` has them all.")
			break
		}
		shown++
		mark, _ := glyph(c.Action, false)
		line("| %s | %s | %s | %s | %d | %s |", md(mark), code(string(c.Addr)), c.Kind, code(c.Host), c.VMID, md(changeText(c, p.Goal)))
	}
	line("")
}

func changeText(c *plan.Change, goal plan.Goal) string {
	if c.Action == plan.Create {
		return createText(c, goal)
	}
	var parts []string
	for _, a := range c.Attrs {
		parts = append(parts, fmt.Sprintf("%s: %s → %s%s", a.Name, orNone(human(a.Name, a.From)), orNone(human(a.Name, a.To)), classNote(a.Class)))
	}
	for _, s := range c.Stake {
		parts = append(parts, "loses "+s)
	}
	if len(parts) == 0 {
		return reasonText(c, goal)
	}
	return strings.Join(parts, "; ")
}

func stepsDetails(line func(string, ...any), p *plan.Program, d detail) {
	line("<details><summary>%s</summary>\n", plural(len(p.Steps), "step"))
	line("```text")
	for i := range p.Steps {
		s := &p.Steps[i]
		line("%4d  %s  %-15s %s", i+1, s.ID, s.Op, fence(stepSubject(s)))
		if !d.args {
			continue
		}
		for _, a := range s.Args {
			line("          %s = %s", fence(a.Name), fence(a.Value.String()))
		}
	}
	line("```\n</details>\n")
}

func notes(line func(string, ...any), n plan.Notes) {
	var parts []string
	for _, kv := range []plan.KV{{Key: "made by", Value: n.Tool}, {Key: "commit", Value: n.Commit}} {
		if kv.Value != "" {
			parts = append(parts, kv.Key+" "+code(kv.Value))
		}
	}
	if len(parts) > 0 {
		line("\n<sub>not part of the approval: %s</sub>", strings.Join(parts, ", "))
	}
}

// md makes a text safe inside Markdown and inside a table cell.
func md(s string) string {
	s = html.EscapeString(strings.ReplaceAll(s, "\n", " "))
	return strings.NewReplacer("|", `\|`, "`", "\\`", "*", `\*`, "[", `\[`, "@", "&#64;").Replace(s)
}

// code shows a text as code; a backtick inside would end it.
func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + strings.NewReplacer("`", "'", "\n", " ", "|", `\|`).Replace(s) + "`"
}

// fence keeps a text from ending the fenced block it stands in.
func fence(s string) string { return strings.NewReplacer("```", "'''", "\n", " ").Replace(s) }
