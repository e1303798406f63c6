package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/homestak/homestak/runtime/sign"
	"github.com/homestak/homestak/runtime/spec"
	"github.com/homestak/homestak/runtime/store"
)

// nodeOf is the uuid in a request's path.
func (x *exchange) nodeOf() (string, error) {
	uuid := x.r.PathValue("node")
	if err := store.CheckKey(keyNode + uuid); err != nil || strings.Contains(uuid, "/") {
		return "", refuse(http.StatusBadRequest, "E400", "that is no node's uuid")
	}
	return uuid, nil
}

// publish takes a node's assignment, if the site signed it for that node and its
// generation is a new one.
func (s *Server) publish(x *exchange) error {
	uuid, err := x.nodeOf()
	if err != nil {
		return err
	}
	var p spec.Publication
	if err := x.read(&p); err != nil {
		return err
	}
	sum := sha256.Sum256(p.Program)
	digest := hex.EncodeToString(sum[:])
	st, err := sign.Open[sign.Program](s.cfg.Trust, p.Statement)
	switch {
	case err != nil:
		return refuse(http.StatusBadRequest, "E400", "the statement is not one of the site's: %v", err)
	case st.Node != uuid || st.Digest != digest:
		return refuse(http.StatusBadRequest, "E400", "the statement is about another node or program")
	case p.Name == "" || p.Address == "":
		return refuse(http.StatusBadRequest, "E400", "a node has a name and an address")
	}
	if len(p.Bundle) > 0 {
		if _, err := age.Decrypt(bytes.NewReader(p.Bundle), s.cfg.Identity); err != nil {
			return refuse(http.StatusBadRequest, "E400", "the bundle is not encrypted to this server")
		}
	}
	ctx := x.ctx()
	if err := write(ctx, s.cfg.Store, keyProgram+digest, p.Program); err != nil {
		return err
	}
	if len(p.Bundle) > 0 {
		if err := write(ctx, s.cfg.Store, keyBundle+uuid, p.Bundle); err != nil {
			return err
		}
	}
	tag := sha256.Sum256(append(bytes.Clone(p.Statement), p.Bundle...))
	err = change(ctx, s, keyNode+uuid, func(r *record, there bool) error {
		if there && r.Generation >= st.Generation && !bytes.Equal(r.Statement, p.Statement) {
			return refuse(http.StatusConflict, "E409", "generation %d is published already", r.Generation)
		}
		*r = record{
			Address: p.Address, Name: p.Name, Statement: p.Statement, Digest: digest, Generation: st.Generation, Secrets: len(p.Bundle) > 0,
			ETag: `"` + hex.EncodeToString(tag[:16]) + `"`, Spec: p.Spec, SpecName: p.SpecName, Auth: p.Auth, Published: s.cfg.Now().UTC(),
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.cfg.Logger.Info("published", "node", uuid, "address", p.Address, "program", digest, "generation", st.Generation)
	x.w.WriteHeader(http.StatusNoContent)
	return nil
}

// retract forgets a node and everything that was its own.
func (s *Server) retract(x *exchange) error {
	uuid, err := x.nodeOf()
	if err != nil {
		return err
	}
	for _, key := range []string{keyEnrolled, keyEvents, keySealed, keyBundle, keyReport, keyNode} {
		if err := drop(x.ctx(), s.cfg.Store, key+uuid); err != nil {
			return err
		}
	}
	s.cfg.Logger.Info("retracted", "node", uuid)
	x.w.WriteHeader(http.StatusNoContent)
	return nil
}

// maxOutbox bounds what waits for a node that does not ask.
const maxOutbox = 32

// send puts a sealed signal or job into a node's outbox.
func (s *Server) send(x *exchange) error {
	uuid, err := x.nodeOf()
	if err != nil {
		return err
	}
	var data []byte
	if err := x.read(&data); err != nil {
		return err
	}
	signal, errSignal := sign.Open[sign.Signal](s.cfg.Trust, data)
	job, errJob := sign.Open[sign.Job](s.cfg.Trust, data)
	if errSignal != nil && errJob != nil || errSignal == nil && signal.Node != uuid || errJob == nil && job.Node != uuid {
		return refuse(http.StatusBadRequest, "E400", "that is no signal or job of the site's for this node")
	}
	err = change(x.ctx(), s, keyEvents+uuid, func(b *outbox, _ bool) error {
		if len(b.Events) >= maxOutbox {
			return refuse(http.StatusTooManyRequests, "E429", "the node has not taken the last %d", maxOutbox)
		}
		b.Last++
		b.Events = append(b.Events, spec.Event{Sequence: b.Last, Sealed: data})
		return nil
	})
	if err != nil {
		return err
	}
	x.w.WriteHeader(http.StatusNoContent)
	return nil
}

// revoke takes back a token that may be in wrong hands, or a node's certificates.
func (s *Server) revoke(x *exchange) error {
	var q spec.Revocation
	err := x.read(&q)
	if err != nil {
		return err
	}
	if (q.Token == "") == (q.Node == "") || store.CheckKey(keyToken+q.Token+q.Node) != nil {
		return refuse(http.StatusBadRequest, "E400", "either a token's id or a node's uuid")
	}
	if q.Token != "" {
		err = change(x.ctx(), s, keyToken+q.Token, func(u *tokenUse, _ bool) error {
			u.Revoked, u.At = true, s.cfg.Now().UTC()
			return nil
		})
	} else {
		err = change(x.ctx(), s, keyEnrolled+q.Node, func(e *enrolled, there bool) error {
			if !there {
				return refuse(http.StatusNotFound, "E200", "that node has not enrolled")
			}
			e.Revoked = true
			return nil
		})
	}
	if err != nil {
		return err
	}
	s.cfg.Logger.Warn("revoked", "token", q.Token, "node", q.Node, "reason", q.Reason)
	x.w.WriteHeader(http.StatusNoContent)
	return nil
}

// describe is everything the server knows of a node.
func (s *Server) describe(x *exchange, uuid string, rec record) (spec.Node, error) {
	n := spec.Node{UUID: uuid, Address: rec.Address, Name: rec.Name, Program: rec.Digest, Generation: rec.Generation, Published: rec.Published}
	e, err := get[enrolled](x.ctx(), s, keyEnrolled+uuid)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return n, err
	}
	n.Enrolled = e.At
	r, err := get[reported](x.ctx(), s, keyReport+uuid)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return n, err
	}
	if err == nil {
		n.Report, n.Reported = &r.Report, r.At
		n.Generation = max(n.Generation, r.Report.Generation)
	}
	if at, ok := s.seen.Load(uuid); ok {
		n.Fetched = at.(time.Time).UTC()
	}
	return n, nil
}

func (s *Server) getNode(x *exchange) error {
	uuid, err := x.nodeOf()
	if err != nil {
		return err
	}
	rec, err := get[record](x.ctx(), s, keyNode+uuid)
	if errors.Is(err, store.ErrNotFound) {
		return refuse(http.StatusNotFound, "E200", "nothing is published for that node")
	}
	if err != nil {
		return err
	}
	n, err := s.describe(x, uuid, rec)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, n)
}

