package window_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/homestak/homestak/lang/window"
)

func parse(t testing.TB, text string) window.Windows {
	t.Helper()
	w, err := window.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return w
}

func TestCanonical(t *testing.T) {
	for text, want := range map[string]string{
		"Sun 02:00-04:00":                          "Sun 02:00-04:00",
		"Mon-Fri 22:00-06:00":                      "Mon-Fri 22:00-06:00",
		"daily 01:00-03:00":                        "daily 01:00-03:00",
		"mon-sun 1:00 - 03:00":                     "daily 01:00-03:00",
		"Sunday 02:00-04:00":                       "Sun 02:00-04:00",
		"Mon,Tue 0:00-24:00":                       "Mon,Tue 00:00-24:00",
		"Mon, Wed ,Fri 22:00-00:00":                "Mon,Wed,Fri 22:00-24:00",
		"Sat-Mon 02:00-04:00":                      "Mon,Sat,Sun 02:00-04:00",
		"Tue,Mon,Wed 02:00-04:00":                  "Mon-Wed 02:00-04:00",
		"Sun 02:00-04:00,Mon-Fri 22:00-6:00":       "Sun 02:00-04:00, Mon-Fri 22:00-06:00",
		"Mon,Sun 02:00-04:00, Tue,Wed 05:00-06:00": "Mon,Sun 02:00-04:00, Tue,Wed 05:00-06:00",
	} {
		if got := parse(t, text).String(); got != want {
			t.Errorf("%q prints %q, want %q", text, got, want)
		}
		if got := parse(t, want).String(); got != want {
			t.Errorf("%q prints %q", want, got)
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, c := range []struct{ text, at, help string }{
		{"", "", "Sun 02:00-04:00"},
		{"Sun", "", "Sun 02:00-04:00"},
		{"02:00-04:00", "0", "daily"},
		{"Sun 02:00", "", "Sun 02:00-04:00"},
		{"Sun 2-4", "2", "Sun 02:00-04:00"},
		{"Sun 02:00-04:00,", "", "Sun 02:00-04:00"},
		{"Sun 02:00-04:00; Mon", ";", "Sun 02:00-04:00"},
		{"Son 02:00-04:00", "Son", "did you mean"},
		{"Mon-Fry 02:00-04:00", "Fry", "did you mean Fri?"},
		{"noon 02:00-04:00", "noon", "days are"},
		{"daily,Mon 02:00-04:00", "daily", "alone"},
		{"daily-Mon 02:00-04:00", "daily", "alone"},
		{"Sun 02:00-02:00", "02:00", "00:00-24:00"},
		{"Sun 24:00-02:00", "Sun 24:00-02:00", "24:00"},
		{"Sun 02:60-04:00", "Sun 02:60-04:00", "24:00"},
		{"Sun 02:00-25:00", "Sun 02:00-25:00", "24:00"},
		{"Sun 02:00-04:00 Europe/Berlin", "E", ""},
		{strings.Repeat("Sun 02:00-04:00,", 100), "", "fewer"},
	} {
		_, err := window.Parse(c.text)
		var we *window.Error
		if !errors.As(err, &we) {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if at := c.text[we.Offset : we.Offset+we.Length]; at != c.at || !strings.Contains(we.Help, c.help) {
			t.Errorf("%q: %v at %q, want at %q, help %q", c.text, err, at, c.at, c.help)
		}
	}
}

func TestContain(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("Mon 2006-01-02 15:04", s, berlin)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		windows, now string
		in           bool
		next         string
	}{
		{"Sun 02:00-04:00", "Sun 2026-11-22 03:59", true, "Sun 2026-11-22 03:59"},
		{"Sun 02:00-04:00", "Sun 2026-11-22 04:00", false, "Sun 2026-11-29 02:00"},
		{"Mon-Fri 22:00-06:00", "Sat 2026-11-28 05:59", true, "Sat 2026-11-28 05:59"},
		{"Mon-Fri 22:00-06:00", "Mon 2026-11-23 05:59", false, "Mon 2026-11-23 22:00"},
		{"daily 00:00-24:00", "Mon 2026-11-23 23:59", true, "Mon 2026-11-23 23:59"},
		{"Sun 02:00-04:00, Wed 01:00-02:00", "Mon 2026-11-23 12:00", false, "Wed 2026-11-25 01:00"},
		{"Mon 10:00-09:00", "Tue 2026-11-24 08:59", true, "Tue 2026-11-24 08:59"},
		// The clock goes from 02:00 to 03:00: the window opens late.
		{"daily 02:30-03:30", "Sun 2026-03-29 01:30", false, "Sun 2026-03-29 03:00"},
	} {
		w, now := parse(t, c.windows), at(c.now)
		if w.Contain(now) != c.in {
			t.Errorf("%s at %s: %v", c.windows, c.now, !c.in)
		}
		if next, ok := w.Next(now); !ok || !next.Equal(at(c.next)) {
			t.Errorf("%s after %s: %s, want %s", c.windows, c.now, next, c.next)
		}
	}
	if _, ok := window.Windows(nil).Next(at("Sun 2026-11-22 03:59")); ok {
		t.Error("no windows have a next one")
	}
}

func draw(t *rapid.T) window.Windows {
	var ws window.Windows
	for range rapid.IntRange(1, 4).Draw(t, "windows") {
		w := window.Window{
			Days: window.Days(rapid.IntRange(1, 127).Draw(t, "days")),
			From: rapid.IntRange(0, 1439).Draw(t, "from"), To: rapid.IntRange(1, 1440).Draw(t, "to"),
		}
		if w.From != w.To {
			ws = append(ws, w)
		}
	}
	return ws
}

func TestParsesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ws := draw(t)
		if len(ws) == 0 {
			return
		}
		back, err := window.Parse(ws.String())
		if err != nil || back.String() != ws.String() {
			t.Fatalf("%s: %v, %v", ws, back, err)
		}
		// The next moment in a window is in one, and none before it is.
		now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 7*24*60).Draw(t, "now")) * time.Minute)
		next, ok := back.Next(now)
		if !ok || !back.Contain(next) {
			t.Fatalf("%s after %s: %s, %v", ws, now, next, ok)
		}
		for at := now; at.Before(next); at = at.Add(time.Minute) {
			if back.Contain(at) {
				t.Fatalf("%s: %s is in one, and before %s", ws, at, next)
			}
		}
	})
}

func FuzzWindows(f *testing.F) {
	for _, s := range []string{"Sun 02:00-04:00", "Mon-Fri 22:00-06:00, Sat,Sun 00:00-24:00", "daily 1:00-3:00", "Mon,", "Sun 99:99-00:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ws, err := window.Parse(text)
		if err != nil {
			var we *window.Error
			if !errors.As(err, &we) || we.Offset < 0 || we.Offset+we.Length > len(text) || we.Help == "" {
				t.Fatalf("%q: %#v", text, err)
			}
			return
		}
		back, err := window.Parse(ws.String())
		if err != nil || back.String() != ws.String() {
			t.Fatalf("%q prints %q: %v", text, ws, err)
		}
	})
}
