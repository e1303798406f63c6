package sign

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Kind of a statement. It is signed along, so that no envelope is good for
// another purpose than its own.
type Kind string

const (
	KindProgram Kind = "homestak program v1"
	KindSignal  Kind = "homestak signal v1"
	KindJob     Kind = "homestak job v1"
	KindToken   Kind = "homestak token v1"
)

// Errors of Open.
var (
	ErrMalformed = errors.New("it is not what homestak writes")
	ErrUnknown   = errors.New("it is signed with a key that is not trusted")
	ErrForged    = errors.New("the signature does not hold")
)

// Program says that a node converges by a program from now on. Generations of a
// node only grow; whoever has seen one refuses lower ones.
type Program struct {
	Node       string `cbor:"1,keyasint"` // uuid
	Digest     string `cbor:"2,keyasint"` // SHA-256 of the encoded program, hex
	Generation uint64 `cbor:"3,keyasint"`
	Secrets    string `cbor:"4,keyasint,omitempty"` // keyed digest of the secrets it names, "" when there are none
}

// Signal tells a node to do now what it would do later.
type Signal struct {
	Node     string `cbor:"1,keyasint"`
	Sequence uint64 `cbor:"2,keyasint"` // grows, like a generation
	Verb     string `cbor:"3,keyasint"` // converge, check, pause, resume, drain
	Expires  int64  `cbor:"4,keyasint"` // Unix seconds; 0 = never
	Reason   string `cbor:"5,keyasint,omitempty"`
}

// Job is work beyond converging.
type Job struct {
	Node     string `cbor:"1,keyasint"`
	ID       string `cbor:"2,keyasint"`
	Sequence uint64 `cbor:"3,keyasint"`
	Verb     string `cbor:"4,keyasint"`
	Data     []byte `cbor:"5,keyasint,omitempty"`
	Expires  int64  `cbor:"6,keyasint"` // Unix seconds; 0 = never
}

// Token lets a machine enroll as a node, once: it binds to the first key that
// uses it.
type Token struct {
	ID       string `cbor:"1,keyasint"` // random
	Node     string `cbor:"2,keyasint"` // uuid
	Address  string `cbor:"3,keyasint"` // in its manifest
	Audience string `cbor:"4,keyasint"` // the site's id
	Issued   int64  `cbor:"5,keyasint"` // Unix seconds
	Expires  int64  `cbor:"6,keyasint"` // Unix seconds
}

// Expired reports whether the token is too old at that time.
func (t Token) Expired(now time.Time) bool { return now.Unix() >= t.Expires }

// Statement is what can be sealed.
type Statement interface {
	Program | Signal | Job | Token
}

func kindOf(s any) Kind {
	switch s.(type) {
	case Program:
		return KindProgram
	case Signal:
		return KindSignal
	case Job:
		return KindJob
	case Token:
		return KindToken
	}
	panic(fmt.Sprintf("sign: no kind for %T", s)) // Statement is closed
}

// envelope is the sealed form, in core deterministic CBOR.
type envelope struct {
	Kind      string `cbor:"1,keyasint"`
	Statement []byte `cbor:"2,keyasint"`
	Key       string `cbor:"3,keyasint"` // KeyID
	Signature []byte `cbor:"4,keyasint"`
}

// maxEnvelope bounds what Open looks at.
const maxEnvelope = 64 << 10

// KeyID names a public key: 16 hex digits of its digest.
func KeyID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:8])
}

// message is what is signed: no byte string of one kind is one of another.
func message(k Kind, statement []byte) []byte {
	return append(append([]byte(k), 0), statement...)
}

// Seal signs a statement.
func Seal[S Statement](key ed25519.PrivateKey, s S) []byte {
	k := kindOf(s)
	statement := encode(s)
	public := key.Public().(ed25519.PublicKey)
	return encode(envelope{string(k), statement, KeyID(public), ed25519.Sign(key, message(k, statement))})
}

// Trust are the public keys that speak for a site, the newest first.
type Trust []ed25519.PublicKey

// Open checks an envelope and gives its statement. It says nothing about time or
// generations.
func Open[S Statement](t Trust, data []byte) (s S, err error) {
	var e envelope
	if len(data) > maxEnvelope || !decode(data, &e) || Kind(e.Kind) != kindOf(s) {
		return s, ErrMalformed
	}
	for _, key := range t {
		if len(key) != ed25519.PublicKeySize || KeyID(key) != e.Key {
			continue
		}
		if !ed25519.Verify(key, message(Kind(e.Kind), e.Statement), e.Signature) {
			return s, ErrForged
		}
		var out S
		if !decode(e.Statement, &out) {
			return s, ErrMalformed
		}
		return out, nil
	}
	return s, ErrUnknown
}

// A server opens an envelope for each request that brings one: the modes are made
// once.
var (
	encoder = newEncoder()
	decoder = newDecoder()
)

func newEncoder() cbor.EncMode {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // constant options
	}
	return mode
}

func newDecoder() cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField, UTF8: cbor.UTF8RejectInvalid, MaxNestedLevels: 4, MaxArrayElements: 16, MaxMapPairs: 16,
	}.DecMode()
	if err != nil {
		panic(err) // constant options
	}
	return mode
}

func encode(v any) []byte {
	data, err := encoder.Marshal(v)
	if err != nil {
		panic(err) // plain structs
	}
	return data
}

// decode is strict: one value, one form.
func decode(data []byte, v any) bool {
	return decoder.Unmarshal(data, v) == nil && bytes.Equal(encode(v), data)
}
