package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// shape is what the bytes of a value must look like, made from its Go type.
// The types are not recursive, so neither depth nor work can run away: scan
// visits each byte once and allocates nothing.
type shape struct {
	kind   reflect.Kind // Uint8, Uint, Uint64, Bool, String, Slice, Struct; Array for a byte string
	major  byte
	elem   *shape
	fields []field // by key
	least  int     // bytes of the smallest value
}

type field struct {
	key      uint64
	index    int // in the Go struct
	name     string
	optional bool
	shape    *shape
}

func shapeOf(t reflect.Type) *shape {
	switch t.Kind() {
	case reflect.Pointer:
		return shapeOf(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return &shape{kind: reflect.Array, major: majorBytes, least: 1}
		}
		return &shape{kind: reflect.Slice, major: majorArray, elem: shapeOf(t.Elem()), least: 1}
	case reflect.Struct:
		s := &shape{kind: reflect.Struct, major: majorMap, least: 1}
		for i := range t.NumField() {
			f := t.Field(i)
			tag := strings.Split(f.Tag.Get("cbor"), ",")
			key, err := strconv.ParseUint(tag[0], 10, 8)
			if err != nil {
				panic("plan: field " + f.Name + " has no integer key")
			}
			sub := field{key: key, index: i, name: strings.ToLower(f.Name), optional: slices.Contains(tag, "omitempty"), shape: shapeOf(f.Type)}
			if !sub.optional {
				s.least += 1 + sub.shape.least
			}
			s.fields = append(s.fields, sub)
		}
		slices.SortFunc(s.fields, func(a, b field) int { return int(a.key) - int(b.key) })
		return s
	case reflect.Uint8, reflect.Uint, reflect.Uint64, reflect.Bool:
		return &shape{kind: t.Kind(), major: majorUint, least: 1}
	case reflect.String:
		return &shape{kind: t.Kind(), major: majorText, least: 1}
	}
	panic("plan: no wire form for " + t.String())
}

// Major types of CBOR.
const (
	majorUint  = 0
	majorBytes = 2
	majorText  = 3
	majorArray = 4
	majorMap   = 5
)

// scanner walks a section against a shape. The first thing that is wrong stops
// it; where collects the way there, innermost first.
type scanner struct {
	data  []byte
	pos   int
	why   string
	where []string
}

// scan checks that a section is the one deterministic encoding of its shape:
// known keys in order and once, required ones there, nothing longer than it
// need be, no tags, no indefinite lengths, nothing after the end.
func scan(what string, s *shape, data []byte) error {
	sc := &scanner{data: data}
	if sc.value(s) && sc.pos != len(data) {
		sc.fail("%d bytes follow the end", len(data)-sc.pos)
	}
	if sc.why == "" {
		return nil
	}
	path := what
	for _, w := range slices.Backward(sc.where) {
		path += w
	}
	d := codeEncoding.Errorf("%s is not what a homestak file holds: %s at byte %d", path, sc.why, sc.pos)
	d.Help = "it was not written by this version of homestak; make the file again"
	return d
}

func (sc *scanner) fail(format string, args ...any) bool {
	sc.why = fmt.Sprintf(format, args...)
	return false
}

func (sc *scanner) at(where string) bool {
	sc.where = append(sc.where, where)
	return false
}

// head reads a type and its number, in the shortest form or not at all.
func (sc *scanner) head() (major byte, n uint64, ok bool) {
	if sc.pos >= len(sc.data) {
		return 0, 0, sc.fail("the end is missing")
	}
	b := sc.data[sc.pos]
	major, info := b>>5, b&31
	switch {
	case info < 24:
		sc.pos++
		return major, uint64(info), true
	case info == 31:
		return 0, 0, sc.fail("an indefinite length")
	case info > 27:
		return 0, 0, sc.fail("a reserved byte")
	}
	width := 1 << (info - 24)
	if len(sc.data)-sc.pos-1 < width {
		return 0, 0, sc.fail("the end is missing")
	}
	for _, c := range sc.data[sc.pos+1 : sc.pos+1+width] {
		n = n<<8 | uint64(c)
	}
	if n < 24 || width > 1 && n>>(4*width) == 0 {
		return 0, 0, sc.fail("a number longer than it need be")
	}
	sc.pos += 1 + width
	return major, n, true
}

func (sc *scanner) value(s *shape) bool {
	if s.kind == reflect.Bool {
		if sc.pos >= len(sc.data) || sc.data[sc.pos]&^1 != 0xf4 {
			return sc.fail("no true or false")
		}
		sc.pos++
		return true
	}
	start := sc.pos
	major, n, ok := sc.head()
	if !ok {
		return false
	}
	if major != s.major {
		sc.pos = start
		return sc.fail("a value of another type")
	}
	left := uint64(len(sc.data) - sc.pos)
	switch s.kind {
	case reflect.Uint8:
		if n > 255 {
			return sc.fail("a number beyond 255")
		}
	case reflect.Uint:
		if n > 1<<32-1 {
			return sc.fail("a number beyond 32 bits")
		}
	case reflect.String, reflect.Array:
		if n > left {
			return sc.fail("the end is missing")
		}
		text := sc.data[sc.pos : sc.pos+int(n)]
		if s.kind == reflect.String && !utf8.Valid(text) {
			return sc.fail("a text that is not UTF-8")
		}
		sc.pos += int(n)
	case reflect.Slice:
		if n > left/uint64(s.elem.least) {
			return sc.fail("a list longer than the file")
		}
		for i := range n {
			if !sc.value(s.elem) {
				return sc.at("[" + strconv.FormatUint(i, 10) + "]")
			}
		}
	case reflect.Struct:
		return sc.record(s, n)
	}
	return true
}

func (sc *scanner) record(s *shape, pairs uint64) bool {
	next := 0
	for range pairs {
		start := sc.pos
		major, key, ok := sc.head()
		if !ok {
			return false
		}
		if major != majorUint {
			sc.pos = start
			return sc.fail("a key that is not a number")
		}
		for next < len(s.fields) && s.fields[next].key < key && s.fields[next].optional {
			next++
		}
		if next == len(s.fields) || s.fields[next].key != key {
			sc.pos = start
			if next < len(s.fields) && s.fields[next].key < key {
				return sc.fail("%s is missing", s.fields[next].name)
			}
			return sc.fail("key %d is unknown, there twice, or out of order", key)
		}
		if !sc.value(s.fields[next].shape) {
			return sc.at("." + s.fields[next].name)
		}
		next++
	}
	for ; next < len(s.fields); next++ {
		if !s.fields[next].optional {
			return sc.fail("%s is missing", s.fields[next].name)
		}
	}
	return true
}

// contrary is a plan or facts that no homestak writes.
func contrary(what, format string, args ...any) error {
	d := codeContrary.Errorf("the %s contradicts itself", what)
	d.Label = fmt.Sprintf(format, args...)
	d.Help = "it was not written by this version of homestak; make it again"
	return d
}
