package secret

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/homestak/homestak/lang/diag"
)

const (
	codeNoSops     diag.Code = "HS0509"
	codeSopsFailed diag.Code = "HS0510"
)

// sopsPatience bounds a run of sops, which may wait for a hardware key.
const sopsPatience = 2 * time.Minute

// openSops decrypts with the sops program. Linking sops as a library would bring
// every cloud's SDK into this binary.
func openSops(path string) ([]byte, error) {
	program, err := exec.LookPath("sops")
	if err != nil {
		d := codeNoSops.Errorf("%s needs the program sops, which is not installed", SopsFile)
		d.Help = "install sops, or keep the secrets in " + AgeFile + ", which homestak opens by itself"
		return nil, d
	}
	ctx, cancel := context.WithTimeout(context.Background(), sopsPatience)
	defer cancel()
	// The file's extension says nothing about its form, so both are named.
	cmd := exec.CommandContext(ctx, program, "--decrypt", "--input-type", "yaml", "--output-type", "yaml", path)
	stdout, stderr := &bounded{max: maxFile}, &bounded{max: 4096}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := cmd.Run(); err != nil {
		d := codeSopsFailed.Errorf("sops could not decrypt %s", SopsFile)
		switch {
		case ctx.Err() != nil:
			d.Label = fmt.Sprintf("it did not finish within %s", sopsPatience)
		case stdout.over:
			d.Label = fmt.Sprintf("its output is larger than %d bytes", maxFile)
		default:
			// sops says why on stderr, in terms of keys and paths, never values.
			d.Label = firstLine(stderr.buf.Bytes())
		}
		d.Help = "run `sops --decrypt " + SopsFile + "` to see it fail, and check your keys"
		return nil, d
	}
	return stdout.buf.Bytes(), nil
}

func firstLine(b []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(b), []byte("\n"))
	if len(line) == 0 {
		return "it said nothing"
	}
	return string(line)
}

// bounded is a buffer that refuses to grow past max.
type bounded struct {
	buf  bytes.Buffer
	max  int
	over bool
}

var errTooLarge = errors.New("output too large")

func (w *bounded) Write(p []byte) (int, error) {
	if w.buf.Len()+len(p) > w.max {
		w.over = true
		return 0, errTooLarge
	}
	return w.buf.Write(p)
}

var _ io.Writer = (*bounded)(nil)
