package sim_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kdomanski/iso9660"

	"github.com/homestak/homestak/runtime/lab/guest"
	"github.com/homestak/homestak/runtime/lab/sim"
	"github.com/homestak/homestak/runtime/seed"
	"github.com/homestak/homestak/runtime/system"
)

// plain boots a guest with a seed that was not made by homestak.
func (b *bench) plain(vmid uint, userData, metaData, network string) guest.Machine {
	b.t.Helper()
	w, err := iso9660.NewWriter()
	if err != nil {
		b.t.Fatal(err)
	}
	defer w.Cleanup()
	hw := b.hardware(vmid, "debian-12")
	name := filepath.Join(b.dir, "plain.iso")
	files := map[string]string{"user-data": userData, "meta-data": metaData}
	if network != "" {
		files["network-config"] = network
	}
	for file, text := range files {
		if err := w.AddFile(strings.NewReader(text), file); err != nil {
			b.t.Fatal(err)
		}
	}
	f, err := os.Create(name)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := w.WriteTo(f, seed.Label); err != nil {
		b.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.t.Fatal(err)
	}
	hw.Disks = append(hw.Disks, guest.Disk{Slot: "ide2", CDROM: true, Path: name})
	return b.start(hw)
}

func digestOf(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }

// program gives machines a homestak that says what it was run with.
func program(t testing.TB, body string, ran chan<- []string) func(*sim.Config) {
	return func(c *sim.Config) {
		file := filepath.Join(t.TempDir(), "homestak")
		if err := os.WriteFile(file, []byte(body), 0o700); err != nil {
			t.Fatal(err)
		}
		c.Binary = sim.NewBinary(file)
		c.Programs = map[string]guest.Program{"homestak": func(ctx context.Context, sys system.System, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
			ran <- args
			in, err := io.ReadAll(stdin)
			if err != nil {
				t.Error(err)
			}
			fmt.Fprintf(stdout, "got %s\n", in)
			fmt.Fprintln(stderr, "warned")
			if err := sys.WriteFile(ctx, "/etc/written", []byte("by the program\n"), system.FileInfo{Mode: 0o644, Owner: "root", Group: "root"}); err != nil {
				t.Error(err)
			}
			return 7
		}}
	}
}

func dirSize(t testing.TB, dir string) int64 {
	t.Helper()
	var size int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return size
}
