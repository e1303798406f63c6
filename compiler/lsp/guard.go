package lsp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	// maxMessage is more than the largest file of a site takes in JSON.
	maxMessage = 40 << 20
	// maxHeader is all header lines of a message together; real ones have 30
	// bytes.
	maxHeader = 4 << 10
)

var errHeader = errors.New("the header of the message is not one")

// guard passes on well-framed messages of a bounded size. channel.LSP believes
// any length that a header says, and ends at the first one it cannot read; an
// editor that made a mistake should lose one message and not its server. What
// cannot be passed on is replaced by an empty message, which its reader takes
// for a malformed one, and is skipped up to the next header.
type guard struct {
	in   *bufio.Reader
	head *bytes.Reader // of the message that is passed on
	left int64         // of its body
	lost bool          // nobody knows where the next message begins
}

func newGuard(r io.Reader) *guard {
	return &guard{in: bufio.NewReaderSize(r, 64<<10), head: bytes.NewReader(nil)}
}

func (g *guard) Read(p []byte) (int, error) {
	if g.head.Len() == 0 && g.left == 0 {
		if err := g.next(); err != nil {
			return 0, err
		}
	}
	if g.head.Len() > 0 {
		return g.head.Read(p)
	}
	n, err := g.in.Read(p[:min(int64(len(p)), g.left)])
	g.left -= int64(n)
	return n, err
}

// next reads a header and says what to pass on.
func (g *guard) next() error {
	if g.lost {
		if err := g.resync(); err != nil {
			return err
		}
	}
	size, err := g.header()
	if err == errHeader {
		g.lost, size = true, 0
	} else if err != nil {
		return err
	}
	g.left = size
	g.head.Reset(fmt.Appendf(nil, "%s: %d\r\n\r\n", lengthName, size))
	return nil
}

// header reads header lines up to the empty one and returns the length they
// announce.
func (g *guard) header() (int64, error) {
	size, total := int64(-1), 0
	for {
		line, err := g.in.ReadSlice('\n')
		total += len(line)
		switch {
		case err == bufio.ErrBufferFull, total > maxHeader, err == io.EOF && len(line) > 0:
			return 0, errHeader
		case err != nil:
			return 0, err
		}
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			if size < 0 || size > maxMessage {
				return 0, errHeader
			}
			return size, nil
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok {
			return 0, errHeader
		}
		if strings.EqualFold(strings.TrimSpace(name), lengthName) {
			if size, err = strconv.ParseInt(strings.TrimSpace(value), 10, 64); err != nil || size < 0 {
				return 0, errHeader
			}
		}
	}
}

const lengthName = "Content-Length"

// resync drops what there is up to the next header: most likely a body whose
// length nobody knows.
func (g *guard) resync() error {
	begin := []byte(strings.ToLower(lengthName + ":"))
	for {
		if _, err := g.in.Peek(len(begin)); err != nil {
			return err
		}
		ahead, _ := g.in.Peek(g.in.Buffered())
		if at := bytes.Index(bytes.ToLower(ahead), begin); at >= 0 {
			_, err := g.in.Discard(at)
			g.lost = false
			return err
		}
		if _, err := g.in.Discard(len(ahead) - len(begin) + 1); err != nil {
			return err
		}
	}
}
