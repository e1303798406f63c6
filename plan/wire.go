package plan

import (
	"bytes"
	"encoding/binary"
	"io"
	"reflect"

	"github.com/fxamacker/cbor/v2"
)

var (
	encoder = newEncoder()
	decoder = newDecoder()
)

func newEncoder() cbor.UserBufferEncMode {
	o := cbor.CoreDetEncOptions()
	o.NilContainers = cbor.NilContainerAsEmpty
	m, err := o.UserBufferEncMode()
	if err != nil {
		panic(err) // constant options
	}
	return m
}

// newDecoder is lenient where scan has been strict before it.
func newDecoder() cbor.DecMode {
	m, err := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		MaxNestedLevels:  16,
		MaxArrayElements: 1 << 27,
		MaxMapPairs:      64,
	}.DecMode()
	if err != nil {
		panic(err) // constant options
	}
	return m
}

// write encodes a section, a struct of shape s behind the pointer v, piece by
// piece: the library would hold all of it in memory several times. The error is
// the writer's.
func (s *shape) write(w io.Writer, v any) error {
	p := pieces{w: w}
	section := reflect.ValueOf(v).Elem()
	present := uint64(0)
	for _, f := range s.fields {
		if value := section.Field(f.index); !f.optional || !empty(value) {
			present++
		}
	}
	p.head(majorMap, present)
	for _, f := range s.fields {
		value := section.Field(f.index)
		if f.optional && empty(value) {
			continue
		}
		p.head(majorUint, f.key)
		if f.shape.kind != reflect.Slice {
			p.value(value)
			continue
		}
		p.head(majorArray, uint64(value.Len()))
		for i := range value.Len() {
			p.value(value.Index(i))
		}
	}
	return p.err
}

// size predicts how many bytes write makes, from samples of each list, so that a
// buffer need not grow. A sample is a run, because what follows each other has a
// rhythm: the steps of a node, of a parent and its children.
func (s *shape) size(v any) int {
	const samples, run = 4, 256
	section := reflect.ValueOf(v).Elem()
	total := 1024
	for _, f := range s.fields {
		value := section.Field(f.index)
		if f.shape.kind != reflect.Slice || value.Len() == 0 {
			continue
		}
		var seen counter
		p, n := pieces{w: &seen}, 0
		for i := range samples {
			for at := i * value.Len() / samples; at < min(i*value.Len()/samples+run, (i+1)*value.Len()/samples); at++ {
				p.value(value.Index(at))
				n++
			}
		}
		total += int(seen) * value.Len() / n
	}
	return total + total/16
}

func empty(v reflect.Value) bool {
	return v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0
}

// pieces writes one value after another and keeps the first error.
type pieces struct {
	w       io.Writer
	scratch bytes.Buffer
	err     error
}

func (p *pieces) value(v reflect.Value) {
	p.scratch.Reset()
	if err := encoder.MarshalToBuffer(v.Addr().Interface(), &p.scratch); err != nil {
		panic(err) // plain data always encodes
	}
	p.bytes(p.scratch.Bytes())
}

func (p *pieces) bytes(b []byte) {
	if p.err == nil {
		_, p.err = p.w.Write(b)
	}
}

// head is a type and its number in the shortest form.
func (p *pieces) head(major byte, n uint64) {
	b := []byte{major << 5}
	switch {
	case n < 24:
		b[0] |= byte(n)
	case n < 1<<8:
		b = append(b, byte(n))
		b[0] |= 24
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(b, uint16(n))
		b[0] |= 25
	case n < 1<<32:
		b = binary.BigEndian.AppendUint32(b, uint32(n))
		b[0] |= 26
	default:
		b = binary.BigEndian.AppendUint64(b, n)
		b[0] |= 27
	}
	p.bytes(b)
}

// counter is a writer that only counts.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// comparer is a writer that fails at the first byte that differs from rest.
type comparer struct{ rest []byte }

func (c *comparer) Write(p []byte) (int, error) {
	if !bytes.HasPrefix(c.rest, p) {
		return 0, io.ErrShortWrite
	}
	c.rest = c.rest[len(p):]
	return len(p), nil
}
