package plan_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sebdah/goldie/v2"
	"pgregory.net/rapid"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
)

const (
	planMagic  = "\x89HSPLAN\n"
	factsMagic = "\x89HSFACT\n"
)

func encoded(t testing.TB) []byte {
	t.Helper()
	data, err := plan.Encode(sample())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// code is the code of an error that a user would see.
func code(t testing.TB, err error) diag.Code {
	t.Helper()
	var d *diag.Diagnostic
	if err != nil && !errors.As(err, &d) {
		t.Fatalf("a raw error reaches the user: %v", err)
	}
	if d == nil {
		return ""
	}
	if d.Message == "" || d.Help == "" {
		t.Errorf("%v says not what is wrong or what to do", err)
	}
	return d.Code
}

func TestRoundTrip(t *testing.T) {
	data := encoded(t)
	p, err := plan.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	want := sample()
	// The empty constant text has no bytes, so an empty list and it are one.
	if d := cmp.Diff(want, p); d != "" {
		t.Error(d)
	}
	if p.Program.Digest() != want.Program.Digest() || len(p.Program.Digest()) != 64 {
		t.Error("the digest changes in a file")
	}
	facts, err := plan.EncodeFacts(sampleFacts())
	if err != nil {
		t.Fatal(err)
	}
	f, err := plan.DecodeFacts(facts)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(sampleFacts(), f); d != "" {
		t.Error(d)
	}
}

// Every field of the format is in the sample, so that the round trip and the
// fuzzer meet it.
func TestSampleIsWhole(t *testing.T) {
	for _, v := range []any{sample(), sampleFacts()} {
		set := map[string]bool{}
		visit(reflect.ValueOf(v), "", set)
		for path, is := range set {
			if !is {
				t.Errorf("%T never sets %s", v, path)
			}
		}
	}
}

func visit(v reflect.Value, path string, set map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			visit(v.Elem(), path, set)
		}
	case reflect.Slice:
		for i := range v.Len() {
			visit(v.Index(i), path, set)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Name() + "." + v.Type().Field(i).Name
			set[name] = set[name] || !v.Field(i).IsZero()
			visit(v.Field(i), name, set)
		}
	}
}

// The bytes are pinned: a change of them is a change of the format.
func TestGoldenBytes(t *testing.T) {
	var b strings.Builder
	b.WriteString("plan\n" + hex.Dump(encoded(t)))
	facts, err := plan.EncodeFacts(sampleFacts())
	if err != nil {
		t.Fatal(err)
	}
	b.WriteString("facts\n" + hex.Dump(facts))
	goldie.New(t).Assert(t, "format-1", []byte(b.String()))
}

func TestNotesAreOutsideTheDigest(t *testing.T) {
	p, q := sample(), sample()
	q.Notes = plan.Notes{Tool: "2.0"}
	if p.Program.Digest() != q.Program.Digest() {
		t.Error("the notes change the digest")
	}
}

