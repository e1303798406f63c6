package lab

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// storage is a set of volumes of one node, or of all when they share it.
type storage struct {
	name    string
	kind    string            // dir, lvmthin
	node    string            // "" = shared
	content []string          // what it may hold, sorted
	path    string            // where PVE would keep it, for logs
	root    string            // where the lab keeps it
	params  map[string]string // as they were given
	volumes map[string]*volume
	disk    *disk
	images  map[uint][]*volume // volumes by guest
}

// storageSize is what a storage says it can hold.
const storageSize = 1 << 40

// volume is one image, ISO, template or import file. Its name is what follows
// the storage in a volume id. Volumes of guests are described by a .meta file;
// the others are just the file that was uploaded.
type volume struct {
	Name    string `json:"name"` // 100/vm-100-disk-0.raw, vm-100-disk-0, iso/x.iso
	Content string `json:"content"`
	Format  string `json:"format"`
	Size    int64  `json:"size"` // bytes; of a guest's disk as the guest sees it
	VMID    uint   `json:"vmid,omitempty"`
	CTime   int64  `json:"ctime"`
	Base    string `json:"base,omitempty"` // of a linked clone on a directory: what it stands on

	storage *storage
}

func (v *volume) id() string { return v.storage.name + ":" + v.Name }

// file is where the volume's bytes are: as written through the API, so it may
// be missing (a blank disk) or shorter than the volume.
func (v *volume) file() string {
	if v.VMID != 0 {
		return filepath.Join(v.storage.root, "images", vmidText(v.VMID), filepath.Base(v.Name))
	}
	return filepath.Join(v.storage.root, v.Content, filepath.Base(v.Name))
}

func (v *volume) meta() string  { return v.file() + ".meta" }
func (v *volume) state() string { return v.file() + ".state" }

// pvePath is the path PVE prints in its logs.
func (v *volume) pvePath() string {
	switch {
	case v.storage.kind == "zfspool":
		return "/dev/zvol/" + v.storage.params["pool"] + "/" + filepath.Base(v.Name)
	case !v.storage.files():
		return "/dev/" + v.storage.params["vgname"] + "/" + v.Name
	case v.Content == "iso":
		return v.storage.path + "/template/" + v.Name
	case v.Content == "vztmpl":
		return v.storage.path + "/template/cache/" + filepath.Base(v.Name)
	case v.VMID != 0:
		return v.storage.path + "/images/" + v.asBase()
	}
	return v.storage.path + "/" + v.Name
}

// scan finds the volumes on disk.
func (s *storage) scan() error {
	for _, content := range []string{"iso", "vztmpl", "import"} {
		entries, err := os.ReadDir(filepath.Join(s.root, content))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return dirError(s.root, err)
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				return dirError(s.root, err)
			}
			s.put(fileVolume(content, e.Name(), info.Size(), info.ModTime().Unix()))
		}
	}
	metas, err := filepath.Glob(filepath.Join(s.root, "images", "*", "*.meta"))
	if err != nil {
		return err
	}
	for _, path := range metas {
		v := &volume{}
		if err := loadJSON(path, v); err != nil {
			return err
		}
		s.put(v)
	}
	return nil
}

func (s *storage) put(v *volume) {
	v.storage = s
	s.volumes[v.Name] = v
	if v.VMID != 0 {
		s.images[v.VMID] = append(s.images[v.VMID], v)
	}
}

func (s *storage) drop(v *volume) {
	delete(s.volumes, v.Name)
	if left := slices.DeleteFunc(s.images[v.VMID], func(o *volume) bool { return o == v }); len(left) > 0 {
		s.images[v.VMID] = left
	} else {
		delete(s.images, v.VMID)
	}
}

func fileVolume(content, file string, size, ctime int64) *volume {
	format := strings.TrimPrefix(filepath.Ext(file), ".")
	switch {
	case content == "iso":
		format = "iso"
	case strings.HasSuffix(file, ".tar.gz"):
		format = "tgz"
	case content == "vztmpl":
		format = "t" + format
	}
	return &volume{Name: content + "/" + file, Content: content, Format: format, Size: size, CTime: ctime}
}

// storage finds a storage of a node by name; the caller holds mu.
func (l *Lab) storage(node, name string) *storage {
	for _, s := range l.storages {
		if s.name == name && s.on(node) {
			return s
		}
	}
	return nil
}

