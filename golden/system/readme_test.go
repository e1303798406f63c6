package system

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var fenced = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

// README's manifests compile to the same deployment, and the commands it walks
// through do what it says, in the order it says.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := map[string][]string{}
	for _, m := range fenced.FindAllStringSubmatch(string(text), -1) {
		blocks[m[1]] = append(blocks[m[1]], m[2])
	}
	manifest := func(ext, block string) string {
		t.Helper()
		site := filepath.Join(t.TempDir(), "site")
		if err := os.MkdirAll(filepath.Join(site, "manifests"), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"manifests/hello." + ext: block, "site.yaml": "site_id: 6f1c0f9e-8f0a-4a57-9d0c-2f6b7b1f4c11\n"} {
			if err := os.WriteFile(filepath.Join(site, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return site
	}
	run := func(dir string, args ...string) string {
		t.Helper()
		out, err := homestak(dir, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("homestak %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}

	yaml, hcl := manifest("yaml", blocks["yaml"][0]), manifest("hcl", blocks["hcl"][0])
	digest := digestLine.FindString(run(yaml, "plan", "-M", "hello", "-H", "lab"))
	if got := run(hcl, "plan", "-M", "hello", "-H", "lab"); digest == "" || !strings.Contains(got, digest) {
		t.Errorf("the two shortest manifests differ: %s\n%s", digest, got)
	}

	walk := ""
	for _, b := range blocks["sh"] {
		if strings.Contains(b, "homestak apply plan.bin") {
			walk = b
		}
	}
	if walk == "" {
		t.Fatal("README walks through no plan")
	}
	for _, line := range strings.Split(strings.TrimSpace(walk), "\n") {
		command, comment, _ := strings.Cut(line, "#")
		args := strings.Fields(command)
		if args[0] != "homestak" {
			t.Fatalf("not a command: %q", line)
		}
		out := run(yaml, args[1:]...)
		if _, promised, ok := strings.Cut(comment, "hello: "); ok && !strings.Contains(out, "hello: "+promised) {
			t.Errorf("%s: README promises %q:\n%s", command, promised, out)
		}
	}
}
