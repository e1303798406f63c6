package ca

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/secret"
)

// alone shields a test from the user's own identity.
func alone(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv(secret.IdentityEnv, "")
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	t.Setenv("HOME", filepath.Join(dir, "home"))
	return dir
}

func wantCode(t *testing.T, err error, code diag.Code) *diag.Diagnostic {
	t.Helper()
	var d *diag.Diagnostic
	if !errors.As(err, &d) || d.Code != code {
		t.Fatalf("want %s, got %v", code, err)
	}
	if d.Message == "" || d.Help == "" {
		t.Errorf("%s does not say what to do: %+v", code, d)
	}
	return d
}

func put(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestGenerateThenLoad(t *testing.T) {
	dir := alone(t)
	made, err := Generate(dir)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made.Marker(), loaded.Marker()) || len(made.Marker()) != 32 ||
		made.UserCALine() != loaded.UserCALine() || made.HostCALine() != loaded.HostCALine() ||
		made.LockDigest([]byte("x")) != loaded.LockDigest([]byte("x")) {
		t.Error("the keys changed between making and loading")
	}
	if made.UserCALine()[:40] == made.HostCALine()[:40] && strings.Fields(made.UserCALine())[1] == strings.Fields(made.HostCALine())[1] {
		t.Error("both authorities have one key")
	}
	for name, mode := range map[string]fs.FileMode{File: 0o600, secret.IdentityFile: 0o600, "keys/.gitignore": 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if got := string(get(t, dir, "keys/.gitignore")); got != "/identity.txt\n" {
		t.Errorf("git would see the identity: %q", got)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "keys", ".*.*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	cipher := get(t, dir, File)
	for _, raw := range [][]byte{made.raw.Marker, made.raw.UserCA, made.raw.HostCA} {
		if bytes.Contains(cipher, raw) {
			t.Error("a key is in the file in clear")
		}
	}
	_, err = Generate(dir)
	wantCode(t, err, "HS0515")
	if !bytes.Equal(cipher, get(t, dir, File)) {
		t.Error("the second Generate touched the keys")
	}
}

func TestGenerateUsesAnIdentityThatIsThere(t *testing.T) {
	dir := alone(t)
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "mine.txt", []byte(id.String()+"\n"))
	t.Setenv(secret.IdentityEnv, filepath.Join(dir, "mine.txt"))
	if _, err := Generate(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, secret.IdentityFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a second identity was made")
	}
	if _, err := Load(dir); err != nil {
		t.Error(err)
	}
	t.Setenv(secret.IdentityEnv, filepath.Join(dir, "absent.txt"))
	_, err = Generate(filepath.Join(dir, "other"))
	wantCode(t, err, "HS0502")
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	dir := alone(t)
	_, err := Load(dir)
	wantCode(t, err, "HS0501")
	if !errors.Is(err, ErrAbsent) {
		t.Error("absent keys cannot be told apart")
	}
	if _, err := Generate(dir); err != nil {
		t.Fatal(err)
	}
	good, identity := get(t, dir, File), get(t, dir, secret.IdentityFile)

	if err := os.Remove(filepath.Join(dir, secret.IdentityFile)); err != nil {
		t.Fatal(err)
	}
	_, err = Load(dir)
	wantCode(t, err, "HS0502")
	if errors.Is(err, ErrAbsent) {
		t.Error("a missing identity looks like a site without keys")
	}

	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, secret.IdentityFile, []byte(other.String()))
	_, err = Load(dir)
	wantCode(t, err, "HS0504")

	put(t, dir, secret.IdentityFile, identity)
	for n := 0; n < len(good); n += 7 {
		put(t, dir, File, good[:n])
		if _, err = Load(dir); err == nil {
			t.Fatalf("%d of %d bytes load", n, len(good))
		}
		wantCode(t, err, "HS0505")
	}
	for _, plain := range []string{"", "{}", "[]", `{"format":1}`, `{"format":1,"keys":{"marker":"AAAA"}}`} {
		put(t, dir, File, seal(t, plain, identity))
		_, err = Load(dir)
		wantCode(t, err, "HS0505")
	}
	put(t, dir, File, seal(t, `{"format":2,"keys":{}}`, identity))
	_, err = Load(dir)
	wantCode(t, err, "HS0517")

	put(t, dir, File, good)
	if err := os.Chmod(filepath.Join(dir, secret.IdentityFile), 0o640); err != nil {
		t.Fatal(err)
	}
	k, err := Load(dir)
	if err != nil || len(k.Warnings()) != 1 {
		t.Fatalf("%v", err)
	}
	wantCode(t, k.Warnings()[0], "HS0518")
}

// seal encrypts a plain text to the identity of a site.
func seal(t *testing.T, plain string, identity []byte) []byte {
	t.Helper()
	ids, err := age.ParseIdentities(bytes.NewReader(identity))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := age.Encrypt(&b, ids[0].(*age.X25519Identity).Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(plain)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Keys of later versions must not make today's file unreadable.
func TestLoadIgnoresKeysItDoesNotKnow(t *testing.T) {
	dir := alone(t)
	k, err := Generate(dir)
	if err != nil {
		t.Fatal(err)
	}
	keys, _ := json.Marshal(k.raw)
	plain := `{"format":1,"keys":{"tomorrow":"AAAA",` + string(keys[1:]) + `}`
	put(t, dir, File, seal(t, plain, get(t, dir, secret.IdentityFile)))
	again, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(k.Marker(), again.Marker()) {
		t.Error("the keys changed")
	}
}

func TestThrowaway(t *testing.T) {
	dir := alone(t)
	t.Setenv(secret.IdentityEnv, "/nonexistent") // of no interest to a lab
	lab := filepath.Join(dir, ".homestak", "lab")
	const callers = 16
	var wg sync.WaitGroup
	markers := make([][]byte, callers)
	for i := range callers {
		wg.Go(func() {
			k, err := Throwaway(lab)
			if err != nil {
				t.Error(err)
				return
			}
			markers[i] = k.Marker()
		})
	}
	wg.Wait()
	for _, m := range markers {
		if !bytes.Equal(m, markers[0]) {
			t.Fatal("two callers got different keys")
		}
	}
	if left, _ := filepath.Glob(filepath.Join(lab, ".*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	put(t, lab, "site.age", []byte("damaged"))
	_, err := Throwaway(lab)
	if d := wantCode(t, err, "HS0505"); !strings.Contains(d.Help, "rm -r") {
		t.Errorf("help: %s", d.Help)
	}
	// A crash between the identity and the keys leaves the identity alone.
	if err := os.Remove(filepath.Join(lab, "site.age")); err != nil {
		t.Fatal(err)
	}
	if _, err := Throwaway(lab); err != nil {
		t.Error(err)
	}
}

func TestGenerateCannotWrite(t *testing.T) {
	dir := alone(t)
	put(t, dir, "keys", []byte("a file where the directory should be"))
	_, err := Generate(dir)
	wantCode(t, err, "HS0516")
	_, err = Throwaway(filepath.Join(dir, "keys", "lab"))
	wantCode(t, err, "HS0516")
}
