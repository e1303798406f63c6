package pve

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/secret"
)

// credentials prove who asks.
type credentials interface {
	// header is what a request carries. sure asks for one that is known to be good
	// now, for a request that cannot be repeated.
	header(ctx context.Context, w *wire, sure bool) (header, error)
	// expire forgets what PVE refused, and reports whether asking for another
	// header may help.
	expire(refused header) bool
}

// header is the proof one request carries. The zero header is none.
type header struct {
	token  secret.Value
	ticket secret.Value
	csrf   secret.Value
}

func (h header) set(req *http.Request) {
	if !h.token.IsEmpty() {
		req.Header.Set("Authorization", "PVEAPIToken="+string(h.token.Reveal()))
	}
	if h.ticket.IsEmpty() {
		return
	}
	// A ticket holds "+", "/", "=" and ":", which PVE wants escaped in a cookie.
	req.Header.Set("Cookie", "PVEAuthCookie="+url.QueryEscape(string(h.ticket.Reveal())))
	if req.Method != http.MethodGet {
		req.Header.Set("CSRFPreventionToken", string(h.csrf.Reveal()))
	}
}

// credentialsOf reads Config.Token, User and Password; it never quotes a secret.
func credentialsOf(cfg Config) (credentials, error) {
	switch {
	case cfg.User == "":
		return tokenOf(cfg)
	case !cfg.Token.IsEmpty():
		return nil, configError(cfg.Name, "it has an API token and a user with a password", "leave one of them out; a token is better")
	case !strings.Contains(cfg.User, "@") || strings.Contains(cfg.User, "!") || strings.ContainsFunc(cfg.User, notHeaderSafe):
		return nil, configError(cfg.Name, "its user does not have the form user@realm", "write it as in root@pam")
	case cfg.Password.IsEmpty():
		return nil, configError(cfg.Name, "there is no password for its user "+cfg.User, "put it under api_passwords in secrets.yaml, or use an API token")
	}
	return &login{user: cfg.User, password: cfg.Password, busy: make(chan struct{}, 1)}, nil
}

// apiToken is the same for every request and never runs out for us.
type apiToken struct{ value secret.Value }

func (t apiToken) header(context.Context, *wire, bool) (header, error) {
	return header{token: t.value}, nil
}
func (apiToken) expire(header) bool { return false }

func tokenOf(cfg Config) (credentials, error) {
	if err := checkToken(cfg); err != nil {
		return nil, err
	}
	return apiToken{cfg.Token}, nil
}

// checkToken looks at the form only, and never quotes the token.
func checkToken(cfg Config) error {
	if cfg.Token.IsEmpty() {
		return configError(cfg.Name, "there is no API token for it", "put user@realm!id=value under api_tokens in secrets.yaml")
	}
	token := string(cfg.Token.Reveal())
	id, key, ok := strings.Cut(token, "=")
	if !ok || key == "" || !strings.Contains(id, "@") || !strings.Contains(id, "!") || strings.ContainsFunc(token, notHeaderSafe) {
		return configError(cfg.Name, "its API token does not have the form user@realm!id=value", "correct it under api_tokens in secrets.yaml")
	}
	return nil
}

func notHeaderSafe(r rune) bool { return r <= ' ' || r > '~' }

// ticketLife is how long PVE accepts a ticket. It is renewed at half of that, so
// that the longest request begins with a good one.
const (
	ticketLife = 2 * time.Hour
	ticketPath = "/access/ticket"
)

// login is a user with a password, and the ticket they gave.
type login struct {
	user     string
	password secret.Value

	busy chan struct{} // held while current and made are looked at or a new one is fetched
	has  bool
	now  header
	made time.Time
}

func (l *login) header(ctx context.Context, w *wire, sure bool) (header, error) {
	select {
	case l.busy <- struct{}{}:
		defer func() { <-l.busy }()
	case <-ctx.Done():
		return header{}, l.failed(w, context.Cause(ctx))
	}
	age := time.Since(l.made)
	if l.has && sure {
		// The machine may have slept, or the server's clock jumped.
		l.has = l.isGood(ctx, w)
	}
	if l.has && age < ticketLife/2 {
		return l.now, nil
	}
	fresh, err := l.fetch(ctx, w)
	switch {
	case err == nil:
		l.now, l.has, l.made = fresh, true, time.Now()
	case !l.has || age >= ticketLife || ClassOf(err) == Auth:
		return header{}, err
	}
	// The old one is good for a while, whatever keeps the host from giving another.
	return l.now, nil
}

func (l *login) expire(refused header) bool {
	l.busy <- struct{}{}
	defer func() { <-l.busy }()
	// Another request may have renewed it meanwhile.
	if l.has && string(l.now.ticket.Reveal()) == string(refused.ticket.Reveal()) {
		l.has = false
	}
	return true
}

// isGood asks whether the ticket is accepted. What cannot be asked is.
func (l *login) isGood(ctx context.Context, w *wire) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.endpoints[0].String()+apiRoot+"/version", nil)
	if err != nil {
		return true
	}
	res, err := w.roundTrip(req, l.now)
	if err == nil {
		_ = res.Body.Close()
	}
	return ClassOf(err) != Auth
}

// fetch trades the password for a ticket.
func (l *login) fetch(ctx context.Context, w *wire) (header, error) {
	form := url.Values{"username": {l.user}, "password": {string(l.password.Reveal())}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.endpoints[0].String()+apiRoot+ticketPath, strings.NewReader(form))
	if err != nil {
		return header{}, l.failed(w, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	res, err := w.roundTrip(req, header{})
	if err != nil {
		return header{}, err
	}
	defer func() { _ = res.Body.Close() }()
	var answer struct {
		Data struct {
			Ticket scalar `json:"ticket"`
			CSRF   scalar `json:"CSRFPreventionToken"`
			TFA    scalar `json:"NeedTFA"`
		} `json:"data"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return header{}, l.failed(w, err)
	}
	ticket := answer.Data.Ticket.text
	if answer.Data.TFA.truth() || strings.HasPrefix(ticket, "PVE:!tfa!") {
		return header{}, configError(w.host, "its user "+l.user+" logs in with a second factor, which nobody is here to give", "make an API token for that user and use it instead")
	}
	if ticket == "" {
		return header{}, l.failed(w, errors.New("it holds no ticket"))
	}
	return header{ticket: secret.New([]byte(ticket)), csrf: secret.New([]byte(answer.Data.CSRF.text))}, nil
}

// failed gives what went wrong one of this package's types.
func (l *login) failed(w *wire, err error) error {
	var known *diag.Diagnostic
	var conn *ConnError
	if errors.As(err, &known) || errors.As(err, &conn) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &ConnError{Host: w.host, Endpoint: w.endpoints[0].Host, Method: http.MethodPost, Path: ticketPath, Err: err}
	}
	return &FormatError{Host: w.host, Method: http.MethodPost, Path: ticketPath, Err: err}
}
