package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/homestak/homestak/runtime/spec"
	"github.com/homestak/homestak/runtime/store"
)

// What the store holds, by the beginning of its keys. A node's uuid, or what is
// said, follows.
const (
	keyNode     = "nodes/"    // record
	keyProgram  = "programs/" // digest: the encoded program
	keyBundle   = "bundles/"  // ciphertext to the server
	keySealed   = "sealed/"   // sealed: ciphertext to the node
	keyEnrolled = "enrolled/" // enrolled
	keyToken    = "tokens/"   // token id: tokenUse
	keyReport   = "reports/"  // reported; a log of the same name holds the last ones
	keyEvents   = "events/"   // outbox
)

// record is what was published for a node.
type record struct {
	Address    string          `json:"address"`
	Name       string          `json:"name"`
	Statement  []byte          `json:"statement"`
	Digest     string          `json:"digest"`
	Generation uint64          `json:"generation"`
	Secrets    bool            `json:"secrets,omitempty"` // there is a bundle
	ETag       string          `json:"etag"`
	Spec       json.RawMessage `json:"spec,omitempty"`
	SpecName   string          `json:"specName,omitempty"`
	Auth       spec.AuthMethod `json:"auth,omitempty"`
	Published  time.Time       `json:"published"`
}

// enrolled is a node's key.
type enrolled struct {
	Key     []byte    `json:"key"` // Ed25519, public
	Token   string    `json:"token"`
	Issued  int64     `json:"issued"` // of the token
	At      time.Time `json:"at"`
	Revoked bool      `json:"revoked,omitempty"`
}

// tokenUse is what has become of a token.
type tokenUse struct {
	Node    string    `json:"node,omitempty"`
	Key     []byte    `json:"key,omitempty"` // that it is bound to
	At      time.Time `json:"at"`
	Revoked bool      `json:"revoked,omitempty"`
}

// sealed is a bundle as its node can open it.
type sealed struct {
	ETag string `json:"etag"` // of the record it belongs to
	Key  []byte `json:"key"`  // the node's, that it is encrypted to
	Data []byte `json:"data"`
}

// reported is a node's last report.
type reported struct {
	Report spec.Report `json:"report"`
	At     time.Time   `json:"at"`
}

// outbox are events that a node has not acknowledged.
type outbox struct {
	Last   uint64       `json:"last"`
	Events []spec.Event `json:"events"`
}

// get reads a record.
func get[T any](ctx context.Context, s *Server, key string) (v T, err error) {
	v, _, err = getAt[T](ctx, s, key)
	return v, err
}

// getAt reads a record with its revision; 0 when there is none, beside
// store.ErrNotFound.
func getAt[T any](ctx context.Context, s *Server, key string) (v T, revision uint64, err error) {
	e, err := s.cfg.Store.Get(ctx, key)
	if err != nil {
		return v, 0, err
	}
	if err := json.Unmarshal(e.Value, &v); err != nil {
		return v, 0, fmt.Errorf("%s in the store: %w", key, err)
	}
	return v, e.Revision, nil
}

func put(ctx context.Context, s *Server, key string, v any, revision uint64) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = s.cfg.Store.Put(ctx, key, data, revision)
	return err
}

// change reads a record, lets f change it and writes it, again and again until
// nobody came in between. f gets a zero value when there is none.
func change[T any](ctx context.Context, s *Server, key string, f func(v *T, there bool) error) error {
	for {
		v, revision, err := getAt[T](ctx, s, key)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := f(&v, err == nil); err != nil {
			return err
		}
		err = put(ctx, s, key, v, revision)
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

// write puts raw bytes, whatever was there.
func write(ctx context.Context, st store.Store, key string, data []byte) error {
	for {
		e, err := st.Get(ctx, key)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		_, err = st.Put(ctx, key, data, e.Revision)
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

// drop deletes a key, if it is there, whatever its revision.
func drop(ctx context.Context, st store.Store, key string) error {
	for {
		e, err := st.Get(ctx, key)
		if err == nil {
			err = st.Delete(ctx, key, e.Revision)
		}
		switch {
		case errors.Is(err, store.ErrNotFound):
			return nil
		case errors.Is(err, store.ErrConflict):
			continue
		}
		return err
	}
}
