package diag

import (
	"encoding/json"
	"io"

	"github.com/homestak/homestak/lang/source"
)

// jsonVersion changes when a field changes its meaning or goes.
const jsonVersion = 1

type jsonDiagnostic struct {
	Version  int        `json:"version"`
	Code     Code       `json:"code"`
	Severity string     `json:"severity"` // "error" or "warning"
	Message  string     `json:"message"`
	Range    *jsonRange `json:"range,omitempty"`
	Label    string     `json:"label,omitempty"`
	Notes    []jsonNote `json:"notes,omitempty"`
	Help     string     `json:"help,omitempty"`
	Fixes    []jsonFix  `json:"fixes,omitempty"`
}

// jsonRange is half-open. Lines and columns count from 1, columns count code
// points; offsets count bytes from 0.
type jsonRange struct {
	File  string  `json:"file"`
	Start jsonPos `json:"start"`
	End   jsonPos `json:"end"`
}

type jsonPos struct {
	Line   int   `json:"line"`
	Column int   `json:"column"`
	Offset int32 `json:"offset"`
}

type jsonNote struct {
	Text  string     `json:"text"`
	Range *jsonRange `json:"range,omitempty"`
}

type jsonFix struct {
	Title string     `json:"title"`
	Edits []jsonEdit `json:"edits"`
}

type jsonEdit struct {
	Range *jsonRange `json:"range"`
	New   string     `json:"new"`
}

// JSON renders findings as JSON lines, one object a finding, in the order
// given. It quotes no source, so it is safe for Secret files.
func JSON(w io.Writer, l List) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, d := range l {
		if err := enc.Encode(view(d)); err != nil {
			return err
		}
	}
	return nil
}

func view(d *Diagnostic) jsonDiagnostic {
	v := jsonDiagnostic{
		Version: jsonVersion, Code: d.Code, Severity: d.Severity.String(), Message: d.Message,
		Range: viewRange(d.Range), Label: d.Label, Help: d.Help,
	}
	for _, n := range d.Notes {
		v.Notes = append(v.Notes, jsonNote{Text: n.Text, Range: viewRange(n.Range)})
	}
	for _, f := range d.Fixes {
		fix := jsonFix{Title: f.Title, Edits: []jsonEdit{}}
		for _, e := range f.Edits {
			fix.Edits = append(fix.Edits, jsonEdit{Range: viewRange(e.Range), New: e.New})
		}
		v.Fixes = append(v.Fixes, fix)
	}
	return v
}

func viewRange(r source.Range) *jsonRange {
	if r.IsZero() {
		return nil
	}
	start, end := r.Pos(), r.EndPos()
	return &jsonRange{
		File:  r.File.Name,
		Start: jsonPos{start.Line, start.Col, r.Start},
		End:   jsonPos{end.Line, end.Col, r.End},
	}
}
