package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/secret"
)

// site makes a site directory and shields the test from the user's own identity.
func site(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv(secret.IdentityEnv, "")
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	t.Setenv("HOME", filepath.Join(dir, "home"))
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func encrypt(t *testing.T, text string, armored bool, to ...age.Recipient) string {
	t.Helper()
	var b bytes.Buffer
	aw := armor.NewWriter(&b)
	var w, err = age.Encrypt(&b, to...)
	if armored {
		b.Reset()
		w, err = age.Encrypt(aw, to...)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if armored {
		if err := aw.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func wantCode(t *testing.T, err error, code diag.Code) *diag.Diagnostic {
	t.Helper()
	var d *diag.Diagnostic
	if !errors.As(err, &d) {
		t.Fatalf("want %s, got %v", code, err)
	}
	if d.Code != code {
		t.Fatalf("want %s, got %v", code, d)
	}
	if d.Message == "" || d.Help == "" {
		t.Errorf("%s does not say what to do: %+v", code, d)
	}
	if all, _ := json.Marshal(d); strings.Contains(string(all), canary) {
		t.Errorf("%s quotes a secret: %s", code, all)
	}
	return d
}

func TestLoadPlain(t *testing.T) {
	s, err := secret.Load(site(t, nil))
	if err != nil || len(s.Names()) != 0 {
		t.Errorf("a site without secrets: %v", err)
	}
	dir := site(t, map[string]string{"secrets.yaml": "\xef\xbb\xbfpasswords: {vm_root: " + canary + "}\r\n"})
	s, err = secret.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := s.Get("passwords.vm_root"); string(v.Reveal()) != canary || len(s.Warnings()) != 0 {
		t.Errorf("got %q, %v", v.Reveal(), s.Warnings())
	}
	if err := os.Chmod(filepath.Join(dir, "secrets.yaml"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err = secret.Load(dir)
	if err != nil || len(s.Warnings()) != 1 {
		t.Fatalf("%v, %v", err, s.Warnings())
	}
	if d := wantCode(t, s.Warnings()[0], "HS0506"); d.Severity != diag.Warning {
		t.Error("not a warning")
	}
}

func TestLoadRefuses(t *testing.T) {
	dir := site(t, map[string]string{"secrets.yaml/x": ""})
	_, err := secret.Load(dir)
	wantCode(t, err, "HS0512")
	dir = site(t, map[string]string{"secrets.yaml": strings.Repeat("# "+canary+"\n", 1<<19)})
	_, err = secret.Load(dir)
	wantCode(t, err, "HS0512")
}

func TestLoadAge(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	text := "passwords: {vm_root: " + canary + "}\n"
	for _, armored := range []bool{false, true} {
		dir := site(t, map[string]string{
			"secrets.yaml.age":  encrypt(t, text, armored, id.Recipient()),
			"keys/identity.txt": "# comment\n" + id.String() + "\n",
		})
		s, err := secret.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if v, _ := s.Get("passwords.vm_root"); string(v.Reveal()) != canary {
			t.Errorf("got %q", v.Reveal())
		}
	}

	cipher := encrypt(t, text, true, id.Recipient())
	dir := site(t, map[string]string{"secrets.yaml.age": cipher})
	_, err = secret.Load(dir)
	wantCode(t, err, "HS0502")
	if !errors.Is(err, secret.ErrNoIdentity) {
		t.Error("a missing identity cannot be told apart")
	}

	dir = site(t, map[string]string{"secrets.yaml.age": cipher, "config/homestak/identity.txt": other.String()})
	_, err = secret.Load(dir)
	wantCode(t, err, "HS0508")

	dir = site(t, map[string]string{"secrets.yaml.age": cipher[:len(cipher)/2], "keys/identity.txt": id.String()})
	_, err = secret.Load(dir)
	wantCode(t, err, "HS0508")

	dir = site(t, map[string]string{"secrets.yaml.age": cipher, "keys/identity.txt": "AGE-SECRET-KEY-1" + canary})
	_, err = secret.Load(dir)
	wantCode(t, err, "HS0503")

	dir = site(t, map[string]string{"secrets.yaml.age": cipher, "keys/identity.txt": id.String()})
	t.Setenv(secret.IdentityEnv, filepath.Join(dir, "absent.txt"))
	_, err = secret.Load(dir)
	wantCode(t, err, "HS0502")
}

func TestLoadPrefersPlainAndSays(t *testing.T) {
	dir := site(t, map[string]string{"secrets.yaml": "a: {b: c}\n", "secrets.yaml.age": "x", "secrets.yaml.enc": "y"})
	s, err := secret.Load(dir)
	if err != nil || len(s.Warnings()) != 1 {
		t.Fatalf("%v, %v", err, s.Warnings())
	}
	d := wantCode(t, s.Warnings()[0], "HS0511")
	if !strings.Contains(d.Message, "secrets.yaml.age") {
		t.Errorf("not named: %s", d.Message)
	}
}

func TestLoadSops(t *testing.T) {
	dir := site(t, map[string]string{"secrets.yaml.enc": "cipher: " + canary})
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	_, err := secret.Load(dir)
	wantCode(t, err, "HS0509")

	// A stand-in for sops: it gets the file last and says the plain text.
	program := func(script string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(bin, "sops"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	program(`test "$1" = --decrypt || exit 9; for f; do :; done; test -f "$f" || exit 8; echo "passwords: {vm_root: ` + canary + `}"`)
	s, err := secret.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := s.Get("passwords.vm_root"); string(v.Reveal()) != canary {
		t.Errorf("got %q", v.Reveal())
	}
	program("echo 'no key could decrypt the data' >&2; echo more >&2; exit 128")
	_, err = secret.Load(dir)
	if d := wantCode(t, err, "HS0510"); d.Label != "no key could decrypt the data" {
		t.Errorf("label: %s", d.Label)
	}
	program("while :; do echo 'a: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'; done")
	_, err = secret.Load(dir)
	wantCode(t, err, "HS0510")
}

func TestFindIdentityOrder(t *testing.T) {
	var ids [3]*age.X25519Identity
	for i := range ids {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		ids[i] = id
	}
	dir := site(t, map[string]string{
		"env.txt":                      ids[0].String(),
		"keys/identity.txt":            ids[1].String(),
		"config/homestak/identity.txt": ids[2].String(),
	})
	is := func(want *age.X25519Identity) {
		t.Helper()
		got, err := secret.FindIdentity(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got.Keys[0].(*age.X25519Identity).String() != want.String() {
			t.Errorf("found %s", got.Path)
		}
	}
	t.Setenv(secret.IdentityEnv, filepath.Join(dir, "env.txt"))
	is(ids[0])
	t.Setenv(secret.IdentityEnv, "")
	is(ids[1])
	if err := os.Remove(filepath.Join(dir, "keys/identity.txt")); err != nil {
		t.Fatal(err)
	}
	is(ids[2])
}
