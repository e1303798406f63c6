package pve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/secret"
)

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }

func TestRequestHeaders(t *testing.T) {
	f := newFake(t)
	f.data("GET /version", `{"version":"9.2.11","release":"9.2","repoid":"14a22df3"}`)
	cfg := f.config()
	cfg.RunID, cfg.UserAgent = "run-1", "homestak/1.2.3"
	c := open(t, cfg)
	v, err := c.Version(t.Context())
	if err != nil || *v != (Version{"9.2.11", "9.2", "14a22df3"}) {
		t.Fatalf("%+v, %v", v, err)
	}
	h := f.seen()[0].Header
	if h.Get("Authorization") != "PVEAPIToken="+token || h.Get("X-Homestak-Run") != "run-1" || h.Get("User-Agent") != "homestak/1.2.3" {
		t.Errorf("headers: %v", h)
	}
	c = open(t, cfg) // one that no goroutine works for
	for _, x := range []any{c, cfg, &cfg, c.wire, c.api} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if text := fmt.Sprintf(verb, x); strings.Contains(text, canary) || strings.Contains(text, fmt.Sprint([]byte(canary))) {
				t.Errorf("%T shows the token with %s", x, verb)
			}
		}
	}
	if c.Writes() != 0 {
		t.Error("a read counts as a write")
	}
}

func TestPin(t *testing.T) {
	f := newFake(t)
	f.data("GET /version", `{"version":"9"}`)
	for _, form := range []string{f.pin(), strings.ToLower(f.pin()), strings.ReplaceAll(f.pin(), ":", "")} {
		cfg := f.config()
		cfg.Fingerprint = form
		if _, err := open(t, cfg).Version(t.Context()); err != nil {
			t.Errorf("%s: %v", form, err)
		}
	}
	before := len(f.seen())
	cfg := f.config()
	cfg.Fingerprint = strings.Repeat("AB:", 31) + "AB"
	cfg.Endpoints = []string{f.URL, f.URL} // a wrong certificate is no reason to try the next
	_, err := open(t, cfg).Version(t.Context())
	var wrong *CertError
	if !errors.As(err, &wrong) || wrong.Pinned != cfg.Fingerprint || wrong.Served != f.pin() || wrong.Host != "father" {
		t.Fatalf("got %#v", err)
	}
	if text := shown(t, err); !strings.Contains(text, wrong.Pinned) || !strings.Contains(text, wrong.Served) {
		t.Error("both fingerprints must be named")
	}
	// Without a pin the system decides, and does not know this certificate.
	cfg.Fingerprint = ""
	_, err = open(t, cfg).Version(t.Context())
	if !errors.As(err, &wrong) || wrong.Pinned != "" || wrong.Served != f.pin() {
		t.Fatalf("got %#v", err)
	}
	shown(t, err)
	if got := len(f.seen()); got != before {
		t.Errorf("%d requests reached a server that is not the pinned one", got-before)
	}
	served, err := ServedFingerprint(t.Context(), f.URL, nil)
	if err != nil || served != f.pin() {
		t.Errorf("served %s, %v", served, err)
	}
	if got := len(f.seen()); got != before {
		t.Error("asking for the fingerprint sent a request")
	}
	_, err = ServedFingerprint(t.Context(), closedPort(t), nil)
	if ClassOf(err) != Unreachable {
		t.Errorf("got %v", err)
	}
	shown(t, err)
}

// closedPort is an address nobody listens on.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return "https://" + l.Addr().String()
}

func TestFailOver(t *testing.T) {
	f, g := newFake(t), newFake(t) // httptest gives both one certificate
	for _, s := range []*fake{f, g} {
		s.data("GET /version", `{"version":"9"}`)
		s.data("POST /pools", "null")
	}
	cfg := f.config()
	cfg.Endpoints = []string{closedPort(t), f.URL, g.URL}
	c := open(t, cfg)
	if err := c.CreatePool(t.Context(), "a", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Version(t.Context()); err != nil || len(f.seen()) != 2 || len(g.seen()) != 0 {
		t.Fatalf("%v; %d and %d requests", err, len(f.seen()), len(g.seen()))
	}

	// A read whose answer is lost is asked elsewhere; a write is not, ever.
	f.on("GET /version", drop)
	if _, err := c.Version(t.Context()); err != nil || len(g.seen()) != 1 {
		t.Errorf("%v; %d requests at the other", err, len(g.seen()))
	}
	g.on("POST /pools", drop)
	err := c.CreatePool(t.Context(), "b", "")
	var lost *ConnError
	if !errors.As(err, &lost) || !lost.Sent || ClassOf(err) != Unreachable {
		t.Errorf("got %#v", err)
	}
	shown(t, err)
	if writes := countPosts(f) + countPosts(g); writes != 2 {
		t.Errorf("%d writes were sent, expected one each for two calls", writes)
	}

	// An answer, whatever it says, is no reason to try elsewhere.
	before := len(f.seen()) + len(g.seen())
	g.on("GET /version", func(w http.ResponseWriter, _ *http.Request) { say(w, 595, "No route to host", "") })
	if _, err := c.Version(t.Context()); ClassOf(err) != Proxy {
		t.Errorf("got %v", err)
	}
	if got := len(f.seen()) + len(g.seen()) - before; got != 1 {
		t.Errorf("%d requests for one answer", got)
	}

	cfg.Endpoints = []string{closedPort(t), closedPort(t)}
	c = open(t, cfg)
	err = c.CreatePool(t.Context(), "c", "")
	if !errors.As(err, &lost) || lost.Sent || lost.Endpoint != strings.TrimPrefix(cfg.Endpoints[1], "https://") {
		t.Errorf("got %#v", err)
	}
}

func countPosts(f *fake) (n int) {
	for _, r := range f.seen() {
		if r.Method == http.MethodPost {
			n++
		}
	}
	return n
}

func TestAnswersAreBounded(t *testing.T) {
	f := newFake(t)
	cfg := f.config()
	cfg.MaxResponse = 1000
	c := open(t, cfg)
	f.data("GET /version", `"`+strings.Repeat("x", 2000)+`"`)
	_, err := c.Version(t.Context())
	var bad *FormatError
	if !errors.As(err, &bad) || !errors.Is(err, errTooLarge) {
		t.Errorf("got %#v", err)
	}
	shown(t, err)
	for _, body := range []string{"", "<html>", "[]", `{"data":[]}`, `{"data":{"version":{}}}`} {
		f.on("GET /version", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
		if _, err := c.Version(t.Context()); !errors.As(err, &bad) || bad.Path != "/version" {
			t.Errorf("%s: %#v", body, err)
		}
	}
	// Cut off in the middle.
	f.on("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		conn, buf, _ := w.(http.Hijacker).Hijack()
		_, _ = io.WriteString(buf, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":")
		_ = buf.Flush()
		_ = conn.Close()
	})
	if _, err := c.Version(t.Context()); ClassOf(err) != Unreachable {
		t.Errorf("got %#v", err)
	}
	f.on("GET /version", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://evil.example/", http.StatusFound)
	})
	var answer *Error
	if _, err := c.Version(t.Context()); !errors.As(err, &answer) || answer.Status != 302 {
		t.Errorf("got %#v", err)
	}
}

