package lab

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/homestak/homestak/lang/diag"
)

// Files of a lab, below its directory. A file that can be half-written is
// replaced by rename, so a reader after kill -9 sees the old or the new one.
// Nothing is fsynced: the lab survives the death of its process, not that of
// the machine.
//
//	lock              held while open
//	lab.json          format of the directory, age of the lab
//	token, tls.pem    0600
//	access.json       0600: users, roles, ACLs, hashes of tokens and passwords
//	storages.json     the storages, once one was made, changed or removed
//	log.jsonl         Entry a line
//	tasks.jsonl       start and end of every task
//	cluster.json      the nodes, once there is more than one
//	guests/VMID.json  configuration and power of a guest
//	pools/ID.json
//	jobs.json         backup jobs and HA resources
//	networks/NODE.json  its interfaces, once they were changed
//	storage/NODE/STORAGE/KIND/…   volumes: NAME (bytes), NAME.meta, NAME.state
//	tmp/              uploads under way; emptied when the lab is opened
const (
	dirFormat = 1

	codeInUse  diag.Code = "HS0870"
	codeState  diag.Code = "HS0871"
	codeFormat diag.Code = "HS0872"
	codeListen diag.Code = "HS0873"
	codeDir    diag.Code = "HS0874"
)

// directory is a lab's directory, locked.
type directory struct {
	root string
	lock *flock.Flock
	disk *disk
}

func openDirectory(root string) (*directory, error) {
	if root == "" {
		return nil, codeDir.Errorf("a lab needs a directory")
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, codeDir.Errorf("lab directory %s: %v", root, err)
	}
	d := &directory{root: root, lock: flock.New(filepath.Join(root, "lock")), disk: &disk{}}
	for _, sub := range []string{"guests", "networks", "pools", "storage"} {
		if err := os.MkdirAll(d.path(sub), 0o700); err != nil {
			return nil, dirError(root, err)
		}
	}
	ok, err := d.lock.TryLock()
	if err != nil {
		return nil, dirError(root, err)
	}
	if !ok {
		e := codeInUse.Errorf("the lab in %s is open in another process", root)
		e.Help = "wait for the other homestak to finish, or use another directory"
		return nil, e
	}
	// What an interrupted upload left.
	err = os.RemoveAll(d.path("tmp"))
	if err == nil {
		err = os.MkdirAll(d.path("tmp"), 0o700)
	}
	if err != nil {
		d.close()
		return nil, dirError(root, err)
	}
	return d, nil
}

func dirError(root string, err error) error {
	e := codeDir.Errorf("cannot use %s for a lab: %v", root, err)
	e.Help = "choose a directory that you can write to"
	return e
}

func (d *directory) close() { d.lock.Unlock() }

func (d *directory) path(elem ...string) string {
	return filepath.Join(append([]string{d.root}, elem...)...)
}

// save replaces a file with the JSON of v.
func (d *directory) save(v any, elem ...string) error { return d.disk.saveJSON(d.path(elem...), v) }

// load reads the JSON of a file into v; see loadJSON.
func (d *directory) load(v any, elem ...string) error { return loadJSON(d.path(elem...), v) }

// write replaces a file, mode 0600.
func (d *directory) write(data []byte, elem ...string) error {
	return d.disk.replace(d.path(elem...), data)
}

// loadJSON reads the JSON of a file into v. A missing file is fs.ErrNotExist,
// anything else that is wrong a diagnostic.
func loadJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		return stateError(path, err)
	}
	return nil
}

func stateError(path string, err error) error {
	e := codeState.Errorf("state of the lab is damaged: %s: %v", path, err)
	e.Help = "remove the lab's directory to start with an empty one"
	return e
}

// list names the files of a directory that end in suffix, without it, sorted.
func (d *directory) list(dir, suffix string) ([]string, error) {
	entries, err := os.ReadDir(d.path(dir))
	if err != nil {
		return nil, dirError(d.root, err)
	}
	var names []string
	for _, e := range entries {
		if name := e.Name(); filepath.Ext(name) == suffix {
			names = append(names, name[:len(name)-len(suffix)])
		}
	}
	return names, nil
}
