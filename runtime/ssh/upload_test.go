package ssh_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	hssh "github.com/homestak/homestak/runtime/ssh"
)

// files is a machine's disk; its shell knows the documented commands and no others.
type files struct {
	data map[string][]byte
	harm func([]byte) []byte // what happens to data on the way
	full bool
}

const file = "/usr/local/lib/homestak/abc/homestak"

func (f *files) shell(_ *machine, cmd string, stdin io.Reader, stdout, stderr io.Writer) uint32 {
	sum := func(path string) uint32 {
		data, ok := f.data[path]
		if !ok {
			_, _ = fmt.Fprintf(stderr, "sha256sum: %s: No such file or directory\n", path)
			return 1
		}
		s := sha256.Sum256(data)
		_, _ = fmt.Fprintf(stdout, "%x  %s\n", s, path)
		return 0
	}
	const dir, tmp = "/usr/local/lib/homestak/abc", file + ".tmp"
	switch cmd {
	case "sha256sum '" + file + "'":
		return sum(file)
	case "sudo -n sh -c 'mkdir -p " + dir + " && cat > " + tmp + " && sha256sum " + tmp + "'":
		data, _ := io.ReadAll(stdin)
		if f.full {
			_, _ = io.WriteString(stderr, "cat: write error: No space left on device\n")
			return 1
		}
		if f.harm != nil {
			data = f.harm(data)
		}
		f.data[tmp] = data
		return sum(tmp)
	case "sudo -n sh -c 'chmod 755 " + tmp + " && mv " + tmp + " " + file + "'":
		f.data[file] = f.data[tmp]
		delete(f.data, tmp)
		return 0
	}
	_, _ = fmt.Fprintln(stderr, "sh: not found:", cmd)
	return 127
}

func TestUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		disk := &files{data: map[string][]byte{}}
		w.machines[0].run = disk.shell
		c := w.dial(t, 1)
		defer func() { _ = c.Close() }()
		program := bytes.Repeat([]byte("homestak"), 100_000)
		sum := sha256.Sum256(program)
		digest := hex.EncodeToString(sum[:])
		opened := 0
		open := func() (io.ReadCloser, error) {
			opened++
			return io.NopCloser(bytes.NewReader(program)), nil
		}

		disk.full = true
		_, err := hssh.Upload(t.Context(), c, open, digest, file)
		var exit *hssh.ExitError
		if !errors.As(err, &exit) || !strings.Contains(exit.Stderr, "No space left") {
			t.Errorf("full disk: %v", err)
		}
		disk.full, disk.harm = false, func(b []byte) []byte { return b[:len(b)-1] }
		_, err = hssh.Upload(t.Context(), c, open, digest, file)
		wantKind(t, err, hssh.Digest, "m/node-0")
		disk.harm = nil
		_, err = hssh.Upload(t.Context(), c, func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("something else")), nil
		}, digest, file)
		wantKind(t, err, hssh.Digest, "m/node-0")
		if _, there := disk.data[file]; there {
			t.Fatal("a wrong file was put in place")
		}

		opened = 0
		sent, err := hssh.Upload(t.Context(), c, open, digest, file)
		if err != nil || !sent || !bytes.Equal(disk.data[file], program) {
			t.Fatalf("%v, %v", sent, err)
		}
		sent, err = hssh.Upload(t.Context(), c, open, digest, file)
		if err != nil || sent || opened != 1 {
			t.Errorf("sent again: %v, %v, opened %d times", sent, err, opened)
		}
		if there, err := hssh.Present(t.Context(), c, strings.Repeat("0", 64), file); there || err != nil {
			t.Errorf("another file passes for it: %v, %v", there, err)
		}

		for _, bad := range []string{"relative", "/a b", "/a'b", "/a/../b", "/a$b", ""} {
			if _, err := hssh.Upload(t.Context(), c, open, digest, bad); err == nil {
				t.Errorf("uploads to %q", bad)
			}
		}
		cannot := errors.New("cannot open")
		if _, err := hssh.Upload(t.Context(), c, func() (io.ReadCloser, error) { return nil, cannot }, strings.Repeat("1", 64), file); !errors.Is(err, cannot) {
			t.Errorf("got %v", err)
		}
	})
}
