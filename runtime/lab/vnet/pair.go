package vnet

import (
	"bytes"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// bufferSize is how much of a stream may be under way: less than a kernel's, so
// that whoever forgets to read is found.
const bufferSize = 64 << 10

// Pair is two ends of a stream in memory, with what a TCP connection has: a
// buffer each way, deadlines, half close, and an error for whoever writes to
// somebody who left. It costs no descriptor, and whoever waits on it waits in
// Go, so time can stand still around it (testing/synctest).
func Pair() (a, b net.Conn) {
	there, back := newStream(), newStream()
	return &end{in: back, out: there}, &end{in: there, out: back}
}

// stream is one direction.
type stream struct {
	mu    sync.Mutex
	moved sync.Cond // something below has changed

	data    bytes.Buffer
	ended   bool // the writer is done
	gone    bool // the reader has left
	reading deadline
	writing deadline
}

func newStream() *stream {
	s := &stream{}
	s.moved.L = &s.mu
	return s
}

// deadline is when one side of a stream stops to wait.
type deadline struct {
	timer *time.Timer
	over  bool
}

// set moves a deadline of s; the zero time is none.
func (s *stream) set(d *deadline, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timer, d.over = nil, false
	if at.IsZero() {
		return
	}
	left := time.Until(at)
	if left <= 0 {
		d.over = true
		s.moved.Broadcast()
		return
	}
	var mine *time.Timer
	mine = time.AfterFunc(left, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if d.timer == mine {
			d.over = true
			s.moved.Broadcast()
		}
	})
	d.timer = mine
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.gone:
			return 0, net.ErrClosed
		case s.reading.over:
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case s.data.Len() > 0:
			n, err := s.data.Read(p)
			s.moved.Broadcast()
			return n, err
		case s.ended:
			return 0, io.EOF
		}
		s.moved.Wait()
	}
}

func (s *stream) write(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.ended:
			return n, net.ErrClosed
		case s.gone:
			return n, syscall.EPIPE
		case s.writing.over:
			return n, os.ErrDeadlineExceeded
		case len(p) == 0:
			return n, nil
		}
		if space := bufferSize - s.data.Len(); space > 0 {
			some := min(space, len(p))
			s.data.Write(p[:some])
			n, p = n+some, p[some:]
			s.moved.Broadcast()
			continue
		}
		s.moved.Wait()
	}
}

// finish ends the stream: what is under way can still be read.
func (s *stream) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.moved.Broadcast()
}

// leave is the reader's close: what is under way is lost.
func (s *stream) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	s.data.Reset()
	s.moved.Broadcast()
}

// end is one end of a pair.
type end struct{ in, out *stream }

func (e *end) Read(p []byte) (int, error)  { return e.in.read(p) }
func (e *end) Write(p []byte) (int, error) { return e.out.write(p) }

func (e *end) CloseWrite() error {
	e.out.finish()
	return nil
}

func (e *end) Close() error {
	e.in.leave()
	e.out.finish()
	e.in.set(&e.in.reading, time.Time{})
	e.out.set(&e.out.writing, time.Time{})
	return nil
}

func (e *end) SetReadDeadline(t time.Time) error {
	e.in.set(&e.in.reading, t)
	return nil
}

func (e *end) SetWriteDeadline(t time.Time) error {
	e.out.set(&e.out.writing, t)
	return nil
}

func (e *end) SetDeadline(t time.Time) error {
	e.in.set(&e.in.reading, t)
	e.out.set(&e.out.writing, t)
	return nil
}

// memory is the address of an end that no network knows.
type memory struct{}

func (memory) Network() string { return "memory" }
func (memory) String() string  { return "memory" }

func (e *end) LocalAddr() net.Addr  { return memory{} }
func (e *end) RemoteAddr() net.Addr { return memory{} }
