package reference_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/homestak/homestak/runtime/lab"
	"github.com/homestak/homestak/stdlib"
)

// Who sends a request of the recording.
const (
	asRoot   = "root@pam" // with a ticket
	asFull   = "root@pam!full"
	asSep    = "test@pve!sep"
	asNoperm = "noperm@pve!tok"
	asNobody = ""
	badToken = "root@pam!full with another secret"
	noToken  = "root@pam!nosuch"
	badCooky = "a ticket that was made up"
	badWord  = "something that is no token"
)

const rootPassword = "transcripts"

// player sends requests to a lab, in the bubble of its test.
type player struct {
	t     *testing.T
	lab   *lab.Lab
	http  *http.Client
	names map[string]string // what the recording calls it → what it is here
	// Secrets of tokens, and tickets with their CSRF token.
	tokens  map[string]string
	tickets map[string][2]string
}

// openPlayer opens a lab as the recorded node was: its name, address, storages
// and files.
func openPlayer(t *testing.T) *player {
	ln := newPipeListener()
	l, err := lab.Open(t.Context(), lab.Config{
		Dir: t.TempDir(), Node: "pve1", Listener: ln, Subnet: netip.MustParsePrefix("10.99.0.0/24"),
		TaskTime: 900 * time.Millisecond, BootTime: 150 * time.Second, PollTime: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{
		// What is asked here is no secret, and nobody else listens on a pipe.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		DialContext:     func(context.Context, string, string) (net.Conn, error) { return ln.dial() },
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	p := &player{
		t: t, lab: l, http: &http.Client{Transport: transport}, names: map[string]string{},
		tokens: map[string]string{}, tickets: map[string][2]string{},
	}
	p.tokens[asFull] = l.Token() // until the recording makes its own
	p.inside("PUT", "/access/password", "userid=root@pam", "password="+rootPassword)
	p.inside("DELETE", "/storage/data")
	p.inside("PUT", "/storage/local", "content=images,rootdir,iso,vztmpl,snippets,backup")
	return p
}

// inside is a request on the node itself. What the lab cannot do yet shows
// where the recording depends on it.
func (p *player) inside(verb, path string, params ...string) {
	var kvs []lab.KV
	for _, param := range params {
		k, v, _ := strings.Cut(param, "=")
		kvs = append(kvs, lab.KV{Key: k, Value: v})
	}
	_, data, _ := p.lab.Do(p.t.Context(), verb, path, kvs)
	if upid, ok := data.(string); ok {
		p.wait(upid)
	}
}

// send is one request. Requests of somebody who cannot log in are sent with no
// credentials that are worth anything.
func (p *player) send(who, verb, path string, params [][2]string) (status string, body map[string]any) {
	form := url.Values{}
	for _, kv := range params {
		form.Add(kv[0], kv[1])
	}
	if verb == "GET" || verb == "DELETE" {
		if len(form) > 0 {
			path += "?" + form.Encode()
		}
		return p.request(who, verb, path, "", nil)
	}
	return p.request(who, verb, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

func (p *player) request(who, verb, path, contentType string, content io.Reader) (status string, body map[string]any) {
	req, err := http.NewRequestWithContext(p.t.Context(), verb, "https://lab/api2/json"+path, content)
	if err != nil {
		p.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	p.authorize(req, who)
	resp, err := p.http.Do(req)
	if err != nil {
		p.t.Fatalf("%s %s: %v", verb, path, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatalf("%s %s: %v", verb, path, err)
	}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &body); err != nil {
			p.t.Fatalf("%s %s: %v in %q", verb, path, err, data)
		}
	}
	return resp.Status, body
}

func (p *player) authorize(req *http.Request, who string) {
	const someUUID = "00000000-0000-4000-8000-000000000000"
	switch who {
	case asNobody:
	case badWord:
		req.Header.Set("Authorization", "PVEAPIToken=garbled")
	case noToken:
		req.Header.Set("Authorization", "PVEAPIToken="+noToken+"="+someUUID)
	case badToken:
		req.Header.Set("Authorization", "PVEAPIToken="+asFull+"="+someUUID)
	case badCooky:
		req.AddCookie(&http.Cookie{Name: "PVEAuthCookie", Value: "PVE:root@pam:00000000::bogus"})
	case asFull, asSep, asNoperm:
		req.Header.Set("Authorization", "PVEAPIToken="+p.tokens[who])
	default:
		ticket := p.ticket(who)
		if ticket[0] == "" { // the lab has no tickets
			req.Header.Set("Authorization", "PVEAPIToken="+p.tokens[asFull])
			return
		}
		req.AddCookie(&http.Cookie{Name: "PVEAuthCookie", Value: url.QueryEscape(ticket[0])})
		req.Header.Set("CSRFPreventionToken", ticket[1])
	}
}

// ticket logs a user in, once.
func (p *player) ticket(who string) [2]string {
	if t, ok := p.tickets[who]; ok {
		return t
	}
	_, body := p.send(asNobody, "POST", "/access/ticket", [][2]string{{"username", who}, {"password", rootPassword}})
	data, _ := body["data"].(map[string]any)
	p.tickets[who] = [2]string{textOf(data["ticket"]), textOf(data["CSRFPreventionToken"])}
	return p.tickets[who]
}

// wait waits for the end of a task and is its last status.
func (p *player) wait(upid string) map[string]any {
	deadline := time.Now().Add(time.Hour)
	for {
		_, body := p.send(asFull, "GET", "/nodes/pve1/tasks/"+upid+"/status", nil)
		data, _ := body["data"].(map[string]any)
		if data["status"] != "running" {
			return data
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s does not end", upid)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// upload puts a file on a storage.
func (p *player) upload(storage, content, name string, data []byte) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	w.WriteField("content", content)
	part, err := w.CreateFormFile("filename", name)
	if err != nil {
		p.t.Fatal(err)
	}
	part.Write(data)
	w.Close()
	_, body := p.request(asFull, "POST", "/nodes/pve1/storage/"+storage+"/upload", w.FormDataContentType(), &b)
	if upid := textOf(body["data"]); upid != "" {
		p.wait(upid)
	}
}

func (p *player) image(storage, content, name, builtin string) {
	data, ok := stdlib.Builtin(builtin)
	if !ok {
		p.t.Fatalf("no builtin image %s", builtin)
	}
	// The image says of itself what format it has.
	if format, ok := strings.CutSuffix(name, ".qcow2"); ok && format != "" {
		data = bytes.Replace(data, []byte("format: raw"), []byte("format: qcow2"), 1)
	}
	p.upload(storage, content, name, data)
}

// pipeListener listens in memory, so that time can stand still around it.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) dial() (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, errors.New("the lab is closed")
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8006} }
