package source

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"unicode/utf8"
)

// File is one input text with the index that turns byte offsets into lines
// and columns. It is immutable after NewFile.
type File struct {
	// Name is the path relative to the site root, with forward slashes: the
	// name diagnostics print, the same on every machine.
	Name string
	// Text is the raw bytes as read.
	Text []byte
	// Secret files (secrets.yaml) are positions only: no rendering of a
	// diagnostic may quote their text.
	Secret bool

	lines []int32 // byte offset of the first byte of each line
	runes []int32 // code points before each block of runeBlock bytes
	crlf  []int32 // offset in Unix() of each line feed that has a carriage return here
}

// runeBlock is how much of a line a column costs to count: lines may be as long
// as files, and findings as many as values.
const runeBlock = 256

// NewFile indexes text. A leading byte order mark stays part of the text, so
// offsets are those of the file on disk, but takes no column.
func NewFile(name string, text []byte) *File {
	f := &File{Name: name, Text: text, lines: []int32{0}, runes: make([]int32, 0, len(text)/runeBlock+1)}
	runes := int32(0)
	for i, b := range text {
		if i%runeBlock == 0 {
			f.runes = append(f.runes, runes)
		}
		if b == '\n' {
			f.lines = append(f.lines, int32(i+1))
			if i > 0 && text[i-1] == '\r' {
				f.crlf = append(f.crlf, int32(i-1-len(f.crlf)))
			}
		}
		if startsRune(b) {
			runes++
		}
	}
	return f
}

// startsRune holds for every byte of UTF-8 but the continuations.
func startsRune(b byte) bool { return b&0xc0 != 0x80 }

// runesBefore counts the code points that start before an offset.
func (f *File) runesBefore(offset int) int {
	if offset == 0 {
		return 0
	}
	block := (offset - 1) / runeBlock
	n := int(f.runes[block])
	for _, b := range f.Text[block*runeBlock : offset] {
		if startsRune(b) {
			n++
		}
	}
	return n
}

// Unix is the text with a line feed alone at the end of each line, for readers
// to whom a carriage return is part of the line.
func (f *File) Unix() []byte {
	if len(f.crlf) == 0 {
		return f.Text
	}
	return bytes.ReplaceAll(f.Text, []byte("\r\n"), []byte("\n"))
}

// FromUnix is the offset in the file of an offset in Unix(), clamped to the
// file. The end of a line is before its carriage return.
func (f *File) FromUnix(offset int) int {
	before, _ := slices.BinarySearch(f.crlf, int32(offset))
	return min(offset+before, len(f.Text))
}

// ToUnix is the offset in Unix() of an offset in the file, the reverse of
// FromUnix.
func (f *File) ToUnix(offset int) int {
	return offset - sort.Search(len(f.crlf), func(i int) bool { return int(f.crlf[i])+i >= offset })
}

var byteOrderMark = []byte("\ufeff")

// Pos is a human position: both numbers count from 1, columns count Unicode
// code points.
type Pos struct{ Line, Col int }

// Pos converts a byte offset. Offsets outside the file are clamped.
func (f *File) Pos(offset int) Pos {
	offset = max(0, min(offset, len(f.Text)))
	line := sort.Search(len(f.lines), func(i int) bool { return int(f.lines[i]) > offset })
	start := f.start(line)
	return Pos{Line: line, Col: f.runesBefore(max(start, offset)) - f.runesBefore(start) + 1}
}

// start is the offset of the first column of line n (from 1).
func (f *File) start(n int) int {
	if n == 1 && bytes.HasPrefix(f.Text, byteOrderMark) {
		return len(byteOrderMark)
	}
	return int(f.lines[n-1])
}

// Offset converts a position back to a byte offset, clamped to its line.
func (f *File) Offset(p Pos) int {
	line := max(1, min(p.Line, len(f.lines)))
	start := f.start(line)
	rest := f.Line(line)
	for col := 1; col < p.Col && len(rest) > 0; col++ {
		_, n := utf8.DecodeRune(rest)
		rest = rest[n:]
		start += n
	}
	return start
}

// Lines is the number of lines, at least one.
func (f *File) Lines() int { return len(f.lines) }

// Line returns line n (from 1) without its line ending and byte order mark.
func (f *File) Line(n int) []byte {
	if n < 1 || n > len(f.lines) {
		return nil
	}
	end := len(f.Text)
	if n < len(f.lines) {
		end = int(f.lines[n]) - 1
	}
	line := f.Text[f.start(n):end]
	if len(line) > 0 && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	return line
}

// Range is a half-open span of bytes of one file. The zero Range means "no
// place in any source", for example a value that came from a default.
type Range struct {
	File       *File
	Start, End int32
}

// Span makes a range from two byte offsets.
func Span(f *File, start, end int) Range {
	return Range{File: f, Start: int32(start), End: int32(max(start, end))}
}

// IsZero reports whether r names no place.
func (r Range) IsZero() bool { return r.File == nil }

// Pos is the position of the first byte.
func (r Range) Pos() Pos {
	if r.File == nil {
		return Pos{}
	}
	return r.File.Pos(int(r.Start))
}

// EndPos is the position just after the last byte.
func (r Range) EndPos() Pos {
	if r.File == nil {
		return Pos{}
	}
	return r.File.Pos(int(r.End))
}

// String is "file:line:col", or "" for the zero Range.
func (r Range) String() string {
	if r.File == nil {
		return ""
	}
	p := r.Pos()
	return fmt.Sprintf("%s:%d:%d", r.File.Name, p.Line, p.Col)
}
