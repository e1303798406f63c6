package manual

import (
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/selector"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/unit"
	"github.com/homestak/homestak/lang/window"
)

// Everything that the manual says is written so, is.
func TestSmallLanguagesAreWrittenSo(t *testing.T) {
	parses := map[string]func(string) bool{
		"selectors": func(s string) bool {
			x, list := selector.Parse(source.NewFile("--only", []byte(s)))
			return x != nil && len(list) == 0
		},
		"sizes":     func(s string) bool { _, err := unit.ParseSize(s, unit.MiB); return err == nil },
		"durations": func(s string) bool { _, err := unit.ParseDuration(s); return err == nil },
		"windows":   func(s string) bool { _, err := window.Parse(s); return err == nil },
	}
	for _, s := range smalls() {
		for i, p := range s.parts {
			for _, r := range p.rows {
				text := r.written
				if strings.HasPrefix(p.text, "Attributes") || strings.HasPrefix(p.text, "Functions") {
					text = strings.ReplaceAll(text, "(X)", "(**)")
				}
				if !parses[s.name](text) {
					t.Errorf("%s, part %d: %s does not parse", s.name, i, r.written)
				}
			}
		}
		text, ok := Topic(s.name)
		if !ok || !strings.HasPrefix(text, s.name) || !slices.Contains(Topics(), s.name) {
			t.Errorf("%s is no topic", s.name)
		}
		for n, line := range strings.Split(text, "\n") {
			if len([]rune(line)) > 110 {
				t.Errorf("%s, line %d is %d wide: %s", s.name, n+1, len([]rune(line)), line)
			}
		}
	}
}
