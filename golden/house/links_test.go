package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	codeBlock = regexp.MustCompile("(?ms)^```.*?^```$")
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading   = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	notInSlug = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// anchors are the names that the headings of a page have on GitHub.
func anchors(text string) map[string]bool {
	out := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
		slug := notInSlug.ReplaceAllString(strings.ToLower(m[1]), "")
		out[strings.ReplaceAll(slug, " ", "-")] = true
	}
	return out
}

// What a page of ours refers to is there: files, and headings in them.
func TestLinks(t *testing.T) {
	top, n := root(t), 0
	err := filepath.WalkDir(top, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && name != top || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if filepath.Ext(name) != ".md" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, m := range link.FindAllStringSubmatch(codeBlock.ReplaceAllString(string(text), ""), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			n++
			page := name
			if target != "" {
				page = filepath.Join(filepath.Dir(name), filepath.FromSlash(target))
			}
			there, err := os.ReadFile(page)
			if err != nil {
				if info, err := os.Stat(page); err != nil || !info.IsDir() || anchor != "" {
					t.Errorf("%s refers to %s, which does not exist", name, m[1])
				}
				continue
			}
			if anchor != "" && !anchors(string(there))[anchor] {
				t.Errorf("%s refers to %s: there is no such heading", name, m[1])
			}
		}
		return nil
	})
	if err != nil || n < 10 {
		t.Errorf("%d links, %v", n, err)
	}
}
