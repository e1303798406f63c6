package diag

import (
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/homestak/homestak/lang/source"
)

// SARIF renders findings as one log of the Static Analysis Results Interchange
// Format, version 2.1.0 (OASIS): what code scanning of GitHub, GitLab and Azure,
// and viewers in editors, read. Each code that occurs is a rule with its
// explanation. Columns count UTF-16 code units, as in the protocols of editors.
// Paths are relative to the repository's root. It quotes no source.
func SARIF(w io.Writer, l List, o RenderOptions) error {
	s := sarifWriter{below: o.Below, rules: map[Code]int{}}
	run := sarifRun{
		Tool:    sarifTool{Driver: sarifDriver{Name: "homestak", SemanticVersion: semantic(o.Version), Version: o.Version, Rules: []sarifRule{}}},
		Columns: "utf16CodeUnits",
		Bases: map[string]sarifBase{sourceRoot: {Description: sarifText{
			Text: "the root of the repository, or of the site where it is in none",
		}}},
		Results: []sarifResult{},
	}
	for _, d := range l {
		run.Results = append(run.Results, s.result(d))
	}
	run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, s.list...)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	sourceRoot  = "%SRCROOT%"
)

// semantic is the version without its v, "" when it is none of SemVer.
func semantic(version string) string {
	v := strings.TrimPrefix(version, "v")
	if v == version || strings.Count(v, ".") < 2 {
		return ""
	}
	return v
}

// sarifWriter collects the rules that results refer to.
type sarifWriter struct {
	below string
	rules map[Code]int
	list  []sarifRule
}

func (s *sarifWriter) result(d *Diagnostic) sarifResult {
	r := sarifResult{
		RuleID: string(d.Code), RuleIndex: s.rule(d.Code), Level: d.Severity.String(),
		Message: sarifText{Text: sarifMessage(d)}, Locations: []sarifLocation{s.location(d.Range)},
	}
	for i, n := range d.Notes {
		if n.Range.IsZero() {
			continue
		}
		at := s.location(n.Range)
		id := i + 1
		at.ID, at.Message = &id, &sarifText{Text: n.Text}
		r.Related = append(r.Related, at)
	}
	for _, f := range d.Fixes {
		if fix := s.fix(f); len(fix.Changes) > 0 {
			r.Fixes = append(r.Fixes, fix)
		}
	}
	return r
}

// sarifMessage says what related locations and fixes do not.
func sarifMessage(d *Diagnostic) string {
	text := sentence(d.Message)
	if d.Label != "" {
		text += " " + sentence(d.Label)
	}
	for _, n := range d.Notes {
		if n.Range.IsZero() {
			text += " " + sentence(n.Text)
		}
	}
	if d.Help != "" {
		text += " " + sentence(d.Help)
	}
	return text
}

// sentence ends a text as prose does.
func sentence(s string) string {
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// rule is the index of a code's rule.
func (s *sarifWriter) rule(c Code) int {
	if i, ok := s.rules[c]; ok {
		return i
	}
	s.rules[c] = len(s.list)
	rule := sarifRule{ID: string(c), Default: sarifLevel{Level: c.Severity().String()}}
	if e, ok := Lookup(c); ok {
		long := strings.TrimSpace(e.Long)
		rule.Short = &sarifText{Text: e.Title}
		rule.Full = &sarifText{Text: long}
		rule.HelpURI = reference + anchor(string(c)+": "+e.Title)
		rule.Help = &sarifText{Text: long + "\n\nhomestak explain " + string(c) + " shows an example and its cure."}
	}
	s.list = append(s.list, rule)
	return s.rules[c]
}

// reference is where codes are explained for those who have no homestak at hand.
const reference = "https://github.com/homestak/homestak/blob/main/docs/reference/diagnostics.md#"

// anchor is what GitHub makes of a heading.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// location is a place; of a finding without one it is the site itself, because
// readers refuse results that are nowhere.
func (s *sarifWriter) location(r source.Range) sarifLocation {
	if r.IsZero() {
		at := sarifArtifact{URI: "./", Base: sourceRoot}
		if s.below != "" {
			at.URI = pathURI(s.below) + "/"
		}
		return sarifLocation{Physical: sarifPhysical{Artifact: at}}
	}
	return sarifLocation{Physical: sarifPhysical{Artifact: s.artifact(r.File), Region: region(r)}}
}

func (s *sarifWriter) artifact(f *source.File) sarifArtifact {
	if name, real := repositoryPath(f, s.below); real {
		return sarifArtifact{URI: pathURI(name), Base: sourceRoot}
	}
	return sarifArtifact{URI: f.Name}
}

// pathURI writes a path as a relative reference.
func pathURI(name string) string {
	return (&url.URL{Path: name}).String()
}

func (s *sarifWriter) fix(f Fix) sarifFix {
	out := sarifFix{Description: sarifText{Text: f.Title}, Changes: []sarifChange{}}
	for _, e := range f.Edits {
		if e.Range.IsZero() || e.Range.File.Secret {
			continue
		}
		at := s.artifact(e.Range.File)
		i := slices.IndexFunc(out.Changes, func(c sarifChange) bool { return c.Artifact == at })
		if i < 0 {
			i = len(out.Changes)
			out.Changes = append(out.Changes, sarifChange{Artifact: at})
		}
		out.Changes[i].Replacements = append(out.Changes[i].Replacements,
			sarifReplacement{Deleted: region(e.Range), Inserted: sarifText{Text: e.New}})
	}
	return out
}

// region is a range in lines and columns, both from 1, the end being the
// column after the last.
func region(r source.Range) *sarifRegion {
	return &sarifRegion{
		StartLine: r.Pos().Line, StartColumn: utf16Column(r.File, int(r.Start)),
		EndLine: r.EndPos().Line, EndColumn: utf16Column(r.File, int(r.End)),
	}
}

// utf16Column counts the column of an offset in UTF-16 code units.
func utf16Column(f *source.File, offset int) int {
	start := f.Offset(source.Pos{Line: f.Pos(offset).Line, Col: 1})
	units := 1
	for _, b := range f.Text[start:max(start, min(offset, len(f.Text)))] {
		switch {
		case b >= 0xf0: // four bytes of UTF-8 are a pair of surrogates
			units += 2
		case b < 0x80 || b >= 0xc0:
			units++
		}
	}
	return units
}