// usable is a storage that a node can use, or PVE's refusal; the caller holds mu.
func (l *Lab) usable(node, name string) (*storage, error) {
	s := l.storage(node, name)
	switch {
	case s == nil && l.storageConfig(name) == nil:
		return nil, errorf(500, "storage '"+name+"' does not exist")
	case s == nil:
		return nil, errorf(500, "storage '"+name+"' is not available on node '"+node+"'")
	case s.disabled():
		return nil, errorf(500, "storage '"+name+"' is disabled")
	}
	return s, nil
}

// usableNamed is usable for a caller that does not hold mu.
func (l *Lab) usableNamed(node, name string) (*storage, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.usable(node, name)
}

func (s *storage) disabled() bool { return s.params["disable"] == "1" }

// on reports whether a node has the storage.
func (s *storage) on(node string) bool {
	if only := splitList(s.params["nodes"]); len(only) > 0 && !slices.Contains(only, node) {
		return false
	}
	return s.node == "" || s.node == node
}

// holds fails when the storage takes no such content.
func (s *storage) holds(content string) error {
	if !slices.Contains(s.content, content) {
		return errorf(500, "storage '"+s.name+"' does not support content-type '"+content+"'")
	}
	return nil
}

// splitVolumeID splits "local:iso/x.iso".
func splitVolumeID(id string) (storage, name string, ok bool) {
	return strings.Cut(id, ":")
}

// findVolume is a volume as a node sees it, nil when there is none; the caller
// holds mu.
func (l *Lab) findVolume(node, id string) *volume {
	store, name, _ := splitVolumeID(id)
	if s := l.storage(node, store); s != nil {
		return s.volumes[name]
	}
	return nil
}

// newImage makes a guest's volume of a format and size, with the bytes of src
// ("" = blank). The bytes are shared with src where the file system can: both
// are replaced as a whole and never changed.
func (l *Lab) newImage(s *storage, vmid uint, format string, size int64, src string) (*volume, error) {
	return l.makeVolume(spot{storage: s, vmid: vmid, format: format}, content{size: size, bytes: src})
}

// hasDisk reports whether a disk of this name exists in any format; the caller
// holds mu.
func (s *storage) hasDisk(vmid uint, stem string) bool {
	return slices.ContainsFunc(s.images[vmid], func(v *volume) bool {
		name := filepath.Base(v.Name)
		return name == stem || strings.TrimSuffix(name, "."+v.Format) == stem
	})
}

// removeVolume deletes a volume and what its guest kept on it. The .meta goes
// first: without it a volume does not exist.
func (l *Lab) removeVolume(v *volume) error {
	l.mu.Lock()
	v.storage.drop(v)
	l.mu.Unlock()
	var errs []error
	if v.VMID != 0 {
		errs = append(errs, v.storage.disk.remove(v.meta()), v.clearStates())
	}
	errs = append(errs, v.storage.disk.remove(v.file()))
	if v.VMID != 0 {
		os.Remove(filepath.Dir(v.file())) // fails while other disks are there
	}
	return errors.Join(errs...)
}

// resizeVolume changes the size a guest sees.
func (l *Lab) resizeVolume(v *volume, size int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	changed := *v
	changed.Size = size
	if err := v.storage.disk.saveJSON(v.meta(), &changed); err != nil {
		return err
	}
	v.Size = size
	return nil
}

// imagesOf are the volumes of a guest on any storage, by id.
func (l *Lab) imagesOf(vmid uint) []*volume {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []*volume
	for _, s := range l.storages {
		out = append(out, s.images[vmid]...)
	}
	slices.SortFunc(out, func(a, b *volume) int { return strings.Compare(a.id(), b.id()) })
	return out
}

// parseSize reads PVE's sizes: digits with K, M, G or T.
func parseSize(s string) (int64, bool) {
	shift := 0
	if s != "" {
		shift = 10 * (1 + strings.IndexByte("KMGT", s[len(s)-1]))
	}
	if shift > 0 {
		s = s[:len(s)-1]
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 || f > 1<<52 {
		return 0, false
	}
	return int64(f * float64(int64(1)<<shift)), true
}

// formatSize prints a size as PVE does in drives: the largest unit that is exact.
func formatSize(n int64) string {
	unit := ""
	for _, u := range []string{"K", "M", "G"} {
		if n%1024 != 0 || n == 0 {
			break
		}
		n, unit = n/1024, u
	}
	return strconv.FormatInt(n, 10) + unit
}