func TestTimeAndCancel(t *testing.T) {
	f := newFake(t)
	f.data("GET /version", `{}`)
	c := f.client(t)
	if _, err := c.Version(t.Context()); err != nil { // from here on a connection is open
		t.Fatal(err)
	}
	entered, release := make(chan struct{}, 4), make(chan struct{})
	f.on("GET /version", func(http.ResponseWriter, *http.Request) { entered <- struct{}{}; <-release })
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	_, err := c.Version(ctx)
	if ClassOf(err) != Canceled || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	c.cfg.Timeout = time.Millisecond
	_, err = c.Version(t.Context())
	var lost *ConnError
	if !errors.As(err, &lost) || ClassOf(err) != Unreachable || !strings.Contains(err.Error(), "no answer within 1ms") {
		t.Errorf("got %v", err)
	}
	shown(t, err)
}

func TestServerTime(t *testing.T) {
	f := newFake(t)
	c := f.client(t)
	if _, ok := c.ServerTime(); ok {
		t.Error("a time before the first answer")
	}
	date := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	f.on("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", date.Format(http.TimeFormat))
		_, _ = io.WriteString(w, `{"data":{}}`)
	})
	if _, err := c.Version(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, ok := c.ServerTime()
	if d := got.Sub(date); !ok || d < 0 || d > time.Minute {
		t.Errorf("%s, %v", got, ok)
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := Config{Name: "father", Endpoints: []string{"10.0.0.1"}, Token: secret.New([]byte(token))}
	c := open(t, good)
	if got := c.base; got != "https://10.0.0.1:8006/api2/json" {
		t.Errorf("base %s", got)
	}
	for endpoint, want := range map[string]string{
		"https://pve.example":              "https://pve.example:8006",
		"https://pve.example:443/":         "https://pve.example:443",
		"https://[fd00::1]:8006/api2/json": "https://[fd00::1]:8006",
		"pve:8007":                         "https://pve:8007",
		"http://pve.example":               "",
		"https://user:" + canary + "@pve":  "",
		"https://pve/other":                "",
		"https://pve:8006/?x=1":            "",
		"https://":                         "",
		"":                                 "",
		"https://pve\n.example":            "",
	} {
		u, err := parseEndpoint(endpoint)
		if (err == nil) != (want != "") || err == nil && u.String() != want {
			t.Errorf("%q: %v, %v", endpoint, u, err)
		}
	}
	for name, change := range map[string]func(*Config){
		"no endpoint":    func(c *Config) { c.Endpoints = nil },
		"bad endpoint":   func(c *Config) { c.Endpoints = []string{"https://a:" + canary + "@b"} },
		"fingerprint":    func(c *Config) { c.Fingerprint = "AB:CD" },
		"no token":       func(c *Config) { c.Token = secret.Value{} },
		"token form":     func(c *Config) { c.Token = secret.New([]byte(canary)) },
		"token newline":  func(c *Config) { c.Token = secret.New([]byte(token + "\r\nX: y")) },
		"token user":     func(c *Config) { c.Token = secret.New([]byte("root!a=" + canary)) },
		"token no value": func(c *Config) { c.Token = secret.New([]byte("root@pam!" + canary + "=")) },
	} {
		cfg := good
		change(&cfg)
		_, err := New(cfg)
		var d *diag.Diagnostic
		if !errors.As(err, &d) || d.Code != "HS0814" || d.Help == "" {
			t.Errorf("%s: %v", name, err)
			continue
		}
		shown(t, err)
	}
}
