package diag

import (
	"bufio"
	"io"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/homestak/homestak/lang/source"
)

// What GitHub's runner takes of the annotations of one step (its
// ExecutionContext): more are dropped, longer messages are cut.
const (
	githubAnnotations = 10 // of each severity
	githubMessage     = 4096
)

// GitHub renders findings as annotations of GitHub Actions, which show beside
// the lines of a pull request:
//
//	::error file=site/manifests/n1.yaml,line=14,endLine=14,col=13,endColumn=20,title=HS0214::unknown preset …
//
// GitHub shows the first ten of each severity of a step. Those after them are
// lines of the log, which keep the place that an annotation would hide. below
// is as in RenderOptions.
func GitHub(w io.Writer, l List, below string) error {
	b := bufio.NewWriter(w)
	shown := map[Severity]int{}
	for _, d := range l {
		if shown[d.Severity]++; shown[d.Severity] > githubAnnotations {
			// A line that begins with :: would be a command; ours begins with a place.
			b.WriteString(clean(inRepository(d, below)) + "\n")
			continue
		}
		b.WriteString(annotation(d, below) + "\n")
	}
	if len(l) > 1 {
		b.WriteString(Summary(l) + "\n")
	}
	return b.Flush()
}

// inRepository is the one-line form with the place as the repository has it.
func inRepository(d *Diagnostic, below string) string {
	return repositoryPlace(d.Range, below) + strings.TrimPrefix(d.Error(), d.Range.String())
}

// repositoryPlace is file:line:col with the file's path in the repository.
func repositoryPlace(r source.Range, below string) string {
	if name, real := repositoryPath(r.File, below); real {
		return name + strings.TrimPrefix(r.String(), r.File.Name)
	}
	return r.String()
}

func annotation(d *Diagnostic, below string) string {
	var properties []string
	add := func(key, value string) { properties = append(properties, key+"="+escapeProperty(value)) }
	if name, real := repositoryPath(d.Range.File, below); real {
		from, to := d.Range.Pos(), lastOf(d.Range)
		add("file", name)
		add("line", strconv.Itoa(from.Line))
		add("endLine", strconv.Itoa(to.Line))
		if from.Line == to.Line { // GitHub refuses columns of two lines
			add("col", strconv.Itoa(from.Col))
			add("endColumn", strconv.Itoa(to.Col))
		}
	}
	add("title", string(d.Code))
	return "::" + d.Severity.String() + " " + strings.Join(properties, ",") + "::" + escapeData(cutText(githubText(d, below), githubMessage))
}

// lastOf is the end of a range, on the line of its last character.
func lastOf(r source.Range) source.Pos {
	for r.End > r.Start && (r.File.Text[r.End-1] == '\n' || r.File.Text[r.End-1] == '\r') {
		r.End--
	}
	return r.EndPos()
}

// githubText is all that a finding says.
func githubText(d *Diagnostic, below string) string {
	var b strings.Builder
	b.WriteString(clean(d.Message))
	if d.Label != "" {
		b.WriteString("\n" + clean(d.Label))
	}
	for _, n := range d.Notes {
		b.WriteString("\nnote: " + clean(n.Text))
		if at := repositoryPlace(n.Range, below); at != "" {
			b.WriteString(" (" + at + ")")
		}
	}
	if help := helpOf(d); help != "" {
		b.WriteString("\nhelp: " + clean(help))
	}
	b.WriteString("\nsee: homestak explain " + string(d.Code))
	return b.String()
}

// cutText keeps at most n bytes of whole characters.
func cutText(s string, n int) string {
	const more = "…"
	if len(s) <= n {
		return s
	}
	n -= len(more)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + more
}

// escapeData and escapeProperty are the escapes of GitHub's workflow commands.
func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func escapeProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}

// repositoryPath is the path of a file from the root of the repository. The
// embedded library ("stdlib:presets/…") is in none.
func repositoryPath(f *source.File, below string) (string, bool) {
	if f == nil || strings.HasPrefix(f.Name, "stdlib:") {
		return "", false
	}
	return path.Join(below, f.Name), true
}
