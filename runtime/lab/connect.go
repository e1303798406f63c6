package lab

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// dialTimeout bounds a CONNECT to an address where nobody answers.
const dialTimeout = 10 * time.Second

// serveConnect is the way into the lab's networks: HTTP CONNECT host:port, with
// an API token of the lab that may look at the node.
func (l *Lab) serveConnect(ctx context.Context, node string, r *http.Request) answer {
	header := r.Header.Get("Proxy-Authorization")
	if header == "" {
		header = r.Header.Get("Authorization")
	}
	entry := Entry{Time: l.now(), Kind: "connect", Method: r.Method, Path: r.Host, Run: r.Header.Get(RunHeader)}
	refuse := func(status int, reason string) answer {
		entry.Status = status
		l.log.request(entry, l.now())
		return answer{status: status, reason: reason}
	}
	bad := l.meet(ctx, node, r, "/"+r.Host)
	entry.Fault = bad.String()
	if a := bad.instead("json"); a != nil {
		entry.Status = a.status
		l.log.request(entry, l.now())
		return *a
	}
	if m := l.joined(); m != nil {
		far, err := l.forwardConnect(ctx, m, r)
		if err != nil {
			return refuse(502, err.Error())
		}
		entry.Status = 200
		l.log.request(entry, l.now())
		return answer{status: 200, reason: "Connection established", hijack: func(near net.Conn, rest *bufio.Reader) {
			splice(ctx, near, rest, far)
		}}
	}
	who, err := l.authenticate(ctx, r, header)
	if err != nil {
		return refuse(407, err.Error())
	}
	entry.User = who.String()
	if !l.mayConnect(who) {
		return refuse(403, "Permission check failed (/nodes/"+l.cfg.Node+", Sys.Audit)")
	}
	if _, _, err := net.SplitHostPort(r.Host); err != nil {
		return refuse(400, "CONNECT needs host:port")
	}
	dial, cancel := context.WithTimeout(ctx, dialTimeout)
	far, err := l.hv.Dial(dial, "tcp", r.Host)
	cancel()
	if err != nil {
		return refuse(502, err.Error())
	}
	entry.Status = 200
	l.log.request(entry, l.now())
	return answer{status: 200, reason: "Connection established", hijack: func(near net.Conn, rest *bufio.Reader) {
		splice(ctx, near, rest, far)
	}}
}

// mayConnect reports whether somebody may use the lab's networks. PVE has no such
// thing; here it comes with the right to look at the node.
func (l *Lab) mayConnect(who identity) bool {
	if who.all {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.privsAt(who.String(), "/nodes/"+l.cfg.Node)["Sys.Audit"]
	return ok
}

// splice copies both ways until both are done or ctx ends. An end of one
// direction is passed on and leaves the other open.
func splice(ctx context.Context, near net.Conn, fromNear io.Reader, far net.Conn) {
	defer far.Close()
	stop := context.AfterFunc(ctx, func() {
		near.Close()
		far.Close()
	})
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, err := io.Copy(far, fromNear)
		finish(far, err)
	}()
	_, err := io.Copy(near, far)
	finish(near, err)
	<-done
}

// finish passes the end of a stream on; a stream that broke closes both ways.
func finish(c net.Conn, err error) {
	if cw, ok := c.(interface{ CloseWrite() error }); ok && err == nil {
		cw.CloseWrite()
		return
	}
	c.Close()
}
