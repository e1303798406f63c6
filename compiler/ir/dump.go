package ir

import (
	"fmt"
	"strings"
)

// Dump is the deployment as text for people and golden files: one value a
// line, with the layer that decided it and the place it was written at. Values
// that are empty by default are left out.
//
//	node n1-push/edge
//	  spec     base      node      manifests/n1-push.yaml:8:11
//	  cores    2         stdlib    stdlib:presets/vm-small.yaml:2:8
func (d *Deployment) Dump() string {
	var b strings.Builder
	for i, s := range d.Sections() {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(s.String())
	}
	return b.String()
}

// String is the section as Dump shows it.
func (s Section) String() string {
	var rows [][4]string // name, value, layer, place
	var width [3]int
	for _, e := range s.Entries {
		if e.Empty {
			continue
		}
		row := [4]string{e.Name, e.Value, e.From.Layer.String(), e.From.Range.String()}
		if e.Fact {
			row[2] = ""
		}
		for i := range width {
			width[i] = max(width[i], len(row[i]))
		}
		rows = append(rows, row)
	}
	var b strings.Builder
	b.WriteString(strings.TrimSpace(s.Kind+" "+s.Name) + "\n")
	for _, r := range rows {
		line := fmt.Sprintf("  %-*s  %-*s  %-*s  %s", width[0], r[0], width[1], r[1], width[2], r[2], r[3])
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}
