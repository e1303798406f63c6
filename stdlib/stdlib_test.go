package stdlib_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/homestak/homestak/stdlib"
)

// The catalogue says of each builtin image what its bytes say.
func TestCatalogueMatchesBytes(t *testing.T) {
	for _, name := range stdlib.BuiltinNames() {
		data, ok := stdlib.Builtin(name)
		if !ok || len(data) != 65536 {
			t.Fatalf("%s: %d bytes, %t", name, len(data), ok)
		}
		text, err := fs.ReadFile(stdlib.Files(), "images/"+name+".yaml")
		if err != nil {
			t.Fatal(err)
		}
		head, padding, found := bytes.Cut(data, []byte("\n\n"))
		if !found || len(bytes.Trim(padding, "\x00")) != 0 {
			t.Errorf("%s: header is not followed by zeros only", name)
		}
		lines := strings.Split(string(head), "\n")
		if lines[0] != "homestak builtin image 1" || lines[1] != "name: "+name {
			t.Errorf("%s: header begins %q", name, lines[:2])
		}
		want := []string{
			"source: builtin:" + name,
			fmt.Sprintf("checksum: sha256:%x", sha256.Sum256(data)),
			lines[2], // os
			lines[3], // format
			strings.Replace(lines[5], "host-ready", "host_ready", 1),
		}
		for _, w := range want {
			if !strings.Contains(string(text), w+"\n") {
				t.Errorf("images/%s.yaml does not say %q", name, w)
			}
		}
	}
	if _, ok := stdlib.Builtin("windows"); ok {
		t.Error("an image nobody catalogued has bytes")
	}
}

func TestEveryBuiltinIsInTheCatalogueAndBack(t *testing.T) {
	entries, err := fs.ReadDir(stdlib.Files(), "images")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, e := range entries {
		files = append(files, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	slices.Sort(files)
	if got, want := strings.Join(stdlib.BuiltinNames(), " "), strings.Join(files, " "); got != want {
		t.Errorf("builtins %s, catalogue %s", got, want)
	}
}

// The list is that of time/tzdata: each name is one, and none is missing that
// people use.
func TestZones(t *testing.T) {
	zones := stdlib.Zones()
	if len(zones) < 500 || !slices.IsSorted(zones) {
		t.Fatalf("%d zones, sorted: %t", len(zones), slices.IsSorted(zones))
	}
	t.Setenv("ZONEINFO", t.TempDir())
	for _, z := range zones {
		if _, err := time.LoadLocation(z); err != nil {
			t.Errorf("%s: %v", z, err)
		}
	}
	for _, z := range []string{"UTC", "Etc/UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kolkata", "US/Pacific"} {
		if !slices.Contains(zones, z) {
			t.Errorf("%s is missing", z)
		}
	}
}
