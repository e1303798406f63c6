package pve

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/homestak/homestak/runtime/secret"
)

func TestParsePins(t *testing.T) {
	a, b := strings.Repeat("aa:", 31)+"aa", strings.Repeat("BB", 32)
	A, B := strings.ToUpper(a), strings.Repeat("BB:", 31)+"BB"
	for text, want := range map[string]string{
		"": "", a: A, b: B, a + ", " + b: A + "," + B, "ca:" + a + " " + b + "," + b: B + ",ca:" + A,
	} {
		if got, err := ParsePins(text); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, bad := range []string{"x", a + "x", "ca:", "CA:" + a} {
		if _, err := ParsePins(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

// An authority vouches for a server under its name; a certificate that is pinned
// by itself needs nobody; everyone else is refused before anything is sent.
func TestAuthorities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		defer w.close()
		api := &counting{}
		ours, theirs := newAuthority(t), newAuthority(t)
		self := theirs.sign(t, "self")
		w.build("a:8006", ours.sign(t, "a"), api)
		w.build("192.0.2.7:8006", ours.sign(t, "192.0.2.7"), api)
		w.build("misnamed:8006", ours.sign(t, "a"), api)
		w.build("stranger:8006", theirs.sign(t, "stranger"), api)
		w.build("self:8006", self, api)
		root := "ca:" + Fingerprint(ours.cert.Raw)
		for _, c := range []struct {
			endpoint, pin string
			ca            []byte
			class         Class
		}{
			{"a", "", ours.pem, OK},
			{"a", root, ours.pem, OK},
			{"192.0.2.7", "", ours.pem, OK},
			{"misnamed", "", ours.pem, Certificate},
			{"stranger", "", ours.pem, Certificate},
			{"self", "", ours.pem, Certificate},
			{"self", printOf(self) + "," + root, ours.pem, OK},
			{"a", printOf(self) + "," + root, ours.pem, OK},
			{"stranger", "", append(append([]byte(nil), theirs.pem...), ours.pem...), OK},
			{"a", printOf(self), ours.pem, Certificate}, // the pin says less than the file
		} {
			before := api.reads.Load()
			cl := open(t, Config{Name: "father", Endpoints: []string{c.endpoint}, Fingerprint: c.pin, CA: c.ca, Dial: w.dial, Token: secret.New([]byte(token))})
			_, err := cl.Version(t.Context())
			if ClassOf(err) != c.class {
				t.Errorf("%s pinned %q: %v", c.endpoint, c.pin, err)
			}
			if err != nil {
				shown(t, err)
				if api.reads.Load() != before {
					t.Errorf("%s pinned %q: a request was sent", c.endpoint, c.pin)
				}
			}
			cl.Close()
		}
	})
}

// What a plan pins of an authority is that authority, not the name of a file.
func TestTheCAFileIsChecked(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t), newAuthority(t)
	f := newFake(t)
	try := func(pin string, ca []byte) error {
		cfg := f.config()
		cfg.Fingerprint, cfg.CA = pin, ca
		c, err := New(cfg)
		if err == nil {
			t.Cleanup(c.Close)
			if c.Pins() != "ca:"+Fingerprint(ours.cert.Raw) {
				t.Errorf("pins %q", c.Pins())
			}
			return nil
		}
		shown(t, err)
		return err
	}
	root := "ca:" + Fingerprint(ours.cert.Raw)
	if err := errors.Join(try("", ours.pem), try(root, ours.pem), try(root, append(append([]byte(nil), theirs.pem...), ours.pem...))); err != nil {
		t.Error(err)
	}
	if err := try(root, theirs.pem); ClassOf(err) != Certificate {
		t.Errorf("got %v", err)
	}
	for _, bad := range []error{
		try(root, nil), try("", []byte("no PEM")), try("x", nil),
		try("", []byte("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n")),
	} {
		if bad == nil || !strings.Contains(bad.Error(), "HS0814") {
			t.Errorf("got %v", bad)
		}
	}
}
