package file

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/homestak/homestak/runtime/store"
)

// ErrInUse is found in the error of Open when another process has the store.
var ErrInUse = errors.New("another process has it open")

// Options of a store.
type Options struct {
	Now func() time.Time // for leases; time.Now when nil
}

// Store is a store.Store in a file.
type Store struct {
	db  *bbolt.DB
	now func() time.Time
	hub store.Hub

	mu   sync.Mutex // changes are told in the order of revisions
	next uint64     // the revision to be told next
	told map[uint64]*store.Change
}

var _ store.Store = (*Store)(nil)

var (
	keysBucket   = []byte("keys")
	logsBucket   = []byte("logs")
	queuesBucket = []byte("queues")
)

const (
	fileName = "store.db"
	// gather is how long a write waits for others to share its flush.
	gather = 2 * time.Millisecond
	// patience is how long a process that is just ending may keep the file.
	patience = 2 * time.Second
)

// Open opens the store of a directory and makes it when there is none.
func Open(dir string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{now: o.Now, told: map[uint64]*store.Change{}}
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		s.db, err = bbolt.Open(filepath.Join(dir, fileName), 0o600, &bbolt.Options{Timeout: patience, FreelistType: bbolt.FreelistMapType})
	}
	if errors.Is(err, bolterrors.ErrTimeout) {
		err = ErrInUse
	}
	if err != nil {
		return nil, fmt.Errorf("open the store in %s: %w", dir, err)
	}
	s.db.MaxBatchDelay = gather
	err = s.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{keysBucket, logsBucket, queuesBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		s.next = tx.Bucket(keysBucket).Sequence() + 1
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the store in %s: %w", dir, err), s.db.Close())
	}
	return s, nil
}

// Close implements store.Store.
func (s *Store) Close() error { return s.db.Close() }

