package server_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/homestak/homestak/runtime/ca"
	"github.com/homestak/homestak/runtime/sign"
	"github.com/homestak/homestak/runtime/spec"
	"github.com/homestak/homestak/runtime/spec/spectest"
)

func TestTokens(t *testing.T) {
	w := spectest.New(t)
	op := w.Operator()
	m := spectest.NewMachine(t)
	other, err := ca.Throwaway(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	good := w.Token(spectest.Alice, nil)
	for what, token := range map[string]string{
		"no token":           "",
		"nonsense":           "hs1.AAAA",
		"tampered":           good[:40] + swapCase(good[40:41]) + good[41:],
		"of another site":    sign.SealToken(other.Signing(), sign.Token{ID: "x", Node: spectest.Alice, Audience: spectest.Site, Expires: w.Now().Add(time.Hour).Unix()}),
		"for another site":   w.Token(spectest.Alice, func(t *sign.Token) { t.Audience = "another" }),
		"expired":            w.Token(spectest.Alice, func(t *sign.Token) { t.Expires = w.Now().Unix() }),
		"with a path for id": w.Token(spectest.Alice, func(t *sign.Token) { t.ID = "../x" }),
	} {
		_, err := w.Enroll(m, token)
		want(t, what, err, 401)
	}
	if _, err := w.Enroll(m, good); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	if r, err := w.Enroll(m, good); err != nil || r.Node != spectest.Alice {
		t.Errorf("again with the same key: %v", err)
	}
	_, err = w.Enroll(spectest.NewMachine(t), good)
	want(t, "with another key", err, 401)

	revoked := w.Token(spectest.Bob, func(t *sign.Token) { t.ID = "stolen" })
	if err := op.Revoke(t.Context(), spec.Revocation{Token: "stolen"}); err != nil {
		t.Fatal(err)
	}
	_, err = w.Enroll(m, revoked)
	want(t, "revoked", err, 401)
	for _, reason := range []string{"token", "audience", "expired", "replay", "revoked"} {
		if !strings.Contains(w.Log.String(), "reason="+reason) {
			t.Errorf("no refusal is logged as %q", reason)
		}
	}
	for _, secret := range []string{good, revoked} {
		if strings.Contains(w.Log.String(), secret) {
			t.Error("the log holds a token")
		}
	}
}

// swapCase gives another letter of the alphabet that tokens are written in.
func swapCase(letter string) string {
	if up := strings.ToUpper(letter); up != letter {
		return up
	}
	if low := strings.ToLower(letter); low != letter {
		return low
	}
	return "x"
}

// A node's certificate opens its own things, until its key is another one.
func TestNodesAreApart(t *testing.T) {
	w := spectest.New(t)
	op := w.Operator()
	_, a := w.Enrolled(spectest.Alice)
	m, b := w.Enrolled(spectest.Bob)
	for node, text := range map[string]string{spectest.Alice: "for alice", spectest.Bob: "for bob"} {
		if err := op.Publish(t.Context(), node, w.Publication(node, 1, text, "secret "+text)); err != nil {
			t.Fatal(err)
		}
	}
	got, _, err := b.Program(t.Context(), "")
	if err != nil || string(got.Program) != "for bob" {
		t.Fatalf("bob gets %q, %v", got.Program, err)
	}
	for what, f := range map[string]func(*spec.Client) error{
		"list": func(c *spec.Client) error { _, err := c.Nodes(t.Context()); return err },
		"read": func(c *spec.Client) error { _, err := c.Node(t.Context(), spectest.Alice); return err },
		"publish": func(c *spec.Client) error {
			return c.Publish(t.Context(), spectest.Alice, w.Publication(spectest.Alice, 9, "evil", ""))
		},
		"retract": func(c *spec.Client) error { return c.Retract(t.Context(), spectest.Alice) },
		"revoke":  func(c *spec.Client) error { return c.Revoke(t.Context(), spec.Revocation{Node: spectest.Alice}) },
		"send":    func(c *spec.Client) error { return c.Send(t.Context(), spectest.Alice, []byte("x")) },
		"info":    func(c *spec.Client) error { _, err := c.Info(t.Context()); return err },
	} {
		want(t, "a node that would "+what, f(b), 403)
		want(t, "a stranger who would "+what, f(w.Client(nil)), 401)
	}
	_, _, err = w.Client(nil).Program(t.Context(), "")
	want(t, "a program without a certificate", err, 401)
	_, _, err = op.Program(t.Context(), "")
	want(t, "a program for an operator", err, 403)

	next := spectest.NewMachine(t)
	r, err := b.Renew(t.Context(), spec.RenewRequest{CSR: next.CSR(t)})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Client(next.Certificate(r)).Program(t.Context(), ""); err != nil {
		t.Errorf("with the new key: %v", err)
	}
	_, _, err = b.Program(t.Context(), "")
	want(t, "with the old key", err, 403)
	_, err = b.Renew(t.Context(), spec.RenewRequest{CSR: m.CSR(t)})
	want(t, "renewing with the old key", err, 403)

	if err := op.Revoke(t.Context(), spec.Revocation{Node: spectest.Alice, Reason: "stolen"}); err != nil {
		t.Fatal(err)
	}
	_, _, err = a.Program(t.Context(), "")
	want(t, "after it was revoked", err, 403)
}

// A node whose certificate, or whose server's, is of another site is nobody.
func TestOtherSites(t *testing.T) {
	w, foreign := spectest.New(t), spectest.New(t)
	m := spectest.NewMachine(t)
	r, err := foreign.Enroll(m, foreign.Token(spectest.Alice, nil))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = w.Client(m.Certificate(r)).Program(t.Context(), "")
	want(t, "a certificate of another site, which is not even shown", err, 401)
	forced := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: w.Roots,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return m.Certificate(r), nil }}}}
	if resp, err := forced.Get(w.URL + spec.PathProgram); err == nil {
		resp.Body.Close()
		t.Errorf("a certificate of another site is answered %s", resp.Status)
	}
	c, err := spec.NewClient(spec.Config{Server: foreign.URL, Roots: w.Roots})
	if err != nil {
		t.Fatal(err)
	}
	var unknown x509.UnknownAuthorityError
	if _, err := c.Enroll(t.Context(), spec.EnrollRequest{}); !errors.As(err, &unknown) {
		t.Errorf("a server of another site: %v", err)
	}
	if resp, err := http.Get("http://" + w.Addr + "/healthz"); err == nil {
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("plain HTTP is answered %s", resp.Status)
		}
	}
}

