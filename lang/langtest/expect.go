package langtest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// Want is one expected finding.
type Want struct {
	File  string
	Line  int
	Code  diag.Code
	Texts []string // each is part of the finding's one-line form or its notes
}

const marker = "#!"

var token = regexp.MustCompile(`\s*(HS\d{4}|"(?:[^"\\]|\\.)*")`)

// Cut takes the markers out of a text. Line numbers do not change. The name is
// that of the file the wants are for.
func Cut(name string, text []byte) (clean []byte, wants []Want, err error) {
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		at := strings.LastIndex(line, marker)
		if at < 0 || !strings.HasPrefix(strings.TrimSpace(line[at+len(marker):]), "HS") {
			continue
		}
		lines[i] = strings.TrimRight(line[:at], " \t")
		rest := line[at+len(marker):]
		for strings.TrimSpace(rest) != "" {
			m := token.FindStringSubmatchIndex(rest)
			if m == nil || m[0] != 0 {
				return nil, nil, fmt.Errorf("%s:%d: marker %q is not codes and quoted texts", name, i+1, line[at:])
			}
			word := rest[m[2]:m[3]]
			rest = rest[m[1]:]
			if word[0] != '"' {
				wants = append(wants, Want{File: name, Line: i + 1, Code: diag.Code(word)})
				continue
			}
			text, err := strconv.Unquote(word)
			if err != nil || len(wants) == 0 || wants[len(wants)-1].Line != i+1 {
				return nil, nil, fmt.Errorf("%s:%d: marker has a text without a code", name, i+1)
			}
			wants[len(wants)-1].Texts = append(wants[len(wants)-1].Texts, text)
		}
	}
	return []byte(strings.Join(lines, "\n")), wants, nil
}

// Source is Cut and source.NewFile.
func Source(name string, text []byte) (*source.File, []Want, error) {
	clean, wants, err := Cut(name, text)
	if err != nil {
		return nil, nil, err
	}
	return source.NewFile(name, clean), wants, nil
}

// Compare matches findings and wants one to one, and describes what is left
// over of either, one line each.
func Compare(l diag.List, wants []Want) []string {
	var wrong []string
	used := make([]bool, len(wants))
next:
	for _, d := range l {
		for i, w := range wants {
			if !used[i] && w.matches(d) {
				used[i] = true
				continue next
			}
		}
		wrong = append(wrong, "unexpected: "+d.Error())
	}
	for i, w := range wants {
		if !used[i] {
			wrong = append(wrong, fmt.Sprintf("missing: %s:%d: %s %q", w.File, w.Line, w.Code, w.Texts))
		}
	}
	return wrong
}

func (w Want) matches(d *diag.Diagnostic) bool {
	line, file := 0, ""
	if !d.Range.IsZero() {
		line, file = d.Range.Pos().Line, d.Range.File.Name
	}
	if d.Code != w.Code || line != w.Line || file != w.File {
		return false
	}
	all := d.Error()
	for _, n := range d.Notes {
		all += "\n" + n.Text
	}
	for _, t := range w.Texts {
		if !strings.Contains(all, t) {
			return false
		}
	}
	return true
}

// Mark is the inverse of Cut: the text with a marker for each finding in it.
// Tests with -update write it.
func Mark(name string, clean []byte, l diag.List) []byte {
	lines := strings.Split(string(clean), "\n")
	for _, d := range l {
		if d.Range.IsZero() || d.Range.File.Name != name {
			continue
		}
		i := d.Range.Pos().Line - 1
		if !strings.Contains(lines[i], marker+" HS") {
			lines[i] = strings.TrimRight(lines[i]+" "+marker, " ")
		}
		lines[i] += fmt.Sprintf(" %s %q", d.Code, d.Message)
	}
	return []byte(strings.Join(lines, "\n"))
}
