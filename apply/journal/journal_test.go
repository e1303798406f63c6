package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const digest = "d1"

func open(t *testing.T, dir string) (*Journal, *History) {
	t.Helper()
	j, h, err := Open(dir, "m", digest)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j, h
}

func add(t *testing.T, j *Journal, recs ...Record) {
	t.Helper()
	for _, r := range recs {
		if err := j.Append(r); err != nil {
			t.Fatal(err)
		}
	}
}

func sample() []Record {
	return []Record{
		{Kind: Began, At: 1, Run: "r1"},
		{Kind: Intent, At: 2, Step: "aa"},
		{Kind: Task, At: 3, Step: "aa", Host: "father", UPID: "UPID:father:1:2:3:qmcreate:100:root@pam:"},
		{Kind: Intent, At: 4, Step: "bb"},
		{Kind: Named, At: 5, Step: "bb", Host: "father", Value: "hs-seed-x.raw"},
		{Kind: Settled, At: 6, Step: "bb", State: "failed", Text: "no space"},
	}
}

func TestAppendThenRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j, h := open(t, dir)
	if h.Runs != 0 || h.Finished {
		t.Fatalf("a new journal has a history: %+v", h)
	}
	add(t, j, sample()...)
	j.Close()
	f, err := os.Open(filepath.Join(dir, digest+".journal"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, good, err := Read(f)
	info, _ := f.Stat()
	if err != nil || good != info.Size() {
		t.Fatalf("good = %d of %d, %v", good, info.Size(), err)
	}
	if d := cmp.Diff(sample(), got); d != "" {
		t.Fatal(d)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the journal is %v, readable by others", mode)
	}
}

// Whatever half of the last record a crash left, and whichever bit of it
// flipped, what is before it is kept and the next run continues from there.
func TestTornTailIsCutOff(t *testing.T) {
	dir := t.TempDir()
	j, _ := open(t, dir)
	recs := sample()
	add(t, j, recs[:len(recs)-1]...)
	path := filepath.Join(dir, digest+".journal")
	kept, _ := os.ReadFile(path)
	add(t, j, recs[len(recs)-1])
	j.Close()
	full, _ := os.ReadFile(path)

	check := func(t *testing.T, damaged []byte) {
		t.Helper()
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		j, h := open(t, dir)
		if h.State("bb") != "" || len(h.Names()) != 1 || len(h.Tasks()) != 1 {
			t.Fatalf("history of a torn journal: %+v", h)
		}
		add(t, j, Record{Kind: Intent, At: 9, Step: "cc"})
		j.Close()
		data, _ := os.ReadFile(path)
		got, good, err := Read(bytes.NewReader(data))
		if err != nil || good != int64(len(data)) || len(got) != len(recs) || got[len(got)-1].Step != "cc" {
			t.Fatalf("continued: %d records, good %d of %d, %v", len(got), good, len(data), err)
		}
	}
	for n := len(kept); n < len(full); n++ {
		check(t, full[:n])
	}
	for i := len(kept); i < len(full); i++ {
		damaged := bytes.Clone(full)
		damaged[i] ^= 0x10
		check(t, damaged)
	}
}

func TestForeignFileIsStartedAnew(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, digest+".journal")
	if err := os.WriteFile(path, []byte("something else entirely"), 0o600); err != nil {
		t.Fatal(err)
	}
	j, h := open(t, dir)
	if h.Runs != 0 {
		t.Fatal("a history out of nothing")
	}
	add(t, j, sample()...)
	if h, err := Peek(dir, digest); err != nil || h.Runs != 1 {
		t.Fatalf("Peek: %+v, %v", h, err)
	}
}

func TestOneWriterPerManifest(t *testing.T) {
	dir := t.TempDir()
	j, _ := open(t, dir)
	if _, _, err := Open(dir, "m", "another digest"); !errors.Is(err, ErrBusy) {
		t.Fatalf("second open: %v", err)
	}
	other, _, err := Open(dir, "other", digest+"2")
	if err != nil {
		t.Fatalf("another manifest is not excluded: %v", err)
	}
	other.Close()
	j.Close()
	open(t, dir)
}

func TestAppendFromManySteps(t *testing.T) {
	dir := t.TempDir()
	j, _ := open(t, dir)
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			if err := j.Append(Record{Kind: Intent, Step: fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	h, err := Peek(dir, digest)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 64 {
		if !h.Begun(fmt.Sprint(i)) {
			t.Fatalf("record %d is lost", i)
		}
	}
}

func TestAppendFailsForGood(t *testing.T) {
	j, _ := open(t, t.TempDir())
	j.file.Close()
	if err := j.Append(Record{Kind: Intent, Step: "a"}); err == nil {
		t.Fatal("a record that is not on disk was reported as written")
	}
	if err := j.Append(Record{Kind: Intent, Step: "b"}); err == nil {
		t.Fatal("the journal went on after a hole")
	}
}

func TestHistory(t *testing.T) {
	h := NewHistory(sample())
	if !h.Begun("aa") || h.State("aa") != "" || h.State("bb") != "failed" || h.LastRun != "r1" {
		t.Errorf("open chapter: %+v", h)
	}
	if d := cmp.Diff([]TaskRef{{"aa", "father", sample()[2].UPID}}, h.Tasks()); d != "" {
		t.Error(d)
	}
	settled := append(sample(), Record{Kind: Settled, Step: "aa", State: "acted"})
	if h := NewHistory(settled); len(h.Tasks()) != 0 {
		t.Error("a task of a step that ended is still in flight")
	}
	done := append(settled, Record{Kind: Ended, State: EndDone})
	if h := NewHistory(done); !h.Finished || h.Begun("aa") || h.Runs != 0 {
		t.Errorf("after the end: %+v", h)
	}
	again := append(done, Record{Kind: Began, Run: "r2"})
	if h := NewHistory(again); h.Finished || h.Runs != 1 {
		t.Errorf("a new chapter: %+v", h)
	}
	undone := append(settled, Record{Kind: Ended, State: EndRolledBack})
	if h := NewHistory(undone); h.Finished || h.Begun("aa") {
		t.Errorf("after a rollback: %+v", h)
	}
	failed := append(settled, Record{Kind: Ended, State: "failed"})
	if h := NewHistory(failed); h.Finished || !h.Begun("aa") {
		t.Errorf("after a failure: %+v", h)
	}
}

// Read takes any bytes: it ends, keeps to its bounds, and what it calls good
// reads the same again.
func FuzzRead(f *testing.F) {
	dir := f.TempDir()
	j, _, err := Open(dir, "m", digest)
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range sample() {
		if err := j.Append(r); err != nil {
			f.Fatal(err)
		}
	}
	j.Close()
	data, _ := os.ReadFile(filepath.Join(dir, digest+".journal"))
	f.Add(data)
	f.Add(data[:len(data)-5])
	f.Add([]byte(header + "\xff\xff\xff\xff"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		recs, good, err := Read(bytes.NewReader(data))
		if err != nil || good < 0 || good > int64(len(data)) {
			t.Fatalf("good = %d of %d, %v", good, len(data), err)
		}
		again, same, err := Read(bytes.NewReader(data[:good]))
		if err != nil || same != good || len(again) != len(recs) {
			t.Fatalf("the good part reads differently: %d/%d records, %d/%d bytes, %v", len(again), len(recs), same, good, err)
		}
		NewHistory(recs)
	})
}
