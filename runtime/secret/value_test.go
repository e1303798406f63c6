package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"go.yaml.in/yaml/v4"

	"github.com/homestak/homestak/runtime/secret"
)

const canary = "canary-5f2d9c"

// holder has a Value where fmt cannot call its methods.
type holder struct {
	Public  secret.Value
	private secret.Value
	list    []secret.Value
	table   map[string]secret.Value
	ptr     *secret.Value
}

func TestValueShowsNothing(t *testing.T) {
	v := secret.New([]byte(canary))
	h := holder{Public: v, private: v, list: []secret.Value{v}, table: map[string]secret.Value{"a": v}, ptr: &v}
	hidden := []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), fmt.Sprint([]byte(canary))}
	check := func(how, text string) {
		t.Helper()
		for _, h := range hidden {
			if strings.Contains(text, h) {
				t.Errorf("%s shows the value: %s", how, text)
			}
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%20s", "%c", "%U", "%b"} {
		for _, x := range []any{v, &v, h, &h, []any{v}, map[string]any{"v": v}} {
			check(verb, fmt.Sprintf(verb, x))
		}
	}
	if got := fmt.Sprintf("%v %s %#v %d", v, v, v, v); got != strings.TrimSpace(strings.Repeat(secret.Redacted+" ", 4)) {
		t.Errorf("formatted: %s", got)
	}
	check("error", fmt.Errorf("wrapped %v: %w", v, errors.New("x")).Error())

	j, err := json.Marshal(map[string]any{"v": v, "h": h, "p": &v})
	if err != nil || !bytes.Contains(j, []byte(secret.Redacted)) {
		t.Errorf("json: %s, %v", j, err)
	}
	check("json", string(j))
	y, err := yaml.Marshal(map[string]any{"v": v, "h": h.Public})
	if err != nil {
		t.Error(err)
	}
	check("yaml", string(y))
	c, err := cbor.Marshal(map[string]any{"v": v})
	if err == nil {
		check("cbor", string(c))
	}

	for _, handler := range []func(*bytes.Buffer) slog.Handler{
		func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("x", "v", v, "p", &v, "h", h, "g", slog.GroupValue(slog.Any("v", v)))
		check("slog", b.String())
		if !strings.Contains(b.String(), secret.Redacted) {
			t.Errorf("slog: %s", b.String())
		}
	}
}

func TestValueIsACopy(t *testing.T) {
	b := []byte("abc")
	v := secret.New(b)
	b[0] = 'x'
	v.Reveal()[1] = 'y'
	if got := string(v.Reveal()); got != "abc" {
		t.Errorf("the value became %q", got)
	}
	if !v.Equal(secret.New([]byte("abc"))) || v.Equal(secret.New([]byte("abd"))) || v.Equal(secret.Value{}) {
		t.Error("Equal is wrong")
	}
	if v.IsEmpty() || !(secret.Value{}).IsEmpty() || !secret.New(nil).IsEmpty() {
		t.Error("IsEmpty is wrong")
	}
}
