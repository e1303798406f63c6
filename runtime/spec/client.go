package spec

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Config of a client. Roots is the site's own authority: no other is believed.
type Config struct {
	Server      string // https://host:port
	Roots       *x509.CertPool
	Certificate *tls.Certificate // nil before enrollment
	Dial        func(ctx context.Context, network, address string) (net.Conn, error)
	Now         func() time.Time // for certificates; time.Now when nil
	UserAgent   string
}

// Client speaks to one server. It is safe for many goroutines.
type Client struct {
	base  *url.URL
	http  *http.Client
	agent string
}

const (
	connectTimeout = 15 * time.Second
	// answerTimeout is how long an answer may keep one waiting, long polls excepted.
	answerTimeout = 60 * time.Second
	maxAnswer     = 16 << 20 // bytes
	maxError      = 64 << 10
)

// NewClient makes a client; nothing is connected yet.
func NewClient(c Config) (*Client, error) {
	base, err := url.Parse(c.Server)
	if err != nil || base.Scheme != "https" || base.Host == "" || base.Path != "" && base.Path != "/" {
		return nil, fmt.Errorf("%q is not the address of a spec server, as in https://10.0.0.5:44443", c.Server)
	}
	t := &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: c.Roots, Time: c.Now}
	if c.Roots == nil {
		return nil, errors.New("a client without the site's authority would believe anybody")
	}
	if c.Certificate != nil {
		t.Certificates = []tls.Certificate{*c.Certificate}
	}
	dial := c.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second}).DialContext
	}
	return &Client{base: base, agent: c.UserAgent, http: &http.Client{
		Transport: &http.Transport{
			DialContext: dial, TLSClientConfig: t, ForceAttemptHTTP2: true, TLSHandshakeTimeout: connectTimeout,
			MaxIdleConnsPerHost: 2, IdleConnTimeout: 90 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// request is one exchange.
type request struct {
	method, path string
	query        url.Values
	body         any // JSON
	etag         string
	wait         time.Duration // beyond answerTimeout
	limit        int64
}

func (c *Client) do(ctx context.Context, r request) (data []byte, header http.Header, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout+r.wait)
	defer cancel()
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, nil, err
		}
		body = bytes.NewReader(text)
	}
	u := *c.base
	u.Path, u.RawQuery = r.path, r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), body)
	if err != nil {
		return nil, nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.etag != "" {
		req.Header.Set("If-None-Match", r.etag)
	}
	req.Header.Set("User-Agent", c.agent)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	limit := r.limit
	if limit == 0 {
		limit = maxAnswer
	}
	switch {
	case resp.StatusCode == http.StatusNotModified:
		return nil, resp.Header, ErrNotModified
	case resp.StatusCode >= 300:
		return nil, resp.Header, refusal(resp)
	}
	data, err = io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("the answer to %s %s is larger than %d bytes", r.method, r.path, limit)
	}
	return data, resp.Header, err
}

// refusal reads what a server says of an error; one that says nothing readable
// still has its status.
func refusal(resp *http.Response) error {
	var said struct {
		Error Error `json:"error"`
	}
	data, _ := io.ReadAll(io.LimitReader(resp.Body, maxError)) // what came counts
	if json.Unmarshal(data, &said) != nil || said.Error.Message == "" {
		said.Error = Error{Code: "HTTP", Message: http.StatusText(resp.StatusCode)}
	}
	said.Error.Status = resp.StatusCode
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		said.Error.RetryAfter = time.Duration(s) * time.Second
	}
	if resp.StatusCode == http.StatusNotFound {
		return fmt.Errorf("%w: %w", ErrNotFound, &said.Error)
	}
	return &said.Error
}

// call is do for an answer in JSON; into may be nil.
func (c *Client) call(ctx context.Context, r request, into any) error {
	data, _, err := c.do(ctx, r)
	if err != nil || into == nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("the answer to %s %s: %w", r.method, r.path, err)
	}
	return nil
}

// Enroll makes the caller a node. It may be repeated with the same key.
func (c *Client) Enroll(ctx context.Context, r EnrollRequest) (out EnrollReply, err error) {
	return out, c.call(ctx, request{method: http.MethodPost, path: PathEnroll, body: r}, &out)
}

