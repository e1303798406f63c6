package lsp

import (
	"strings"
	"testing"
	utf16s "unicode/utf16"

	"pgregory.net/rapid"
)

// texts are short, and have every way to end a line and every width of a code
// point, often beside one another.
func texts() *rapid.Generator[string] {
	part := rapid.SampledFrom([]string{"a", "-", " ", "é", "€", "😀", "\u0301", "\ufeff", "\n", "\r\n", "\r", "name: x", "\n\n"})
	return rapid.Map(rapid.SliceOfN(part, 0, 40), func(p []string) string { return strings.Join(p, "") })
}

// plain is the protocol's words about places, done slowly: lines, and in a line
// UTF-16 units or bytes.
func plain(body string, p position, e encoding) int {
	var lines []string
	rest := strings.ReplaceAll(body, "\r\n", "\x00\x00")
	for {
		i := strings.IndexAny(rest, "\n\r\x00")
		if i < 0 {
			lines = append(lines, rest)
			break
		}
		end := i + 1
		if rest[i] == 0 {
			end++
		}
		lines = append(lines, rest[:end])
		rest = rest[end:]
	}
	if int(p.Line) >= len(lines) {
		return len(body)
	}
	at := 0
	for _, l := range lines[:p.Line] {
		at += len(l)
	}
	column := 0
	for _, r := range strings.TrimRight(lines[p.Line], "\n\r\x00") {
		width := len(utf16s.Encode([]rune{r}))
		if e == utf8 {
			width = len(string(r))
		}
		if column += width; column > int(p.Character) {
			return at
		}
		at += len(string(r))
	}
	return at
}

func TestPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body, e := texts().Draw(t, "text"), rapid.SampledFrom([]encoding{utf16, utf8}).Draw(t, "encoding")
		if rapid.Bool().Draw(t, "long") { // more than one block of units
			body = strings.Repeat("é😀x", 200) + body + strings.Repeat("😀", 300)
		}
		p := position{uint32(rapid.IntRange(0, 12).Draw(t, "line")), uint32(rapid.IntRange(0, 1200).Draw(t, "column"))}
		doc := newText(body)
		at := doc.offset(p, e)
		if want := plain(body, p, e); at != want {
			t.Fatalf("%q: %v is byte %d, want %d", body, p, at, want)
		}
		if back := doc.position(at, e); doc.offset(back, e) != at || back.Line == p.Line && back.Character > p.Character {
			t.Fatalf("%q: byte %d is %v, which is byte %d", body, at, back, doc.offset(back, e))
		}
	})
}

// A byte order mark of a file is not a column; one that the editor has is.
func TestByteOrderMark(t *testing.T) {
	if p := newFileText("\ufeffab").position(4, utf16); p != (position{0, 1}) {
		t.Errorf("in a file: %v", p)
	}
	if p := newText("\ufeffab").position(4, utf16); p != (position{0, 2}) {
		t.Errorf("in a document: %v", p)
	}
}

// Whatever the editor's changes are, the server has the text the editor has.
func TestChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := rapid.SampledFrom([]encoding{utf16, utf8}).Draw(t, "encoding")
		body := texts().Draw(t, "text")
		doc := &document{text: newText(body)}
		for range rapid.IntRange(1, 5).Draw(t, "messages") {
			var list []contentChange
			for range rapid.IntRange(1, 4).Draw(t, "changes") {
				by := texts().Draw(t, "by")
				if rapid.IntRange(0, 9).Draw(t, "whole") == 0 {
					list, body = append(list, contentChange{Text: &by}), by
					continue
				}
				var ends [2]position
				for i := range ends {
					ends[i] = position{uint32(rapid.IntRange(0, 8).Draw(t, "line")), uint32(rapid.IntRange(0, 12).Draw(t, "column"))}
				}
				start, end := plain(body, ends[0], e), plain(body, ends[1], e)
				if start > end {
					start, end = end, start
				}
				list = append(list, contentChange{Range: &span{ends[0], ends[1]}, Text: &by})
				body = body[:start] + by + body[end:]
			}
			doc = doc.changed(list, 1, e)
			if doc.text.body != body {
				t.Fatalf("the text is %q, want %q", doc.text.body, body)
			}
		}
	})
}

// What a difference says makes one text of the other, and leaves alone a line
// that both have alone.
func TestDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := texts().Draw(t, "from"), texts().Draw(t, "to")
		out, last := "", 0
		for _, r := range difference(from, to) {
			if r.start < last || r.end < r.start {
				t.Fatalf("%q → %q: %v is out of order", from, to, r)
			}
			doc := newText(from)
			for _, at := range []int{r.start, r.end} {
				if doc.offset(doc.position(at, utf16), utf16) != at {
					t.Fatalf("%q → %q: byte %d is no place", from, to, at)
				}
			}
			out, last = out+from[last:r.start]+r.text, r.end
		}
		if out += from[last:]; out != to {
			t.Fatalf("%q → %q made %q", from, to, out)
		}
	})
	from := "a: 1\nb:   2\nc: 3\nd:4\ne: 5\n"
	if got := difference(from, "a: 1\nb: 2\nc: 3\nd: 4\ne: 5\n"); len(got) != 2 || got[0].text != "" || got[1].text != " " {
		t.Errorf("%+v", got)
	}
	if got := difference(strings.Repeat("a\n", 5000)+"x\n", strings.Repeat("b\n", 5000)+"x\n"); len(got) != 1 {
		t.Errorf("texts that share nothing: %d replacements", len(got))
	}
}
