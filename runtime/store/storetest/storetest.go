package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/homestak/homestak/runtime/store"
)

// Lab is a store under test. Later lets that much time pass for leases.
type Lab struct {
	Store store.Store
	Later func(time.Duration)
}

// Run runs the suite; fresh is called for each test.
func Run(t *testing.T, fresh func(t *testing.T) Lab) {
	for _, c := range []struct {
		name string
		f    func(*testing.T, Lab)
	}{
		{"swap", swap}, {"race", race}, {"delete", remove}, {"list", list}, {"watch", watch}, {"slow watcher", slowWatcher},
		{"log", logs}, {"queue", queue}, {"redelivery", redelivery}, {"workers", workers}, {"limits", limits}, {"ended context", ended},
	} {
		t.Run(c.name, func(t *testing.T) { c.f(t, fresh(t)) })
	}
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func fails(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

func swap(t *testing.T, l Lab) {
	ctx, s := t.Context(), l.Store
	_, err := s.Get(ctx, "nodes/a/program")
	fails(t, err, store.ErrNotFound)
	_, err = s.Put(ctx, "nodes/a/program", []byte("x"), 7)
	fails(t, err, store.ErrConflict)
	one := must(s.Put(ctx, "nodes/a/program", []byte("one"), 0))(t)
	_, err = s.Put(ctx, "nodes/a/program", []byte("again"), 0)
	fails(t, err, store.ErrConflict)
	two := must(s.Put(ctx, "nodes/a/program", nil, one))(t)
	if two <= one {
		t.Errorf("revisions %d, then %d", one, two)
	}
	_, err = s.Put(ctx, "nodes/a/program", []byte("late"), one)
	fails(t, err, store.ErrConflict)
	e := must(s.Get(ctx, "nodes/a/program"))(t)
	if e.Key != "nodes/a/program" || len(e.Value) != 0 || e.Revision != two {
		t.Errorf("read %+v", e)
	}
	other := must(s.Put(ctx, "nodes/b", []byte{0, 255, '\n'}, 0))(t)
	if other <= two {
		t.Error("revisions are of the store, not of a key")
	}
	if e := must(s.Get(ctx, "nodes/b"))(t); !bytes.Equal(e.Value, []byte{0, 255, '\n'}) {
		t.Errorf("read %q", e.Value)
	}
}

// race: of many who swap at once exactly one succeeds in each round.
func race(t *testing.T, l Lab) {
	ctx, s := t.Context(), l.Store
	const workers, rounds = 8, 5
	ok(t, ignore(s.Put(ctx, "counter", []byte("0"), 0)))
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for done := 0; done < rounds; {
				e, err := s.Get(ctx, "counter")
				if err != nil {
					t.Error(err)
					return
				}
				n, _ := strconv.Atoi(string(e.Value))
				_, err = s.Put(ctx, "counter", []byte(strconv.Itoa(n+1)), e.Revision)
				if err == nil {
					done++
				} else if !errors.Is(err, store.ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if e := must(s.Get(ctx, "counter"))(t); string(e.Value) != strconv.Itoa(workers*rounds) {
		t.Errorf("counted %s", e.Value)
	}
}

func ignore[T any](_ T, err error) error { return err }

func remove(t *testing.T, l Lab) {
	ctx, s := t.Context(), l.Store
	fails(t, s.Delete(ctx, "a", 0), store.ErrNotFound)
	fails(t, s.Delete(ctx, "a", 3), store.ErrNotFound)
	one := must(s.Put(ctx, "a", []byte("x"), 0))(t)
	fails(t, s.Delete(ctx, "a", one+1), store.ErrConflict)
	ok(t, s.Delete(ctx, "a", one))
	_, err := s.Get(ctx, "a")
	fails(t, err, store.ErrNotFound)
	fails(t, s.Delete(ctx, "a", one), store.ErrNotFound)
	_, err = s.Put(ctx, "a", []byte("y"), one)
	fails(t, err, store.ErrConflict)
	if two := must(s.Put(ctx, "a", []byte("y"), 0))(t); two <= one {
		t.Errorf("revision %d after %d", two, one)
	}
}

func keys(entries []store.Entry) string {
	var out []string
	for _, e := range entries {
		out = append(out, e.Key+"="+string(e.Value))
	}
	return strings.Join(out, " ")
}

func list(t *testing.T, l Lab) {
	ctx, s := t.Context(), l.Store
	if got := must(s.List(ctx, "", "", 0))(t); len(got) != 0 {
		t.Errorf("an empty store lists %v", got)
	}
	for i, key := range []string{"nodes/b", "nodes/a", "node", "nodes/c/x", "tokens/a", "nodes/c"} {
		ok(t, ignore(s.Put(ctx, key, []byte(strconv.Itoa(i)), 0)))
	}
	gone := must(s.Get(ctx, "nodes/c/x"))(t)
	ok(t, s.Delete(ctx, "nodes/c/x", gone.Revision))
	for _, c := range []struct {
		prefix, after string
		limit         int
		want          string
	}{
		{"", "", 0, "node=2 nodes/a=1 nodes/b=0 nodes/c=5 tokens/a=4"},
		{"nodes/", "", 0, "nodes/a=1 nodes/b=0 nodes/c=5"},
		{"nodes/", "nodes/a", 0, "nodes/b=0 nodes/c=5"},
		{"nodes/", "nodes/a", 1, "nodes/b=0"},
		{"nodes/", "nodes/aa", 1, "nodes/b=0"},
		{"nodes/", "tokens", 0, ""},
		{"nothing", "", 0, ""},
	} {
		if got := keys(must(s.List(ctx, c.prefix, c.after, c.limit))(t)); got != c.want {
			t.Errorf("list %q after %q: %q, want %q", c.prefix, c.after, got, c.want)
		}
	}
}

func next(t *testing.T, ch <-chan store.Change) store.Change {
	t.Helper()
	select {
	case c, open := <-ch:
		if !open {
			t.Fatal("the watch has ended")
		}
		return c
	case <-t.Context().Done():
		t.Fatal("no change comes")
	}
	return store.Change{}
}

func watch(t *testing.T, l Lab) {
	s := l.Store
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	before := must(s.Put(ctx, "signals/a", []byte("before"), 0))(t)
	ch := must(s.Watch(ctx, "signals/"))(t)
	ok(t, ignore(s.Put(ctx, "other", nil, 0)))
	one := must(s.Put(ctx, "signals/b", []byte("1"), 0))(t)
	if c := next(t, ch); c.Key != "signals/b" || string(c.Value) != "1" || c.Revision != one || c.Deleted {
		t.Fatalf("told %+v", c)
	}
	ok(t, s.Delete(ctx, "signals/a", before))
	if c := next(t, ch); c.Key != "signals/a" || !c.Deleted {
		t.Fatalf("told %+v", c)
	}
	cancel()
	for range ch { // what was under way may come; then the channel is closed
	}
}

// slowWatcher: a watcher that reads late holds up nobody and misses no key's
// last value.
func slowWatcher(t *testing.T, l Lab) {
	s := l.Store
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ch := must(s.Watch(ctx, "k"))(t)
	last := map[string]uint64{}
	for i := range 200 {
		key := "k" + strconv.Itoa(i%10)
		last[key] = must(s.Put(ctx, key, []byte(strconv.Itoa(i)), last[key]))(t)
	}
	seen := map[string]uint64{}
	for !same(seen, last) {
		c := next(t, ch)
		if c.Revision <= seen[c.Key] {
			t.Fatalf("%s went from %d to %d", c.Key, seen[c.Key], c.Revision)
		}
		seen[c.Key] = c.Revision
	}
}

func same(a, b map[string]uint64) bool {
	for k, v := range b {
		if a[k] != v {
			return false
		}
	}
	return len(a) == len(b)
}

func logs(t *testing.T, l Lab) {
	ctx, s := t.Context(), l.Store
	if got := must(s.Read(ctx, "reports/a", 0, 0))(t); len(got) != 0 {
		t.Errorf("a log that is not there holds %v", got)
	}
	ok(t, s.Trim(ctx, "reports/a", 5))
	var at []uint64
	for i := range 5 {
		at = append(at, must(s.Append(ctx, "reports/a", []byte{byte('0' + i)}))(t))
	}
	ok(t, ignore(s.Append(ctx, "reports/b", []byte("other"))))
	if !slices.IsSorted(at) || at[0] == 0 {
		t.Errorf("sequences %v", at)
	}
	text := func(after uint64, limit int) string {
		var b strings.Builder
		for _, r := range must(s.Read(ctx, "reports/a", after, limit))(t) {
			b.Write(r.Data)
		}
		return b.String()
	}
	for _, c := range []struct {
		after uint64
		limit int
		want  string
	}{{0, 0, "01234"}, {at[1], 0, "234"}, {at[1], 2, "23"}, {at[4], 0, ""}, {^uint64(0), 0, ""}} {
		if got := text(c.after, c.limit); got != c.want {
			t.Errorf("after %d: %q, want %q", c.after, got, c.want)
		}
	}
	ok(t, s.Trim(ctx, "reports/a", at[2]))
	if got := text(0, 0); got != "34" {
		t.Errorf("trimmed to %q", got)
	}
	if more := must(s.Append(ctx, "reports/a", nil))(t); more <= at[4] {
		t.Error("a trimmed log begins anew")
	}
}

func queue(t *testing.T, l Lab) {
	ctx, s := t.Context(), l.Store
	_, err := s.Lease(ctx, "jobs/a", time.Minute)
	fails(t, err, store.ErrNotFound)
	for _, d := range []string{"first", "second"} {
		ok(t, s.Enqueue(ctx, "jobs/a", []byte(d)))
	}
	one := must(s.Lease(ctx, "jobs/a", time.Minute))(t)
	two := must(s.Lease(ctx, "jobs/a", time.Minute))(t)
	if string(one.Data) != "first" || string(two.Data) != "second" || one.Deliveries != 1 || one.ID == two.ID {
		t.Fatalf("leased %+v, %+v", one, two)
	}
	_, err = s.Lease(ctx, "jobs/a", time.Minute)
	fails(t, err, store.ErrNotFound)
	ok(t, s.Finish(ctx, "jobs/a", two.ID))
	fails(t, s.Finish(ctx, "jobs/a", two.ID), store.ErrNotFound)
	ok(t, s.Release(ctx, "jobs/a", one.ID))
	again := must(s.Lease(ctx, "jobs/a", time.Minute))(t)
	if string(again.Data) != "first" || again.Deliveries != 2 {
		t.Fatalf("leased again %+v", again)
	}
	ok(t, s.Finish(ctx, "jobs/a", again.ID))
	_, err = s.Lease(ctx, "jobs/a", time.Minute)
	fails(t, err, store.ErrNotFound)
	fails(t, s.Finish(ctx, "jobs/a", "nonsense"), store.ErrNotFound)
}

func redelivery(t *testing.T, l Lab) {
	ctx, s := t.Context(), l.Store
	ok(t, s.Enqueue(ctx, "jobs/a", []byte("work")))
	lost := must(s.Lease(ctx, "jobs/a", time.Second))(t)
	l.Later(2 * time.Second)
	found := must(s.Lease(ctx, "jobs/a", time.Minute))(t)
	if string(found.Data) != "work" || found.Deliveries != 2 {
		t.Fatalf("handed out again as %+v", found)
	}
	fails(t, s.Finish(ctx, "jobs/a", lost.ID), store.ErrConflict)
	fails(t, s.Release(ctx, "jobs/a", lost.ID), store.ErrConflict)
	ok(t, s.Finish(ctx, "jobs/a", found.ID))
}

// workers: what many enqueue and many lease is worked on once.
func workers(t *testing.T, l Lab) {
	ctx, s := t.Context(), l.Store
	const producers, items = 4, 10
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			for i := range items {
				if err := s.Enqueue(ctx, "jobs/many", fmt.Appendf(nil, "%d-%d", p, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var mu sync.Mutex
	seen := map[string]int{}
	for range 4 {
		wg.Go(func() {
			for {
				item, err := s.Lease(ctx, "jobs/many", time.Hour)
				if errors.Is(err, store.ErrNotFound) {
					return
				}
				if err == nil {
					err = s.Finish(ctx, "jobs/many", item.ID)
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				seen[string(item.Data)]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for key, n := range seen {
		if n != 1 {
			t.Errorf("%s was worked on %d times", key, n)
		}
	}
	if len(seen) != producers*items {
		t.Errorf("%d of %d items were worked on", len(seen), producers*items)
	}
}

func limits(t *testing.T, l Lab) {
	ctx, s := t.Context(), l.Store
	for _, key := range []string{"", "/", "a/", "/a", "a//b", "..", "a/../b", "a b", "a*", "ä", "a\x00", strings.Repeat("k", store.MaxKey+1)} {
		_, err := s.Get(ctx, key)
		fails(t, err, store.ErrKey)
		fails(t, ignore(s.Put(ctx, key, nil, 0)), store.ErrKey)
		fails(t, s.Delete(ctx, key, 1), store.ErrKey)
		fails(t, ignore(s.Append(ctx, key, nil)), store.ErrKey)
		fails(t, s.Enqueue(ctx, key, nil), store.ErrKey)
	}
	large := make([]byte, store.MaxValue+1)
	fails(t, ignore(s.Put(ctx, "large", large, 0)), store.ErrTooLarge)
	fails(t, ignore(s.Append(ctx, "large", large)), store.ErrTooLarge)
	fails(t, s.Enqueue(ctx, "large", large), store.ErrTooLarge)
	key := strings.Repeat("k", store.MaxKey)
	ok(t, ignore(s.Put(ctx, key, large[:store.MaxValue-1024], 0)))
	if e := must(s.Get(ctx, key))(t); len(e.Value) != store.MaxValue-1024 {
		t.Errorf("read %d bytes", len(e.Value))
	}
}

func ended(t *testing.T, l Lab) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := l.Store
	fails(t, ignore(s.Get(ctx, "a")), context.Canceled)
	fails(t, ignore(s.Put(ctx, "a", nil, 0)), context.Canceled)
	fails(t, s.Enqueue(ctx, "a", nil), context.Canceled)
	_, err := s.Get(t.Context(), "a")
	fails(t, err, store.ErrNotFound)
}
