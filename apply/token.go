package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/pve"
	"github.com/homestak/homestak/runtime/secret"
	"github.com/homestak/homestak/runtime/ssh"
)

const codeMint diag.Code = "HS0654"

// tokenStore keeps the API token of one nested host in a file only this user can
// read, and makes a new one on the host when there is none.
type tokenStore struct {
	env         *Env
	link        *link
	node        *node
	fingerprint string
	writing     pve.Writing // asked before a token is made; nil = nobody
}

// tokenFile is the cached form. A token is only good with the certificate it was
// minted under: a rebuilt host has another.
type tokenFile struct {
	Fingerprint string `json:"fingerprint"`
	Token       string `json:"token"`
}

// path is named by the node's host and uuid, so that a node of another site or
// on another host never finds this token.
func (t *tokenStore) path() string {
	sum := sha256.Sum256([]byte(t.node.host + "\x00" + t.node.uuid))
	return filepath.Join(t.env.StateDir, "tokens", hex.EncodeToString(sum[:12])+".json")
}

// get returns the cached token, or a new one.
func (t *tokenStore) get(ctx context.Context) (token secret.Value, cached bool, err error) {
	if data, err := os.ReadFile(t.path()); err == nil {
		var f tokenFile
		if json.Unmarshal(data, &f) == nil && f.Fingerprint == t.fingerprint && f.Token != "" {
			return t.learn(f.Token), true, nil
		}
	}
	token, err = t.mint(ctx)
	return token, false, err
}

// tokenName is this driver's own: another driver's token on the same host is
// left alone. A driver that lost its cache finds its old token by this name.
func (t *tokenStore) tokenName() string {
	who, _ := os.Hostname()
	dir, err := filepath.Abs(t.env.StateDir)
	if err != nil {
		dir = t.env.StateDir
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%s", who, os.Getuid(), dir))
	return "homestak-" + hex.EncodeToString(sum[:6])
}

// mint makes a token on the host as root, over SSH, and caches it. PVE shows a
// token's value once, so one that exists already is replaced.
func (t *tokenStore) mint(ctx context.Context) (secret.Value, error) {
	if t.writing != nil {
		bound, done, err := t.writing(ctx)
		if err != nil {
			return secret.Value{}, err
		}
		defer done()
		ctx = bound
	}
	path := "/access/users/root@pam/token/" + t.tokenName()
	create := "sudo -n pvesh create " + path + " --privsep 0 --output-format json"
	out, err := t.link.output(ctx, create)
	var exit *ssh.ExitError
	if errors.As(err, &exit) && strings.Contains(exit.Stderr, "already exists") {
		if _, err := t.link.output(ctx, "sudo -n pvesh delete "+path); err != nil {
			return secret.Value{}, t.failed(err)
		}
		out, err = t.link.output(ctx, create)
	}
	if err != nil {
		return secret.Value{}, t.failed(err)
	}
	var answer struct {
		ID    string `json:"full-tokenid"`
		Value string `json:"value"`
	}
	if json.Unmarshal(out, &answer) != nil || answer.ID == "" || answer.Value == "" {
		return secret.Value{}, t.failed(errors.New("pvesh did not print a token"))
	}
	token := t.learn(answer.ID + "=" + answer.Value)
	return token, t.save(token)
}

func (t *tokenStore) learn(token string) secret.Value {
	v := secret.New([]byte(token))
	if t.env.Secrets != nil {
		t.env.Secrets.Learn(v)
	}
	return v
}

func (t *tokenStore) save(token secret.Value) error {
	data, err := json.Marshal(tokenFile{Fingerprint: t.fingerprint, Token: string(token.Reveal())})
	if err != nil {
		return err
	}
	path := t.path()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "new-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}

// drop forgets the token of a node that is gone.
func (t *tokenStore) drop() { _ = os.Remove(t.path()) }

func (t *tokenStore) failed(err error) error {
	d := codeMint.Errorf("no API token could be made on %s", t.node.addr)
	d.Label = err.Error()
	d.Help = "log in to the node and run `pvesh get /version`: Proxmox VE must be up there"
	return d
}