func TestFrame(t *testing.T) {
	good := encoded(t)
	s := sections(good)
	flipped := bytes.Clone(good)
	flipped[40] ^= 1
	facts, _ := plan.EncodeFacts(sampleFacts())
	for name, c := range map[string]struct {
		data []byte
		want diag.Code
	}{
		"empty":         {nil, "HS0601"},
		"text":          {[]byte("schema_version: 2\nname: x\n"), "HS0601"},
		"facts":         {facts, "HS0601"},
		"line ends":     {append([]byte("\x89HSPLAN\r\n"), good[8:]...), "HS0601"},
		"only magic":    {good[:8], "HS0603"},
		"no trailer":    {good[:20], "HS0603"},
		"short":         {good[:len(good)-1], "HS0603"},
		"flipped":       {flipped, "HS0603"},
		"longer":        {append(bytes.Clone(good), 0), "HS0603"},
		"version 2":     {frame(planMagic, 2, s...), "HS0602"},
		"one section":   {frame(planMagic, 1, s[0]), "HS0603"},
		"three":         {frame(planMagic, 1, s[0], s[1], s[1]), "HS0603"},
		"empty section": {frame(planMagic, 1, nil, s[1]), "HS0604"},
	} {
		if _, err := plan.Decode(c.data); code(t, err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if _, err := plan.DecodeFacts(good); code(t, err) != "HS0601" {
		t.Errorf("a plan is read as facts: %v", err)
	}
}

// Each mutation keeps the meaning, or nearly, and is not what Encode writes.
func TestOneEncodingOnly(t *testing.T) {
	notes := sections(encoded(t))[1] // {1: "1.0", 2: "abc", …}
	if !bytes.HasPrefix(notes, []byte("\xa6\x01\x63"+"1.0\x02\x63"+"abc")) {
		t.Fatalf("% x", notes)
	}
	program := sections(encoded(t))[0]
	rest := notes[10:]
	for name, section := range map[string][]byte{
		"indefinite map":     append(append([]byte{0xbf}, notes[1:]...), 0xff),
		"long key":           append([]byte("\xa6\x18\x01\x63"+"1.0\x02\x63"+"abc"), rest...),
		"long length":        append([]byte("\xa6\x01\x78\x03"+"1.0\x02\x63"+"abc"), rest...),
		"longer length":      append([]byte("\xa6\x01\x79\x00\x03"+"1.0\x02\x63"+"abc"), rest...),
		"long map":           append([]byte{0xb8, 0x06}, notes[1:]...),
		"tag":                append([]byte("\xa6\x01\xc1\x63"+"1.0\x02\x63"+"abc"), rest...),
		"keys out of order":  append([]byte("\xa6\x02\x63"+"abc\x01\x63"+"1.0"), rest...),
		"key twice":          append([]byte("\xa6\x01\x63"+"1.0\x01\x63"+"abc"), rest...),
		"unknown key":        append([]byte("\xa6\x00\x63"+"1.0\x02\x63"+"abc"), rest...),
		"unknown key at end": append(append([]byte{0xa7}, notes[1:]...), 0x07, 0x01),
		"text key":           append([]byte("\xa6\x61"+"1\x63"+"1.0\x02\x63"+"abc"), rest...),
		"negative key":       append([]byte("\xa6\x20\x63"+"1.0\x02\x63"+"abc"), rest...),
		"bytes for text":     append([]byte("\xa6\x01\x43"+"1.0\x02\x63"+"abc"), rest...),
		"chunked text":       append([]byte("\xa6\x01\x7f\x63"+"1.0\xff\x02\x63"+"abc"), rest...),
		"null":               append([]byte("\xa6\x01\xf6\x02\x63"+"abc"), rest...),
		"number for text":    append([]byte("\xa6\x01\x01\x02\x63"+"abc"), rest...),
		"not utf-8":          append([]byte("\xa6\x01\x63"+"1.\xff\x02\x63"+"abc"), rest...),
		"empty text kept":    append([]byte("\xa6\x01\x60\x02\x63"+"abc"), rest...),
		"array":              {0x80},
		"trailing":           append(bytes.Clone(notes), 0x00),
		"cut":                notes[:len(notes)-1],
		"huge list":          []byte("\xa1\x05\x9b\x00\x00\x00\xff\xff\xff\xff\xff"),
		"huge text":          []byte("\xa1\x01\x7b\xff\xff\xff\xff\xff\xff\xff\xff"),
		"reserved":           []byte("\xa1\x01\x7c"),
		"nothing":            {},
	} {
		_, err := plan.Decode(frame(planMagic, 1, program, section))
		if code(t, err) != "HS0604" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := plan.Decode(frame(planMagic, 1, program, []byte{0xa0})); err != nil {
		t.Errorf("empty notes: %v", err)
	}
}

// A required field that is missing is named with the way to it.
func TestScanNamesThePlace(t *testing.T) {
	file := encoded(t)
	// step 1's id, then its address: drop the host by making its key the next one.
	at := bytes.Index(sections(file)[0], []byte("\x03\x66father\x04\x04"))
	section := bytes.Clone(sections(file)[0])
	section[at] = 0x0b
	_, err := plan.Decode(frame(planMagic, 1, section, []byte{0xa0}))
	if err == nil || !strings.Contains(err.Error(), "program.steps[1]") {
		t.Errorf("%v", err)
	}
}

// No flipped bit and no cut makes another file that is read.
func TestMutationsNeverPass(t *testing.T) {
	files := [][]byte{encoded(t)}
	facts, err := plan.EncodeFacts(sampleFacts())
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, facts)
	rapid.Check(t, func(rt *rapid.T) {
		i := rapid.IntRange(0, 1).Draw(rt, "file")
		parts := sections(files[i])
		section := rapid.IntRange(0, len(parts)-1).Draw(rt, "section")
		b := bytes.Clone(parts[section])
		at := rapid.IntRange(0, len(b)-1).Draw(rt, "at")
		b[at] = rapid.Byte().Draw(rt, "byte")
		if rapid.Bool().Draw(rt, "cut") {
			b = b[:at]
		}
		parts[section] = b
		if i == 0 {
			checkInjective(t, frame(planMagic, 1, parts...))
		} else {
			checkInjectiveFacts(t, frame(factsMagic, 1, parts...))
		}
	})
}

// checkInjective: what is read is written back to the same bytes.
func checkInjective(t testing.TB, data []byte) {
	p, err := plan.Decode(data)
	if code(t, err) != "" {
		return
	}
	again, err := plan.Encode(p)
	if err != nil || !bytes.Equal(again, data) {
		t.Fatalf("two byte strings are one plan: %v", err)
	}
}

func checkInjectiveFacts(t testing.TB, data []byte) {
	f, err := plan.DecodeFacts(data)
	if code(t, err) != "" {
		return
	}
	again, err := plan.EncodeFacts(f)
	if err != nil || !bytes.Equal(again, data) {
		t.Fatalf("two byte strings are one set of facts: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	good := encoded(f)
	facts, err := plan.EncodeFacts(sampleFacts())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sections(good)[0], sections(good)[1], sections(facts)[0])
	f.Add([]byte{}, []byte{0xa0}, []byte{0xa2, 0x01, 0x01, 0x02, 0x80})
	f.Fuzz(func(t *testing.T, program, notes, facts []byte) {
		checkInjective(t, program) // as a whole file
		checkInjective(t, frame(planMagic, 1, program, notes))
		checkInjectiveFacts(t, frame(factsMagic, 1, facts))
	})
}
