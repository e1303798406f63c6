package secret_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/homestak/homestak/runtime/secret"
)

func keyed(b []byte) string {
	sum := sha256.Sum256(append([]byte("key"), b...))
	return "test:" + hex.EncodeToString(sum[:])
}

func TestLockRoundTrip(t *testing.T) {
	dir := site(t, nil)
	if got, err := secret.ReadLock(dir); err != nil || got != nil {
		t.Errorf("a site without a lock: %v, %v", got, err)
	}
	s, err := secret.Parse("secrets.yaml", []byte("a: {x: "+canary+", y: "+canary+"}\n\"we: ird \\\"\\u00e9\": z\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := s.Lock(keyed)
	if len(want) != 3 || want[0].Digest == want[1].Digest {
		t.Errorf("equal values must not show: %v", want)
	}
	if err := secret.WriteLock(dir, want); err != nil {
		t.Fatal(err)
	}
	got, err := secret.ReadLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	first, err := os.ReadFile(filepath.Join(dir, secret.LockFile))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(first), canary) {
		t.Error("the lock shows a value")
	}
	// The order of the entries given does not matter, and nothing is left behind.
	want[0], want[2] = want[2], want[0]
	if err := secret.WriteLock(dir, want); err != nil {
		t.Fatal(err)
	}
	second, _ := os.ReadFile(filepath.Join(dir, secret.LockFile))
	if string(first) != string(second) {
		t.Error("two writes of the same lock differ")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*lock*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestLockRefuses(t *testing.T) {
	for _, text := range []string{"- a\n", "a: [b]\n", "a: ''\n", "a: b\na: c\n", "a: [\n", strings.Repeat("[", 100000)} {
		dir := site(t, map[string]string{"secrets.lock": text})
		_, err := secret.ReadLock(dir)
		wantCode(t, err, "HS0513")
	}
	wantCode(t, secret.WriteLock(filepath.Join(t.TempDir(), "absent"), nil), "HS0514")
}
