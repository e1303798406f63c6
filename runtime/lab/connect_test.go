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
	"strings"
	"testing"

	"github.com/homestak/homestak/runtime/lab/guest"
)

// echoHypervisor has one address on its network: 10.0.0.9:22 answers with what
// it gets, once the sender is done.
type echoHypervisor struct{ bareHypervisor }

func (echoHypervisor) Dial(_ context.Context, network, address string) (net.Conn, error) {
	if address != "10.0.0.9:22" {
		return nil, errors.New("no route to host")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer ln.Close()
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		data, _ := io.ReadAll(c)
		c.Write(data)
	}()
	return net.Dial("tcp", ln.Addr().String())
}

func connect(t *testing.T, l *Lab, target, header string) (*tls.Conn, *http.Response) {
	t.Helper()
	c, err := tls.Dial("tcp", strings.TrimPrefix(l.URL(), "https://"), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", target, target, header)
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: "CONNECT"})
	if err != nil {
		t.Fatal(err)
	}
	return c, resp
}

func TestConnect(t *testing.T) {
	l := open(t, Config{Hypervisor: func(*Lab) (guest.Hypervisor, error) { return echoHypervisor{}, nil }})
	header := "Proxy-Authorization: PVEAPIToken=" + l.Token() + "\r\n"
	c, resp := connect(t, l, "10.0.0.9:22", header)
	if resp.Status != "200 Connection established" {
		t.Fatal(resp.Status)
	}
	// The end of one direction is passed on and leaves the other open.
	io.WriteString(c, "hello")
	c.CloseWrite()
	if data, err := io.ReadAll(c); err != nil || string(data) != "hello" {
		t.Errorf("%q %v", data, err)
	}
	for _, tc := range []struct{ target, header, status string }{
		{"10.0.0.9:22", "", "407 No ticket"},
		{"10.0.0.9:22", "Proxy-Authorization: PVEAPIToken=root@pam!xx=00000000-0000-0000-0000-000000000000\r\n", "407 Authentication failed!"},
		{"10.0.0.8:22", header, "502 no route to host"},
		{"10.0.0.8", header, "400 CONNECT needs host:port"},
	} {
		if _, resp := connect(t, l, tc.target, tc.header); resp.Status != tc.status {
			t.Errorf("%s %q: %s", tc.target, tc.header, resp.Status)
		}
	}
	entries, err := ReadLog(l.Dir())
	if err != nil || entries[0].Kind != "connect" || entries[0].Path != "10.0.0.9:22" || entries[0].Status != 200 {
		t.Error(entries, err)
	}
}

// The server itself: what it refuses, and that a connection serves many
// requests.
func TestHTTP(t *testing.T) {
	l := open(t, Config{})
	auth := "Authorization: PVEAPIToken=" + l.Token() + "\r\n"
	for _, tc := range []struct {
		name, request string
		status        []string
	}{
		{"two requests", strings.Repeat("GET /api2/json/version HTTP/1.1\r\nHost: x\r\n"+auth+"\r\n", 2), []string{"200 OK", "200 OK"}},
		{"no such file", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", []string{"404 no such file '/'"}},
		{"chunked", "POST /api2/json/pools HTTP/1.1\r\nHost: x\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []string{"501 chunked transfer encoding not supported"}},
		{"large header", "GET /api2/json/version HTTP/1.1\r\nX: " + strings.Repeat("x", maxHeader) + "\r\n\r\n", []string{"431 Request Header Fields Too Large"}},
		{"continue", "POST /api2/json/pools HTTP/1.1\r\nHost: x\r\n" + auth + "Content-Length: 8\r\nExpect: 100-continue\r\n\r\npoolid=c", []string{"100 Continue", "200 OK"}},
		{"refused continue", "POST /api2/json/pools HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\nExpect: 100-continue\r\n\r\n", []string{"401 No ticket"}},
		{"garbage", "\x00\x01\r\n\r\n", nil},
		{"extjs", "GET /api2/extjs/nosuch HTTP/1.1\r\nHost: x\r\n" + auth + "\r\n", []string{"200 OK"}},
	} {
		c, err := tls.Dial("tcp", strings.TrimPrefix(l.URL(), "https://"), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		go io.WriteString(c, tc.request)
		br := bufio.NewReader(c)
		for _, want := range tc.status {
			resp, err := http.ReadResponse(br, &http.Request{Method: "GET"})
			if err != nil {
				t.Errorf("%s: %v", tc.name, err)
				break
			}
			io.Copy(io.Discard, resp.Body)
			if resp.Status != want {
				t.Errorf("%s: %s, want %s", tc.name, resp.Status, want)
			}
		}
		if tc.status == nil {
			if _, err := br.ReadByte(); err == nil {
				t.Errorf("%s: answered", tc.name)
			}
		}
		c.Close()
	}
}
