package plan

// The normative grammar of plan.bin and of a facts file. Numbers of the frame
// are big-endian; sections are CBOR (RFC 8949), core deterministic encoding.
//
//	plan-file   = plan-magic version section section trailer   ; program, notes
//	facts-file  = facts-magic version section trailer
//	plan-magic  = %x89 "HSPLAN" %x0A
//	facts-magic = %x89 "HSFACT" %x0A
//	version     = 2OCTET                ; FormatVersion, FactsVersion
//	section     = length length*OCTET
//	length      = 4OCTET
//	trailer     = 32OCTET               ; SHA-256 of all bytes before it
//
// The program section, in CDDL. A pair marked ? is left out when its value is
// empty or zero, all others are always there; text is valid UTF-8.
//
//	program  = { 1: uint .eq 1, 2: goal, 3: text, 4: text, ? 5: text, 6: text, 7: [* host],
//	             8: [* change], 9: [* step], 10: [* step], 11: [* node-program], 12: [* secret] }
//	             ; format, goal, site id, manifest, selector of a partial plan, on_error, hosts, changes, steps, undo, programs, secrets
//	goal     = 1..4                     ; create, destroy, reconcile, test
//	host     = { 1: text, ? 2: text, ? 3: text, 4: text, ? 5: text, 6: uint }
//	             ; name, parent, cluster, node, fingerprint, width of the I/O lane
//	change   = { 1: text, 2: text, 3: uint, 4: text, 5: text, 6: 0..8, 7: text, ? 8: [* attr], ? 9: [* text] }
//	             ; address, host, vmid, uuid, kind, action, reason, attributes, at stake
//	attr     = { 1: text, ? 2: text, ? 3: text, ? 4: 1..3 }           ; name, from, to, class
//	step     = { 1: id, ? 2: text, 3: text, 4: op, 5: 1..4, ? 6: text, 7: text, ? 8: [* arg], ? 9: [* id],
//	             ? 10: [* guard], ? 11: [* lock], ? 12: [* id], 13: text, ? 14: 1..2, 15: uint }
//	             ; id, address, host, op, phase, mode, executor, args, after, guards, locks, undo, reason, risk, deadline
//	id       = text .regexp "[0-9a-f]{8,64}"
//	op       = 1..17                    ; in the order of op.go
//	arg      = { 1: text, 2: value }
//	value    = { ? 1: text } / { 2: [+ text] } / { 3: late }          ; {} is the empty text
//	late     = { 1: 1..10, 2: text, ? 3: id }                         ; kind, of, producing step
//	guard    = { 1: 1..5, ? 2: uint, ? 3: text, ? 4: [* kv] }         ; kind, vmid, uuid, expected
//	lock     = { 1: 1..4, 2: text }
//	kv       = { 1: text, 2: text }
//	node-program = { 1: text, 2: bytes }                              ; sha256 in hex, program (plan/program)
//	secret   = { 1: text, ? 2: text }                                 ; name, keyed digest
//
//	notes    = { ? 1: text, ? 2: text, ? 3: text, ? 4: text, ? 5: [* finding], ? 6: [* source] }
//	             ; tool, commit, digest of the deployment, digest of the facts, findings, sources
//	finding  = { 1: text, 2: text, ? 3: text, 4: text }               ; code, level, address, message
//	source   = { 1: text, 2: text }                                   ; address, place
//
//	facts    = { 1: uint .eq 1, 2: [* host-facts] }
//	host-facts = { 1: text, 2: 0..2, ? 3: text, ? 4: text, ? 5: text, ? 6: text, ? 7: text, ? 8: uint, ? 9: [* storage],
//	             ? 10: [* text], ? 11: [* text], ? 12: [* uint], ? 13: [* text], ? 14: [* guest], ? 15: text, ? 16: text,
//	             ? 17: [* resident], ? 18: [* text], ? 19: text }
//	             ; name, presence, error, node, cluster, version, fingerprint, width of the I/O lane, storages, bridges, images,
//	             ; vmids in use, strangers' MACs, guests, storage for disks, storage for images, all guests of a host that is a node,
//	             ; seeds, storage for seeds that are CD-ROMs
//	resident = { 1: uint, 2: text, ? 3: text }                        ; vmid, kind, name
//	storage  = { 1: text, 2: text, 3: [* text], ? 4: uint, ? 5: true } ; name, type, content types, bytes free, shared
//	guest    = { 1: uint, 2: text, 3: text, ? 4: text, 5: text, ? 6: text, ? 7: [* text], ? 8: text, ? 9: [* text],
//	             ? 10: marker, ? 11: [* kv], ? 12: [* kv], ? 13: text, ? 14: [* text] }
//	             ; vmid, node, kind, name, power, lock, tags, uuid, MACs, marker, configuration, pending, digest, volumes
//	marker   = { 1: text, 2: text, 3: text, 4: text, 5: uint, 6: uint, ? 7: text, 8: bool, ? 9: [* text], ? 10: uint,
//	             ? 11: [* text], ? 12: [* kv], ? 13: true, ? 14: text, ? 15: text }
//	             ; site id, manifest, address, uuid, vmid, incarnation, program, authentic, unchanged, sshd's port, edited,
//	             ; fixed at creation, made by a test, digest of its program's secrets, kind
//
// Lists of named things are sorted by name with no name twice. A step's after
// and a late value's step name steps that come earlier. What else must hold is
// in validate.go and validate_facts.go. A reader refuses everything that a
// writer would not write, so no two files decode to one plan.

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"reflect"

	"github.com/homestak/homestak/lang/diag"
)

