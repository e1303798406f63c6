package pve

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homestak/homestak/runtime/secret"
)

// Reads wait for each other once enough are under way; writes and their waits do
// not wait for reads.
func TestReadsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		defer w.close()
		var now, most, writes atomic.Int64
		api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Second)
				now.Add(-1)
			} else {
				writes.Add(1)
			}
			_, _ = io.WriteString(w, `{"data":null}`)
		})
		cert := newAuthority(t).sign(t, "a")
		w.build("a:8006", cert, api)
		c := open(t, Config{Name: "father", Endpoints: []string{"a"}, Fingerprint: printOf(cert), Dial: w.dial, Token: secret.New([]byte(token)), Reads: 3})
		var wg sync.WaitGroup
		start := time.Now()
		for range 30 {
			wg.Go(func() {
				if _, err := c.Version(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if err := c.CreatePool(t.Context(), "x", ""); err != nil || time.Since(start) != 0 || writes.Load() != 1 {
			t.Errorf("the write: %v after %s", err, time.Since(start))
		}
		wg.Wait()
		if most.Load() != 3 || time.Since(start) != 10*time.Second {
			t.Errorf("%d at once, %s", most.Load(), time.Since(start))
		}
		c.Close()
	})
}
