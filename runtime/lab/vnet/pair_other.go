//go:build !unix

package vnet

import (
	"errors"
	"net"
)

// pair is two ends of a real loopback connection, where there are no socket
// pairs.
func pair() (a, b net.Conn, err error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	if a, err = net.Dial("tcp4", l.Addr().String()); err != nil {
		return nil, nil, err
	}
	if b, err = l.Accept(); err != nil {
		a.Close()
		return nil, nil, err
	}
	if b.RemoteAddr().String() != a.LocalAddr().String() {
		a.Close()
		b.Close()
		return nil, nil, errors.New("a stranger took the connection")
	}
	return a, b, nil
}