// Renew gives a node its next certificate.
func (c *Client) Renew(ctx context.Context, r RenewRequest) (out EnrollReply, err error) {
	return out, c.call(ctx, request{method: http.MethodPost, path: PathRenew, body: r}, &out)
}

// Program fetches the node's assignment unless it still is the one of etag:
// ErrNotModified then.
func (c *Client) Program(ctx context.Context, etag string) (Assignment, string, error) {
	data, header, err := c.do(ctx, request{method: http.MethodGet, path: PathProgram, etag: etag})
	if err != nil {
		return Assignment{}, "", err
	}
	var a Assignment
	if err := cbor.Unmarshal(data, &a); err != nil {
		return Assignment{}, "", fmt.Errorf("the answer to GET %s: %w", PathProgram, err)
	}
	return a, header.Get("ETag"), nil
}

// Events waits up to wait for what came after a sequence, or for another
// assignment than that of etag, if there is one.
func (c *Client) Events(ctx context.Context, after uint64, etag string, wait time.Duration) (out Events, err error) {
	q := url.Values{"after": {strconv.FormatUint(after, 10)}, "wait": {strconv.Itoa(int(wait / time.Second))}}
	if etag != "" {
		q.Set("etag", etag)
	}
	return out, c.call(ctx, request{method: http.MethodGet, path: PathEvents, query: q, wait: wait}, &out)
}

// Report tells how the node is.
func (c *Client) Report(ctx context.Context, r Report) error {
	return c.call(ctx, request{method: http.MethodPost, path: PathReport, body: r}, nil)
}

// JobResult answers a job.
func (c *Client) JobResult(ctx context.Context, id string, r JobResult) error {
	return c.call(ctx, request{method: http.MethodPost, path: fill(PathJobResult, id), body: r}, nil)
}

// Agent fetches the binary of that digest. The caller checks the digest.
func (c *Client) Agent(ctx context.Context, digest string, limit int64) ([]byte, error) {
	data, _, err := c.do(ctx, request{method: http.MethodGet, path: fill(PathAgent, digest), limit: limit, wait: 10 * time.Minute})
	return data, err
}

// Info asks what the server is.
func (c *Client) Info(ctx context.Context) (out Info, err error) {
	return out, c.call(ctx, request{method: http.MethodGet, path: PathServer}, &out)
}

// Nodes lists the nodes the server knows.
func (c *Client) Nodes(ctx context.Context) (out []Node, err error) {
	return out, c.call(ctx, request{method: http.MethodGet, path: PathNodes}, &out)
}

// Node is what the server knows of one; ErrNotFound when that is nothing.
func (c *Client) Node(ctx context.Context, uuid string) (out Node, err error) {
	return out, c.call(ctx, request{method: http.MethodGet, path: fill(PathNode, uuid)}, &out)
}

// Publish gives a node its assignment.
func (c *Client) Publish(ctx context.Context, uuid string, p Publication) error {
	return c.call(ctx, request{method: http.MethodPut, path: fill(PathNode, uuid), body: p}, nil)
}

// Retract makes a server forget a node.
func (c *Client) Retract(ctx context.Context, uuid string) error {
	return c.call(ctx, request{method: http.MethodDelete, path: fill(PathNode, uuid)}, nil)
}

// Send gives a node a sealed signal or job.
func (c *Client) Send(ctx context.Context, uuid string, sealed []byte) error {
	return c.call(ctx, request{method: http.MethodPost, path: fill(PathSend, uuid), body: sealed}, nil)
}

// Revoke takes back a token or a node's certificates.
func (c *Client) Revoke(ctx context.Context, r Revocation) error {
	return c.call(ctx, request{method: http.MethodPost, path: PathRevoke, body: r}, nil)
}

// fill puts a name in the place of a path's {…}.
func fill(path, name string) string {
	from, to := strings.IndexByte(path, '{'), strings.IndexByte(path, '}')
	return path[:from] + name + path[to+1:]
}
