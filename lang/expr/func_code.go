package expr

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
)

// codeFuncs put values into text and take them out again.
var codeFuncs = []Func{
	{
		Name: "jsonencode", Params: []Param{{Name: "value", Kind: Any}}, Doc: "The value as JSON in one line, keys sorted.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			var out strings.Builder
			if err := writeJSON(&out, a[0], b, 0); err != nil {
				return cty.NilVal, err
			}
			return cty.StringVal(out.String()), nil
		},
	},
	{
		Name: "jsondecode", Params: []Param{{Name: "text", Kind: Text}}, Doc: "The value that a text in JSON means.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			d := json.NewDecoder(strings.NewReader(a[0].AsString()))
			d.UseNumber()
			v, err := readJSON(d, b, 0)
			if err != nil {
				return cty.NilVal, err
			}
			if _, err := d.Token(); err != io.EOF {
				return cty.NilVal, blame(0, "something follows the JSON value")
			}
			return v, nil
		},
	},
	{
		Name: "base64encode", Params: []Param{{Name: "text", Kind: Text}}, Doc: "The text in Base64.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			text := a[0].AsString()
			if !b.Spend(1, base64.StdEncoding.EncodedLen(len(text))) {
				return cty.NilVal, ErrBudget
			}
			return cty.StringVal(base64.StdEncoding.EncodeToString([]byte(text))), nil
		},
	},
	{
		Name: "base64decode", Params: []Param{{Name: "text", Kind: Text}}, Doc: "The text that a text in Base64 means.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			if !b.Spend(1, len(a[0].AsString())) {
				return cty.NilVal, ErrBudget
			}
			out, err := base64.StdEncoding.DecodeString(a[0].AsString())
			switch {
			case err != nil:
				return cty.NilVal, blame(0, "this is not Base64")
			case !utf8.Valid(out):
				return cty.NilVal, blame(0, "what it holds is not text")
			}
			return cty.StringVal(string(out)), nil
		},
	},
	{
		Name: "sha256", Params: []Param{{Name: "text", Kind: Text}}, Doc: "The SHA-256 of a text, in hex.",
		Call: hash(func(text []byte) []byte { sum := sha256.Sum256(text); return sum[:] }),
	},
	{
		Name: "sha512", Params: []Param{{Name: "text", Kind: Text}}, Doc: "The SHA-512 of a text, in hex.",
		Call: hash(func(text []byte) []byte { sum := sha512.Sum512(text); return sum[:] }),
	},
}

func hash(sum func([]byte) []byte) func([]cty.Value, *Budget) (cty.Value, error) {
	return func(a []cty.Value, b *Budget) (cty.Value, error) {
		text := a[0].AsString()
		if !b.Spend(16+len(text)/8, 128) {
			return cty.NilVal, ErrBudget
		}
		return cty.StringVal(hex.EncodeToString(sum([]byte(text)))), nil
	}
}

func writeJSON(out *strings.Builder, v cty.Value, b *Budget, depth int) error {
	switch {
	case depth > maxNesting:
		return errDeep
	case !v.IsKnown():
		return errUnknown
	case v.IsNull():
		return write(out, b, "null")
	case v.Type() == cty.String:
		// An escape is at most six bytes for one.
		if !b.Spend(1, 2*len(v.AsString())) {
			return ErrBudget
		}
		var quoted bytes.Buffer
		e := json.NewEncoder(&quoted)
		e.SetEscapeHTML(false)
		if err := e.Encode(v.AsString()); err != nil {
			return blame(0, "it has text that JSON cannot hold")
		}
		return write(out, b, strings.TrimSuffix(quoted.String(), "\n"))
	case isSequence(v):
		return writeItems(out, v, b, depth)
	case isMapping(v):
		return writeEntries(out, v, b, depth)
	}
	text, _ := written(v)
	return write(out, b, text)
}

func write(out *strings.Builder, b *Budget, text string) error {
	if !b.Spend(1, len(text)) {
		return ErrBudget
	}
	out.WriteString(text)
	return nil
}

func writeItems(out *strings.Builder, v cty.Value, b *Budget, depth int) error {
	items, err := b.elements(v)
	if err != nil {
		return err
	}
	for i, item := range items {
		if err := write(out, b, map[bool]string{true: "[", false: ","}[i == 0]); err != nil {
			return err
		}
		if err := writeJSON(out, item, b, depth+1); err != nil {
			return err
		}
	}
	if len(items) == 0 {
		return write(out, b, "[]")
	}
	return write(out, b, "]")
}

func writeEntries(out *strings.Builder, v cty.Value, b *Budget, depth int) error {
	entries, err := b.pairs(v)
	if err != nil {
		return err
	}
	for i, p := range entries {
		if err := write(out, b, map[bool]string{true: "{", false: ","}[i == 0]); err != nil {
			return err
		}
		if err := writeJSON(out, cty.StringVal(p.key), b, depth+1); err != nil {
			return err
		}
		if err := write(out, b, ":"); err != nil {
			return err
		}
		if err := writeJSON(out, p.value, b, depth+1); err != nil {
			return err
		}
	}
	if len(entries) == 0 {
		return write(out, b, "{}")
	}
	return write(out, b, "}")
}

// readJSON reads one value, token by token, so that the budget and the bound on
// nesting hold before anything is made.
func readJSON(d *json.Decoder, b *Budget, depth int) (cty.Value, error) {
	if depth > maxNesting {
		return cty.NilVal, errDeep
	}
	t, err := d.Token()
	if err != nil {
		return cty.NilVal, blame(0, "this is not JSON")
	}
	switch t := t.(type) {
	case nil:
		return cty.NullVal(cty.DynamicPseudoType), nil
	case bool:
		return cty.BoolVal(t), nil
	case string:
		return b.text(t)
	case json.Number:
		v, ok := parseNumber(t.String())
		if !ok {
			return v, blame(0, "a number in it is too large or too small")
		}
		return v, nil
	case json.Delim:
		switch t {
		case '[':
			return readItems(d, b, depth)
		case '{':
			return readEntries(d, b, depth)
		}
	}
	return cty.NilVal, blame(0, "this is not JSON")
}

func readItems(d *json.Decoder, b *Budget, depth int) (cty.Value, error) {
	var out []cty.Value
	for d.More() {
		v, err := readJSON(d, b, depth+1)
		if err != nil {
			return cty.NilVal, err
		}
		out = append(out, v)
	}
	if _, err := d.Token(); err != nil {
		return cty.NilVal, blame(0, "this is not JSON")
	}
	return b.list(out)
}

func readEntries(d *json.Decoder, b *Budget, depth int) (cty.Value, error) {
	out := map[string]cty.Value{}
	for d.More() {
		key, err := d.Token()
		name, ok := key.(string)
		if err != nil || !ok {
			return cty.NilVal, blame(0, "this is not JSON")
		}
		v, err := readJSON(d, b, depth+1)
		if err != nil {
			return cty.NilVal, err
		}
		if _, dup := out[name]; dup {
			return cty.NilVal, blame(0, "the key %q is there twice", name)
		}
		out[name] = v
	}
	if _, err := d.Token(); err != nil {
		return cty.NilVal, blame(0, "this is not JSON")
	}
	return b.mapping(out)
}
