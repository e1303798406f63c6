package system

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/homestak/homestak/runtime/lab"
)

// economySite is a site with a lab of its own and a manifest of n equal nodes.
func economySite(t *testing.T, n int, flags ...string) (site string, l *labProcess) {
	t.Helper()
	site = filepath.Join(t.TempDir(), "site")
	if out, err := homestak("", "init", site).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	l, err := startLab(filepath.Join(t.TempDir(), "lab"), flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.stop)
	if err := l.addTo(site, "box"); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("schema_version: 2\nname: many\nnodes:\n  - {name: n, count: %d, type: vm, spec: base, preset: vm-small, image: debian-12}\n", n)
	if err := os.WriteFile(filepath.Join(site, "manifests", "many.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return site, l
}

var guestNumber = regexp.MustCompile(`/qemu/\d+`)

// counted runs a command and counts what it asked, by method and path; numbers of
// guests and tasks are left out of the path.
func counted(t *testing.T, l *labProcess, args ...string) (counts map[string]int, asked []lab.Entry) {
	t.Helper()
	before, err := lab.ReadLog(l.dir)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := homestak("", args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", args, err, out)
	}
	after, err := lab.ReadLog(l.dir)
	if err != nil {
		t.Fatal(err)
	}
	counts = map[string]int{}
	for _, e := range after[len(before):] {
		if e.Kind == "request" {
			path, _, _ := strings.Cut(guestNumber.ReplaceAllString(e.Path, "/qemu/ID"), "?")
			counts[e.Method+" "+path]++
			asked = append(asked, e)
		}
	}
	return counts, asked
}

// A plan of guests that exist costs one list of the cluster, one read for each
// guest, and the same few questions about the host whatever their number. Guests
// of others are not read.
func TestPlanningIsThrifty(t *testing.T) {
	t.Parallel()
	rest := map[int]int{}
	for _, n := range []int{3, 9} {
		site, l := economySite(t, n)
		if out, err := homestak("", "create", "-M", "many", "-H", "box", "--yes", "--site", site).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for id := range 20 {
			if _, err := l.call("POST", "/nodes/lab/qemu", fmt.Sprintf("vmid=%d", 5000+id), fmt.Sprintf("name=stranger-%d", id)); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.settle(); err != nil {
			t.Fatal(err)
		}
		counts, asked := counted(t, l, "plan", "-M", "many", "-H", "box", "--site", site)
		if counts["GET /cluster/resources"] != 1 || counts["GET /nodes/lab/qemu/ID/pending"] != n {
			t.Errorf("%d guests: %v", n, counts)
		}
		rest[n] = len(asked) - n
	}
	if rest[3] != rest[9] || rest[3] > 15 {
		t.Errorf("besides the guests: %d requests for 3, %d for 9", rest[3], rest[9])
	}
}

// Two hosts of one cluster are asked for one list, and each guest is read once.
func TestHostsOfAClusterAreReadOnce(t *testing.T) {
	t.Parallel()
	site, l := economySite(t, 4, "--nodes", "second")
	entry := strings.Replace(l.entry, "node: lab\n", "node: second\n", 1)
	secrets, err := os.ReadFile(filepath.Join(site, "secrets.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"hosts/other.yaml": entry + "token: box\n",
		"secrets.yaml":     string(secrets),
		"manifests/many.yaml": `schema_version: 2
name: many
nodes:
  - {name: a, count: 2, type: vm, spec: base, preset: vm-small, image: debian-12, host: box}
  - {name: b, count: 2, type: vm, spec: base, preset: vm-small, image: debian-12, host: other}
`,
	} {
		if err := os.WriteFile(filepath.Join(site, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := homestak("", "create", "-M", "many", "--yes", "--site", site).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	counts, _ := counted(t, l, "plan", "-M", "many", "--site", site)
	reads := counts["GET /nodes/lab/qemu/ID/pending"] + counts["GET /nodes/second/qemu/ID/pending"]
	if counts["GET /cluster/resources"] != 1 || reads != 4 {
		t.Errorf("%v", counts)
	}
}

// creation is whether a request is one of those that make a guest: not those that
// plan it, wait for something, hold the lease, or ask about the host.
func creation(e lab.Entry) bool {
	if e.Run == "observe" {
		return false
	}
	for _, part := range []string{"/tasks", "/agent/", "/status/current"} {
		if strings.Contains(e.Path, part) {
			return false // waiting
		}
	}
	for _, prefix := range []string{"/pools", "/version", "/access", "/cluster"} {
		if strings.HasPrefix(e.Path, prefix) {
			return false // the lease, the host
		}
	}
	return e.Write || strings.Contains(e.Path, "/qemu/")
}

// A guest with a seed takes eight calls to make: upload, create, read, remove the
// upload, grow, read, start, take the seed away; and two more to record that it was
// found ready. A machine with much else to do may make a look too old to be used.
func TestCreatingTakesEightCalls(t *testing.T) {
	t.Parallel()
	const n, calls, recorded = 6, 8, 2
	site, l := economySite(t, 1, "--task-time", "50ms")
	if out, err := homestak("", "create", "-M", "many", "-H", "box", "--yes", "--site", site).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out) // the image is there
	}
	text := fmt.Sprintf("schema_version: 2\nname: many\nnodes:\n  - {name: m, count: %d, type: vm, spec: base, preset: vm-small, image: debian-12}\n", n)
	best := 1 << 10
	for try := range 3 {
		name := fmt.Sprintf("more%d", try)
		if err := os.WriteFile(filepath.Join(site, "manifests", name+".yaml"), []byte(strings.Replace(strings.Replace(text, "name: many", "name: "+name, 1), "name: m,", fmt.Sprintf("name: m%d,", try), 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		_, asked := counted(t, l, "create", "-M", name, "-H", "box", "--yes", "--jobs", "2", "--site", site)
		made := 0
		for _, e := range asked {
			if creation(e) {
				made++
			}
		}
		if best = min(best, made); best <= n*(calls+recorded) {
			return
		}
	}
	t.Errorf("%d calls for %d guests", best, n)
}
