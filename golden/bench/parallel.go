package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/homestak/homestak/runtime/lab"
)

// parallel: 200 flat guests on a lab process whose tasks take a second each.
// What counts is the lab's own log: how many tasks ran at once.
func (b *bench) parallel() error {
	const nodes, jobs = 200, 32
	site, err := b.site("parallel", nodes, false)
	if err != nil {
		return err
	}
	if out, err := exec.Command(b.bin, "init", "--keys", "--site", site).CombinedOutput(); err != nil {
		return fmt.Errorf("init --keys: %w\n%s", err, out)
	}
	labDir := filepath.Join(b.dir, "lab")
	stop, err := b.serve(site, labDir)
	if err != nil {
		return err
	}
	defer stop()
	u, err := b.measure(1, "create", "-M", "big", "-H", "bench", "--yes", "--jobs", fmt.Sprint(jobs), "--site", site)
	if err != nil {
		return err
	}
	entries, err := lab.ReadLog(labDir)
	if err != nil {
		return err
	}
	b.row("create on a lab with 1 s tasks", nodes, u, "")
	fmt.Fprintf(b.table, "  tasks running together at most\t%d\t\t\t\tat least 28\n", lab.MaxConcurrentTasks(entries))
	return b.table.Flush()
}

// serve starts a lab process, and makes it host "bench" of the site.
func (b *bench) serve(site, labDir string) (stop func(), err error) {
	cmd := exec.Command(b.bin, "lab", "serve", "--dir", labDir, "--listen", "127.0.0.1:0", "--task-time", "1s")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
	entry, err := hostEntry(out)
	if err == nil {
		var token []byte
		token, err = os.ReadFile(filepath.Join(labDir, lab.TokenFile))
		err = errors.Join(err, os.MkdirAll(filepath.Join(site, "hosts"), 0o755),
			os.WriteFile(filepath.Join(site, "hosts", "bench.yaml"), []byte(entry), 0o644),
			os.WriteFile(filepath.Join(site, "secrets.yaml"), []byte("api_tokens:\n  bench: \""+strings.TrimSpace(string(token))+"\"\n"), 0o600))
	}
	if err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}

// hostEntry reads what the lab prints when it is ready, up to its last line.
func hostEntry(r io.Reader) (string, error) {
	var entry strings.Builder
	deadline := time.Now().Add(time.Minute)
	for sc := bufio.NewScanner(r); time.Now().Before(deadline) && sc.Scan(); {
		entry.WriteString(sc.Text() + "\n")
		if strings.HasPrefix(sc.Text(), "# its API token") {
			return entry.String(), nil
		}
	}
	return "", errors.New("the lab did not get ready")
}
