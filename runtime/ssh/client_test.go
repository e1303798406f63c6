package ssh_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/ca"
	hssh "github.com/homestak/homestak/runtime/ssh"
)

// wantKind checks an *Error, the hop it names and its diagnostic.
func wantKind(t *testing.T, err error, kind hssh.Kind, hop string) *hssh.Error {
	t.Helper()
	var e *hssh.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Hop != hop {
		t.Fatalf("want %s at %s, got %v", kind, hop, err)
	}
	d := e.Diagnostic()
	if _, known := diag.Lookup(d.Code); !known || d.Message == "" || d.Label == "" || d.Help == "" {
		t.Errorf("diagnostic: %+v", d)
	}
	return e
}

func TestChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for hops := 1; hops <= 3; hops++ {
			c := w.dial(t, hops)
			var out bytes.Buffer
			if err := c.Run(t.Context(), "echo", strings.NewReader("hello"), &out, nil); err != nil || out.String() != "hello" {
				t.Errorf("%d hops: %q, %v", hops, out.String(), err)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			_ = c.Close()
		}
		if n := len(w.machines[0].ran()); n != 1 {
			t.Errorf("the first hop ran %d commands", n)
		}
	})
}

func TestExitStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.machines[0].run = func(_ *machine, cmd string, _ io.Reader, _, stderr io.Writer) uint32 {
			_, _ = fmt.Fprintln(stderr, strings.Repeat("x", 5000)+"because")
			return map[string]uint32{"seven": 7, "killed": killed, "vanished": vanished}[cmd]
		}
		c := w.dial(t, 1)
		defer func() { _ = c.Close() }()
		var exit *hssh.ExitError
		if err := c.Run(t.Context(), "seven", nil, nil, nil); !errors.As(err, &exit) || exit.Code != 7 || exit.Signal != "" {
			t.Fatalf("got %v", err)
		}
		if len(exit.Stderr) != 4096 || !strings.HasSuffix(exit.Stderr, "because\n") || !strings.HasSuffix(exit.Error(), "because") {
			t.Errorf("stderr tail: %d bytes", len(exit.Stderr))
		}
		if d := exit.Diagnostic(); d.Code != "HS0906" || d.Label != "seven: exit status 7" || len(d.Notes) != 1 {
			t.Errorf("%+v", d)
		}
		var own bytes.Buffer
		if err := c.Run(t.Context(), "killed", nil, nil, &own); !errors.As(err, &exit) || exit.Code != -1 || exit.Signal != "KILL" {
			t.Errorf("got %v", err)
		}
		if exit.Stderr != "" || own.Len() < 5000 {
			t.Error("stderr did not go where it should")
		}
		wantKind(t, c.Run(t.Context(), "vanished", nil, nil, nil), hssh.Lost, "m/node-0")
	})
}

func TestOnlyTheRightMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		other, err := ca.Throwaway(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		plain := newMachine(t, w.keys, "uuid-0")
		plain.config = trusting(t, w.keys)
		private, _, err := w.keys.HostKey("uuid-0")
		if err != nil {
			t.Fatal(err)
		}
		key, err := ssh.ParsePrivateKey(private)
		if err != nil {
			t.Fatal(err)
		}
		plain.config.AddHostKey(key)
		user := newMachine(t, w.keys, "uuid-0")
		user.config = trusting(t, w.keys)
		user.config.AddHostKey(w.hops[0].Auth)

		for name, m := range map[string]*machine{
			"another machine of ours": newMachine(t, w.keys, "uuid-9"),
			"a certificate of others": newMachine(t, other, "uuid-0"),
			"a plain key":             plain,
			"a user certificate":      user,
		} {
			for hop := range 2 {
				net := w.net
				if hop == 1 {
					net = w.machines[0].net
					w.hops[1].UUID = "uuid-0"
				}
				net.add("10.9.9.9:22", m.serve)
				cfg := w.config(hop + 1)
				cfg.Hops[hop].Addr = "10.9.9.9:22"
				_, err := hssh.Dial(t.Context(), cfg)
				t.Log(name, err)
				if e := wantKind(t, err, hssh.HostKey, cfg.Hops[hop].Name); e.Retry() {
					t.Errorf("%s: worth another try?", name)
				}
			}
		}

		// A certificate of the right machine that is not valid yet.
		cfg := w.config(1)
		cfg.Now = func() time.Time { return time.Now().AddDate(-1, 0, 0) }
		_, err = hssh.Dial(t.Context(), cfg)
		wantKind(t, err, hssh.HostKey, "m/node-0")
		// No CA at all is not "any CA".
		cfg = w.config(1)
		cfg.Hops[0].HostCA = nil
		_, err = hssh.Dial(t.Context(), cfg)
		wantKind(t, err, hssh.HostKey, "m/node-0")
	})
}

func TestLoginRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		other, err := ca.Throwaway(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		foreign, err := other.UserSigner(driver, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		wrongName, err := w.keys.UserSigner("someone", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		for name, auth := range map[string]ssh.Signer{"foreign": foreign, "principal": wrongName} {
			cfg := w.config(2)
			cfg.Hops[1].Auth = auth
			_, err = hssh.Dial(t.Context(), cfg)
			t.Log(name, err)
			wantKind(t, err, hssh.Auth, "m/node-1")
		}
		time.Sleep(2 * time.Hour) // virtual: the certificate expires
		_, err = hssh.Dial(t.Context(), w.config(1))
		wantKind(t, err, hssh.Auth, "m/node-0")
	})
}

func TestUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.net.add("10.9.9.1:22", func(c net.Conn) { _ = c.Close() })
		w.net.add("10.9.9.2:22", func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 no\r\n\r\n"); _ = c.Close() })
		for _, addr := range []string{"10.9.9.0:22", "10.9.9.1:22", "10.9.9.2:22"} {
			cfg := w.config(1)
			cfg.Hops[0].Addr = addr
			_, err := hssh.Dial(t.Context(), cfg)
			if e := wantKind(t, err, hssh.Unreachable, "m/node-0"); !e.Retry() || e.Addr != addr {
				t.Errorf("%+v", e)
			}
		}
		// The leaf must not be reachable but through its parent.
		cfg := w.config(3)
		cfg.Hops = cfg.Hops[2:]
		_, err := hssh.Dial(t.Context(), cfg)
		wantKind(t, err, hssh.Unreachable, "m/node-2")
		cfg = w.config(3)
		cfg.Hops[2].Addr = "10.0.2.77:22"
		_, err = hssh.Dial(t.Context(), cfg)
		wantKind(t, err, hssh.Unreachable, "m/node-2")
		if _, err := hssh.Dial(t.Context(), hssh.Config{}); err == nil {
			t.Error("dialled nowhere")
		}
	})
}

func TestSilentMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.machines[1].silent = true
		start := time.Now()
		_, err := hssh.Dial(t.Context(), w.config(2))
		wantKind(t, err, hssh.Timeout, "m/node-1")
		if took := time.Since(start); took != 30*time.Second {
			t.Errorf("took %s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start = time.Now()
		_, err = hssh.Dial(ctx, w.config(2))
		if e := wantKind(t, err, hssh.Timeout, "m/node-1"); !errors.Is(e, context.DeadlineExceeded) {
			t.Errorf("cause: %v", e.Err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestCancelEndsTheCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.machines[1].run = func(_ *machine, _ string, stdin io.Reader, stdout, _ io.Writer) uint32 {
			_, _ = io.WriteString(stdout, "started")
			_, _ = io.Copy(io.Discard, stdin) // until the session is closed
			return 0
		}
		c := w.dial(t, 2)
		defer func() { _ = c.Close() }()
		ctx, cancel := context.WithCancel(t.Context())
		var out bytes.Buffer
		blocked, unblock := io.Pipe()
		defer func() { _ = unblock.Close() }()
		result := make(chan error)
		go func() { result <- c.Run(ctx, "sleep", blocked, &out, nil) }()
		synctest.Wait()
		cancel()
		err := <-result
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if out.String() != "started" {
			t.Errorf("out: %q", out.String())
		}
		<-w.machines[1].ended
		// The connection is as good as before.
		w.machines[1].run = func(*machine, string, io.Reader, io.Writer, io.Writer) uint32 { return 0 }
		if err := c.Run(t.Context(), "true", nil, nil, nil); err != nil {
			t.Error(err)
		}
		if err := c.Run(ctx, "true", nil, nil, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestPowerLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.machines[1].run = func(_ *machine, _ string, stdin io.Reader, _, _ io.Writer) uint32 {
			_, _ = io.Copy(io.Discard, stdin)
			return 0
		}
		blocked, unblock := io.Pipe()
		defer func() { _ = unblock.Close() }()
		c := w.dial(t, 2)
		defer func() { _ = c.Close() }()
		start := time.Now()
		result := make(chan error)
		go func() { result <- c.Run(t.Context(), "sleep", blocked, nil, nil) }()
		// A living machine is left alone, however long a command takes.
		time.Sleep(time.Hour)
		synctest.Wait()
		w.machines[1].conns[0].freeze()
		err := <-result
		wantKind(t, err, hssh.Lost, "m/node-1")
		if took := time.Since(start) - time.Hour; took > 31*time.Second {
			t.Errorf("noticed after %s", took)
		}
		wantKind(t, c.Run(t.Context(), "true", nil, nil, nil), hssh.Lost, "m/node-1")
		_, err = c.DialContext(t.Context(), "tcp", "10.0.0.1:80")
		wantKind(t, err, hssh.Lost, "m/node-1")
	})
}

func TestReboot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.machines[0].run = func(m *machine, _ string, _ io.Reader, _, _ io.Writer) uint32 {
			_ = m.conns[0].Close()
			return 0
		}
		c := w.dial(t, 1)
		defer func() { _ = c.Close() }()
		wantKind(t, c.Run(t.Context(), "reboot", nil, nil, nil), hssh.Lost, "m/node-0")
	})
}

func TestOutputIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.machines[0].run = func(_ *machine, _ string, _ io.Reader, stdout, stderr io.Writer) uint32 {
			for {
				if _, err := stdout.Write(bytes.Repeat([]byte("y\n"), 512)); err != nil {
					return 0
				}
			}
		}
		cfg := w.config(1)
		cfg.MaxOutput = 10000
		c, err := hssh.Dial(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		var out bytes.Buffer
		wantKind(t, c.Run(t.Context(), "yes", nil, &out, nil), hssh.Output, "m/node-0")
		if out.Len() > 10000 {
			t.Errorf("got %d bytes", out.Len())
		}
	})
}

func TestDialThroughTheChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.machines[1].net.add("10.0.2.9:8006", func(c net.Conn) { _, _ = io.WriteString(c, "api"); _ = c.Close() })
		c := w.dial(t, 2)
		defer func() { _ = c.Close() }()
		conn, err := c.DialContext(t.Context(), "tcp", "10.0.2.9:8006")
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(conn); string(b) != "api" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		_, err = c.DialContext(t.Context(), "tcp", "10.0.2.9:1")
		wantKind(t, err, hssh.Unreachable, "m/node-1")
	})
}

func TestErrorText(t *testing.T) {
	e := &hssh.Error{Kind: hssh.Auth, Hop: "m/n", Addr: "10.0.0.1:22", Err: errors.New("refused")}
	if got := e.Error(); got != "ssh m/n (10.0.0.1:22): authentication: refused" {
		t.Error(got)
	}
	all, err := json.Marshal(e.Diagnostic())
	if err != nil || !strings.Contains(string(all), "HS0903") {
		t.Errorf("%s, %v", all, err)
	}
}
