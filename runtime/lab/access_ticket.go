package lab

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// A ticket is good for two hours, and for a day to get a new one with.
	ticketLife = 2 * time.Hour
	// PVE takes a clock that is a little late.
	ticketEarly = 5 * time.Minute

	passwordRounds = 20_000
)

// hashPassword is "SALT:HASH" in hex.
func hashPassword(password string) string {
	var salt [16]byte
	rand.Read(salt[:])
	return hex.EncodeToString(salt[:]) + ":" + passwordKey(password, salt[:])
}

func passwordKey(password string, salt []byte) string {
	key, err := pbkdf2.Key(sha256.New, password, salt, passwordRounds, sha256.Size)
	if err != nil {
		return "" // matches no hash
	}
	return hex.EncodeToString(key)
}

func checkPassword(hash, password string) bool {
	saltText, want, _ := strings.Cut(hash, ":")
	salt, err := hex.DecodeString(saltText)
	return err == nil && want != "" && hmac.Equal([]byte(passwordKey(password, salt)), []byte(want))
}

// sign is the lab's signature of a text; the caller holds mu.
func (l *Lab) sign(text string) string {
	key, _ := hex.DecodeString(l.access.Key)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return base64.RawStdEncoding.EncodeToString(mac.Sum(nil))
}

// ticket is "PVE:USER:TIME::SIGNATURE", TIME in hex.
func (l *Lab) ticket(user string) string {
	body := fmt.Sprintf("PVE:%s:%08X", user, l.now().Unix())
	return body + "::" + l.sign(body)
}

// csrf is the token that goes with a user's writes.
func (l *Lab) csrf(user string, at int64) string {
	return fmt.Sprintf("%08X:%s", at, l.sign(fmt.Sprintf("csrf:%s:%08X", user, at)))
}

// fresh reports whether a time in hex is within a ticket's life.
func (l *Lab) fresh(hexTime string) (at int64, ok bool) {
	at, err := strconv.ParseInt(hexTime, 16, 64)
	if err != nil {
		return 0, false
	}
	age := l.now().Sub(time.Unix(at, 0))
	return at, age > -ticketEarly && age < ticketLife
}

// holder is the user of a ticket that is good, "" otherwise; the caller holds
// mu.
func (l *Lab) holder(ticket string) string {
	body, sig, ok := strings.Cut(ticket, "::")
	parts := strings.Split(body, ":")
	if !ok || len(parts) != 3 || parts[0] != "PVE" || !hmac.Equal([]byte(sig), []byte(l.sign(body))) {
		return ""
	}
	if _, ok := l.fresh(parts[2]); !ok || !l.active(parts[1]) {
		return ""
	}
	return parts[1]
}

// active reports whether a user may log in at all; the caller holds mu.
func (l *Lab) active(id string) bool {
	u := l.access.user(id)
	return u != nil && !u.Disabled && (u.Expire == 0 || l.now().Unix() < u.Expire)
}

var errCSRF = errors.New("Permission denied - invalid csrf token")

// byTicket finds who the cookie of a request stands for, and wants the CSRF
// token with writes.
func (l *Lab) byTicket(r *http.Request) (identity, error) {
	ticket := cookieTicket(r)
	if ticket == "" {
		return identity{}, errNoTicket
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	user := l.holder(ticket)
	if user == "" {
		return identity{}, errBadTicket
	}
	if r.Method != http.MethodGet {
		given := r.Header.Get("CSRFPreventionToken")
		hexTime, _, _ := strings.Cut(given, ":")
		at, ok := l.fresh(hexTime)
		if !ok || !hmac.Equal([]byte(given), []byte(l.csrf(user, at))) {
			return identity{}, errCSRF
		}
	}
	return identity{user: user, all: user == rootUser}, nil
}

// cookieTicket is the ticket in a cookie, or in the header that stands in for
// it.
func cookieTicket(r *http.Request) string {
	const name = "PVEAuthCookie"
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), name+"=")
	if !ok {
		text = ""
		for _, part := range strings.Split(r.Header.Get("Cookie"), ";") {
			if v, found := strings.CutPrefix(strings.TrimSpace(part), name+"="); found {
				text = v
			}
		}
	}
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

// open reports whether a method needs no credentials.
func openMethod(verb, path string) bool {
	return path == "/access/ticket" && (verb == "GET" || verb == "POST") || path == "/access/domains" && verb == "GET"
}

func (c *call) ticketGet() (any, error) { return nil, nil }

// ticketCreate is the login. The password may be a ticket that is still good.
func (c *call) ticketCreate() (any, error) {
	user, password := c.str("username"), c.str("password")
	if c.has("realm") && !strings.HasSuffix(user, "@"+c.str("realm")) {
		user += "@" + c.str("realm")
	}
	c.mu.Lock()
	u, active := c.access.user(user), c.active(user)
	renewed := u != nil && c.holder(password) == user
	c.mu.Unlock()
	if u == nil || !active || !renewed && !checkPassword(u.Password, password) {
		if err := c.cfg.Clock.Sleep(c.ctx, authDelay); err != nil {
			return nil, err
		}
		return nil, errorf(401, "authentication failure")
	}
	if c.has("privs") {
		asked := *c
		asked.who = identity{user: user, all: user == rootUser}
		if err := asked.need(c.str("path"), splitList(c.str("privs"))...); err != nil {
			return nil, errorf(401, "authentication failure")
		}
		return map[string]any{"username": user}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return map[string]any{
		"username": user, "ticket": c.ticket(user), "CSRFPreventionToken": c.csrf(user, c.now().Unix()), "cap": c.capabilities(user),
	}, nil
}

// capabilities is what a user interface shows to a user; the caller holds mu.
func (c *call) capabilities(user string) map[string]any {
	sections := map[string]struct {
		path     string
		families []string
	}{
		"vms": {"/vms", []string{"VM."}}, "storage": {"/storage", []string{"Datastore."}}, "nodes": {"/nodes", []string{"Sys."}},
		"dc": {"/", []string{"Sys.", "SDN."}}, "access": {"/access", []string{"User.", "Group.", "Realm."}},
		"sdn": {"/sdn", []string{"SDN."}}, "mapping": {"/mapping", []string{"Mapping."}},
	}
	out := map[string]any{}
	for name, s := range sections {
		privs := map[string]any{}
		for p := range c.privsAt(user, s.path) {
			if p == "Permissions.Modify" || slices.ContainsFunc(s.families, func(f string) bool { return strings.HasPrefix(p, f) }) {
				privs[p] = 1
			}
		}
		out[name] = privs
	}
	return out
}

func (c *call) domains() (any, error) {
	return []any{
		map[string]any{"realm": "pam", "type": "pam", "comment": "Linux PAM standard authentication"},
		map[string]any{"realm": "pve", "type": "pve", "comment": "Proxmox VE authentication server"},
	}, nil
}
