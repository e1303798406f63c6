package system

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The same inputs give the same bytes, in every rendering: in another
// directory, time zone, locale and home, as another user name, with any number
// of processors, in 200 processes.
func TestSameBytesEverywhere(t *testing.T) {
	const runs = 200
	base := t.TempDir()
	program := plainProgram(t, base)
	var sites []string
	for i := range 4 {
		site := filepath.Join(base, strings.Repeat("deeper/", i)+"site")
		if err := copySite("../../examples/homelab", site); err != nil {
			t.Fatal(err)
		}
		sites = append(sites, site)
	}
	zones := []string{"UTC", "America/Denver", "Pacific/Kiritimati"}
	locales := []string{"C", "de_DE.UTF-8", "tr_TR.UTF-8"}

	one := func(i int) (map[string][]byte, error) {
		dir := filepath.Join(base, fmt.Sprint("run", i))
		if err := os.Mkdir(dir, 0o755); err != nil {
			return nil, err
		}
		env := []string{
			"TZ=" + zones[i%len(zones)], "LC_ALL=" + locales[i%len(locales)], "HOME=" + dir,
			"USER=" + fmt.Sprint("user", i), fmt.Sprint("GOMAXPROCS=", 1+i%5),
		}
		got := map[string][]byte{}
		run := func(name string, args ...string) error {
			cmd := exec.Command(program, args...)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
			out, err := cmd.Output()
			if err != nil {
				return fmt.Errorf("homestak %s: %w", strings.Join(args, " "), err)
			}
			got[name] = out
			return nil
		}
		if err := run("text", "plan", "-M", "n2-push", "-H", "lab", "--facts", "empty", "--site", sites[i%len(sites)], "-v", "-o", "plan.bin"); err != nil {
			return nil, err
		}
		for _, format := range []string{"json", "md", "asm"}[i%3 : i%3+1] {
			if err := run(format, "show", "plan.bin", "--format", format); err != nil {
				return nil, err
			}
		}
		var err error
		got["plan.bin"], err = os.ReadFile(filepath.Join(dir, "plan.bin"))
		return got, err
	}

	first := map[string][]byte{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	work := make(chan int)
	for range 2 {
		wg.Go(func() {
			for i := range work {
				got, err := one(i)
				mu.Lock()
				if err != nil {
					t.Errorf("run %d: %v", i, err)
				}
				for name, data := range got {
					if first[name] == nil {
						first[name] = data
					} else if !bytes.Equal(first[name], data) {
						t.Errorf("run %d: %s differs", i, name)
					}
				}
				mu.Unlock()
			}
		})
	}
	for i := range runs {
		work <- i
	}
	close(work)
	wg.Wait()
	for _, name := range []string{"text", "json", "md", "asm", "plan.bin"} {
		if len(first[name]) == 0 {
			t.Errorf("no %s was made", name)
		}
	}
}

// plainProgram builds the program as users do: hundreds of processes with the
// race detector in them would take minutes and find nothing more.
func plainProgram(t *testing.T, dir string) string {
	t.Helper()
	program := filepath.Join(dir, "homestak")
	cmd := exec.Command("go", "build", "-o", program, "../..")
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}
