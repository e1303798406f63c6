package vnet

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestPairCarriesBothWays(t *testing.T) {
	a, b := Pair()
	data := bytes.Repeat([]byte("0123456789abcdef"), 40_000) // more than the buffer
	go func() {
		_, _ = a.Write(data)
		_ = a.(interface{ CloseWrite() error }).CloseWrite()
	}()
	got, err := io.ReadAll(b)
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	// The other way is still open.
	if _, err := b.Write([]byte("thanks")); err != nil {
		t.Fatal(err)
	}
	b.Close()
	if got, err := io.ReadAll(a); string(got) != "thanks" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after CloseWrite: %v", err)
	}
}

func TestPairThatIsClosed(t *testing.T) {
	a, b := Pair()
	waiting := make(chan error, 1)
	go func() {
		_, err := a.Read(make([]byte, 1))
		waiting <- err
	}()
	a.Close()
	if err := <-waiting; !errors.Is(err, net.ErrClosed) {
		t.Errorf("who waited got %v", err)
	}
	if _, err := b.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("who writes to it got %v", err)
	}
	if _, err := b.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("who reads from it got %v", err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

func TestPairDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pair()
		began := time.Now()
		_ = a.SetReadDeadline(began.Add(time.Minute))
		_, err := a.Read(make([]byte, 1))
		var timeout net.Error
		if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(began) != time.Minute {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		_ = a.SetWriteDeadline(time.Now().Add(time.Hour))
		if n, err := a.Write(make([]byte, 2*bufferSize)); n != bufferSize || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("wrote %d, %v", n, err)
		}
		// A deadline that is moved counts anew, one in the past at once.
		_ = a.SetDeadline(time.Time{})
		go func() {
			time.Sleep(time.Hour)
			_, _ = b.Write([]byte("late"))
		}()
		if n, err := a.Read(make([]byte, 10)); n != 4 || err != nil {
			t.Errorf("read %d, %v", n, err)
		}
		_ = a.SetDeadline(time.Unix(1, 0))
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	})
}
