package sign_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/homestak/homestak/runtime/sign"
)

func key(b byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, 32)) }

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

func statement() sign.Program {
	return sign.Program{Node: "0c8d", Digest: strings.Repeat("ab", 32), Generation: 7}
}

func TestSealAndOpen(t *testing.T) {
	old, now, other := key(1), key(2), key(3)
	trust := sign.Trust{public(now), public(old)}
	for _, k := range []ed25519.PrivateKey{old, now} {
		data := sign.Seal(k, statement())
		if !bytes.Equal(data, sign.Seal(k, statement())) {
			t.Error("two seals of one statement differ")
		}
		got, err := sign.Open[sign.Program](trust, data)
		if err != nil || got != statement() {
			t.Errorf("opened %+v, %v", got, err)
		}
	}
	if _, err := sign.Open[sign.Program](trust, sign.Seal(other, statement())); !errors.Is(err, sign.ErrUnknown) {
		t.Errorf("a stranger's statement: %v", err)
	}
	if _, err := sign.Open[sign.Program](trust[:1], sign.Seal(old, statement())); !errors.Is(err, sign.ErrUnknown) {
		t.Errorf("a statement by the old key, after it: %v", err)
	}
}

// No envelope is good for another kind of statement.
func TestKinds(t *testing.T) {
	k := key(1)
	trust := sign.Trust{public(k)}
	signal := sign.Seal(k, sign.Signal{Node: "0c8d", Sequence: 1, Verb: "converge"})
	if _, err := sign.Open[sign.Program](trust, signal); err == nil {
		t.Error("a signal is taken for a program")
	}
	if _, err := sign.Open[sign.Job](trust, sign.Seal(k, statement())); err == nil {
		t.Error("a program is taken for a job")
	}
	if got, err := sign.Open[sign.Signal](trust, signal); err != nil || got.Verb != "converge" {
		t.Errorf("%+v, %v", got, err)
	}
}

// Whatever single byte of an envelope is changed, dropped or added, it does not
// open.
func TestTampered(t *testing.T) {
	k := key(1)
	trust := sign.Trust{public(k)}
	good := sign.Seal(k, statement())
	bad := func(data []byte, what string, at int) {
		t.Helper()
		if got, err := sign.Open[sign.Program](trust, data); err == nil {
			t.Errorf("with byte %d %s it opens as %+v", at, what, got)
		}
	}
	for i := range good {
		for _, flip := range []byte{1, 0x80, 0xff} {
			data := bytes.Clone(good)
			data[i] ^= flip
			bad(data, "changed", i)
		}
		bad(append(bytes.Clone(good[:i]), good[i+1:]...), "dropped", i)
		bad(append(bytes.Clone(good[:i]), append([]byte{0}, good[i:]...)...), "added", i)
	}
	bad(append(bytes.Clone(good), 0), "added at the end", len(good))
	bad(nil, "gone", 0)
}

func TestToken(t *testing.T) {
	k := key(1)
	trust := sign.Trust{public(k)}
	token := sign.Token{ID: "r4nd0m", Node: "0c8d", Address: "prod/web", Audience: "site", Issued: 1000, Expires: 1600}
	text := sign.SealToken(k, token)
	got, err := sign.OpenToken(trust, text)
	if err != nil || got != token {
		t.Fatalf("opened %+v, %v", got, err)
	}
	if got.Expired(time.Unix(1599, 0)) || !got.Expired(time.Unix(1600, 0)) {
		t.Error("it expires at another time than it says")
	}
	seen, id, err := sign.PeekToken(text)
	if err != nil || seen != token || id != sign.KeyID(public(k)) {
		t.Errorf("peeked %+v %s, %v", seen, id, err)
	}
	for _, bad := range []string{"", "hs1.", text[1:], text + "A", text + "=", text[:len(text)-1], "hs1." + strings.Repeat("A", 4000), strings.ToLower(text)} {
		if _, err := sign.OpenToken(trust, bad); err == nil {
			t.Errorf("%.40q opens", bad)
		}
	}
	if _, err := sign.OpenToken(sign.Trust{public(key(9))}, text); !errors.Is(err, sign.ErrUnknown) {
		t.Errorf("with another site's key: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	k := key(1)
	trust := sign.Trust{public(k)}
	f.Add(sign.Seal(k, statement()))
	f.Add([]byte(sign.SealToken(k, sign.Token{ID: "x"})))
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := sign.Open[sign.Program](trust, data); err == nil && !bytes.Equal(sign.Seal(k, p), data) {
			t.Errorf("%+v has two forms", p)
		}
		_, _, _ = sign.PeekToken(string(data))
	})
}
