package system

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// No secret's value appears in anything that is kept or shown: plan files,
// every rendering, events, reports, journals, logs, errors.
func TestNoSecretEscapes(t *testing.T) {
	base := t.TempDir()
	site := filepath.Join(base, "site")
	if err := copySite("../../examples/homelab", site); err != nil {
		t.Fatal(err)
	}
	var shown bytes.Buffer
	run := func(wantErr bool, args ...string) {
		t.Helper()
		out, err := homestak(site, args...).CombinedOutput()
		shown.Write(out)
		if (err != nil) != wantErr {
			t.Fatalf("homestak %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	run(false, "init", "--keys")
	const hash = "$6$canaryCANARY$0123456789abcdefCANARYHASH"
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICanaryCanaryCanaryCanaryCanaryCanaryCanaryAA alice"
	secrets := "api_tokens: {}\npasswords:\n  vm_root: \"" + hash + "\"\nssh_keys:\n  alice: \"" + key + "\"\n"
	if err := os.WriteFile(filepath.Join(site, "secrets.yaml"), []byte(secrets), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := startLab(filepath.Join(base, "lab"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.stop)
	if err := l.addTo(site, "box"); err != nil {
		t.Fatal(err)
	}

	run(false, "plan", "-M", "n2-push", "-H", "box", "-v", "-o", "plan.bin")
	for _, format := range []string{"text", "json", "md", "asm", "mermaid", "dot"} {
		run(false, "show", "plan.bin", "--format", format, "-v")
	}
	run(false, "facts", "-M", "n2-push", "-H", "box", "-o", "facts.cbor")
	run(false, "apply", "plan.bin", "--events", "events.jsonl", "--format", "json")
	run(false, "destroy", "-M", "n2-push", "-H", "box", "--yes", "--format", "json")
	// An error that has every reason to quote what it read.
	broken := strings.Replace(secrets, "passwords:", "passwords: [", 1)
	if err := os.WriteFile(filepath.Join(site, "secrets.yaml"), []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	run(true, "validate")
	run(true, "plan", "-M", "n2-push", "-H", "box")

	identity, err := os.ReadFile(filepath.Join(site, "keys", "identity.txt"))
	if err != nil {
		t.Fatal(err)
	}
	canaries := map[string]string{"password hash": hash, "public key as a secret's value": key, "api token": l.token, "age identity": string(bytes.TrimSpace(lastLine(identity)))}
	look := func(where string, data []byte) {
		for what, value := range canaries {
			if strings.Contains(where, "tokens") && what == "api token" {
				continue
			}
			if bytes.Contains(data, []byte(value)) {
				t.Errorf("%s appears in %s", what, where)
			}
		}
		if bytes.Contains(data, []byte("PRIVATE KEY")) {
			t.Errorf("a private key appears in %s", where)
		}
	}
	look("the output", shown.Bytes())
	own := map[string]bool{"secrets.yaml": true, "keys/identity.txt": true}
	err = filepath.WalkDir(site, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(site, p)
		if own[filepath.ToSlash(rel)] {
			return nil
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		look(filepath.ToSlash(rel), data)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(base, "lab", "log.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	look("the lab's log", data)
}

func lastLine(text []byte) []byte {
	text = bytes.TrimSpace(text)
	return text[bytes.LastIndexByte(text, '\n')+1:]
}
