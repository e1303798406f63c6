package unit

import (
	"testing"

	"pgregory.net/rapid"
)

func TestParseSize(t *testing.T) {
	for _, c := range []struct {
		text string
		bare Size
		want Size
	}{
		{"64", GiB, 64 * GiB}, {"2048", MiB, 2 * GiB}, {"64GiB", MiB, 64 * GiB}, {"64G", MiB, 64 * GiB}, {"1 TiB", GiB, TiB},
		{"512K", GiB, 512 * KiB}, {"7B", GiB, 7}, {"0", GiB, 0}, {" 5M ", GiB, 5 * MiB},
	} {
		if got, err := ParseSize(c.text, c.bare); err != nil || got != c.want {
			t.Errorf("ParseSize(%q) = %v, %v, want %v", c.text, got, err, c.want)
		}
	}
	for _, text := range []string{"", "GiB", "-1", "1.5G", "1e3", "64gib", "64GB", "0x10", "9223372036854775807G", "8796093022208T", "x"} {
		if got, err := ParseSize(text, GiB); err == nil {
			t.Errorf("ParseSize(%q) = %v, want an error", text, got)
		}
	}
}

func TestSizeParsesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Size(rapid.Int64Range(0, 1<<62-1).Draw(t, "bytes"))
		if back, err := ParseSize(s.String(), GiB); err != nil || back != s {
			t.Fatalf("%d prints %s, which is %v, %v", s, s, back, err)
		}
	})
	for size, want := range map[Size]string{0: "0B", 1: "1B", GiB: "1GiB", 1536 * MiB: "1536MiB", 2 * TiB: "2TiB"} {
		if size.String() != want {
			t.Errorf("%d prints %s, want %s", size, size, want)
		}
	}
}
