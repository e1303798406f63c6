//go:build unix

package vnet

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// pair is two connected ends of a kernel stream socket.
func pair() (a, b net.Conn, err error) {
	// Not every unix has SOCK_CLOEXEC, so fork is held off while the flags are set.
	syscall.ForkLock.RLock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	a, err = adopt(fds[0])
	if err != nil {
		unix.Close(fds[1])
		return nil, nil, err
	}
	b, err = adopt(fds[1])
	if err != nil {
		a.Close()
		return nil, nil, err
	}
	return a, b, nil
}

// adopt makes a connection of the descriptor, which it takes over.
func adopt(fd int) (net.Conn, error) {
	f := os.NewFile(uintptr(fd), "vnet")
	defer f.Close()
	return net.FileConn(f)
}
