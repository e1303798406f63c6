package pve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/secret"
)

const (
	canary = "0b5e55ed-cafe-4bad-8bad-0123456789ab"
	token  = "root@pam!homestak=" + canary
)

// fake is a PVE API that answers by a table and remembers what it was asked.
type fake struct {
	*httptest.Server
	mu       sync.Mutex
	answers  map[string]http.HandlerFunc // by "METHOD /path"
	requests []request
}

type request struct {
	Method, Path, Query, Body string
	Header                    http.Header
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{answers: map[string]http.HandlerFunc{}}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(f.serve))
	f.Config.ErrorLog = nil
	f.Server.Config.ErrorLog = discardLog()
	f.StartTLS()
	t.Cleanup(f.Close)
	return f
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/api2/json")
	f.mu.Lock()
	f.requests = append(f.requests, request{r.Method, path, r.URL.RawQuery, string(body), r.Header.Clone()})
	answer := f.answers[r.Method+" "+path]
	f.mu.Unlock()
	if answer == nil {
		say(w, 501, fmt.Sprintf("Method '%s %s' not implemented", r.Method, path), "")
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer(w, r)
}

func (f *fake) on(what string, answer http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[what] = answer
}

// data answers 200 with a JSON value as "data".
func (f *fake) data(what, value string) {
	f.on(what, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"data":`+value+`}`) })
}

func (f *fake) seen() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]request(nil), f.requests...)
}

func (f *fake) pin() string { return Fingerprint(f.Certificate().Raw) }

func (f *fake) config() Config {
	return Config{Name: "father", Endpoints: []string{f.URL}, Fingerprint: f.pin(), Token: secret.New([]byte(token))}
}

func (f *fake) client(t *testing.T) *Client {
	t.Helper()
	return open(t, f.config())
}

func open(t *testing.T, cfg Config) *Client {
	t.Helper()
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// say writes a raw answer: PVE puts its message into the reason phrase, which
// net/http's server cannot.
func say(w http.ResponseWriter, status int, reason, body string) {
	conn, buf, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	_, _ = fmt.Fprintf(buf, "HTTP/1.1 %d %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, reason, len(body), body)
	_ = buf.Flush()
	_ = conn.Close()
}

// drop reads a request and closes the connection without an answer.
func drop(w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		_ = conn.Close()
	}
}

// shown is everything a user may get to see of an error.
func shown(t *testing.T, err error) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%v %+v %#v", err, err, err)
	for e := err; e != nil; e = errors.Unwrap(e) {
		fmt.Fprintf(&b, " %v %+v", e, e)
	}
	if says, ok := err.(interface{ Diagnostic() *diag.Diagnostic }); ok {
		d := says.Diagnostic()
		if _, known := diag.Lookup(d.Code); !known || d.Message == "" || d.Label == "" || d.Help == "" {
			t.Errorf("diagnostic of %T is incomplete: %+v", err, d)
		}
		j, err := json.Marshal(d)
		if err != nil {
			t.Error(err)
		}
		b.Write(j)
	}
	var d *diag.Diagnostic
	if errors.As(err, &d) {
		j, _ := json.Marshal(d)
		b.Write(j)
	}
	if strings.Contains(b.String(), canary) {
		t.Errorf("the token shows: %s", b.String())
	}
	return b.String()
}
