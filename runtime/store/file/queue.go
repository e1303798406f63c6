package file

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"github.com/homestak/homestak/runtime/store"
)

// An item is stored under its number as: the end of its lease in Unix
// nanoseconds (0 = nobody's), the count of deliveries, the data.
type item struct {
	until      int64
	deliveries uint32
	data       []byte
}

const itemHeader = 12

func decodeItem(raw []byte) item {
	return item{int64(binary.BigEndian.Uint64(raw)), binary.BigEndian.Uint32(raw[8:]), raw[itemHeader:]}
}

func (i item) encode() []byte {
	out := binary.BigEndian.AppendUint64(make([]byte, 0, itemHeader+len(i.data)), uint64(i.until))
	out = binary.BigEndian.AppendUint32(out, i.deliveries)
	return append(out, i.data...)
}

// Enqueue implements store.Store.
func (s *Store) Enqueue(ctx context.Context, queue string, data []byte) error {
	if err := errors.Join(store.CheckKey(queue), store.CheckValue(data)); err != nil {
		return err
	}
	return s.write(ctx, queue, func(tx *bbolt.Tx) error {
		b, err := tx.Bucket(queuesBucket).CreateBucketIfNotExists([]byte(queue))
		if err != nil {
			return err
		}
		n, err := b.NextSequence()
		if err != nil {
			return err
		}
		return b.Put(number(n), item{data: data}.encode())
	})
}

// Lease implements store.Store.
func (s *Store) Lease(ctx context.Context, queue string, d time.Duration) (out store.Item, err error) {
	if err := store.CheckKey(queue); err != nil {
		return store.Item{}, err
	}
	now := s.now()
	err = s.write(ctx, queue, func(tx *bbolt.Tx) error {
		b := tx.Bucket(queuesBucket).Bucket([]byte(queue))
		if b == nil {
			return store.ErrNotFound
		}
		c := b.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			i := decodeItem(v)
			if i.until > now.UnixNano() {
				continue
			}
			i.until, i.deliveries = now.Add(d).UnixNano(), i.deliveries+1
			i.data = bytes.Clone(i.data)
			out = store.Item{ID: fmt.Sprintf("%d-%d", binary.BigEndian.Uint64(k), i.deliveries), Data: i.data, Deliveries: uint(i.deliveries)}
			return b.Put(bytes.Clone(k), i.encode())
		}
		return store.ErrNotFound
	})
	if err != nil {
		return store.Item{}, err
	}
	return out, nil
}

// Finish implements store.Store.
func (s *Store) Finish(ctx context.Context, queue, id string) error {
	return s.leased(ctx, queue, id, func(b *bbolt.Bucket, key []byte, _ item) error { return b.Delete(key) })
}

// Release implements store.Store.
func (s *Store) Release(ctx context.Context, queue, id string) error {
	return s.leased(ctx, queue, id, func(b *bbolt.Bucket, key []byte, i item) error {
		i.until, i.data = 0, bytes.Clone(i.data)
		return b.Put(key, i.encode())
	})
}

// leased runs f for the item of a lease that is still the last one given.
func (s *Store) leased(ctx context.Context, queue, id string, f func(b *bbolt.Bucket, key []byte, i item) error) error {
	if err := store.CheckKey(queue); err != nil {
		return err
	}
	first, second, ok := strings.Cut(id, "-")
	n, errN := strconv.ParseUint(first, 10, 64)
	delivery, errD := strconv.ParseUint(second, 10, 32)
	if !ok || errN != nil || errD != nil {
		return fmt.Errorf("%s: lease %q: %w", queue, id, store.ErrNotFound)
	}
	return s.write(ctx, queue, func(tx *bbolt.Tx) error {
		b := tx.Bucket(queuesBucket).Bucket([]byte(queue))
		if b == nil {
			return store.ErrNotFound
		}
		raw := b.Get(number(n))
		if raw == nil {
			return store.ErrNotFound
		}
		i := decodeItem(raw)
		if i.deliveries != uint32(delivery) || i.until == 0 {
			return store.ErrConflict
		}
		return f(b, number(n), i)
	})
}
