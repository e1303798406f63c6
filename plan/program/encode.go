package program

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"

	"github.com/fxamacker/cbor/v2"

	"github.com/homestak/homestak/lang/diag"
)

// The encoded form is core deterministic CBOR (RFC 8949, 4.2.1) with integer
// keys:
//
//	program   = { 1: format, 2: node, 3: [* resource] }
//	resource  = { kind: { 1: …, 2: …, … } }         ; exactly one pair, kind 1–11
//	bundle    = { 1: [* { 1: name, 2: bytes }] }    ; by name, no name twice
//
// Decoding is strict: unknown and duplicate keys, indefinite lengths, tags,
// text that is not UTF-8, lengths that are not minimal and trailing bytes are
// errors, so no two byte strings decode to one program.

// Limits of an encoded program and of a bundle.
const (
	MaxProgram   = 1 << 20
	MaxBundle    = 1 << 20
	maxResources = 4096
	maxValues    = 1024
)

const (
	codeUnreadable diag.Code = "HS0950" // a node program or bundle cannot be read
	codeInvalid    diag.Code = "HS0951" // a node program asks for something impossible
	codeTooNew     diag.Code = "HS0952" // a node program of a later format
)

var (
	encoder = newEncoder()
	decoder = newDecoder()
)

func newEncoder() cbor.EncMode {
	o := cbor.CoreDetEncOptions()
	o.NilContainers = cbor.NilContainerAsEmpty // one form for "none"
	m, err := o.EncMode()
	if err != nil {
		panic(err) // constant options
	}
	return m
}

func newDecoder() cbor.DecMode {
	m, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		UTF8:              cbor.UTF8RejectInvalid,
		MaxNestedLevels:   8,
		MaxArrayElements:  maxResources,
		MaxMapPairs:       16,
	}.DecMode()
	if err != nil {
		panic(err) // constant options
	}
	return m
}

// Encode gives the bytes that travel, after Validate.
func Encode(p *Program) ([]byte, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	data, err := encoder.Marshal(p)
	if err != nil {
		return nil, codeInvalid.Errorf("the program of %s cannot be encoded", p.Node)
	}
	if len(data) > MaxProgram {
		return nil, codeInvalid.Errorf("the program of %s is larger than %d bytes", p.Node, MaxProgram)
	}
	return data, nil
}

// Decode is the inverse of Encode; it accepts nothing else.
func Decode(data []byte) (*Program, error) {
	if len(data) > MaxProgram {
		return nil, codeUnreadable.Errorf("a node program is larger than %d bytes", MaxProgram)
	}
	var head struct {
		Format uint `cbor:"1,keyasint"`
	}
	if lax, err := (cbor.DecOptions{MaxNestedLevels: 8}).DecMode(); err == nil && lax.Unmarshal(data, &head) == nil && head.Format > FormatVersion {
		return nil, tooNew(head.Format)
	}
	var p Program
	if err := strict(data, &p); err != nil {
		return nil, err
	}
	return &p, p.Validate()
}

// Digest names an encoded program: SHA-256, 64 hex digits.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// EncodeBundle gives the bytes of a bundle. They are secret.
func EncodeBundle(b *Bundle) ([]byte, error) {
	if err := b.validate(); err != nil {
		return nil, err
	}
	data, err := encoder.Marshal(b)
	if err != nil || len(data) > MaxBundle {
		return nil, codeInvalid.Errorf("the secrets of a node program cannot be encoded in %d bytes", MaxBundle)
	}
	return data, nil
}

// DecodeBundle is the inverse of EncodeBundle.
func DecodeBundle(data []byte) (*Bundle, error) {
	if len(data) > MaxBundle {
		return nil, codeUnreadable.Errorf("the secrets of a node program are larger than %d bytes", MaxBundle)
	}
	var b Bundle
	if err := strict(data, &b); err != nil {
		return nil, err
	}
	return &b, b.validate()
}

// strict decodes and demands that v encodes to the same bytes again: the only
// way to refuse what the decoder still lets pass, such as long forms of short
// integers. The library's messages may quote the input, so they are not shown.
func strict(data []byte, v any) error {
	d := codeUnreadable.Errorf("a node program or its secrets cannot be read")
	d.Help = "use the same version of homestak on both sides"
	if err := decoder.Unmarshal(data, v); err != nil {
		return d
	}
	again, err := encoder.Marshal(v)
	if err != nil || !bytes.Equal(again, data) {
		return d
	}
	return nil
}

func tooNew(format uint) error {
	d := codeTooNew.Errorf("the node program has format %d, this homestak knows formats up to %d", format, FormatVersion)
	d.Help = "use a newer homestak on the target"
	return d
}
