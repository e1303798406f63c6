package server

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"filippo.io/age"
	"github.com/fxamacker/cbor/v2"

	"github.com/homestak/homestak/runtime/secret"
	"github.com/homestak/homestak/runtime/spec"
	"github.com/homestak/homestak/runtime/store"
)

// program gives a node its assignment.
func (s *Server) program(x *exchange) error {
	s.seen.Store(x.node, s.cfg.Now())
	rec, err := get[record](x.ctx(), s, keyNode+x.node)
	if errors.Is(err, store.ErrNotFound) {
		return refuse(http.StatusNotFound, "E200", "nothing is published for this node")
	}
	if err != nil {
		return err
	}
	x.w.Header().Set("ETag", rec.ETag)
	if x.r.Header.Get("If-None-Match") == rec.ETag {
		x.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	program, err := s.cfg.Store.Get(x.ctx(), keyProgram+rec.Digest)
	if err != nil {
		return fmt.Errorf("program %s: %w", rec.Digest, err)
	}
	a := spec.Assignment{Statement: rec.Statement, Program: program.Value}
	if rec.Secrets {
		if a.Bundle, err = s.bundle(x, rec); err != nil {
			return err
		}
	}
	data, err := cbor.Marshal(a)
	if err != nil {
		return err
	}
	x.w.Header().Set("Content-Type", spec.ContentAssignment)
	_, err = x.w.Write(data)
	return err
}

// bundle is the node's secrets, encrypted to the node's key. They are encrypted
// once for each assignment and key.
func (s *Server) bundle(x *exchange, rec record) ([]byte, error) {
	key := x.leaf.PublicKey.(ed25519.PublicKey) // admit has seen to that
	have, err := get[sealed](x.ctx(), s, keySealed+x.node)
	if err == nil && have.ETag == rec.ETag && bytes.Equal(have.Key, key) {
		return have.Data, nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	cipher, err := s.cfg.Store.Get(x.ctx(), keyBundle+x.node)
	if err != nil {
		return nil, fmt.Errorf("bundle of %s: %w", x.node, err)
	}
	data, err := reencrypt(cipher.Value, s.cfg.Identity, key)
	if err != nil {
		return nil, fmt.Errorf("bundle of %s: %w", x.node, err)
	}
	v, err := json.Marshal(sealed{ETag: rec.ETag, Key: key, Data: data})
	if err == nil {
		err = write(x.ctx(), s.cfg.Store, keySealed+x.node, v)
	}
	return data, err
}

// reencrypt turns ciphertext to this server into ciphertext to a node.
func reencrypt(cipher []byte, from age.Identity, to ed25519.PublicKey) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(cipher), from)
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return secret.EncryptToNode(plain, to)
}

// events waits for what the node has not had. Asking for what comes after a
// sequence acknowledges everything up to it.
func (s *Server) events(x *exchange) error {
	after, err := strconv.ParseUint(orZero(x.r.FormValue("after")), 10, 63)
	seconds, errWait := strconv.ParseUint(orZero(x.r.FormValue("wait")), 10, 31)
	if err != nil || errWait != nil {
		return refuse(http.StatusBadRequest, "E400", "after and wait are numbers")
	}
	etag := x.r.FormValue("etag")
	wait := min(time.Duration(seconds)*time.Second, spec.MaxWait)
	control := http.NewResponseController(x.w)
	if err := errors.Join(control.SetReadDeadline(time.Time{}), control.SetWriteDeadline(time.Now().Add(wait+answerTimeout))); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	news := s.hub.subscribe(x.node)
	defer news.close()
	ctx, cancel := context.WithTimeout(x.ctx(), wait)
	defer cancel()
	for {
		box, err := s.acknowledge(x, after)
		if err != nil {
			return err
		}
		changed, err := s.changed(x, etag)
		if err != nil {
			return err
		}
		if len(box.Events) > 0 || changed || wait == 0 {
			return x.json(http.StatusOK, spec.Events{Last: max(after, box.Last), Events: box.Events, Changed: changed})
		}
		select {
		case <-news.wake:
		case <-ctx.Done(): // time is up, the server stops, or the node has gone
			wait = 0
		}
	}
}

