package lab

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// PVE puts its error message into the status line, and net/http's server cannot
// do that; so the lab speaks HTTP/1.1 itself. Requests are read by net/http.

const (
	maxHeader   = 64 << 10
	idleTimeout = 5 * time.Minute
	// drainLimit is how much of a request's body the server reads away to keep a
	// connection whose request was refused.
	drainLimit = 256 << 10
)

// answer is what goes back. An empty body is really empty.
type answer struct {
	status int
	reason string // status line; one line
	header [][2]string
	body   []byte
	hijack func(net.Conn, *bufio.Reader) // takes the connection over once the head is sent
	broken bool                          // the connection ends after the first keep percent of the answer's bytes
	keep   int
}

// httpServer answers on a listener until closed.
type httpServer struct {
	ln    net.Listener
	tls   *tls.Config
	now   func() time.Time
	serve func(ctx context.Context, r *http.Request) answer
	deaf  func() bool // while it returns true, connections are closed at once

	ctx  context.Context
	stop context.CancelFunc
	wg   sync.WaitGroup
	mu   sync.Mutex
	open map[net.Conn]*served
}

// served is a connection; the server's mu guards it.
type served struct {
	busy bool // a request is being answered, or the connection was taken over
	last bool // it ends with the answer under way
}

func newHTTPServer(ln net.Listener, cert func() *tls.Certificate, deaf func() bool, now func() time.Time,
	serve func(context.Context, *http.Request) answer) *httpServer {
	s := &httpServer{
		ln: ln, deaf: deaf, now: now, serve: serve, open: map[net.Conn]*served{},
		tls: &tls.Config{
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return cert(), nil },
			MinVersion:     tls.VersionTLS12, NextProtos: []string{"http/1.1"},
			// Whoever connects again meets the certificate of now.
			SessionTicketsDisabled: true,
		},
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.wg.Add(1)
	go s.accept()
	return s
}

func (s *httpServer) accept() {
	defer s.wg.Done()
	for {
		c, err := s.ln.Accept()
		if err != nil {
			if s.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			// Out of descriptors or alike: the next connection may do better.
			select {
			case <-s.ctx.Done():
				return
			case <-time.After(20 * time.Millisecond):
			}
			continue
		}
		if s.deaf() {
			c.Close()
			continue
		}
		if !s.track(c) {
			c.Close()
			return
		}
		go func() {
			defer s.wg.Done()
			defer s.untrack(c)
			s.connection(c)
		}()
	}
}

func (s *httpServer) track(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	s.open[c] = &served{}
	s.wg.Add(1)
	return true
}

func (s *httpServer) untrack(c net.Conn) {
	c.Close()
	s.mu.Lock()
	delete(s.open, c)
	s.mu.Unlock()
}

// hold marks a connection as busy, and reports when it ends whether the
// connection does, too.
func (s *httpServer) hold(c net.Conn, busy bool) (last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.open[c]
	if o == nil {
		return true
	}
	o.busy = busy
	return o.last
}

// cut ends every connection: at once, or, when gently, those with an answer under
// way after it.
func (s *httpServer) cut(gently bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c, o := range s.open {
		if o.last = true; !gently || !o.busy {
			c.Close()
		}
	}
}

// close cuts every connection and waits for the handlers.
func (s *httpServer) close() {
	s.stop()
	s.ln.Close()
	s.mu.Lock()
	for c := range s.open {
		c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// connection serves the requests of one client, one after the other.
func (s *httpServer) connection(raw net.Conn) {
	c := tls.Server(raw, s.tls)
	head := &io.LimitedReader{R: c}
	br := bufio.NewReader(head)
	for {
		c.SetReadDeadline(time.Now().Add(idleTimeout))
		head.N = maxHeader
		r, err := http.ReadRequest(br)
		if err != nil {
			if head.N <= 0 {
				s.write(c, answer{status: 431, reason: "Request Header Fields Too Large"}, true)
			}
			return
		}
		head.N = 1<<63 - 1
		c.SetReadDeadline(time.Time{})
		waiting := &continueBody{ReadCloser: r.Body, w: c}
		if strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
			r.Body = waiting
		} else {
			waiting.sent = true
		}
		s.hold(raw, true)
		a := s.serve(s.ctx, r)
		if a.broken {
			s.writePart(c, a)
			return
		}
		if a.hijack != nil {
			if s.write(c, a, false) == nil {
				a.hijack(c, br)
			}
			return
		}
		last := r.Close || !waiting.sent || s.ctx.Err() != nil
		if !last {
			n, _ := io.CopyN(io.Discard, r.Body, drainLimit)
			last = n == drainLimit
		}
		if s.hold(raw, false) {
			last = true
		}
		if s.write(c, a, last) != nil || last {
			return
		}
	}
}

func (s *httpServer) write(c net.Conn, a answer, last bool) error {
	return send(c, s.bytes(a, last))
}

// writePart writes the first bytes of an answer that will never be whole.
func (s *httpServer) writePart(c net.Conn, a answer) {
	all := s.bytes(a, true)
	_ = send(c, all[:len(all)*a.keep/100])
}

func send(c net.Conn, data []byte) error {
	c.SetWriteDeadline(time.Now().Add(time.Minute))
	defer c.SetWriteDeadline(time.Time{})
	_, err := c.Write(data)
	return err
}

// bytes is an answer as it goes over the wire.
func (s *httpServer) bytes(a answer, last bool) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", a.status, oneLine(a.reason))
	if a.hijack == nil {
		b.WriteString("Cache-Control: max-age=0\r\n")
		if last {
			b.WriteString("Connection: close\r\n")
		} else {
			b.WriteString("Connection: Keep-Alive\r\n")
		}
		b.WriteString("Date: " + s.now().UTC().Format(http.TimeFormat) + "\r\n")
		b.WriteString("Pragma: no-cache\r\nServer: pve-api-daemon/3.0\r\n")
		b.WriteString("Content-Length: " + strconv.Itoa(len(a.body)) + "\r\n")
	}
	for _, h := range a.header {
		b.WriteString(h[0] + ": " + h[1] + "\r\n")
	}
	b.WriteString("\r\n")
	return append([]byte(b.String()), a.body...)
}

// oneLine is the first line of a message, without what could end a header.
func oneLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// continueBody sends the interim response before the first read of a body whose
// client waits for it.
type continueBody struct {
	io.ReadCloser
	w    io.Writer
	sent bool
}

func (b *continueBody) Read(p []byte) (int, error) {
	if !b.sent {
		b.sent = true
		if _, err := io.WriteString(b.w, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
			return 0, err
		}
	}
	return b.ReadCloser.Read(p)
}
