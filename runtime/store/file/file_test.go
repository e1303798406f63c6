package file_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/homestak/homestak/runtime/store"
	"github.com/homestak/homestak/runtime/store/file"
	"github.com/homestak/homestak/runtime/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Lab {
		var mu sync.Mutex
		now := time.Unix(1_800_000_000, 0)
		s, err := file.Open(t.TempDir(), file.Options{Now: func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return now
		}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return storetest.Lab{Store: s, Later: func(d time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(d)
		}}
	})
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	s, err := file.Open(dir, file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := file.Open(dir, file.Options{}); !errors.Is(err, file.ErrInUse) {
		t.Errorf("opened twice: %v", err)
	}
}

// TestMain is also the process that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("STORE_WRITER"); dir != "" {
		if err := write(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// write counts a key up and says each number when it is stored, for ever.
func write(dir string) error {
	s, err := file.Open(dir, file.Options{})
	if err != nil {
		return err
	}
	var rev uint64
	e, err := s.Get(context.Background(), "counter")
	switch {
	case err == nil:
		rev = e.Revision
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	n, _ := strconv.Atoi(string(e.Value))
	for {
		n++
		if rev, err = s.Put(context.Background(), "counter", []byte(strconv.Itoa(n)), rev); err != nil {
			return err
		}
		if _, err = s.Append(context.Background(), "numbers", []byte(strconv.Itoa(n))); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// What was answered is there after kill -9, and the store opens.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	last := 0
	for round := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "STORE_WRITER="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for i := 0; i < 10+7*round && lines.Scan(); i++ {
			if last, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatalf("%q %s", lines.Text(), said.String())
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() {
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				last = n
			}
		}
		_ = cmd.Wait()
		s, err := file.Open(dir, file.Options{})
		if err != nil {
			t.Fatal(err)
		}
		e, err := s.Get(t.Context(), "counter")
		if err != nil {
			t.Fatal(err)
		}
		records, err := s.Read(t.Context(), "numbers", 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := strconv.Atoi(string(e.Value)); n < last || n > last+1 || len(records) < last {
			t.Errorf("%d was answered; the store holds %s and %d records", last, e.Value, len(records))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