const (
	codeForeign  diag.Code = "HS0601" // not a file of this kind
	codeVersion  diag.Code = "HS0602" // of another format version
	codeDamaged  diag.Code = "HS0603" // cut short or altered
	codeEncoding diag.Code = "HS0604" // not the canonical encoding
	codeContrary diag.Code = "HS0605" // it contradicts itself
	codeTooLarge diag.Code = "HS0606" // beyond MaxFile
)

// MaxFile bounds a plan or facts file, in bytes: more than twice a plan of
// 100,000 nodes.
const MaxFile = 1 << 30

const (
	magicLen   = 8
	planMagic  = "\x89HSPLAN\n"
	factsMagic = "\x89HSFACT\n"
)

var (
	programShape = shapeOf(reflect.TypeFor[Program]())
	notesShape   = shapeOf(reflect.TypeFor[Notes]())
	factsShape   = shapeOf(reflect.TypeFor[Facts]())
)

// Encode writes a plan file. It refuses a plan that Decode would refuse.
func Encode(p *Plan) ([]byte, error) {
	if err := p.validate(); err != nil {
		return nil, err
	}
	return seal(planMagic, FormatVersion, section{"program", programShape, &p.Program}, section{"notes", notesShape, &p.Notes})
}

// Decode reads a plan file. Every error is a *diag.Diagnostic.
func Decode(data []byte) (*Plan, error) {
	sections, err := unseal("plan", planMagic, FormatVersion, data, 2)
	if err != nil {
		return nil, err
	}
	p := &Plan{}
	if err := strict("program", programShape, sections[0], &p.Program); err != nil {
		return nil, err
	}
	if err := strict("notes", notesShape, sections[1], &p.Notes); err != nil {
		return nil, err
	}
	if err := p.validate(); err != nil {
		return nil, err
	}
	return p, nil
}

// Digest is the plan digest, 64 hex digits: the SHA-256 of the encoded program
// section. It is the identity that people review and approve.
func (p *Program) Digest() string { return digestOf(programShape, p) }

// Digest of the facts, 64 hex digits.
func (f *Facts) Digest() string { return digestOf(factsShape, f) }

func digestOf(s *shape, v any) string {
	h := sha256.New()
	if err := s.write(h, v); err != nil {
		panic(err) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))
}

// EncodeFacts writes a facts file. Lists must be sorted, see Facts.Sort.
func EncodeFacts(f *Facts) ([]byte, error) {
	if err := f.validate(); err != nil {
		return nil, err
	}
	return seal(factsMagic, FactsVersion, section{"facts", factsShape, f})
}

// DecodeFacts reads a facts file. Every error is a *diag.Diagnostic.
func DecodeFacts(data []byte) (*Facts, error) {
	sections, err := unseal("facts", factsMagic, FactsVersion, data, 1)
	if err != nil {
		return nil, err
	}
	f := &Facts{}
	if err := strict("facts", factsShape, sections[0], f); err != nil {
		return nil, err
	}
	if err := f.validate(); err != nil {
		return nil, err
	}
	return f, nil
}