// changed reports whether the node's assignment is another one than that of etag.
func (s *Server) changed(x *exchange, etag string) (bool, error) {
	if etag == "" {
		return false, nil
	}
	rec, err := get[record](context.WithoutCancel(x.ctx()), s, keyNode+x.node)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return rec.ETag != etag, err
}

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}

// acknowledge gives what follows a sequence and forgets the rest.
func (s *Server) acknowledge(x *exchange, after uint64) (outbox, error) {
	ctx := context.WithoutCancel(x.ctx())
	box, err := get[outbox](ctx, s, keyEvents+x.node)
	if errors.Is(err, store.ErrNotFound) {
		return outbox{}, nil
	}
	if err != nil || len(box.Events) == 0 || box.Events[0].Sequence > after {
		return box, err
	}
	err = change(ctx, s, keyEvents+x.node, func(b *outbox, _ bool) error {
		for len(b.Events) > 0 && b.Events[0].Sequence <= after {
			b.Events = b.Events[1:]
		}
		box = *b
		return nil
	})
	return box, err
}

// keepReports is how many reports of a node the log holds.
const keepReports = 100

// report keeps what a node says of itself.
func (s *Server) report(x *exchange) error {
	x.r.Body = http.MaxBytesReader(x.w, x.r.Body, spec.MaxReport)
	var r spec.Report
	if err := x.read(&r); err != nil {
		return err
	}
	now := s.cfg.Now().UTC()
	data, err := json.Marshal(reported{Report: r, At: now})
	if err != nil {
		return err
	}
	if err := write(x.ctx(), s.cfg.Store, keyReport+x.node, data); err != nil {
		return err
	}
	at, err := s.cfg.Store.Append(x.ctx(), keyReport+x.node, data)
	if err != nil {
		return err
	}
	if at%keepReports == 0 { // not each time: a trim costs a write
		if err := s.cfg.Store.Trim(x.ctx(), keyReport+x.node, at-keepReports); err != nil {
			return err
		}
	}
	s.metrics.reported(r.Outcome)
	x.w.WriteHeader(http.StatusNoContent)
	return nil
}

// jobResult keeps what came of a job.
func (s *Server) jobResult(x *exchange) error {
	var r spec.JobResult
	if err := x.read(&r); err != nil {
		return err
	}
	id := x.r.PathValue("id")
	key := "jobs/" + x.node + "/" + id
	if err := store.CheckKey(key); err != nil {
		return refuse(http.StatusBadRequest, "E400", "no job has that id")
	}
	data, err := json.Marshal(r)
	if err == nil {
		err = write(x.ctx(), s.cfg.Store, key, data)
	}
	if err != nil {
		return err
	}
	x.w.WriteHeader(http.StatusNoContent)
	return nil
}

var digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// agent gives a binary. It is the same for everybody, and whoever asks knows its
// digest already.
func (s *Server) agent(x *exchange) error {
	digest := x.r.PathValue("digest")
	if s.cfg.Binaries == nil || !digestPattern.MatchString(digest) {
		return refuse(http.StatusNotFound, "E200", "no agent has that digest")
	}
	f, err := s.cfg.Binaries.Open(digest)
	if errors.Is(err, fs.ErrNotExist) {
		return refuse(http.StatusNotFound, "E200", "no agent has that digest")
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := http.NewResponseController(x.w).SetWriteDeadline(time.Now().Add(binaryTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	x.w.Header().Set("Content-Type", "application/octet-stream")
	if info, err := f.Stat(); err == nil {
		x.w.Header().Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	}
	_, err = io.Copy(x.w, f)
	return err
}