// The server takes nothing that the site has not signed for that node.
func TestPublicationsAreTheSites(t *testing.T) {
	w := spectest.New(t)
	op := w.Operator()
	other, err := ca.Throwaway(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	good := w.Publication(spectest.Alice, 5, "program", "secret")
	if err := op.Publish(t.Context(), spectest.Alice, good); err != nil {
		t.Fatal(err)
	}
	if err := op.Publish(t.Context(), spectest.Alice, good); err != nil {
		t.Errorf("the same again: %v", err)
	}
	for what, change := range map[string]func(*spec.Publication){
		"another program":       func(p *spec.Publication) { p.Program = []byte("evil") },
		"an unsigned statement": func(p *spec.Publication) { p.Statement = []byte("x") },
		"another site's signature": func(p *spec.Publication) {
			p.Statement = sign.Seal(other.Signing(), sign.Program{Node: spectest.Alice, Digest: "x", Generation: 9})
		},
		"a statement about another": func(p *spec.Publication) { *p = w.Publication(spectest.Bob, 9, "program", "") },
		"an unreadable bundle":      func(p *spec.Publication) { p.Bundle = []byte("x") },
		"no name":                   func(p *spec.Publication) { p.Name = "" },
	} {
		p := w.Publication(spectest.Alice, 9, "program", "secret")
		change(&p)
		want(t, what, op.Publish(t.Context(), spectest.Alice, p), 400)
	}
	for _, generation := range []uint64{4, 5} {
		want(t, fmt.Sprintf("generation %d", generation), op.Publish(t.Context(), spectest.Alice, w.Publication(spectest.Alice, generation, "older", "")), 409)
	}
	want(t, "a signal that is none", op.Send(t.Context(), spectest.Alice, []byte("x")), 400)
	want(t, "a signal for another", op.Send(t.Context(), spectest.Alice, sign.Seal(w.Keys.Signing(), sign.Signal{Node: spectest.Bob, Verb: "check"})), 400)
	want(t, "a token as a signal", op.Send(t.Context(), spectest.Alice, sign.Seal(w.Keys.Signing(), sign.Token{Node: spectest.Alice})), 400)
}

func TestHostileRequests(t *testing.T) {
	w := spectest.New(t)
	m, _ := w.Enrolled(spectest.Alice)
	r, err := w.Enroll(m, w.Token(spectest.Alice, nil))
	if err != nil {
		t.Fatal(err)
	}
	h := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: w.Roots, Certificates: []tls.Certificate{*m.Certificate(r)}}}}
	t.Cleanup(h.CloseIdleConnections)
	send := func(method, path, body string, header http.Header) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, w.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = header
		resp, err := h.Do(req)
		if err != nil {
			t.Logf("%s %.40s: %v", method, path, err)
			return -1
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Logf("%s %.40s: %v", method, path, err)
		}
		return resp.StatusCode
	}
	for _, c := range []struct {
		method, path, body string
		header             http.Header
		want               []int
	}{
		{"POST", "/v1/report", "{", nil, []int{400}},
		{"POST", "/v1/report", `{"phase":"idle"} {}`, nil, []int{400}},
		{"POST", "/v1/report", `{"nonsense":1}`, nil, []int{400}},
		{"POST", "/v1/report", strings.Repeat(" ", spec.MaxReport+1), nil, []int{413}},
		{"POST", "/v1/report", strings.Repeat("[", 100_000), nil, []int{400}},
		{"POST", "/v1/enroll", `{"token":"` + strings.Repeat("A", 1<<20) + `","csr":""}`, nil, []int{401}},
		{"GET", "/v1/events?after=x", "", nil, []int{400}},
		{"GET", "/v1/events?after=-1", "", nil, []int{400}},
		{"GET", "/v1/events?wait=99999999999999999999", "", nil, []int{400}},
		{"GET", "/v1/agent/..%2f..%2fetc%2fpasswd", "", nil, []int{404}},
		{"GET", "/v1/agent/../../etc/passwd", "", nil, []int{301, 307, 404}},
		{"GET", "/v1/agent/" + strings.Repeat("ab", 32), "", nil, []int{200}},
		{"POST", "/v1/jobs/..%2f..%2fnodes/result", `{"ok":true}`, nil, []int{400, 404}},
		{"GET", "/spec/..%2f..%2fsecrets.yaml", "", nil, []int{401}},
		{"GET", "/config.git/objects/../../../../../config/secrets.yaml", "", nil, []int{301, 307, 404}},
		{"TRACE", "/v1/program", "", nil, []int{404, 405}},
		{"DELETE", "/v1/program", "", nil, []int{404, 405}},
		{"GET", "/v1/program", "", http.Header{"X-Large": {strings.Repeat("x", 64<<10)}}, []int{431, -1}},
	} {
		got := send(c.method, c.path, c.body, c.header)
		ok := false
		for _, w := range c.want {
			ok = ok || got == w
		}
		if !ok {
			t.Errorf("%s %.60s: %d, want %v", c.method, c.path, got, c.want)
		}
	}
}

