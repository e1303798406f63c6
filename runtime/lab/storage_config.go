package lab

import (
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// storageFile is a storage in storages.json: its parameters as they were given.
type storageFile struct {
	Name   string            `json:"name"`
	Params map[string]string `json:"params"`
}

// builtinStorages are the storages of a new lab. "local" holds everything, so
// that images can be imported on the storage they were uploaded to; "data" is
// block storage as LVM-thin has it.
func builtinStorages() []storageFile {
	return []storageFile{
		{"data", map[string]string{"type": "lvmthin", "content": "images,rootdir", "vgname": "pve", "thinpool": "data"}},
		{"local", map[string]string{"type": "dir", "path": "/var/lib/vz", "content": "backup,images,import,iso,rootdir,snippets,vztmpl"}},
	}
}

// sharedDir is where shared storages are, beside the nodes: no node has such a
// name.
const sharedDir = "@shared"

// newStorage makes a storage of its parameters, for each node that has one of its
// own, and finds its volumes; the caller holds mu or is alone.
func (l *Lab) newStorage(f storageFile) ([]*storage, error) {
	if f.Params["shared"] == "1" || storageKinds()[f.Params["type"]].shared {
		s, err := l.newStorageOn("", f)
		return []*storage{s}, err
	}
	var out []*storage
	for _, m := range l.cluster.Members {
		s, err := l.newStorageOn(m.Name, f)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// addStorages makes the storages of a node that is new; the caller holds mu.
func (l *Lab) addStorages(node string) error {
	list := slices.Clone(l.storages)
	for _, s := range l.storageConfigs() {
		if s.node == "" || slices.ContainsFunc(list, func(o *storage) bool { return o.name == s.name && o.node == node }) {
			continue
		}
		own, err := l.newStorageOn(node, storageFile{s.name, s.params})
		if err != nil {
			return err
		}
		list = append(list, own)
	}
	return l.saveStorages(list)
}

// storageConfigs has one storage of each name; the caller holds mu.
func (l *Lab) storageConfigs() []*storage {
	return slices.CompactFunc(slices.Clone(l.storages), func(a, b *storage) bool { return a.name == b.name })
}

// storageConfig is the storage of a name on any node; the caller holds mu.
func (l *Lab) storageConfig(name string) *storage {
	for _, s := range l.storages {
		if s.name == name {
			return s
		}
	}
	return nil
}

func (l *Lab) newStorageOn(node string, f storageFile) (*storage, error) {
	s := &storage{
		name: f.Name, kind: f.Params["type"], node: node, path: f.Params["path"], params: f.Params,
		content: splitList(f.Params["content"]), volumes: map[string]*volume{}, disk: l.dir.disk, images: map[uint][]*volume{},
	}
	slices.Sort(s.content)
	if s.path == "" && s.files() {
		s.path = "/mnt/pve/" + s.name
	}
	s.root = l.dir.path("storage", s.node, s.name)
	if node == "" {
		s.root = l.dir.path("storage", sharedDir, s.name)
	}
	if err := s.makeDirs(); err != nil {
		return nil, dirError(l.dir.root, err)
	}
	return s, s.scan()
}

// makeDirs makes the directories for what the storage may hold.
func (s *storage) makeDirs() error {
	for _, sub := range append([]string{"."}, s.content...) {
		if err := os.MkdirAll(filepath.Join(s.root, sub), 0o700); err != nil {
			return err
		}
	}
	return nil
}

// loadStorages makes the storages of all nodes and finds their volumes.
func (l *Lab) loadStorages() error {
	var files []storageFile
	err := l.dir.load(&files, "storages.json")
	if errors.Is(err, fs.ErrNotExist) {
		files, err = builtinStorages(), nil
	}
	if err != nil {
		return err
	}
	for _, f := range files {
		s, err := l.newStorage(f)
		if err != nil {
			return err
		}
		l.storages = append(l.storages, s...)
	}
	return nil
}

// saveStorages replaces the storages, on disk first; the caller holds mu.
func (l *Lab) saveStorages(list []*storage) error {
	slices.SortFunc(list, func(a, b *storage) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.node, b.node))
	})
	var files []storageFile
	for _, s := range list {
		if n := len(files); n == 0 || files[n-1].Name != s.name {
			files = append(files, storageFile{s.name, s.params})
		}
	}
	if err := l.dir.save(files, "storages.json"); err != nil {
		return err
	}
	l.storages = list
	return nil
}