func (s *Server) listNodes(x *exchange) error {
	out := []spec.Node{}
	err := s.eachNode(x, func(uuid string, rec record) error {
		n, err := s.describe(x, uuid, rec)
		out = append(out, n)
		return err
	})
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, out)
}

// page is how many nodes are read from the store at once.
const page = 500

func (s *Server) eachNode(x *exchange, f func(uuid string, rec record) error) error {
	for after := ""; ; {
		entries, err := s.cfg.Store.List(x.ctx(), keyNode, after, page)
		if err != nil {
			return err
		}
		for _, e := range entries {
			var rec record
			if err := json.Unmarshal(e.Value, &rec); err != nil {
				return fmt.Errorf("%s in the store: %w", e.Key, err)
			}
			if err := f(strings.TrimPrefix(e.Key, keyNode), rec); err != nil {
				return err
			}
			after = e.Key
		}
		if len(entries) < page {
			return nil
		}
	}
}

func (s *Server) info(x *exchange) error {
	return x.json(http.StatusOK, spec.Info{
		Name: s.cfg.Name, Version: s.cfg.Version, Site: s.cfg.Site, Recipient: s.cfg.Identity.Recipient().String(), Time: s.cfg.Now().UTC(),
	})
}

func (s *Server) manifests(x *exchange) error {
	names := []string{}
	if s.cfg.Manifests != nil {
		names = append(names, s.cfg.Manifests()...)
	}
	return x.json(http.StatusOK, names)
}
