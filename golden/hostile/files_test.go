package hostile

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What looks like a file of the site and is none, or leads out of it, is a
// finding; nothing waits for a pipe or reads a device.
func TestFiles(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside.yaml")
	if err := os.WriteFile(outside, []byte(headYAML), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		make func(file string) error
		want string
	}{
		"loop":      {func(file string) error { return os.Symlink(filepath.Base(file), file) }, "HS0231"},
		"nothing":   {func(file string) error { return os.Symlink("nothing.yaml", file) }, "HS0231"},
		"outside":   {func(file string) error { return os.Symlink(outside, file) }, "HS0231"},
		"zeroes":    {func(file string) error { return os.Symlink("/dev/zero", file) }, "HS023"},
		"pipe":      {func(file string) error { return syscall.Mkfifo(file, 0o644) }, "HS0232"},
		"directory": {func(file string) error { return os.Mkdir(file, 0o755) }, "HS0241"},
	} {
		for _, ext := range []string{"yaml", "hcl"} {
			t.Run(name+" "+ext, func(t *testing.T) {
				dir, file := site(t, "x."+ext, nil)
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
				if err := c.make(file); err != nil {
					t.Fatal(err)
				}
				o := run(t, dir, "validate")
				o.check(t, "validate")
				if !strings.Contains(o.output, c.want) {
					t.Errorf("validate does not say %s:\n%s", c.want, o.output)
				}
				if name == "outside" || name == "directory" {
					return // fmt and convert read what they are told to
				}
				run(t, dir, "fmt", "-l", file).check(t, "fmt")
				run(t, dir, "convert", file).check(t, "convert")
			})
		}
	}
}

// An unreadable file is a finding; root reads everything.
func TestUnreadable(t *testing.T) {
	dir, file := site(t, "m.yaml", []byte(headYAML))
	if err := os.Chmod(file, 0); err != nil {
		t.Fatal(err)
	}
	o := run(t, dir, "validate")
	o.check(t, "validate")
	if os.Getuid() != 0 && !strings.Contains(o.output, "HS0231") {
		t.Errorf("validate says\n%s", o.output)
	}
}

// Modules are files of the site, and none is inside itself.
func TestModules(t *testing.T) {
	for name, source := range map[string]string{
		"itself":     "./m.hcl",
		"outside":    "../../outside.hcl",
		"absolute":   "/etc/passwd",
		"link":       "./link.hcl",
		"device":     "./zero.hcl",
		"pipe":       "./pipe.hcl",
		"no such":    "stdlib:nothing",
		"each other": "./other.hcl",
		"doubling":   "./a0.hcl",
	} {
		t.Run(name, func(t *testing.T) {
			text := func(source string) string {
				return "manifest \"m\" {\n  module \"x\" {\n    source = \"" + source + "\"\n  }\n  module \"y\" {\n    source = \"" + source + "\"\n  }\n}\n"
			}
			dir, file := site(t, "m.hcl", []byte(text(source)))
			beside := func(name, text string) {
				if err := os.WriteFile(filepath.Join(filepath.Dir(file), name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			switch name {
			case "each other":
				beside("other.hcl", text("./m.hcl"))
			case "doubling": // two to the power of forty
				for i := range 40 {
					beside("a"+string(rune('0'+i))+".hcl", text("./a"+string(rune('1'+i))+".hcl"))
				}
			}
			for link, to := range map[string]string{"link.hcl": "../../outside.hcl", "zero.hcl": "/dev/zero"} {
				if err := os.Symlink(to, filepath.Join(filepath.Dir(file), link)); err != nil {
					t.Fatal(err)
				}
			}
			if err := syscall.Mkfifo(filepath.Join(filepath.Dir(file), "pipe.hcl"), 0o644); err != nil {
				t.Fatal(err)
			}
			o := run(t, dir, "validate", "-M", "m")
			o.check(t, "validate")
			if o.exit != 1 {
				t.Errorf("exit %d\n%s", o.exit, o.output)
			}
		})
	}
}
