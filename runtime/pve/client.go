package pve

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/luthermonson/go-proxmox"

	"github.com/homestak/homestak/runtime/secret"
)

// Dialer connects to addr. net.Dialer's DialContext is one, an SSH client's and
// ViaDialer's result are others.
type Dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// Config says how to reach one PVE host or cluster.
type Config struct {
	Name        string       // the host's name in messages
	Endpoints   []string     // https URLs; the port defaults to 8006; tried in order
	Fingerprint string       // what is pinned, as ParsePins reads it; "" = the whole of CA, and without one the system's authorities decide
	CA          []byte       // authorities in PEM, as /etc/pve/pve-root-ca.pem
	Token       secret.Value // "user@realm!id=uuid"
	User        string       // "user@realm", with Password in place of Token
	Password    secret.Value
	Dial        Dialer // nil = a plain TCP connection
	RunID       string // sent as X-Homestak-Run when set
	UserAgent   string // "homestak" when ""

	// Writing is asked before each write but those to pools, which hold the leases
	// that it is about; nil = nobody.
	Writing Writing

	// Timeout bounds one request whose context has no earlier deadline, uploads
	// apart; 0 = 2 min. PVE's own proxy gives up after 30 s.
	Timeout time.Duration
	// MaxResponse bounds an answer in bytes; 0 = 32 MiB.
	MaxResponse int64
	// Reads is how many requests that only read are under way at once; 0 = 16. One
	// more waits: pvedaemon has few workers, and others use the host, too.
	Reads int
	// PollMin and PollMax bound the pause between two looks at a task; 0 = 100 ms
	// and 2 s. PollPatience is how long looks may fail in a row; 0 = 1 min.
	PollMin, PollMax, PollPatience time.Duration
}

// Client talks to one PVE host or cluster. It is safe for concurrent use.
type Client struct {
	cfg    Config
	api    *proxmox.Client
	http   *http.Client
	base   string // endpoint 0 with /api2/json
	wire   *wire
	poll   *poller
	life   context.Context
	end    context.CancelFunc
	reads  chan struct{} // a slot for each read under way
	writes atomic.Int64

	clockMu sync.Mutex
	server  time.Time // the server's Date of the last answer
	seen    time.Time // when it was seen here
}

// New checks the configuration and makes a client. Nothing is connected yet.
func New(cfg Config) (*Client, error) {
	if cfg.Timeout == 0 {
		cfg.Timeout = 2 * time.Minute
	}
	if cfg.MaxResponse == 0 {
		cfg.MaxResponse = 32 << 20
	}
	if cfg.Reads == 0 {
		cfg.Reads = 16
	}
	if cfg.PollMin == 0 {
		cfg.PollMin = 100 * time.Millisecond
	}
	if cfg.PollMax == 0 {
		cfg.PollMax = 2 * time.Second
	}
	if cfg.PollPatience == 0 {
		cfg.PollPatience = time.Minute
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = "homestak"
	}
	w, err := newWire(cfg)
	if err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, wire: w, base: w.endpoints[0].String() + apiRoot, reads: make(chan struct{}, cfg.Reads)}
	w.observe = c.observe
	c.life, c.end = context.WithCancel(context.Background())
	c.http = &http.Client{Transport: w, CheckRedirect: noRedirect}
	c.api = proxmox.NewClient(c.base,
		proxmox.WithHTTPClient(c.http),
		proxmox.WithUserAgent(cfg.UserAgent),
		proxmox.WithLogger(silent{}))
	c.poll = newPoller(c)
	return c, nil
}

// Close ends all waiting and closes idle connections.
func (c *Client) Close() {
	c.end()
	c.wire.close()
}

// Name is Config.Name.
func (c *Client) Name() string { return c.cfg.Name }

// Pins is what the client takes for a proof of the server, as ParsePins gives it:
// "" when the system's authorities decide.
func (c *Client) Pins() string { return c.wire.pins.String() }

// Who is the user, or the public half of the token, requests are made as.
func (c *Client) Who() string {
	if c.cfg.User != "" {
		return c.cfg.User
	}
	id, _, _ := strings.Cut(string(c.cfg.Token.Reveal()), "=")
	return id
}

// Writes is the number of requests sent that can change something: everything
// but GET.
func (c *Client) Writes() int64 { return c.writes.Load() }

// ServerTime is the time at the server, by the Date header of the last answer.
// ok is false before the first answer, and when the server sends no dates.
func (c *Client) ServerTime() (t time.Time, ok bool) {
	c.clockMu.Lock()
	defer c.clockMu.Unlock()
	if c.server.IsZero() {
		return time.Time{}, false
	}
	return c.server.Add(time.Since(c.seen)), true
}

func (c *Client) observe(res *http.Response) {
	date, err := http.ParseTime(res.Header.Get("Date"))
	if err != nil {
		return
	}
	c.clockMu.Lock()
	defer c.clockMu.Unlock()
	c.server, c.seen = date, time.Now()
}

// read asks for something. v is filled from "data" and may be nil.
func (c *Client) read(ctx context.Context, path string, query url.Values, v any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return c.call(ctx, http.MethodGet, path, v, func(ctx context.Context) error {
		select {
		case c.reads <- struct{}{}:
			defer func() { <-c.reads }()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		return c.api.Get(ctx, path, v)
	})
}

// Writing is asked before each write: the write's context is the one it returns,
// until done is called. An error forbids the write and is what the caller gets.
type Writing func(ctx context.Context) (bound context.Context, done context.CancelFunc, err error)

// begin asks Config.Writing.
func (c *Client) begin(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if c.cfg.Writing == nil {
		return ctx, func() {}, nil
	}
	return c.cfg.Writing(ctx)
}

// write changes something by POST or PUT; the parameters travel in the body.
func (c *Client) write(ctx context.Context, method, path string, params map[string]string, v any) error {
	ctx, done, err := c.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	return c.put(ctx, method, path, params, v)
}

// put is write without asking anybody.
func (c *Client) put(ctx context.Context, method, path string, params map[string]string, v any) error {
	c.writes.Add(1)
	return c.call(ctx, method, path, v, func(ctx context.Context) error {
		if method == http.MethodPut {
			return c.api.Put(ctx, path, params, v)
		}
		return c.api.Post(ctx, path, params, v)
	})
}

// remove is DELETE, whose parameters PVE reads from the query only.
func (c *Client) remove(ctx context.Context, path string, query url.Values, v any) error {
	ctx, done, err := c.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	return c.erase(ctx, path, query, v)
}

// erase is remove without asking anybody.
func (c *Client) erase(ctx context.Context, path string, query url.Values, v any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	c.writes.Add(1)
	return c.call(ctx, http.MethodDelete, path, v, func(ctx context.Context) error {
		return c.api.Delete(ctx, path, v)
	})
}

// call runs one request and gives every failure one of this package's types.
func (c *Client) call(ctx context.Context, method, path string, v any, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.cfg.Timeout, fmt.Errorf("no answer within %s", c.cfg.Timeout))
	defer cancel()
	return c.typed(ctx, method, path, do(ctx))
}

// seg makes one path segment of s.
func seg(s string) string { return url.PathEscape(s) }

func bit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// silent is the library's logger: its debug level prints bodies, which may hold
// secrets, and it must not write to stderr by itself either.
type silent struct{}

func (silent) Debugf(string, ...interface{}) {}
func (silent) Infof(string, ...interface{})  {}
func (silent) Warnf(string, ...interface{})  {}
func (silent) Errorf(string, ...interface{}) {}

// withoutQuery is what messages show of a path.
func withoutQuery(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path
}
