package secret

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what stands in for every secret value in text.
const Redacted = "[secret]"

// Value is a secret. The zero Value is an empty secret. It is safe to log, to
// format and to marshal: all of these give Redacted. The bytes are held by a
// function, because fmt calls no method of a Value in an unexported field, and
// prints what a pointer points to when the verb does not fit; of a function it
// prints the address.
type Value struct{ reveal func() []byte }

// New makes a Value of a copy of b.
func New(b []byte) Value {
	own := append([]byte(nil), b...)
	return Value{func() []byte { return own }}
}

// Reveal returns a copy of the bytes. Call it only where the value is used: in
// an Authorization header, in a bundle for a target.
func (v Value) Reveal() []byte {
	if v.reveal == nil {
		return nil
	}
	return append([]byte(nil), v.reveal()...)
}

// IsEmpty reports whether there are no bytes at all.
func (v Value) IsEmpty() bool { return v.reveal == nil || len(v.reveal()) == 0 }

// Equal compares in constant time.
func (v Value) Equal(w Value) bool {
	return subtle.ConstantTimeCompare(v.Reveal(), w.Reveal()) == 1
}

// String is always Redacted.
func (v Value) String() string { return Redacted }

// GoString is always Redacted.
func (v Value) GoString() string { return Redacted }

// Format is always Redacted, whatever the verb.
func (v Value) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, Redacted) }

// MarshalText is always Redacted; encoding/json and yaml use it.
func (v Value) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// MarshalJSON is always the string Redacted.
func (v Value) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }

// MarshalBinary fails: a binary format is read back, and there is nothing of a
// secret to read back.
func (v Value) MarshalBinary() ([]byte, error) {
	return nil, errors.New("a secret value cannot be encoded")
}

// LogValue is always Redacted.
func (v Value) LogValue() slog.Value { return slog.StringValue(Redacted) }
