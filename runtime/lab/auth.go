package lab

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// authDelay is how long PVE waits before it answers 401.
const authDelay = 3 * time.Second

// identity is who asks: a user, or a user's token.
type identity struct {
	user  string // root@pam
	token string // homestak; empty for the user himself
	all   bool   // has every privilege
}

// String is root@pam or root@pam!homestak, as UPIDs have it.
func (id identity) String() string {
	if id.token == "" {
		return id.user
	}
	return id.user + "!" + id.token
}

// isRoot is what "only root" means to PVE: the user, not one of his tokens.
func (id identity) isRoot() bool { return id.user == rootUser && id.token == "" }

// token is an API token at rest. The secret is not kept.
type token struct {
	User    string `json:"user"`
	ID      string `json:"id"`
	Hash    string `json:"hash"` // hex SHA-256 of the secret
	Comment string `json:"comment,omitempty"`
	Expire  int64  `json:"expire,omitempty"` // seconds since the epoch, 0 = never
	Privsep bool   `json:"privsep,omitempty"`
}

var (
	errNoTicket  = errors.New("No ticket")
	errBadTicket = errors.New("Authentication failed!")
	tokenHeader  = regexp.MustCompile(`^PVEAPIToken[= ]([^\s!]+)!([A-Za-z][A-Za-z0-9.\-_]+)=([a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12})$`)
)

// authenticate finds who a request comes from. What is wrong is said only after
// PVE's delay.
func (l *Lab) authenticate(ctx context.Context, r *http.Request, header string) (identity, error) {
	id, err := l.identify(r, header)
	if err != nil {
		if e := l.cfg.Clock.Sleep(ctx, authDelay); e != nil {
			return identity{}, e
		}
	}
	return id, err
}

func (l *Lab) identify(r *http.Request, header string) (identity, error) {
	m := tokenHeader.FindStringSubmatch(header)
	if m == nil {
		return l.byTicket(r)
	}
	hash := hashSecret(m[3])
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.access.find(m[1], m[2])
	if t == nil || subtle.ConstantTimeCompare([]byte(t.Hash), []byte(hash)) != 1 ||
		t.Expire != 0 && l.now().Unix() >= t.Expire || !l.active(t.User) || l.isRevoked(t.User+"!"+t.ID) {
		return identity{}, errBadTicket
	}
	return identity{user: t.User, token: t.ID, all: t.User == rootUser && !t.Privsep}, nil
}

func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(secret)))
	return hex.EncodeToString(sum[:])
}

// newUUID makes a random UUID, lower case.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
