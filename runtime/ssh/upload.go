package ssh

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Present reports whether the file at path on the target has the SHA-256 digest
// (64 hex digits). It runs
//
//	sha256sum 'PATH'
//
// and takes any failure of that for "no".
func Present(ctx context.Context, c *Client, digest, path string) (bool, error) {
	var out bytes.Buffer
	err := c.Run(ctx, "sha256sum "+quote(path), nil, &out, nil)
	var exit *ExitError
	if errors.As(err, &exit) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	sum, _, _ := strings.Cut(out.String(), " ")
	return strings.EqualFold(strings.TrimPrefix(sum, `\`), digest), nil
}

// Upload puts a program at file on the target, unless a file with that digest is
// there already; sent reports whether it was. open is called only when it is not.
// The file belongs to root, has mode 0755, and appears at its name only after its
// digest was read back, in two commands:
//
//	sudo -n sh -c 'mkdir -p DIR && cat > FILE.tmp && sha256sum FILE.tmp'   (data on stdin)
//	sudo -n sh -c 'chmod 755 FILE.tmp && mv FILE.tmp FILE'
//
// file must be absolute and hold only letters, digits and "/._-", so that both
// commands read the same in every shell.
func Upload(ctx context.Context, c *Client, open func() (io.ReadCloser, error), digest, file string) (sent bool, err error) {
	if !plainPath(file) {
		return false, fmt.Errorf("ssh: cannot upload to %q: it must be a plain absolute path", file)
	}
	if there, err := Present(ctx, c, digest, file); there || err != nil {
		return false, err
	}
	data, err := open()
	if err != nil {
		return false, err
	}
	defer func() { _ = data.Close() }()
	tmp := file + ".tmp"
	hash := sha256.New()
	var out bytes.Buffer
	receive := c.AsRoot(fmt.Sprintf("sh -c 'mkdir -p %s && cat > %s && sha256sum %s'", path.Dir(file), tmp, tmp))
	if err := c.Run(ctx, receive, io.TeeReader(data, hash), &out, nil); err != nil {
		return false, err
	}
	arrived, _, _ := strings.Cut(out.String(), " ")
	if read := hex.EncodeToString(hash.Sum(nil)); !strings.EqualFold(read, digest) {
		return false, fail(Digest, c.hop, fmt.Errorf("the file read here has digest %s, expected %s", read, digest))
	}
	if !strings.EqualFold(arrived, digest) {
		return false, fail(Digest, c.hop, fmt.Errorf("%s has digest %q there, expected %s", tmp, arrived, digest))
	}
	publish := c.AsRoot(fmt.Sprintf("sh -c 'chmod 755 %s && mv %s %s'", tmp, tmp, file))
	return true, c.Run(ctx, publish, nil, nil, nil)
}

func plainPath(p string) bool {
	if !path.IsAbs(p) || path.Clean(p) != p {
		return false
	}
	return strings.Trim(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") == ""
}

// quote makes s one word of a POSIX shell.
func quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