// config is a storage in /storage.
func (s *storage) config() map[string]any {
	row := map[string]any{"storage": s.name}
	for k, v := range s.params {
		row[k] = v
		if p := api().schemaOf("POST", "/storage").lookup(k); p != nil && (p.kind == "int" || p.kind == "bool") {
			if n, err := strconv.Atoi(v); err == nil {
				row[k] = n
			}
		}
	}
	return row
}

// storageDigest stands for the whole configuration; the caller holds mu.
func (l *Lab) storageDigest() string {
	h := sha1.New()
	for _, s := range l.storageConfigs() {
		fmt.Fprintln(h, s.name)
		for _, k := range sortedKeys(s.params) {
			fmt.Fprintln(h, k, s.params[k])
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// given are the parameters of a request that are a storage's.
func (c *call) given() map[string]string {
	params := map[string]string{}
	for k, v := range c.params {
		if k != "storage" && k != "delete" && k != "digest" {
			params[k] = v
		}
	}
	return params
}

// storageCreate is POST /storage, for the kinds that the lab can be.
func (c *call) storageCreate() (any, error) {
	name, params := c.str("storage"), c.given()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.storageConfig(name) != nil {
		return nil, fmt.Errorf("create storage failed: storage ID '%s' already defined", name)
	}
	kind, ok := storageKinds()[params["type"]]
	if !ok {
		return nil, errorf(501, "storages of type '"+params["type"]+"' are not implemented by this lab")
	}
	missing := map[string]string{}
	for _, k := range kind.needs {
		if params[k] == "" {
			missing[k] = textMissing
		}
	}
	if len(missing) > 0 {
		return nil, &fault{400, "Parameter verification failed.", missing}
	}
	if params["content"] == "" {
		params["content"] = strings.Join(kind.first, ",")
	}
	if err := checkContent(params); err != nil {
		return nil, fmt.Errorf("create storage failed: %w", err)
	}
	s, err := c.newStorage(storageFile{name, params})
	if err != nil {
		return nil, err
	}
	if err := c.saveStorages(append(slices.Clone(c.storages), s...)); err != nil {
		return nil, err
	}
	return map[string]any{"storage": name, "type": params["type"]}, nil
}

// checkContent refuses content that a kind of storage cannot hold.
func checkContent(params map[string]string) error {
	for _, content := range splitList(params["content"]) {
		if !slices.Contains(storageKinds()[params["type"]].holds, content) {
			return fmt.Errorf("storage does not support content type '%s'", content)
		}
	}
	return nil
}

func (c *call) storageUpdate() (any, error) {
	name := c.str("storage")
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.storageConfig(name)
	if old == nil {
		return nil, fmt.Errorf("update storage failed: storage '%s' does not exist", name)
	}
	if d := c.str("digest"); d != "" && d != c.storageDigest() {
		return nil, errorf(500, "update storage failed: detected modified configuration - file changed by other user? Try again.")
	}
	params := map[string]string{}
	for k, v := range old.params {
		params[k] = v
	}
	for k, v := range c.given() {
		params[k] = v
	}
	for _, k := range splitList(c.str("delete")) {
		delete(params, k)
	}
	if err := checkContent(params); err != nil {
		return nil, fmt.Errorf("update storage failed: %w", err)
	}
	content := splitList(params["content"])
	slices.Sort(content)
	// Volumes stay the same things: tasks may have them.
	for _, s := range c.storages {
		if s.name == name {
			s.content, s.params = content, params
			if err := s.makeDirs(); err != nil {
				return nil, dirError(c.dir.root, err)
			}
		}
	}
	if err := c.saveStorages(slices.Clone(c.storages)); err != nil {
		return nil, err
	}
	return map[string]any{"storage": name, "type": old.kind}, nil
}

// storageDelete forgets a storage; what is on it stays, as on PVE.
func (c *call) storageDelete() (any, error) {
	name := c.str("storage")
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.storageConfig(name) == nil {
		return nil, fmt.Errorf("delete storage failed: storage '%s' does not exist", name)
	}
	left := slices.DeleteFunc(slices.Clone(c.storages), func(s *storage) bool { return s.name == name })
	return nil, c.saveStorages(left)
}
