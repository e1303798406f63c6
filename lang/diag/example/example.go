package example

import (
	"bytes"
	"embed"
	"fmt"
	"strings"

	"github.com/homestak/homestak/lang/diag"
)

//go:embed cases/*.txtar
var cases embed.FS

// Example shows one code.
type Example struct {
	Code    diag.Code
	About   string            // what to look at; often ""
	Options map[string]string // by the words of options
	Pairs   []Pair            // YAML first
}

// Pair is a mistake and its cure in one syntax.
type Pair struct {
	Syntax string // "YAML" or "HCL"
	Wrong  []File
	Cured  []File // only what differs; an empty Text takes the file away
}

// File is a file of a site.
type File struct {
	Name string
	Text string
}

// Of is the example of a code; false for a code that has none.
func Of(c diag.Code) (Example, bool) {
	text, err := cases.ReadFile("cases/" + string(c) + ".txtar")
	if err != nil {
		return Example{}, false
	}
	return parse(c, text), true
}

// Codes lists the codes that have an example, sorted.
func Codes() []diag.Code {
	entries, err := cases.ReadDir("cases")
	if err != nil {
		return nil
	}
	var codes []diag.Code
	for _, e := range entries {
		codes = append(codes, diag.Code(strings.TrimSuffix(e.Name(), ".txtar")))
	}
	return codes
}

// Both lays what is cured over what is wrong: the whole corrected input.
func (p Pair) Both() []File {
	var out []File
	changed := map[string]string{}
	for _, f := range p.Cured {
		changed[f.Name] = f.Text
	}
	for _, f := range p.Wrong {
		text, ok := changed[f.Name]
		if !ok {
			text = f.Text
		}
		delete(changed, f.Name)
		if text != "" {
			out = append(out, File{f.Name, text})
		}
	}
	for _, f := range p.Cured {
		if text := changed[f.Name]; text != "" {
			out = append(out, f)
		}
	}
	return out
}

// options are what lines of an archive's comment can begin with.
var options = []string{
	"manifest", "mode", "var", "only", "convert", "to", "also",
	"cured-manifest", "cured-only", "cured-mode", "cured-var", "cured-convert", "cured-to",
}

// parse reads an archive: a comment, then files after lines "-- NAME --".
func parse(c diag.Code, text []byte) Example {
	e := Example{Code: c, Options: map[string]string{}}
	var yaml, hcl Pair
	yaml.Syntax, hcl.Syntax = "YAML", "HCL"
	var about []string
	var file *File
	for line := range bytes.Lines(text) {
		name, ok := header(string(line))
		switch {
		case ok:
			file = e.add(&yaml, &hcl, name)
		case file != nil:
			file.Text += string(line)
		default:
			about = append(about, e.option(strings.TrimSpace(string(line)))...)
		}
	}
	e.About = strings.TrimSpace(strings.Join(about, "\n"))
	for _, p := range []Pair{yaml, hcl} {
		if len(p.Wrong)+len(p.Cured) > 0 {
			e.Pairs = append(e.Pairs, p)
		}
	}
	return e
}

// option keeps a line that is an option, and returns one that is prose.
func (e *Example) option(line string) []string {
	for _, o := range options {
		if value, ok := strings.CutPrefix(line, o+": "); ok {
			e.Options[o] = value
			return nil
		}
	}
	return []string{line}
}

func header(line string) (string, bool) {
	line = strings.TrimRight(line, "\n")
	if !strings.HasPrefix(line, "-- ") || !strings.HasSuffix(line, " --") {
		return "", false
	}
	return strings.TrimSpace(line[3 : len(line)-3]), true
}

// add makes room for a file and returns the place of its text. A test makes
// sure that every archive is well formed.
func (e *Example) add(yaml, hcl *Pair, name string) *File {
	var list *[]File
	var rest string
	for prefix, to := range map[string]*[]File{
		"yaml/wrong/": &yaml.Wrong, "yaml/cured/": &yaml.Cured,
		"hcl/wrong/": &hcl.Wrong, "hcl/cured/": &hcl.Cured,
	} {
		if r, ok := strings.CutPrefix(name, prefix); ok {
			list, rest = to, r
		}
	}
	if list == nil {
		panic(fmt.Sprintf("example %s: the file %s is in no part of it", e.Code, name))
	}
	*list = append(*list, File{Name: rest})
	return &(*list)[len(*list)-1]
}

// Text shows an example as `explain` and the reference do: what is wrong, then
// what cures it, in each syntax. Lines are indented by four spaces, as Markdown
// wants code.
func (e Example) Text() string {
	var b strings.Builder
	if e.About != "" {
		b.WriteString(e.About + "\n")
	}
	for _, p := range e.Pairs {
		p.write(&b, "Wrong", p.Wrong)
		p.write(&b, "Cured", p.Cured)
	}
	return strings.TrimLeft(b.String(), "\n")
}

func (p Pair) write(b *strings.Builder, title string, files []File) {
	for _, f := range files {
		if f.Text == "" {
			fmt.Fprintf(b, "\n%s, in %s: remove %s\n", title, p.Syntax, f.Name)
			continue
		}
		fmt.Fprintf(b, "\n%s, in %s (%s):\n\n", title, p.Syntax, f.Name)
		for line := range strings.Lines(f.Text) {
			b.WriteString(strings.TrimRight("    "+line, " \n") + "\n")
		}
	}
}
