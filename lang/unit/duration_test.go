package unit

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]Duration{
		"0": 0, "0s": 0, "90": 90, "90s": 90, "20m": 20 * Minute, "1h30m": 90 * Minute, "1w2d": 9 * Day, "36500d": MaxDuration, "007s": 7,
		"3153600000": MaxDuration, "1w1d1h1m1s": Week + Day + Hour + Minute + 1,
	} {
		got, err := ParseDuration(text)
		if err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", text, got, err, want)
		}
		if std, err := time.ParseDuration(text); err == nil && std != got.Std() {
			t.Errorf("%s is %v to Go", text, std)
		}
	}
	for _, text := range []string{"", "s", "x", "-1s", "+1s", "1.5s", "1e3s", "30m1h", "1m1m", "1h30", "1 h", "1h 30m", "1y", "1M", "10ms", "soon", "0x1s"} {
		if got, err := ParseDuration(text); err == nil || strings.Contains(err.Error(), "years") {
			t.Errorf("ParseDuration(%q) = %v, %v, want an error", text, got, err)
		}
	}
	for _, text := range []string{"36501d", "3153600001", "99999999999999999999s", "36500d1s"} {
		if got, err := ParseDuration(text); err == nil || !strings.Contains(err.Error(), "years") {
			t.Errorf("ParseDuration(%q) = %v, %v, want it too long", text, got, err)
		}
	}
}

func TestDurationParsesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Duration(rapid.Int64Range(0, int64(MaxDuration)).Draw(t, "seconds"))
		if back, err := ParseDuration(d.String()); err != nil || back != d {
			t.Fatalf("%d prints %s, which is %v, %v", d, d, back, err)
		}
	})
}

func FuzzDuration(f *testing.F) {
	for _, s := range []string{"90s", "1w2d3h4m5s", "30m1h", "99999999999999999999d", "1.5h", "00000000000000000000000000001s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDuration(text)
		if err != nil {
			return
		}
		if back, err := ParseDuration(d.String()); err != nil || back != d || d < 0 || d > MaxDuration {
			t.Fatalf("%q is %d, prints %s, which is %d, %v", text, d, d, back, err)
		}
	})
}

func FuzzSize(f *testing.F) {
	for _, s := range []string{"64GiB", "64", " 5 M", "0B", "8796093022208T", "-1", "1.5G"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSize(text, GiB)
		if err != nil {
			return
		}
		if back, err := ParseSize(s.String(), KiB); err != nil || back != s || s < 0 {
			t.Fatalf("%q is %d, prints %s, which is %d, %v", text, s, s, back, err)
		}
	})
}

func BenchmarkParseSize(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseSize("64GiB", MiB); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseDuration(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseDuration("1h30m"); err != nil {
			b.Fatal(err)
		}
	}
}
