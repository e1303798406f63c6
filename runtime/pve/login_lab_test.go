package pve_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/homestak/homestak/runtime/lab"
	"github.com/homestak/homestak/runtime/pve"
	"github.com/homestak/homestak/runtime/secret"
)

// A user with a password does on the lab what a token does: read, write, upload.
func TestLoginOnTheLab(t *testing.T) {
	ctx := t.Context()
	l, err := lab.Open(ctx, lab.Config{Dir: t.TempDir(), Name: "father"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	for _, r := range [][]string{
		{"POST", "/access/users", "userid", "driver@pve", "password", "correct horse"},
		{"PUT", "/access/acl", "path", "/", "roles", "Administrator", "users", "driver@pve"},
	} {
		var kvs []lab.KV
		for i := 2; i < len(r); i += 2 {
			kvs = append(kvs, lab.KV{Key: r[i], Value: r[i+1]})
		}
		if status, _, reason := l.Do(ctx, r[0], r[1], kvs); status != 200 {
			t.Fatalf("%v: %d %s", r, status, reason)
		}
	}
	cfg := pve.Config{
		Name: "father", Endpoints: []string{l.URL()}, Fingerprint: l.Fingerprint(), PollMin: time.Millisecond,
		User: "driver@pve", Password: secret.New([]byte("correct horse")),
	}
	c, err := pve.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.CreatePool(ctx, "x", "made with a ticket"); err != nil {
		t.Fatal(err)
	}
	if pools, err := c.Pools(ctx); err != nil || len(pools) != 1 {
		t.Errorf("%v, %v", pools, err)
	}
	data := []byte(strings.Repeat("x", 512))
	upid, err := c.UploadVolume(ctx, "father", "local", pve.Upload{
		Content: "import", Filename: "x.raw", Size: int64(len(data)), Body: bytes.NewReader(data), Checksum: checksum(data),
	})
	if err == nil {
		err = c.Wait(ctx, upid, nil)
	}
	if err != nil || !strings.HasSuffix(string(upid), ":driver@pve:") {
		t.Errorf("%s: %v", upid, err)
	}
	cfg.Password = secret.New([]byte("wrong"))
	wrong, err := pve.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wrong.Close)
	_, err = wrong.Version(ctx)
	var answer *pve.Error
	if pve.ClassOf(err) != pve.Auth || !errors.As(err, &answer) || !strings.Contains(answer.Diagnostic().Message, "password") {
		t.Errorf("got %v", err)
	}
}
