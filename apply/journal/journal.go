package journal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"
)

// ErrBusy says that another process on this machine applies a plan of the same
// manifest.
var ErrBusy = errors.New("another process applies a plan of this manifest")

// Journal is open for appending. Its methods may be called from many goroutines.
type Journal struct {
	lock *flock.Flock

	mu      sync.Mutex // guards the fields below
	file    *os.File
	chain   [chainSize]byte
	written uint64 // records handed to the file
	broken  error  // the first failed write; nothing is written after it

	syncMu sync.Mutex // one fsync at a time, for everybody who waits
	synced uint64     // records known to be on disk
}

// Open takes the manifest's lock (ErrBusy when somebody has it), reads what
// earlier runs of the plan left in dir, cuts off a torn tail, and continues the
// file. dir is made if missing, for this user only.
func Open(dir, manifest, digest string) (*Journal, *History, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	lock := flock.New(filepath.Join(dir, url.PathEscape(manifest)+".lock"))
	held, err := lock.TryLock()
	if err != nil {
		return nil, nil, fmt.Errorf("lock the journal: %w", err)
	}
	if !held {
		return nil, nil, ErrBusy
	}
	j := &Journal{lock: lock}
	records, err := j.load(filepath.Join(dir, digest+".journal"))
	if err != nil {
		return nil, nil, errors.Join(err, j.Close())
	}
	return j, NewHistory(records), nil
}

// Peek reads what earlier runs of the plan left, without a lock and without
// writing. No journal is an empty history.
func Peek(dir, digest string) (*History, error) {
	f, err := os.Open(filepath.Join(dir, digest+".journal"))
	if errors.Is(err, os.ErrNotExist) {
		return NewHistory(nil), nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	records, _, err := Read(bufio.NewReader(f))
	if err != nil {
		return nil, err
	}
	return NewHistory(records), nil
}

func (j *Journal) load(path string) ([]Record, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	j.file = f
	records, good, err := Read(bufio.NewReader(f))
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(good); err != nil {
		return nil, err
	}
	if good == 0 {
		if _, err := f.WriteAt([]byte(header), 0); err != nil {
			return nil, err
		}
		good = int64(len(header))
	}
	if good == int64(len(header)) {
		j.chain = link0()
	} else if _, err := f.ReadAt(j.chain[:], good-chainSize); err != nil {
		return nil, err
	}
	if _, err := f.Seek(good, io.SeekStart); err != nil {
		return nil, err
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	return records, syncDir(filepath.Dir(path))
}

// Append writes one record and returns when it is on disk. After a failure
// every later call fails too: a run that cannot remember must not go on.
func (j *Journal) Append(rec Record) error {
	mine, err := j.write(rec)
	if err != nil {
		return err
	}
	return j.sync(mine)
}

func (j *Journal) write(rec Record) (uint64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return 0, j.broken
	}
	data, chain, err := encode(rec, j.chain)
	if err == nil {
		_, err = j.file.Write(data)
	}
	if err != nil {
		j.broken = fmt.Errorf("write the journal: %w", err)
		return 0, j.broken
	}
	j.chain = chain
	j.written++
	return j.written, nil
}

// sync makes record number mine durable. Whoever comes first syncs for all that
// are written by then, so parallel steps share one fsync.
func (j *Journal) sync(mine uint64) error {
	j.syncMu.Lock()
	defer j.syncMu.Unlock()
	if j.synced >= mine {
		return nil
	}
	j.mu.Lock()
	upTo, broken := j.written, j.broken
	j.mu.Unlock()
	if broken != nil {
		return broken
	}
	if err := j.file.Sync(); err != nil {
		j.mu.Lock()
		j.broken = fmt.Errorf("write the journal: %w", err)
		j.mu.Unlock()
		return fmt.Errorf("write the journal: %w", err)
	}
	j.synced = upTo
	return nil
}

// Close ends the journal and gives the lock back.
func (j *Journal) Close() error {
	var err error
	if j.file != nil {
		err = j.file.Close()
	}
	return errors.Join(err, j.lock.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
