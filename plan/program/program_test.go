package program_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan/program"
)

func full() *program.Program {
	return &program.Program{
		Format: program.FormatVersion, Node: "m/a/b",
		Resources: []program.Resource{
			{Hostname: &program.Hostname{Name: "b", Domain: "home.arpa", Routable: true}},
			{Timezone: &program.Timezone{Name: "America/Argentina/Buenos_Aires"}},
			{Package: &program.Package{Name: "g++-12"}},
			{User: &program.User{Name: "alice", Sudo: true}},
			{Password: &program.Password{User: "root", Secret: "passwords.vm_root"}},
			{Keys: &program.AuthorizedKeys{User: "alice", Keys: []string{"ssh_keys.a", "ssh_keys.b"}}},
			{Sudo: &program.Sudo{}},
			{PVE: &program.PVE{RemoveSubscriptionNag: true}},
			{Service: &program.Service{Name: "getty@tty1", Enabled: true}},
			{Fail2ban: &program.Fail2ban{Enabled: true}},
			{SSHD: &program.SSHD{Port: 22, PermitRootLogin: "no", PasswordAuthentication: "no"}},
		},
	}
}

func TestRoundTrip(t *testing.T) {
	p := full()
	data, err := program.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	again, err := program.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p, again); d != "" {
		t.Error(d)
	}
	if len(program.Digest(data)) != 64 {
		t.Errorf("digest %q", program.Digest(data))
	}
	if got := p.Secrets(); !cmp.Equal(got, []string{"passwords.vm_root", "ssh_keys.a", "ssh_keys.b"}) {
		t.Errorf("secrets %q", got)
	}
	kinds := map[string]bool{}
	for _, r := range p.Resources {
		kinds[r.Kind()] = true
	}
	for _, k := range program.Kinds() {
		if !kinds[k] {
			t.Errorf("the test's program has no %s", k)
		}
	}
}

