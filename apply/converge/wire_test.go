package converge

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan/program"
)

func request(t testing.TB, p *program.Program, b *program.Bundle) []byte {
	t.Helper()
	data, err := program.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	req, err := EncodeRequest(Request{Program: data, Bundle: *b})
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// The driver's view: request in, results and report out, exit code as promised.
func TestServe(t *testing.T) {
	m := guest(t, "debian-12")
	serve := func(args string, in []byte) (int, Report, int, string) {
		var out, errs bytes.Buffer
		code := Serve(context.Background(), m, strings.Fields(args), bytes.NewReader(in), &out, &errs)
		n := 0
		r, err := ReadAnswer(&out, func(Result) { n++ })
		if err != nil && code != 64 {
			t.Fatalf("%s: %v", args, err)
		}
		return code, r, n, errs.String()
	}
	req := request(t, full(), bundle())
	want := len(full().Resources)
	for _, s := range []struct {
		args  string
		code  int
		holds bool
	}{
		{"config check --stdin", ExitDiffers, false},
		{"config apply --stdin", ExitOK, true},
		{"config check --stdin", ExitOK, true},
	} {
		code, r, n, _ := serve(s.args, req)
		if code != s.code || r.Holds() != s.holds || n != want || r.Exit() != code {
			t.Errorf("%s: exit %d, %d results, report %+v", s.args, code, n, r)
		}
		if data, _ := program.Encode(full()); r.Program != program.Digest(data) || r.Node != "test/pve1" {
			t.Errorf("report names %s of %s", r.Program, r.Node)
		}
	}
	if code, _, _, text := serve("config remove", req); code != 64 || !strings.Contains(text, "usage") {
		t.Errorf("unknown verb: %d %s", code, text)
	}
	for name, in := range map[string][]byte{
		"nothing": nil, "half": req[:len(req)/2], "trailing": append(bytes.Clone(req), 0), "noise": []byte("GET / HTTP/1.1"),
		"huge": bytes.Repeat([]byte{0x41}, maxRequest+10),
	} {
		if code, r, n, _ := serve("config apply --stdin", in); code != ExitFailed || r.Error == "" || r.Code == "" || n != 0 {
			t.Errorf("%s: exit %d, report %+v", name, code, r)
		}
	}
}

// When the driver is gone the target stops instead of going on unseen.
func TestServeStopsUnheard(t *testing.T) {
	m := guest(t, "debian-12")
	out := &deaf{left: 2}
	if code := Serve(context.Background(), m, []string{"config", "apply", "--stdin"}, bytes.NewReader(request(t, full(), bundle())), out, &bytes.Buffer{}); code != ExitFailed {
		t.Errorf("exit %d", code)
	}
	if _, err := m.LookupUser(context.Background(), "alice"); err == nil {
		t.Error("it went on")
	}
}

type deaf struct{ left int }

func (d *deaf) Write(p []byte) (int, error) {
	if d.left--; d.left < 0 {
		return 0, errors.New("broken pipe")
	}
	return len(p), nil
}

// A target may be anything; what it says is read within bounds.
func TestReadAnswerRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":        "",
		"a greeting":     "Welcome!\n{\"report\":{}}\n",
		"no report":      "{\"result\":{\"index\":0}}\n",
		"after report":   "{\"report\":{}}\n{\"report\":{}}\n",
		"both":           "{\"report\":{},\"result\":{}}\n",
		"unknown fields": "{\"report\":{\"surprise\":1}}\n",
		"a long line":    strings.Repeat("x", maxLine+10),
		"many lines":     strings.Repeat("{\"result\":{}}\n", maxLines+1),
		"two on a line":  "{\"report\":{}} {\"report\":{}}\n",
	} {
		var d *diag.Diagnostic
		if _, err := ReadAnswer(strings.NewReader(text), nil); !errors.As(err, &d) || d.Code != codeAnswer {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReadRequest(f *testing.F) {
	f.Add(request(f, full(), bundle()))
	f.Add([]byte{0xa2, 0x01, 0x40, 0x02, 0x40})
	f.Fuzz(func(t *testing.T, data []byte) {
		r, p, err := ReadRequest(bytes.NewReader(data))
		if err != nil {
			return
		}
		again, err := EncodeRequest(*r)
		if err != nil || !bytes.Equal(again, data) || p == nil {
			t.Errorf("accepted %x, which is not what would be written: %x", data, again)
		}
	})
}
