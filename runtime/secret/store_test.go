package secret_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/secret"
)

const sample = `
api_tokens:
  father: "root@pam!homestak=11111111-2222-3333-4444-555555555555"
passwords:
  vm_root: ""
  admin: $6$salt$hashhashhash
ssh_keys:
  alice: ssh-ed25519 AAAAC3alicealicealice alice@laptop
auth: {signing_key: 0123456789abcdef, pin: 42, none: null}
list: [first-value, second-value]
pem: |
  -----BEGIN KEY-----
  QUJDREVGR0hJSktMTU5PUA
  -----END KEY-----
`

func TestParse(t *testing.T) {
	s, err := secret.Parse("secrets.yaml", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	want := "api_tokens.father auth.none auth.pin auth.signing_key list.0 list.1 passwords.admin passwords.vm_root pem ssh_keys.alice"
	if got := strings.Join(s.Names(), " "); got != want {
		t.Errorf("names: %s", got)
	}
	for name, value := range map[string]string{"auth.pin": "42", "passwords.vm_root": "", "auth.none": "", "list.1": "second-value"} {
		if v, ok := s.Get(name); !ok || string(v.Reveal()) != value {
			t.Errorf("%s: %q, %v", name, v.Reveal(), ok)
		}
	}
	if _, ok := s.Get("passwords.nobody"); ok {
		t.Error("found a secret that is not there")
	}
}

func TestParseEmpty(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n", "null\n", "{}\n", "ssh_keys: {}\n"} {
		s, err := secret.Parse("secrets.yaml", []byte(text))
		if err != nil || len(s.Names()) != 0 {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParseRefusesWithoutQuoting(t *testing.T) {
	cases := map[string]string{
		"bad yaml":     "passwords:\n  a: [" + canary + "\n",
		"bad indent":   "a: " + canary + "\n b: " + canary + "\n",
		"list at top":  "- " + canary + "\n",
		"scalar":       canary + "\n",
		"duplicate":    "a:\n  b: " + canary + "\n  b: " + canary + "2\n",
		"dotted twice": "a: {b: " + canary + "}\na.b: " + canary + "\n",
		"alias":        "a: &x " + canary + "\nb: *x\n",
		"complex key":  "? [" + canary + "]\n: 1\n",
		"deep flow":    strings.Repeat("[", 100000) + canary,
		"deep block":   strings.Repeat(" ", 1000) + "\n" + strings.Repeat(" ", 1000) + "a: " + canary,
		"not utf-8":    "a: \xff\xfe" + canary + "\n",
		"tab":          "a:\n\t- " + canary + "\n",
	}
	for name, text := range cases {
		_, err := secret.Parse("secrets.yaml", []byte(text))
		var d *diag.Diagnostic
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		d, ok := err.(*diag.Diagnostic)
		if !ok || d.Code != "HS0507" {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if all, _ := json.Marshal(d); strings.Contains(string(all), canary) {
			t.Errorf("%s: the diagnostic quotes the file: %s", name, all)
		}
	}
}

func TestRedact(t *testing.T) {
	s, err := secret.Parse("secrets.yaml", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	s.Learn(secret.New([]byte("root@pam!minted=learned-value-1")))
	for _, text := range []string{
		"root@pam!homestak=11111111-2222-3333-4444-555555555555",
		"the value is 11111111-2222-3333-4444-555555555555.",
		"hash $6$salt$hashhashhash in a log",
		"0123456789abcdef",
		"first-value and second-value",
		"QUJDREVGR0hJSktMTU5PUA",
		`escaped\nQUJDREVGR0hJSktMTU5PUA\n`,
		"token learned-value-1",
	} {
		got := s.Redact(text)
		if !strings.Contains(got, secret.Redacted) {
			t.Errorf("not redacted: %s", got)
		}
		for _, value := range []string{"11111111-", "hashhash", "0123456789abcdef", "-value", "QUJDREV"} {
			if strings.Contains(got, value) {
				t.Errorf("%q is left in %q", value, got)
			}
		}
	}
	// Short and empty values would blot out innocent text.
	if got := s.Redact("42 guests, nothing to do"); got != "42 guests, nothing to do" {
		t.Errorf("innocent text became %q", got)
	}
	if got := secret.Empty().Redact("text"); got != "text" {
		t.Errorf("an empty store changed the text to %q", got)
	}
}