// The format is a promise: these bytes must decode for two minor releases.
func TestBytes(t *testing.T) {
	p := &program.Program{Format: 1, Node: "m/n", Resources: []program.Resource{
		{Hostname: &program.Hostname{Name: "n"}}, {User: &program.User{Name: "al", Sudo: true}}, {Sudo: &program.Sudo{}},
	}}
	data, err := program.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	const want = "a301010263" + "6d2f6e" + "0383" + "a101a10161" + "6e" + "a104a20162" + "616c" + "02f5" + "a106a101f4"
	if got := hex.EncodeToString(data); got != want {
		t.Errorf("encoded\n%s, want\n%s", got, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	ok, err := program.Encode(full())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		code diag.Code
		data []byte
	}{
		"nothing":         {"HS0950", nil},
		"trailing":        {"HS0950", append(bytes.Clone(ok), 0)},
		"cut off":         {"HS0950", ok[:len(ok)-1]},
		"long integer":    {"HS0950", []byte("\xa3\x01\x18\x01\x02\x61x\x03\x80")},
		"unknown key":     {"HS0950", []byte("\xa4\x01\x01\x02\x61x\x03\x80\x04\x01")},
		"twice a key":     {"HS0950", []byte("\xa4\x01\x01\x01\x01\x02\x61x\x03\x80")},
		"unsorted keys":   {"HS0950", []byte("\xa3\x02\x61x\x01\x01\x03\x80")},
		"indefinite":      {"HS0950", []byte("\xa3\x01\x01\x02\x61x\x03\x9f\xff")},
		"a tag":           {"HS0950", []byte("\xc1\xa3\x01\x01\x02\x61x\x03\x80")},
		"not UTF-8":       {"HS0950", []byte("\xa3\x01\x01\x02\x61\xff\x03\x80")},
		"no resources":    {"HS0950", []byte("\xa2\x01\x01\x02\x61x")},
		"null resources":  {"HS0950", []byte("\xa3\x01\x01\x02\x61x\x03\xf6")},
		"no format":       {"HS0950", []byte("\xa3\x01\x00\x02\x61x\x03\x80")},
		"a later format":  {"HS0952", []byte("\xa3\x01\x02\x02\x61x\x03\x80")},
		"later and other": {"HS0952", []byte("\xa3\x01\x02\x02\x61x\x18\x63\x80")},
		"empty resource":  {"HS0951", []byte("\xa3\x01\x01\x02\x61x\x03\x81\xa0")},
		"two kinds":       {"HS0951", []byte("\xa3\x01\x01\x02\x61x\x03\x81\xa2\x06\xa1\x01\xf4\x0a\xa1\x01\xf4")},
		"huge":            {"HS0950", make([]byte, program.MaxProgram+1)},
	} {
		p, err := program.Decode(c.data)
		var d *diag.Diagnostic
		if !errors.As(err, &d) || d.Code != c.code {
			t.Errorf("%s: %+v, %v; want %s", name, p, err, c.code)
		}
	}
}

func TestValidate(t *testing.T) {
	for name, r := range map[string]program.Resource{
		"host with a dot":       {Hostname: &program.Hostname{Name: "a.b"}},
		"host with a newline":   {Hostname: &program.Hostname{Name: "a\nb"}},
		"domain with a space":   {Hostname: &program.Hostname{Name: "a", Domain: "x y"}},
		"zone out of its tree":  {Timezone: &program.Timezone{Name: "../../etc/passwd"}},
		"absolute zone":         {Timezone: &program.Timezone{Name: "/etc/passwd"}},
		"package option":        {Package: &program.Package{Name: "-o"}},
		"package with a slash":  {Package: &program.Package{Name: "./evil.deb"}},
		"user in capitals":      {User: &program.User{Name: "Alice"}},
		"user with a colon":     {User: &program.User{Name: "a:b"}},
		"user that is a number": {User: &program.User{Name: "0"}},
		"the driver":            {User: &program.User{Name: program.DriverUser}},
		"the driver's keys":     {Keys: &program.AuthorizedKeys{User: program.DriverUser}},
		"unsorted keys":         {Keys: &program.AuthorizedKeys{User: "a", Keys: []string{"ssh_keys.b", "ssh_keys.a"}}},
		"port 0":                {SSHD: &program.SSHD{PermitRootLogin: "no", PasswordAuthentication: "no"}},
		"port 65536":            {SSHD: &program.SSHD{Port: 65536, PermitRootLogin: "no", PasswordAuthentication: "no"}},
		"root sometimes":        {SSHD: &program.SSHD{Port: 22, PermitRootLogin: "maybe", PasswordAuthentication: "no"}},
		"an injected option":    {SSHD: &program.SSHD{Port: 22, PermitRootLogin: "no", PasswordAuthentication: "no\nPort 1"}},
		"unit with a path":      {Service: &program.Service{Name: "../x", Enabled: true}},
		"sshd off":              {Service: &program.Service{Name: "sshd.service"}},
		"secret with a space":   {Password: &program.Password{User: "root", Secret: "a b"}},
	} {
		p := &program.Program{Format: 1, Node: "m/n", Resources: []program.Resource{r}}
		var d *diag.Diagnostic
		if _, err := program.Encode(p); !errors.As(err, &d) || d.Code != "HS0951" {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := &program.Program{Format: 1, Node: "m/n", Resources: []program.Resource{
		{Package: &program.Package{Name: "htop"}}, {Package: &program.Package{Name: "htop"}},
	}}
	if err := p.Validate(); err == nil || !strings.Contains(err.Error(), "package htop is twice") {
		t.Errorf("twice the same: %v", err)
	}
}

func TestBundle(t *testing.T) {
	b := &program.Bundle{Values: []program.BundleValue{{Name: "a", Value: []byte("CANARY")}, {Name: "b", Value: []byte{}}}}
	data, err := program.EncodeBundle(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := program.DecodeBundle(data)
	if err != nil || !cmp.Equal(b, again) {
		t.Errorf("%v, %v", again, err)
	}
	if v, ok := b.Lookup("a"); !ok || string(v) != "CANARY" {
		t.Error("value not found")
	}
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(b), fmt.Sprintf("%v %+v %#v", *b, *b, *b), fmt.Sprintf("%s %v %d", b.Values[0], &b.Values[0], b.Values), string(text)} {
		if strings.Contains(s, "CANARY") || strings.Contains(s, "67 65 78") || strings.Contains(s, "434e41") || strings.Contains(s, "Q0FOQVJZ") {
			t.Errorf("a bundle prints its values: %s", s)
		}
	}
	for _, b := range []*program.Bundle{
		{Values: []program.BundleValue{{Name: "b"}, {Name: "a"}}},
		{Values: []program.BundleValue{{Name: "a"}, {Name: "a"}}},
		{Values: []program.BundleValue{{Name: ""}}},
	} {
		if _, err := program.EncodeBundle(b); err == nil {
			t.Errorf("took %v", b)
		}
	}
}

// Two programs that differ have different bytes, and order is part of both.
func TestDigestCoversOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z][a-z0-9+.-]{0,8}`), 2, 10, rapid.ID[string]).Draw(t, "packages")
		p := &program.Program{Format: 1, Node: "m/n"}
		for _, n := range names {
			p.Resources = append(p.Resources, program.Resource{Package: &program.Package{Name: n}})
		}
		one, err := program.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		p.Resources[0], p.Resources[1] = p.Resources[1], p.Resources[0]
		two, err := program.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		if program.Digest(one) == program.Digest(two) {
			t.Fatal("order is not part of the digest")
		}
	})
}

func FuzzDecode(f *testing.F) {
	data, err := program.Encode(full())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("\xa3\x01\x01\x02\x61x\x03\x80"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := program.Decode(data)
		if err != nil {
			var d *diag.Diagnostic
			if !errors.As(err, &d) {
				t.Fatalf("a raw error: %v", err)
			}
			return
		}
		again, err := program.Encode(p)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%x decodes and encodes to %x, %v", data, again, err)
		}
	})
}