// write runs f in a transaction that it may share with others; f may run more
// than once.
func (s *Store) write(ctx context.Context, what string, f func(tx *bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if err := s.db.Batch(f); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (s *Store) read(ctx context.Context, what string, f func(tx *bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if err := s.db.View(f); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// number is a sequence as a key: big-endian, so that order is order.
func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// Get implements store.Store.
func (s *Store) Get(ctx context.Context, key string) (e store.Entry, err error) {
	if err := store.CheckKey(key); err != nil {
		return store.Entry{}, err
	}
	err = s.read(ctx, key, func(tx *bbolt.Tx) error {
		raw := tx.Bucket(keysBucket).Get([]byte(key))
		if raw == nil {
			return store.ErrNotFound
		}
		e = entry(key, raw)
		return nil
	})
	return e, err
}

// entry copies what the database gives for the time of a transaction only.
func entry(key string, raw []byte) store.Entry {
	return store.Entry{Key: key, Revision: binary.BigEndian.Uint64(raw), Value: bytes.Clone(raw[8:])}
}

// Put implements store.Store.
func (s *Store) Put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	if err := errors.Join(store.CheckKey(key), store.CheckValue(value)); err != nil {
		return 0, err
	}
	at, err := s.change(ctx, key, revision, func(b *bbolt.Bucket, at uint64) error {
		return b.Put([]byte(key), append(number(at), value...))
	}, store.Change{Entry: store.Entry{Key: key, Value: bytes.Clone(value)}})
	return at, err
}

// Delete implements store.Store.
func (s *Store) Delete(ctx context.Context, key string, revision uint64) error {
	if err := store.CheckKey(key); err != nil {
		return err
	}
	_, err := s.change(ctx, key, revision, func(b *bbolt.Bucket, _ uint64) error {
		if revision == 0 {
			return store.ErrNotFound
		}
		return b.Delete([]byte(key))
	}, store.Change{Entry: store.Entry{Key: key}, Deleted: true})
	return err
}

// change makes a change under a new revision and tells of it.
func (s *Store) change(ctx context.Context, key string, revision uint64, f func(b *bbolt.Bucket, at uint64) error, c store.Change) (uint64, error) {
	var at uint64
	err := s.write(ctx, key, func(tx *bbolt.Tx) error {
		b := tx.Bucket(keysBucket)
		raw := b.Get([]byte(key))
		var now uint64
		if raw != nil {
			now = binary.BigEndian.Uint64(raw)
		}
		switch {
		case raw == nil && c.Deleted:
			return store.ErrNotFound
		case now != revision:
			return store.ErrConflict
		}
		var err error
		if at, err = b.NextSequence(); err != nil {
			return err
		}
		return f(b, at)
	})
	if err != nil {
		return 0, err
	}
	c.Revision = at
	s.tell(c)
	return at, nil
}

// tell hands a change on once all before it have been: writes that shared a
// flush return in any order.
func (s *Store) tell(c store.Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told[c.Revision] = &c
	for s.told[s.next] != nil {
		s.hub.Tell(*s.told[s.next])
		delete(s.told, s.next)
		s.next++
	}
}

// List implements store.Store.
func (s *Store) List(ctx context.Context, prefix, after string, limit int) (out []store.Entry, err error) {
	err = s.read(ctx, prefix, func(tx *bbolt.Tx) error {
		c := tx.Bucket(keysBucket).Cursor()
		k, v := c.Seek([]byte(max(prefix, after)))
		if after != "" && string(k) == after {
			k, v = c.Next()
		}
		for ; k != nil && bytes.HasPrefix(k, []byte(prefix)) && (limit == 0 || len(out) < limit); k, v = c.Next() {
			out = append(out, entry(string(k), v))
		}
		return nil
	})
	return out, err
}

// Watch implements store.Store.
func (s *Store) Watch(ctx context.Context, prefix string) (<-chan store.Change, error) {
	return s.hub.Watch(ctx, prefix), nil
}

// Append implements store.Store.
func (s *Store) Append(ctx context.Context, log string, data []byte) (at uint64, err error) {
	if err := errors.Join(store.CheckKey(log), store.CheckValue(data)); err != nil {
		return 0, err
	}
	err = s.write(ctx, log, func(tx *bbolt.Tx) error {
		b, err := tx.Bucket(logsBucket).CreateBucketIfNotExists([]byte(log))
		if err != nil {
			return err
		}
		if at, err = b.NextSequence(); err != nil {
			return err
		}
		return b.Put(number(at), data)
	})
	return at, err
}

// Read implements store.Store.
func (s *Store) Read(ctx context.Context, log string, after uint64, limit int) (out []store.Record, err error) {
	if err := store.CheckKey(log); err != nil {
		return nil, err
	}
	err = s.read(ctx, log, func(tx *bbolt.Tx) error {
		b := tx.Bucket(logsBucket).Bucket([]byte(log))
		if b == nil || after == ^uint64(0) {
			return nil
		}
		c := b.Cursor()
		for k, v := c.Seek(number(after + 1)); k != nil && (limit == 0 || len(out) < limit); k, v = c.Next() {
			out = append(out, store.Record{Sequence: binary.BigEndian.Uint64(k), Data: bytes.Clone(v)})
		}
		return nil
	})
	return out, err
}

// Trim implements store.Store.
func (s *Store) Trim(ctx context.Context, log string, upTo uint64) error {
	if err := store.CheckKey(log); err != nil {
		return err
	}
	return s.write(ctx, log, func(tx *bbolt.Tx) error {
		b := tx.Bucket(logsBucket).Bucket([]byte(log))
		if b == nil {
			return nil
		}
		var gone [][]byte
		c := b.Cursor()
		for k, _ := c.First(); k != nil && binary.BigEndian.Uint64(k) <= upTo; k, _ = c.Next() {
			gone = append(gone, bytes.Clone(k))
		}
		for _, k := range gone {
			if err := b.Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
}
