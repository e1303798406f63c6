package source

import (
	"strings"
	"testing"
)

func TestPos(t *testing.T) {
	f := NewFile("a.yaml", []byte("\ufeffab\r\ncé: d\n\nx"))
	for _, c := range []struct {
		offset    int
		line, col int
	}{
		{0, 1, 1}, {3, 1, 1}, {4, 1, 2}, {7, 2, 1}, {8, 2, 2}, {10, 2, 3}, {14, 3, 1}, {15, 4, 1}, {16, 4, 2},
		{-1, 1, 1}, {99, 4, 2},
	} {
		if got := f.Pos(c.offset); got != (Pos{c.line, c.col}) {
			t.Errorf("Pos(%d) = %v, want %d:%d", c.offset, got, c.line, c.col)
		}
	}
	for at := 3; at <= len(f.Text); at++ {
		if at == 9 || at == 6 { // inside é, and the \n of \r\n: neither starts a column
			continue
		}
		if got := f.Offset(f.Pos(at)); got != at {
			t.Errorf("Offset(Pos(%d)) = %d", at, got)
		}
	}
	if got := f.Offset(Pos{2, 100}); got != 13 {
		t.Errorf("an offset past the end of its line is %d, want 13", got)
	}
}

// Columns of long lines are counted in blocks; the blocks must not show.
func TestPosInLongLines(t *testing.T) {
	text := "x\n" + strings.Repeat("aé日🙂", 2*runeBlock)
	f := NewFile("a.yaml", []byte(text))
	col := 1
	for at := range text {
		if at < 2 {
			continue
		}
		if near := at % runeBlock; near > 8 && near < runeBlock-8 { // only around the blocks' ends
			col++
			continue
		}
		if got := f.Pos(at); got != (Pos{2, col}) {
			t.Fatalf("Pos(%d) = %v, want 2:%d", at, got, col)
		}
		col++
	}
	if got := f.Pos(len(text)); got != (Pos{2, col}) {
		t.Errorf("the end is %v, want 2:%d", got, col)
	}
}

func TestLine(t *testing.T) {
	f := NewFile("a.yaml", []byte("\ufeffab\r\ncd"))
	for n, want := range []string{"", "ab", "cd", ""} {
		if got := string(f.Line(n)); got != want {
			t.Errorf("Line(%d) = %q, want %q", n, got, want)
		}
	}
	if empty := NewFile("e", nil); empty.Lines() != 1 || empty.Pos(0) != (Pos{1, 1}) {
		t.Error("an empty file has one empty line")
	}
}

func TestRange(t *testing.T) {
	f := NewFile("dir/a.yaml", []byte("ab\ncd\n"))
	if got := Span(f, 3, 5).String(); got != "dir/a.yaml:2:1" {
		t.Errorf("String = %q", got)
	}
	if got := (Range{}).String(); got != "" || !(Range{}).IsZero() {
		t.Errorf("the zero range prints %q", got)
	}
	if r := Span(f, 4, 2); r.End != 4 {
		t.Errorf("a range never ends before it starts: %v", r)
	}
}

func TestFromUnix(t *testing.T) {
	f := NewFile("a", []byte("ab\r\nc\n\r\nd\r\n"))
	if got := string(f.Unix()); got != "ab\nc\n\nd\n" {
		t.Errorf("Unix is %q", got)
	}
	for unix, want := range []int{0, 1, 2, 4, 5, 6, 8, 9, 11, 11} {
		if got := f.FromUnix(unix); got != want {
			t.Errorf("offset %d is %d, want %d", unix, got, want)
		}
	}
	for offset, want := range []int{0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 7, 8} {
		if got := f.ToUnix(offset); got != want {
			t.Errorf("offset %d was %d, want %d", offset, got, want)
		}
	}
	plain := NewFile("a", []byte("a\nb"))
	if &plain.Unix()[0] != &plain.Text[0] || plain.FromUnix(2) != 2 || plain.FromUnix(9) != 3 {
		t.Error("a text without carriage returns is its own")
	}
}
