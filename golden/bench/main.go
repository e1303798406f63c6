package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	dir, err := os.MkdirTemp("", "homestak-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	bin := filepath.Join(dir, "homestak")
	if out, err := exec.Command("go", "build", "-trimpath", "-o", bin, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	b := &bench{dir: dir, bin: bin, table: tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)}
	fmt.Fprintln(b.table, "what\tnodes\tcpu\twall\tpeak memory\tper node\tlimit")
	for _, part := range []struct {
		name string
		run  func() error
	}{{"plan", b.plans}, {"language", b.language}, {"start", b.validate}, {"lsp", b.lsp}, {"parallel", b.parallel}, {"existing", b.existing}} {
		if len(os.Args) > 1 && !slices.Contains(os.Args[1:], part.name) {
			continue
		}
		if err := part.run(); err != nil {
			return err
		}
	}
	return b.table.Flush()
}

type bench struct {
	dir, bin string
	table    *tabwriter.Writer

	// The row before, for what linear means: the processor time of a node is
	// that of a node at the size before.
	what  string
	nodes int
	cpu   time.Duration
}

// usage is what one process cost.
type usage struct {
	cpu, wall time.Duration
	peak      int64 // bytes
}

// measure runs the binary several times and keeps the run with the least
// processor time: the others had more of the machine's noise.
func (b *bench) measure(times int, args ...string) (usage, error) {
	var best usage
	for i := range times {
		cmd := exec.Command(b.bin, args...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		start := time.Now()
		if err := cmd.Run(); err != nil {
			return best, fmt.Errorf("homestak %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
		}
		u := usage{wall: time.Since(start)}
		ru := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		u.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		u.peak = ru.Maxrss << 10
		if i == 0 || u.cpu < best.cpu {
			best = u
		}
	}
	return best, nil
}

func (b *bench) row(what string, nodes int, u usage, limit string) {
	ratio := ""
	if what == b.what && b.cpu > 0 && b.nodes > 0 {
		ratio = fmt.Sprintf("× %.2f", (u.cpu.Seconds()/float64(nodes))/(b.cpu.Seconds()/float64(b.nodes)))
	}
	b.what, b.nodes, b.cpu = what, nodes, u.cpu
	fmt.Fprintf(b.table, "%s\t%d\t%.3f s\t%.3f s\t%d MiB\t%s\t%s\n", what, nodes, u.cpu.Seconds(), u.wall.Seconds(), u.peak>>20, ratio, limit)
	b.table.Flush()
}

// plans: YAML to plan.bin with no host asked, every tenth node the parent of
// the next nine.
func (b *bench) plans() error {
	limits := map[int]string{1_000: "0.3 s cpu", 10_000: "3 s cpu, 400 MiB", 100_000: "linear"}
	for _, n := range []int{10, 100, 1_000, 10_000, 100_000} {
		site, err := b.site(fmt.Sprintf("plan%d", n), n, true)
		if err != nil {
			return err
		}
		out := filepath.Join(b.dir, "plan.bin")
		u, err := b.measure(3, "plan", "-M", "big", "-H", "lab", "--facts", "empty", "--site", site, "-o", out)
		if err != nil {
			return err
		}
		b.row("plan, offline", n, u, limits[n])
	}
	return nil
}

// validate: a small three-tier manifest, process start included.
func (b *bench) validate() error {
	site := filepath.Join(b.dir, "n3")
	if err := os.MkdirAll(filepath.Join(site, "manifests"), 0o755); err != nil {
		return err
	}
	text := manifestHead("n3-deep") + `  - {name: root-pve, type: pve, spec: pve, preset: vm-large, image: pve-9, vmid: 99011, disk: 64}
  - {name: leaf-pve, type: pve, spec: pve, preset: vm-medium, image: pve-9, vmid: 99021, parent: root-pve}
  - {name: edge, type: vm, spec: base, preset: vm-small, image: debian-12, vmid: 99031, parent: leaf-pve}
`
	if err := b.write(site, "n3-deep", text); err != nil {
		return err
	}
	u, err := b.measure(20, "validate", "-M", "n3-deep", "--site", site)
	if err != nil {
		return err
	}
	b.row("validate n3-deep", 3, u, "50 ms wall")
	return nil
}

func manifestHead(name string) string {
	return "schema_version: 2\nname: " + name + "\nnodes:\n"
}

// site writes a site with one manifest "big" of n nodes.
func (b *bench) site(name string, n int, tiers bool) (string, error) {
	var m strings.Builder
	m.WriteString(manifestHead("big"))
	parent := ""
	for i := range n {
		name := fmt.Sprintf("node-%06d", i)
		fmt.Fprintf(&m, "  - name: %s\n", name)
		if tiers && i%10 == 0 {
			parent = name
			m.WriteString("    type: pve\n    spec: pve\n    preset: vm-large\n    image: pve-9\n")
			continue
		}
		m.WriteString("    type: vm\n    spec: base\n    preset: vm-small\n    image: debian-12\n")
		if tiers {
			fmt.Fprintf(&m, "    parent: %s\n", parent)
		}
	}
	dir := filepath.Join(b.dir, name)
	return dir, b.write(dir, "big", m.String())
}

const siteYAML = "site_id: 6f1c0f9e-8f0a-4a57-9d0c-2f6b7b1f4c11\ndefaults:\n  timezone: UTC\n"

func (b *bench) write(site, manifest, text string) error {
	if err := os.MkdirAll(filepath.Join(site, "manifests"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(site, "site.yaml"), []byte(siteYAML), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(site, "manifests", manifest+".yaml"), []byte(text), 0o644)
}