// A thousand sockets that say nothing keep no good node from being served.
func TestSlowloris(t *testing.T) {
	w := spectest.New(t)
	_, node := w.Enrolled(spectest.Alice)
	_, other := w.Enrolled(spectest.Bob)
	for range 1000 {
		c, err := net.Dial("tcp", w.Addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
	}
	for range 20 {
		if _, _, err := node.Program(t.Context(), ""); !errors.Is(err, spec.ErrNotFound) {
			t.Fatal(err)
		}
		if err := other.Report(t.Context(), spec.Report{Phase: spec.PhaseIdle, Outcome: spec.Right}); err != nil {
			t.Fatal(err)
		}
	}
}

// Who is refused again and again waits; who is served does not.
func TestGuessing(t *testing.T) {
	w := spectest.New(t)
	m := spectest.NewMachine(t)
	blocked := false
	for range 100 {
		_, err := w.Enroll(m, w.Token(spectest.Alice, func(t *sign.Token) { t.Audience = "x" }))
		if status(err) == 429 {
			blocked = true
			break
		}
		want(t, "a bad token", err, 401)
	}
	if !blocked {
		t.Error("a hundred guesses are answered")
	}
	w.Later(time.Hour)
	if _, err := w.Enroll(m, w.Token(spectest.Alice, nil)); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

// The certificate renews itself, and so do those of nodes.
func TestCertificatesFollowTheClock(t *testing.T) {
	w := spectest.New(t)
	serial := func() string {
		c, err := tls.Dial("tcp", w.Addr, &tls.Config{RootCAs: w.Roots, Time: w.Now})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	one := serial()
	if two := serial(); one != two {
		t.Error("a new certificate for each connection")
	}
	w.Later(20 * 24 * time.Hour)
	if two := serial(); one == two {
		t.Error("the same certificate past half of its life")
	}
}

// Upstream's paths, with a posture's way of asking.
func TestUpstreamPaths(t *testing.T) {
	w := spectest.New(t)
	op := w.Operator()
	p := w.Publication(spectest.Alice, 1, "program", "")
	p.Auth = spec.AuthNodeToken
	if err := op.Publish(t.Context(), spectest.Alice, p); err != nil {
		t.Fatal(err)
	}
	h := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: w.Roots}}}
	t.Cleanup(h.CloseIdleConnections)
	get := func(path, token string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "GET", w.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := h.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, strings.Join(strings.Fields(string(body)), "")
	}
	for _, c := range []struct {
		path, token string
		status      int
		body        string
	}{
		{"/health", "", 200, `{"status":"ok"}`},
		{"/specs", "", 200, `{"specs":["base"]}`},
		{"/spec/host-1111", w.Token(spectest.Alice, nil), 200, `{"schema_version":1}`},
		{"/spec/host-1111", "", 401, ""},
		{"/spec/host-1111", w.Token(spectest.Bob, nil), 401, ""},
		{"/spec/host-1111", "x.y", 401, ""},
		{"/spec/host-9999", "", 401, ""},
		{"/spec/host-9999", w.Token(spectest.Bob, nil), 404, ""},
	} {
		status, body := get(c.path, c.token)
		if status != c.status || c.body != "" && body != c.body {
			t.Errorf("%s: %d %s, want %d %s", c.path, status, body, c.status, c.body)
		}
	}
}
