package server_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/agessh"

	"github.com/homestak/homestak/runtime/sign"
	"github.com/homestak/homestak/runtime/spec"
	"github.com/homestak/homestak/runtime/spec/spectest"
)

func status(err error) int {
	var e *spec.Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

func want(t *testing.T, what string, err error, code int) {
	t.Helper()
	if status(err) != code {
		t.Errorf("%s: %v, want %d", what, err, code)
	}
}

func TestNodeFromTokenToReport(t *testing.T) {
	w := spectest.New(t)
	op := w.Operator()
	m, node := w.Enrolled(spectest.Alice)
	if _, _, err := node.Program(t.Context(), ""); !errors.Is(err, spec.ErrNotFound) {
		t.Fatalf("before it is published: %v", err)
	}
	if err := op.Publish(t.Context(), spectest.Alice, w.Publication(spectest.Alice, 1, "program one", "the password")); err != nil {
		t.Fatal(err)
	}
	a, etag, err := node.Program(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	st, err := sign.Open[sign.Program](w.Keys.Trust(), a.Statement)
	if err != nil || st.Node != spectest.Alice || st.Generation != 1 || string(a.Program) != "program one" {
		t.Fatalf("got %+v %q, %v", st, a.Program, err)
	}
	identity, err := agessh.NewEd25519Identity(m.Key)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := age.Decrypt(bytes.NewReader(a.Bundle), identity)
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := io.ReadAll(plain); string(text) != "the password" {
		t.Errorf("secrets %q", text)
	}
	if _, _, err := node.Program(t.Context(), etag); !errors.Is(err, spec.ErrNotModified) {
		t.Errorf("a second time: %v", err)
	}
	if err := op.Publish(t.Context(), spectest.Alice, w.Publication(spectest.Alice, 2, "program two", "")); err != nil {
		t.Fatal(err)
	}
	if a, _, err := node.Program(t.Context(), etag); err != nil || string(a.Program) != "program two" || a.Bundle != nil {
		t.Errorf("after a change: %+v, %v", a, err)
	}
	report := spec.Report{Generation: 2, Phase: spec.PhaseConverge, Outcome: spec.Failed, Message: "package x", Tail: "E: no x", Started: w.Now().UTC(), Finished: w.Now().UTC()}
	if err := node.Report(t.Context(), report); err != nil {
		t.Fatal(err)
	}
	all, err := op.Nodes(t.Context())
	if err != nil || len(all) != 1 || all[0].UUID != spectest.Alice || all[0].Generation != 2 || all[0].Report == nil || all[0].Report.Tail != "E: no x" || all[0].Enrolled.IsZero() || all[0].Fetched.IsZero() {
		t.Errorf("the fleet is %+v, %v", all, err)
	}
	if err := op.Retract(t.Context(), spectest.Alice); err != nil {
		t.Fatal(err)
	}
	_, _, err = node.Program(t.Context(), "")
	want(t, "after it was retracted", err, 403)
	if _, err := op.Node(t.Context(), spectest.Alice); !errors.Is(err, spec.ErrNotFound) {
		t.Errorf("a retracted node: %v", err)
	}
}

func TestEvents(t *testing.T) {
	w := spectest.New(t)
	op := w.Operator()
	_, node := w.Enrolled(spectest.Alice)
	signal := func(n uint64) []byte {
		return sign.Seal(w.Keys.Signing(), sign.Signal{Node: spectest.Alice, Sequence: n, Verb: "converge"})
	}
	type answer struct {
		e   spec.Events
		err error
	}
	got := make(chan answer, 1)
	go func() {
		e, err := node.Events(t.Context(), 0, "", time.Minute)
		got <- answer{e, err}
	}()
	if err := op.Send(t.Context(), spectest.Alice, signal(1)); err != nil {
		t.Fatal(err)
	}
	a := <-got
	if a.err != nil || len(a.e.Events) != 1 || !bytes.Equal(a.e.Events[0].Sealed, signal(1)) {
		t.Fatalf("waited for %+v, %v", a.e, a.err)
	}
	if err := op.Send(t.Context(), spectest.Alice, signal(2)); err != nil {
		t.Fatal(err)
	}
	e, err := node.Events(t.Context(), a.e.Last, "", time.Minute)
	if err != nil || len(e.Events) != 1 || !bytes.Equal(e.Events[0].Sealed, signal(2)) {
		t.Errorf("then %+v, %v", e, err)
	}
	if e, err = node.Events(t.Context(), e.Last, "", 0); err != nil || len(e.Events) != 0 {
		t.Errorf("then %+v, %v", e, err)
	}
	for n := uint64(3); ; n++ {
		err := op.Send(t.Context(), spectest.Alice, signal(n))
		if err != nil {
			want(t, "a full outbox", err, 429)
			if n < 20 {
				t.Errorf("full after %d", n)
			}
			break
		}
	}
}

// A server that stops answers those who wait, and loses nothing.
func TestStop(t *testing.T) {
	w := spectest.New(t)
	_, node := w.Enrolled(spectest.Alice)
	got := make(chan error, 1)
	go func() {
		_, err := node.Events(t.Context(), 0, "", 4*time.Minute)
		got <- err
	}()
	w.Stop()
	<-got
}

// Who waits is told that there is another program for him.
func TestNewProgramWakes(t *testing.T) {
	w := spectest.New(t)
	op := w.Operator()
	_, node := w.Enrolled(spectest.Alice)
	if err := op.Publish(t.Context(), spectest.Alice, w.Publication(spectest.Alice, 1, "one", "")); err != nil {
		t.Fatal(err)
	}
	_, etag, err := node.Program(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan error, 1)
	go func() {
		e, err := node.Events(t.Context(), 0, etag, 4*time.Minute)
		if err == nil && !e.Changed {
			err = errors.New("nothing has changed")
		}
		got <- err
	}()
	if err := op.Publish(t.Context(), spectest.Alice, w.Publication(spectest.Alice, 2, "two", "")); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
}
