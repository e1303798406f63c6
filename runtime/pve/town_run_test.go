package pve

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homestak/homestak/runtime/secret"
)

func unescape(s string) (string, error) { return url.QueryUnescape(s) }

// api counts what reaches it and answers versions, pools and uploads.
type counting struct {
	reads, writes, uploads atomic.Int64
	slow                   time.Duration
	more                   http.Handler
}

func (a *counting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(a.slow)
	body, _ := io.ReadAll(r.Body)
	switch {
	case strings.HasSuffix(r.URL.Path, "/upload"):
		a.uploads.Add(1)
		fmt.Fprintf(w, `{"data":"%s"}`, upid2)
	case r.URL.Path == "/api2/json/version":
		a.reads.Add(1)
		_, _ = io.WriteString(w, `{"data":{"version":"9.2"}}`)
	case r.Method == http.MethodPost && bytes.Contains(body, []byte("poolid")):
		a.writes.Add(1)
		_, _ = io.WriteString(w, `{"data":null}`)
	case a.more != nil:
		a.more.ServeHTTP(w, r)
	default:
		say(w, 501, "not implemented", "")
	}
}

// A run that is longer than the life of a ticket never meets a refusal, and logs
// in once an hour.
func TestTicketsAreRenewedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		defer w.close()
		api := &counting{}
		g := &gate{inside: api}
		cert := newAuthority(t).sign(t, "a")
		w.build("a:8006", cert, g)
		c := open(t, g.config(w, printOf(cert), "a"))
		for range 7 * 6 {
			if _, err := c.Version(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := c.CreatePool(t.Context(), "x", ""); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Minute)
		}
		if g.logins != 7 || g.denied != 0 || api.writes.Load() != 42 {
			t.Errorf("%d logins, %d refusals, %d writes", g.logins, g.denied, api.writes.Load())
		}
		c.Close()
	})
}

// When the server's clock jumps, every ticket is void at once. Whatever is asked
// next is done, once; an upload too, though it cannot be sent twice.
func TestClockJumpsThreeHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		defer w.close()
		api := &counting{}
		g := &gate{inside: api}
		cert := newAuthority(t).sign(t, "a")
		w.build("a:8006", cert, g)
		c := open(t, g.config(w, printOf(cert), "a"))
		jump := func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.ahead += 3 * time.Hour
		}
		upload := func() error {
			_, err := c.UploadVolume(t.Context(), "pve1", "local", Upload{
				Content: "import", Filename: "x.raw", Size: 3, Body: io.MultiReader(strings.NewReader("abc")), Checksum: "sha256:00",
			})
			return err
		}
		version := func() error { _, err := c.Version(t.Context()); return err }
		pool := func() error { return c.CreatePool(t.Context(), "x", "") }
		for i, do := range []func() error{version, pool, upload, version} {
			if err := do(); err != nil {
				t.Fatalf("before jump %d: %v", i, err)
			}
			jump()
			if err := do(); err != nil {
				t.Fatalf("after jump %d: %v", i, err)
			}
		}
		if api.writes.Load() != 2 || api.uploads.Load() != 2 || g.logins != 5 {
			t.Errorf("%d writes, %d uploads, %d logins", api.writes.Load(), api.uploads.Load(), g.logins)
		}
		c.Close()
	})
}

// Many requests that find the ticket void together renew it together.
func TestOneLoginForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		defer w.close()
		g := &gate{inside: &counting{}}
		cert := newAuthority(t).sign(t, "a")
		w.build("a:8006", cert, g)
		c := open(t, g.config(w, printOf(cert), "a"))
		for range 3 {
			errs := make(chan error)
			for range 40 {
				go func() { _, err := c.Version(t.Context()); errs <- err }()
			}
			for range 40 {
				if err := <-errs; err != nil {
					t.Error(err)
				}
			}
			g.mu.Lock()
			g.ahead += 3 * time.Hour
			g.mu.Unlock()
		}
		if g.logins != 3 {
			t.Errorf("%d logins", g.logins)
		}
		c.Close()
	})
}

func TestLoginIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		defer w.close()
		g := &gate{inside: &counting{}}
		cert := newAuthority(t).sign(t, "a")
		w.build("a:8006", cert, g)
		w.build("tfa:8006", cert, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"data":{"ticket":"PVE:!tfa!x","NeedTFA":1}}`)
		}))
		w.build("odd:8006", cert, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"data":{"ticket":null}}`)
		}))
		cfg := g.config(w, printOf(cert), "a")
		cfg.Password = secret.New([]byte("wrong " + canary))
		for _, c := range []struct {
			endpoint, says string
			class          Class
		}{
			{"a", "authentication failure", Auth},
			{"tfa", "second factor", Permanent},
			{"odd", "holds no ticket", Permanent},
			{"nobody", "connection refused", Unreachable},
		} {
			cfg.Endpoints = []string{c.endpoint}
			cl := open(t, cfg)
			err := cl.CreatePool(t.Context(), "x", "")
			if ClassOf(err) != c.class {
				t.Errorf("%s: class %s", c.endpoint, ClassOf(err))
			}
			if text := shown(t, err); !strings.Contains(text, c.says) {
				t.Errorf("%s: %s", c.endpoint, text)
			}
			cl.Close()
		}
	})
}

