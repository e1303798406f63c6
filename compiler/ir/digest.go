package ir

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/unit"
)

// digestVersion is hashed first: a change of what a digest covers is a change
// of every digest.
const digestVersion = "homestak ir 1"

// Digest is the SHA-256, in hex, of every effective value. Provenance and
// places are not values: formatting, comments, file split, order in the file
// and syntax do not change it.
func (d *Deployment) Digest() string {
	s := &digest{h: sha256.New()}
	s.bytes(digestVersion)
	describe(d, s)
	s.flush()
	return hex.EncodeToString(s.h.Sum(nil))
}

// digest hashes names and values, each text preceded by its length, so that no
// two sequences of values have the same bytes.
type digest struct {
	h   hash.Hash
	buf []byte
}

func (s *digest) bytes(v string) {
	s.buf = binary.AppendUvarint(s.buf, uint64(len(v)))
	s.buf = append(s.buf, v...)
	if len(s.buf) > 1<<15 {
		s.flush()
	}
}

func (s *digest) flush() {
	s.h.Write(s.buf)
	s.buf = s.buf[:0]
}

func (s *digest) open(kind, name string) { s.bytes(kind); s.bytes(name) }

func (s *digest) fact(name, v string, _ source.Range) { s.bytes(name); s.bytes(v) }

func (s *digest) text(name, v string, _ Origin) { s.bytes(name); s.bytes(v) }

func (s *digest) number(name string, v int64, _ Origin) {
	s.bytes(name)
	s.buf = binary.AppendVarint(s.buf, v)
}

func (s *digest) size(name string, v unit.Size, from Origin) { s.number(name, int64(v), from) }

func (s *digest) flag(name string, v bool, from Origin) {
	n := int64(0)
	if v {
		n = 1
	}
	s.number(name, n, from)
}

func (s *digest) texts(name string, v []string, from Origin) {
	s.number(name, int64(len(v)), from)
	for _, t := range v {
		s.bytes(t)
	}
}

func (s *digest) values(name string, v []Value[string]) {
	s.number(name, int64(len(v)), Origin{})
	for _, t := range v {
		s.bytes(t.V)
	}
}
