package view

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/homestak/homestak/apply"
)

func run() []apply.Event {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return []apply.Event{
		{Kind: apply.RunStarted, At: at, Run: "r1", Manifest: "m", Digest: "0123456789abcdef", Steps: 4},
		{Kind: apply.StepDone, At: at, Step: "a", Op: "Image.Fetch", Host: "lab", Skipped: true},
		{Kind: apply.StepStarted, At: at, Step: "b", Op: "Guest.Create", Addr: "m/x"},
		{Kind: apply.StepProgress, At: at, Step: "b", Op: "Guest.Create", Addr: "m/x", Text: "copying"},
		{Kind: apply.StepDone, At: at, Step: "b", Op: "Guest.Create", Addr: "m/x", Took: 1500 * time.Millisecond},
		{Kind: apply.StepStarted, At: at, Step: "c", Op: "Check.Ready", Addr: "m/x"},
		{Kind: apply.CheckResult, At: at, Step: "c", Addr: "m/x", Resource: "package curl", State: "ok"},
		{Kind: apply.CheckResult, At: at, Step: "c", Addr: "m/x", Resource: "user bob", State: "ok"},
		{Kind: apply.StepDone, At: at, Step: "c", Op: "Check.Ready", Addr: "m/x", Took: time.Minute},
		{Kind: apply.StepFailed, At: at, Step: "d", Op: "Guest.Start", Addr: "m/y", Text: "start failed", Took: 2 * time.Second},
		{Kind: apply.RunFinished, At: at, Outcome: apply.Failed, Took: 70 * time.Second},
	}
}

func TestPlain(t *testing.T) {
	var b bytes.Buffer
	p := NewPlain(&b, Style{ASCII: true})
	for _, e := range run() {
		p.Event(e)
	}
	p.Close()
	want := strings.TrimPrefix(`
run r1 of m, digest sha256:0123456789ab…
[1/4] . Image.Fetch      lab  already right
[2/4] ok Guest.Create     m/x  1.50s
[3/4] ok Check.Ready      m/x  1m0s
       ** m/x platform ready: 2 resources hold
[4/4] FAIL Guest.Start      m/y  2.00s
       start failed
failed after 1m10s
`, "\n")
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
}

func TestJSONIsOneObjectALine(t *testing.T) {
	var b bytes.Buffer
	j := NewJSON(&b)
	for _, e := range run() {
		j.Event(e)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != len(run()) {
		t.Fatalf("%d lines", len(lines))
	}
	for i, line := range lines {
		var e apply.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil || e != run()[i] {
			t.Errorf("line %d: %v %s", i, err, line)
		}
	}
}

// Live leaves on the screen what Plain prints, whatever it drew in between.
func TestLiveEndsAsPlain(t *testing.T) {
	var live, plain bytes.Buffer
	l, p := NewLive(&live, Style{}, 80, nil), NewPlain(&plain, Style{})
	for _, e := range run() {
		l.Event(e)
		p.Event(e)
	}
	l.Close()
	if d := cmp.Diff(plain.String(), screen(live.String())); d != "" {
		t.Error(d)
	}
}

// screen is what a terminal shows after the two sequences Live uses: cursor up
// n lines, and clear to the end.
func screen(s string) string {
	var lines []string
	for s != "" {
		if rest, ok := strings.CutPrefix(s, "\x1b["); ok {
			n, rest, _ := strings.Cut(rest, "A\x1b[J")
			up := 0
			for _, c := range n {
				up = up*10 + int(c-'0')
			}
			lines, s = lines[:len(lines)-up], rest
			continue
		}
		line, rest, _ := strings.Cut(s, "\n")
		lines, s = append(lines, line), rest
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestLiveStaysInItsWidth(t *testing.T) {
	var b bytes.Buffer
	l := NewLive(&b, Style{}, 50, nil)
	l.Event(apply.Event{Kind: apply.RunStarted, Steps: 1})
	l.Event(apply.Event{Kind: apply.StepStarted, Step: "a", Op: "Guest.Create", Addr: "m/x"})
	l.Event(apply.Event{Kind: apply.StepProgress, Step: "a", Text: strings.Repeat("long ", 60)})
	l.Close()
	for _, line := range strings.Split(b.String(), "\n") {
		if i := strings.LastIndex(line, "\x1b[J"); i >= 0 {
			line = line[i+3:]
		}
		if n := len([]rune(line)); n >= 50 {
			t.Errorf("%d wide: %q", n, line)
		}
	}
}
