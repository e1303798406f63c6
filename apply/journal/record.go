package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/fxamacker/cbor/v2"
)

const (
	header    = "homestak journal 1\n"
	chainSize = sha256.Size

	// maxRecord bounds what a flipped length can make Read allocate. Real records
	// are below 1 KiB, texts are cut at maxText.
	maxRecord = 64 << 10
	maxText   = 8 << 10
)

// Kind of a record.
type Kind uint8

const (
	Began   Kind = 1 + iota // a run of the plan begins: Run
	Intent                  // a step is about to write: Step
	Task                    // a host works on a step: Step, Host, UPID
	Named                   // a step chose a random name before using it: Step, Host, Value
	Settled                 // a step ended: Step, State, Text
	Ended                   // the run ended: Run, State
	kinds
)

// Record is one line of the journal. It holds names of secrets at most, never
// their values.
type Record struct {
	Kind  Kind   `cbor:"1,keyasint"`
	At    int64  `cbor:"2,keyasint"` // Unix nanoseconds
	Run   string `cbor:"3,keyasint,omitempty"`
	Step  string `cbor:"4,keyasint,omitempty"`
	Host  string `cbor:"5,keyasint,omitempty"`
	UPID  string `cbor:"6,keyasint,omitempty"`
	Value string `cbor:"7,keyasint,omitempty"`
	State string `cbor:"8,keyasint,omitempty"`
	Text  string `cbor:"9,keyasint,omitempty"`
}

// Read returns the records of a journal, in order, and how many bytes of it are
// good. It stops without an error at the first record that is torn or altered,
// and at once when the header is not ours (good is then 0); err is only ever an
// error of r.
func Read(r io.Reader) (records []Record, good int64, err error) {
	dec, err := decoder()
	if err != nil {
		return nil, 0, err
	}
	head := make([]byte, len(header))
	if ok, err := fill(r, head); !ok || string(head) != header {
		return nil, 0, err
	}
	chain := link0()
	good = int64(len(header))
	for {
		var length [4]byte
		if ok, err := fill(r, length[:]); !ok {
			return records, good, err
		}
		n := binary.BigEndian.Uint32(length[:])
		if n == 0 || n > maxRecord {
			return records, good, nil
		}
		body := make([]byte, int(n)+chainSize)
		if ok, err := fill(r, body); !ok {
			return records, good, err
		}
		next := link(chain, length, body[:n])
		var rec Record
		if string(next[:]) != string(body[n:]) || dec.Unmarshal(body[:n], &rec) != nil || rec.Kind == 0 || rec.Kind >= kinds {
			return records, good, nil
		}
		records = append(records, rec)
		chain, good = next, good+4+int64(len(body))
	}
}

// fill reads exactly len(b) bytes; ok is false at the end of the file, torn or
// not, and on an error of r.
func fill(r io.Reader, b []byte) (ok bool, err error) {
	switch _, err := io.ReadFull(r, b); err {
	case nil:
		return true, nil
	case io.EOF, io.ErrUnexpectedEOF:
		return false, nil
	default:
		return false, fmt.Errorf("read the journal: %w", err)
	}
}

// link0 is what the first record is chained to.
func link0() [chainSize]byte { return sha256.Sum256([]byte(header)) }

func link(before [chainSize]byte, length [4]byte, payload []byte) (next [chainSize]byte) {
	h := sha256.New()
	h.Write(before[:])
	h.Write(length[:])
	h.Write(payload)
	h.Sum(next[:0])
	return next
}

// encode makes the bytes of rec after a record whose chain is before.
func encode(rec Record, before [chainSize]byte) (data []byte, chain [chainSize]byte, err error) {
	if len(rec.Text) > maxText {
		rec.Text = rec.Text[:maxText]
	}
	enc, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return nil, chain, err
	}
	payload, err := enc.Marshal(rec)
	if err != nil {
		return nil, chain, err
	}
	if len(payload) > maxRecord {
		return nil, chain, fmt.Errorf("a journal record of %d bytes is longer than %d", len(payload), maxRecord)
	}
	var length [4]byte
	binary.BigEndian.PutUint32(length[:], uint32(len(payload)))
	chain = link(before, length, payload)
	data = append(append(length[:], payload...), chain[:]...)
	return data, chain, nil
}

func decoder() (cbor.DecMode, error) {
	return cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		MaxNestedLevels:   4,
	}.DecMode()
}
