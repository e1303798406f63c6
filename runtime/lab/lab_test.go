package lab

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// testClock passes time when somebody sleeps and never waits, except where a
// test holds it.
type testClock struct {
	mu   sync.Mutex
	at   time.Time
	hold chan struct{} // when set, Sleep waits for it
}

func newClock() *testClock {
	return &testClock{at: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *testClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	hold := c.hold
	c.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
		}
	}
	c.mu.Lock()
	if ctx.Err() == nil {
		c.at = c.at.Add(d)
	}
	c.mu.Unlock()
	return ctx.Err()
}

func (c *testClock) block() (release func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	hold := make(chan struct{})
	c.hold = hold
	return func() {
		c.mu.Lock()
		c.hold = nil
		c.mu.Unlock()
		close(hold)
	}
}

// client speaks to a lab over HTTPS.
type client struct {
	t     *testing.T
	lab   *Lab
	http  *http.Client
	token string
	base  string // where, default the lab's URL
}

func open(t *testing.T, cfg Config) *Lab {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	if cfg.Clock == nil {
		cfg.Clock = newClock()
	}
	if cfg.Hypervisor == nil {
		cfg.Hypervisor = Bare
	}
	if cfg.Node == "" {
		cfg.Node = "pve1"
	}
	l, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func newClient(t *testing.T, l *Lab) *client {
	config := &tls.Config{InsecureSkipVerify: true, VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
		if got := fingerprint(tls.Certificate{Certificate: raw}); got != l.Fingerprint() {
			return errors.New("certificate " + got + " is not pinned")
		}
		return nil
	}}
	transport := &http.Transport{TLSClientConfig: config}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t: t, lab: l, http: &http.Client{Transport: transport}, token: l.Token()}
}

// reply is an answer in the form of the transcripts.
type reply struct {
	Status  string // "400 Parameter verification failed."
	Body    string
	Data    any
	Message string
	Errors  map[string]string
	Total   int
	Changes string
}

func (c *client) send(method, path, contentType string, body io.Reader) reply {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, cmp.Or(c.base, c.lab.URL())+"/api2/json"+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "PVEAPIToken="+c.token)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	r := reply{Status: resp.Status, Body: string(data)}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &r); err != nil {
			c.t.Fatalf("%s %s: %v in %q", method, path, err, data)
		}
	}
	return r
}

// do sends parameters "key=value" as PVE's clients do.
func (c *client) do(method, path string, params ...string) reply {
	c.t.Helper()
	form := url.Values{}
	for _, p := range params {
		k, v, _ := strings.Cut(p, "=")
		form.Add(k, v)
	}
	if method == "GET" || method == "DELETE" {
		if len(form) > 0 {
			path += "?" + form.Encode()
		}
		return c.send(method, path, "", nil)
	}
	return c.send(method, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// ok sends a request that must succeed and returns its data.
func (c *client) ok(method, path string, params ...string) any {
	c.t.Helper()
	r := c.do(method, path, params...)
	if r.Status != "200 OK" {
		c.t.Fatalf("%s %s %v: %s %s", method, path, params, r.Status, r.Body)
	}
	return r.Data
}

// wait waits for a task's end and returns its exit status.
func (c *client) wait(upid any) string {
	c.t.Helper()
	return c.waitOn(c.lab.cfg.Node, upid)
}

// waitOn is wait for a task of a node.
func (c *client) waitOn(node string, upid any) string {
	c.t.Helper()
	text, ok := upid.(string)
	if !ok {
		c.t.Fatalf("no UPID but %v", upid)
	}
	t, err := c.lab.tasks.find(node, text)
	if err != nil {
		c.t.Fatal(err)
	}
	<-t.ctx.Done()
	for {
		status := c.ok("GET", "/nodes/"+node+"/tasks/"+url.PathEscape(text)+"/status").(map[string]any)
		if status["status"] == "stopped" {
			return status["exitstatus"].(string)
		}
	}
}

// task runs a request that starts a task, and waits for its end.
func (c *client) task(method, path string, params ...string) string {
	c.t.Helper()
	return c.wait(c.ok(method, path, params...))
}

func (c *client) uploadFile(storage, content, name string, data []byte, fields ...string) reply {
	c.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	w.WriteField("content", content)
	for _, f := range fields {
		k, v, _ := strings.Cut(f, "=")
		w.WriteField(k, v)
	}
	part, err := w.CreateFormFile("filename", name)
	if err != nil {
		c.t.Fatal(err)
	}
	part.Write(data)
	w.Close()
	return c.send("POST", "/nodes/pve1/storage/"+storage+"/upload", w.FormDataContentType(), &b)
}

// image is a small image of a 3 GiB disk.
func image() []byte {
	data := make([]byte, 64<<10)
	copy(data, builtinMagic+"name: test\nformat: raw\nvirtual-size: 3221225472\n\n")
	return data
}

func sum256(data []byte) string {
	sum := sha256.Sum256(data)
	return strings.ToLower(strings.ReplaceAll(hexOf(sum[:]), ":", ""))
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var s strings.Builder
	for _, x := range b {
		s.WriteByte(digits[x>>4])
		s.WriteByte(digits[x&15])
	}
	return s.String()
}
