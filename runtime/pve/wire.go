package pve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/homestak/homestak/lang/diag"
)

// wire is the RoundTripper under everything. It authorizes, chooses the
// endpoint, bounds the answer, and turns every outcome that is not a success
// into an error of this package, because the library above treats most statuses
// as success and forgets PVE's words for the rest.
type wire struct {
	host        string
	endpoints   []*url.URL
	pins        pins
	dial        Dialer
	current     atomic.Int32 // the endpoint that answered last
	credentials credentials
	runID       string
	maxResponse int64
	transport   *http.Transport
	observe     func(*http.Response)
}

func newWire(cfg Config) (*wire, error) {
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext
	}
	endpoints, err := parseEndpoints(cfg)
	if err != nil {
		return nil, err
	}
	pin, err := pinsOf(cfg)
	if err != nil {
		return nil, err
	}
	creds, err := credentialsOf(cfg)
	if err != nil {
		return nil, err
	}
	return &wire{
		host: cfg.Name, endpoints: endpoints, pins: pin, dial: cfg.Dial, credentials: creds, runID: cfg.RunID, maxResponse: cfg.MaxResponse,
		transport: &http.Transport{
			DialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				return dialPinned(ctx, cfg.Dial, network, addr, pin)
			},
			// Enough for every step that --jobs may run at once, few enough for
			// pveproxy's workers.
			MaxIdleConnsPerHost:    32,
			MaxConnsPerHost:        64,
			IdleConnTimeout:        60 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     true, // bounds count what the server sends
		},
	}, nil
}

func (w *wire) close() { w.transport.CloseIdleConnections() }

// RoundTrip authorizes a request and sends it. Credentials that ran out are
// renewed and the request is sent again: PVE refuses them before it does anything.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	again := req.Body == nil || req.GetBody != nil
	head, err := w.credentials.header(req.Context(), w, !again)
	if err != nil {
		return nil, err
	}
	res, err := w.roundTrip(req, head)
	var answer *Error
	if again && errors.As(err, &answer) && answer.Status == http.StatusUnauthorized && w.credentials.expire(head) {
		if head, err = w.credentials.header(req.Context(), w, false); err != nil {
			return nil, err
		}
		return w.roundTrip(req, head)
	}
	return res, err
}

// roundTrip sends a request to the endpoint that answered last, and to the
// others in turn while no connection comes about. A request that may have
// reached a server is repeated elsewhere only if it reads, or is a login.
func (w *wire) roundTrip(req *http.Request, head header) (*http.Response, error) {
	first := int(w.current.Load())
	var last error
	for i := range w.endpoints {
		at := (first + i) % len(w.endpoints)
		res, sent, err := w.send(req, head, w.endpoints[at])
		if err == nil {
			w.current.Store(int32(at))
			w.observe(res)
			return w.judge(req, res)
		}
		var cert *CertError
		if errors.As(err, &cert) {
			cert.Host, cert.Endpoint = w.host, w.endpoints[at].Host
			return nil, cert
		}
		if ctx := req.Context(); ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		last = &ConnError{
			Host: w.host, Endpoint: w.endpoints[at].Host, Method: req.Method, Path: apiPath(req), Sent: sent, Err: plainNetError(err),
		}
		reads := req.Method == http.MethodGet || req.URL.Path == apiRoot+ticketPath
		if req.Context().Err() != nil || sent && !reads || req.Body != nil && req.GetBody == nil {
			break
		}
	}
	return nil, last
}

// send makes one attempt; sent reports whether a connection was there to send on.
// The transport itself makes another one when an idle connection turns out to be
// closed before anything was written.
func (w *wire) send(req *http.Request, head header, endpoint *url.URL) (res *http.Response, sent bool, err error) {
	var connected atomic.Bool
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GetConn: func(string) { connected.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	out := req.Clone(ctx)
	out.URL.Scheme, out.URL.Host, out.Host = "https", endpoint.Host, endpoint.Host
	if req.GetBody != nil {
		if out.Body, err = req.GetBody(); err != nil {
			return nil, false, err
		}
	}
	head.set(out)
	if w.runID != "" {
		out.Header.Set("X-Homestak-Run", w.runID)
	}
	res, err = w.transport.RoundTrip(out)
	return res, connected.Load(), err
}

// judge passes a success on with a bounded body; anything else is an *Error.
func (w *wire) judge(req *http.Request, res *http.Response) (*http.Response, error) {
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		res.Body = &boundedBody{ReadCloser: res.Body, left: w.maxResponse, onError: func(err error) error {
			return &ConnError{Host: w.host, Endpoint: res.Request.URL.Host, Method: req.Method, Path: apiPath(req), Sent: true, Err: plainNetError(err)}
		}}
		return res, nil
	}
	body, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	_ = res.Body.Close()
	e := &Error{
		Host: w.host, Method: req.Method, Path: apiPath(req), Status: res.StatusCode,
		Reason: strings.TrimSpace(strings.TrimPrefix(res.Status, fmt.Sprint(res.StatusCode))),
	}
	e.fill(body)
	return nil, e
}

// fill takes what the body adds to the reason: older releases send neither
// message nor errors, proxies between may send anything.
func (e *Error) fill(body []byte) {
	var said struct {
		Message scalar            `json:"message"`
		Errors  map[string]scalar `json:"errors"`
	}
	if json.Unmarshal(bytes.TrimSpace(body), &said) != nil {
		return
	}
	if message := strings.TrimSpace(said.Message.text); message != e.Reason {
		e.Body = message
	}
	for name, text := range said.Errors {
		if e.Fields == nil {
			e.Fields = map[string]string{}
		}
		e.Fields[name] = strings.TrimSpace(text.text)
	}
}

// boundedBody fails once more than left bytes were read, and gives read errors
// a type.
type boundedBody struct {
	io.ReadCloser
	left    int64
	onError func(error) error
}

var errTooLarge = errors.New("the answer is too large")

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	if err != nil && err != io.EOF {
		err = b.onError(err)
	}
	return n, err
}

// typed gives an error of the library, or of net/http around ours, one of this
// package's types.
func (c *Client) typed(ctx context.Context, method, path string, err error) error {
	if err == nil {
		return nil
	}
	var answer *Error
	var conn *ConnError
	var cert *CertError
	var said *diag.Diagnostic
	switch {
	case errors.As(err, &answer):
		return answer
	case errors.As(err, &said):
		return said
	case errors.As(err, &cert):
		return cert
	case errors.As(err, &conn):
		return conn
	}
	path = withoutQuery(path)
	if ctx.Err() != nil {
		return &ConnError{Host: c.cfg.Name, Endpoint: c.wire.endpoints[0].Host, Method: method, Path: path, Sent: true, Err: context.Cause(ctx)}
	}
	return &FormatError{Host: c.cfg.Name, Method: method, Path: path, Err: plainNetError(err)}
}

// plainNetError drops the wrapping that repeats method and address, and with it
// anything an URL may hold.
func plainNetError(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

const apiRoot = "/api2/json"

func apiPath(req *http.Request) string {
	return strings.TrimPrefix(req.URL.Path, apiRoot)
}
