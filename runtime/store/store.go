package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Errors of every implementation, wrapped.
var (
	ErrNotFound = errors.New("not found")
	ErrConflict = errors.New("changed by somebody else") // the revision is another one
	ErrKey      = errors.New("not a key")
	ErrTooLarge = errors.New("too large")
)

const (
	MaxKey   = 200     // bytes
	MaxValue = 1 << 20 // bytes; a message of NATS holds no more by default
)

// Entry is a key with its value and the revision of its last change.
type Entry struct {
	Key      string
	Value    []byte
	Revision uint64
}

// Change is what Watch tells: an entry's new value, or that it is gone.
type Change struct {
	Entry
	Deleted bool
}

// Record is one piece of a log. Sequences grow by one or more.
type Record struct {
	Sequence uint64
	Data     []byte
}

// Item is a leased piece of a queue.
type Item struct {
	ID         string // of this lease
	Data       []byte
	Deliveries uint // how often it was handed out, this time included
}

// Store is safe for many goroutines and, where the implementation says so, many
// processes. A change that was answered survives a crash.
type Store interface {
	// Get fails with ErrNotFound.
	Get(ctx context.Context, key string) (Entry, error)
	// Put writes a value if the key's revision still is revision, 0 when it must
	// not exist, and gives the new one; otherwise it fails with ErrConflict.
	Put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error)
	// Delete removes a key whose revision still is revision. It fails with
	// ErrConflict, and for a key that is not there with ErrNotFound.
	Delete(ctx context.Context, key string, revision uint64) error
	// List gives what begins with prefix, by key. after, if not "", is the key to go
	// on behind; at most limit entries come, all when it is 0.
	List(ctx context.Context, prefix, after string, limit int) ([]Entry, error)
	// Watch tells every change of keys that begin with prefix, in order, from now
	// on, until ctx ends; the channel is closed then. Of changes of one key that
	// follow one another faster than they are read, the last one comes.
	Watch(ctx context.Context, prefix string) (<-chan Change, error)

	// Append adds a record to a log.
	Append(ctx context.Context, log string, data []byte) (uint64, error)
	// Read gives records behind a sequence, at most limit, all when it is 0.
	Read(ctx context.Context, log string, after uint64, limit int) ([]Record, error)
	// Trim drops records up to a sequence.
	Trim(ctx context.Context, log string, upTo uint64) error

	// Enqueue adds an item to a queue.
	Enqueue(ctx context.Context, queue string, data []byte) error
	// Lease takes the oldest item nobody works on, for that long; ErrNotFound when
	// there is none. An item that is not finished by then is handed out again.
	Lease(ctx context.Context, queue string, d time.Duration) (Item, error)
	// Finish removes a leased item; ErrConflict when the lease has gone to somebody
	// else, ErrNotFound when it is finished.
	Finish(ctx context.Context, queue, id string) error
	// Release gives a leased item back at once.
	Release(ctx context.Context, queue, id string) error

	Close() error
}

var keyPattern = regexp.MustCompile(`^[A-Za-z0-9_=-]+(?:[./][A-Za-z0-9_=-]+)*$`)

// CheckKey refuses what is no key, log or queue for every implementation: parts
// of letters, digits, '_', '-' and '=', joined by '/' or '.'.
func CheckKey(key string) error {
	if len(key) > MaxKey || !keyPattern.MatchString(key) {
		return fmt.Errorf("%.*q: %w", MaxKey, key, ErrKey)
	}
	return nil
}

// CheckValue refuses what is too large.
func CheckValue(value []byte) error {
	if len(value) > MaxValue {
		return fmt.Errorf("%d bytes: %w (at most %d)", len(value), ErrTooLarge, MaxValue)
	}
	return nil
}