func TestCredentialsAreChecked(t *testing.T) {
	f := newFake(t)
	for _, change := range []func(*Config){
		func(c *Config) { c.User, c.Password = "root@pam", secret.New([]byte(canary)) },
		func(c *Config) { c.Token, c.User, c.Password = secret.Value{}, "root", secret.New([]byte(canary)) },
		func(c *Config) {
			c.Token, c.User, c.Password = secret.Value{}, "root@pam!x", secret.New([]byte(canary))
		},
		func(c *Config) { c.Token, c.User = secret.Value{}, "root@pam" },
		func(c *Config) { c.Token = secret.Value{} },
	} {
		cfg := f.config()
		change(&cfg)
		_, err := New(cfg)
		if err == nil {
			t.Errorf("accepted: %+v", cfg)
			continue
		}
		shown(t, err)
	}
}

// One of three endpoints is dead from the start, another dies on the way: it costs
// one wait each, and no write is lost or sent twice.
func TestOneOfThreeEndpointsIsDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		defer w.close()
		ca := newAuthority(t)
		var apis []*counting
		var houses []*house
		for _, name := range []string{"a", "b", "c"} {
			api := &counting{}
			apis = append(apis, api)
			houses = append(houses, w.build(name+":8006", ca.sign(t, name), api))
		}
		houses[0].hole = true
		c := open(t, Config{
			Name: "father", Endpoints: []string{"a", "b", "c"}, CA: ca.pem, Dial: w.dial, Token: secret.New([]byte(token)),
		})
		call := func() time.Duration {
			t.Helper()
			start := time.Now()
			if _, err := c.Version(t.Context()); err != nil {
				t.Fatal(err)
			}
			return time.Since(start)
		}
		if took := call(); took != connectTimeout {
			t.Errorf("the first call took %s", took)
		}
		if took := call(); took != 0 {
			t.Errorf("the second call took %s", took)
		}
		houses[1].fall()
		synctest.Wait() // the client has seen its idle connection end
		if err := c.CreatePool(t.Context(), "x", ""); err != nil {
			t.Fatal(err)
		}
		if took := call(); took != 0 {
			t.Errorf("a call after the fall took %s", took)
		}
		if apis[0].writes.Load()+apis[1].writes.Load() != 0 || apis[2].writes.Load() != 1 {
			t.Error("the write was not sent once")
		}
		c.Close()
	})
}

// A server that restarts with another certificate gets nothing more, and the
// others are not asked in its place: that would hide it.
func TestCertificateIsSwapped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		defer w.close()
		api := &counting{}
		ca := newAuthority(t)
		good, other := ca.sign(t, "a"), ca.sign(t, "a")
		h := w.build("a:8006", good, api)
		w.build("b:8006", good, api)
		c := open(t, Config{Name: "father", Endpoints: []string{"a", "b"}, Fingerprint: printOf(good), Dial: w.dial, Token: secret.New([]byte(token))})
		if _, err := c.Version(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.restart(other)
		for range 2 {
			_, err := c.Version(t.Context())
			var wrong *CertError
			if !errors.As(err, &wrong) || wrong.Served != printOf(other) || wrong.Pinned != printOf(good) {
				t.Fatalf("got %v", err)
			}
			if err := c.CreatePool(t.Context(), "x", ""); ClassOf(err) != Certificate {
				t.Errorf("got %v", err)
			}
		}
		if api.reads.Load() != 1 || api.writes.Load() != 0 {
			t.Errorf("%d reads and %d writes reached a server", api.reads.Load(), api.writes.Load())
		}
		c.Close()
	})
}

// Half a minute for everything is slow, not dead.
func TestSlowAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		defer w.close()
		const slow = 30 * time.Second
		end := time.Now().Add(5 * time.Minute)
		api := &counting{slow: slow, more: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case strings.HasSuffix(r.URL.Path, "/log"):
				_, _ = io.WriteString(w, `{"data":[]}`)
			case time.Now().Before(end):
				_, _ = io.WriteString(w, `{"data":{"status":"running"}}`)
			default:
				_, _ = io.WriteString(w, `{"data":{"status":"stopped","exitstatus":"OK"}}`)
			}
		})}
		cert := newAuthority(t).sign(t, "a")
		w.build("a:8006", cert, api).slow = slow
		c := open(t, Config{Name: "father", Endpoints: []string{"a"}, Fingerprint: printOf(cert), Dial: w.dial, Token: secret.New([]byte(token))})
		start := time.Now()
		if _, err := c.Version(t.Context()); err != nil || time.Since(start) != 2*slow {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		if err := c.CreatePool(t.Context(), "x", ""); err != nil {
			t.Error(err)
		}
		if err := c.Wait(t.Context(), upid1, func([]string) {}); err != nil {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		c.Close()
	})
}
