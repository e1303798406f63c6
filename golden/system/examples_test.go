package system

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each story in examples/ is a site, or the same site once in YAML and once in
// HCL: nothing to remark about it, the plan that lies beside it, in both, and
// its README's commands do what they say. UPDATE_GUIDE=1 writes the plans anew.
func TestExamples(t *testing.T) {
	stories, err := filepath.Glob("../../examples/*/README.md")
	if err != nil || len(stories) < 3 {
		t.Fatalf("%d stories, %v", len(stories), err)
	}
	for _, readme := range stories {
		story := filepath.Dir(readme)
		t.Run(filepath.Base(story), func(t *testing.T) {
			t.Parallel()
			var sites []string
			for _, dir := range []string{story, filepath.Join(story, "yaml"), filepath.Join(story, "hcl")} {
				if _, err := os.Stat(filepath.Join(dir, "site.yaml")); err == nil {
					sites = append(sites, dir)
				}
			}
			plans, err := filepath.Glob(filepath.Join(story, "*.plan.txt"))
			if err != nil || len(plans) == 0 || len(sites) == 0 {
				t.Fatalf("%d plans, %d sites, %v", len(plans), len(sites), err)
			}
			for _, site := range sites {
				if out := told(t, ".", "validate", "--site", site); out != "site is valid\n" {
					t.Errorf("%s:\n%s", site, out)
				}
				for _, file := range plans {
					examplePlan(t, site, file)
				}
			}
			text, err := os.ReadFile(readme)
			if err != nil {
				t.Fatal(err)
			}
			followReadme(t, string(text))
		})
	}
}

// examplePlan compares the plan of the manifest that a file is named after.
func examplePlan(t *testing.T, site, file string) {
	t.Helper()
	manifest := strings.TrimSuffix(filepath.Base(file), ".plan.txt")
	got := told(t, ".", "plan", "-M", manifest, "-H", "lab", "--facts", "empty", "--site", site)
	want, err := os.ReadFile(file)
	if os.Getenv("UPDATE_GUIDE") != "" && string(want) != got {
		err = os.WriteFile(file, []byte(got), 0o644)
		want = []byte(got)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the plan of %s in %s is\n%s\nand not\n%s", manifest, site, got, want)
	}
}

// followReadme runs what a README shows, from a copy of the checkout's examples.
func followReadme(t *testing.T, text string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "examples"), os.DirFS("../../examples")); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, m := range fenced.FindAllStringSubmatch(text, -1) {
		if m[1] != "sh" {
			continue
		}
		for _, line := range strings.Split(strings.TrimSpace(m[2]), "\n") {
			args := strings.Fields(line)
			if args[0] != "homestak" {
				t.Fatalf("not a command: %q", line)
			}
			n++
			told(t, dir, args[1:]...)
		}
	}
	if n == 0 {
		t.Error("the README shows nothing to try")
	}
}

// told is what a command prints; it has to succeed.
func told(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := homestak(dir, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("homestak %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