type section struct {
	name  string
	shape *shape
	value any
}

func seal(magic string, version uint16, sections ...section) ([]byte, error) {
	var b bytes.Buffer
	size := 0
	for _, s := range sections {
		size += s.shape.size(s.value)
	}
	b.Grow(size)
	b.WriteString(magic)
	b.Write(binary.BigEndian.AppendUint16(nil, version))
	for _, s := range sections {
		at := b.Len()
		b.Write(make([]byte, 4))
		if err := s.shape.write(&b, s.value); err != nil {
			panic(err) // a buffer takes everything
		}
		// What the types allow and the grammar does not, such as text that is not UTF-8.
		if err := scan(s.name, s.shape, b.Bytes()[at+4:]); err != nil {
			return nil, err
		}
		if b.Len() > MaxFile-sha256.Size {
			return nil, codeTooLarge.Errorf("the file would be larger than %d bytes", int64(MaxFile))
		}
		binary.BigEndian.PutUint32(b.Bytes()[at:], uint32(b.Len()-at-4))
	}
	sum := sha256.Sum256(b.Bytes())
	b.Write(sum[:])
	return b.Bytes(), nil
}

// unseal checks the frame and returns the sections.
func unseal(what, magic string, version uint16, data []byte, n int) ([][]byte, error) {
	if len(data) > MaxFile {
		return nil, codeTooLarge.Errorf("the %s file is larger than %d bytes", what, int64(MaxFile))
	}
	if len(data) < magicLen || string(data[:magicLen]) != magic {
		d := codeForeign.Errorf("this is not a %s file", what)
		switch {
		case len(data) >= magicLen && string(data[:magicLen]) == planMagic:
			d.Label = "it is a plan"
		case len(data) >= magicLen && string(data[:magicLen]) == factsMagic:
			d.Label = "it holds facts"
		}
		d.Help = "make one with homestak " + what
		return nil, d
	}
	rest := data[magicLen:]
	if len(rest) < 2 {
		return nil, damaged(what, "it ends inside its version")
	}
	if v := binary.BigEndian.Uint16(rest); v != version {
		d := codeVersion.Errorf("the %s file has format %d, this homestak reads format %d", what, v, version)
		d.Help = "make it again with this version, or read it with the version that made it"
		return nil, d
	}
	if len(rest) < 2+sha256.Size {
		return nil, damaged(what, "it ends before its checksum")
	}
	body, trailer := data[:len(data)-sha256.Size], data[len(data)-sha256.Size:]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], trailer) {
		return nil, damaged(what, "its checksum does not fit: it was cut short or altered")
	}
	rest = body[magicLen+2:]
	var sections [][]byte
	for range n {
		if len(rest) < 4 || uint64(len(rest)-4) < uint64(binary.BigEndian.Uint32(rest)) {
			return nil, damaged(what, "a section is longer than the file")
		}
		end := 4 + int(binary.BigEndian.Uint32(rest))
		sections = append(sections, rest[4:end])
		rest = rest[end:]
	}
	if len(rest) != 0 {
		return nil, damaged(what, fmt.Sprintf("%d bytes follow the last section", len(rest)))
	}
	return sections, nil
}

func damaged(what, why string) error {
	d := codeDamaged.Errorf("the %s file is damaged", what)
	d.Label = why
	d.Help = "make it again, or copy it again in binary mode"
	return d
}

// strict decodes a section after scan has checked its form, then demands that
// it encodes to the same bytes again.
func strict(what string, s *shape, section []byte, v any) error {
	if err := scan(what, s, section); err != nil {
		return err
	}
	if err := decoder.Unmarshal(section, v); err != nil {
		return codeEncoding.Errorf("the %s section cannot be decoded", what)
	}
	same := comparer{rest: section}
	if err := s.write(&same, v); err != nil || len(same.rest) > 0 {
		d := codeEncoding.Errorf("the %s section is not in its canonical form", what)
		d.Help = "it was not written by homestak; make the plan again"
		return d
	}
	return nil
}
