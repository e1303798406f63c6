//go:build linux

package linux

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Limits of a guest; zero is none.
type Limits struct {
	Memory int64 // bytes
	Tasks  int64 // processes and threads
}

const (
	groupRoot   = "/sys/fs/cgroup"
	groupPrefix = "homestak-guest."
)

// groups are a guest's control groups: one in each hierarchy of version 1, or
// the one of version 2, or both on machines that are on their way.
type groups struct {
	dirs []string // of version 1
	v2   string   // "" when the machine has version 1 only
}

// hierarchy is one mounted tree of control groups.
type hierarchy struct {
	dir     string // below groupRoot
	options string // of the mount, version 1
	v2      bool
}

// hierarchies lists those the machine has, by directory.
func hierarchies() []hierarchy {
	var st unix.Statfs_t
	if unix.Statfs(groupRoot, &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC {
		return []hierarchy{{v2: true}}
	}
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	var out []hierarchy
	for line := range strings.SplitSeq(string(data), "\n") {
		left, right, ok := strings.Cut(line, " - ")
		fields, kind := strings.Fields(left), strings.Fields(right)
		if !ok || len(fields) < 5 || len(kind) < 3 {
			continue
		}
		dir, below := strings.CutPrefix(fields[4], groupRoot+"/")
		if !below || strings.Contains(dir, "/") {
			continue
		}
		switch kind[0] {
		case "cgroup2":
			out = append(out, hierarchy{dir: dir, v2: true})
		case "cgroup":
			var options []string
			for o := range strings.SplitSeq(kind[2], ",") {
				if o != "rw" && o != "ro" && !strings.HasPrefix(o, "release_agent=") {
					options = append(options, o)
				}
			}
			h := hierarchy{dir: dir, options: strings.Join(options, ",")}
			if strings.HasPrefix(h.options, "name=") {
				h.options = "none," + h.options
			}
			out = append(out, h)
		}
	}
	slices.SortFunc(out, func(a, b hierarchy) int { return strings.Compare(a.dir, b.dir) })
	return out
}

// groupMounts shows a guest the trees of its own groups.
func groupMounts() []mount {
	const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	var out []mount
	for _, h := range hierarchies() {
		kind := "cgroup"
		if h.v2 {
			kind = "cgroup2"
		}
		out = append(out, mount{kind, filepath.Join(groupRoot, h.dir), kind, flags, h.options})
	}
	return out
}

// makeGroups makes the groups of a guest with its limits.
func makeGroups(name string, limits Limits) (*groups, error) {
	g := &groups{}
	for _, h := range hierarchies() {
		top := filepath.Join(groupRoot, h.dir)
		if h.v2 {
			// Not every controller is there to be switched on; limits that find none fail below.
			for _, c := range []string{"+memory", "+pids", "+cpu"} {
				_ = tell(filepath.Join(top, "cgroup.subtree_control"), c)
			}
		}
		dir := filepath.Join(top, groupPrefix+name)
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, errors.Join(fmt.Errorf("control group: %w", err), g.remove())
		}
		if h.v2 {
			g.v2 = dir
			continue
		}
		g.dirs = append(g.dirs, dir)
		if h.options == "cpuset" {
			// Version 1 lets nobody into a group that has no processors.
			for _, f := range []string{"cpuset.cpus", "cpuset.mems"} {
				data, err := os.ReadFile(filepath.Join(top, f))
				if err == nil {
					err = tell(filepath.Join(dir, f), string(data))
				}
				if err != nil {
					return nil, errors.Join(err, g.remove())
				}
			}
		}
	}
	for _, l := range []struct {
		value int64
		files []string
	}{{limits.Memory, []string{"memory.limit_in_bytes", "memory.max"}}, {limits.Tasks, []string{"pids.max"}}} {
		if l.value == 0 {
			continue
		}
		if err := g.limit(l.files, l.value); err != nil {
			return nil, errors.Join(err, g.remove())
		}
	}
	return g, nil
}

func (g *groups) limit(files []string, value int64) error {
	for _, dir := range g.all() {
		for _, f := range files {
			err := tell(filepath.Join(dir, f), strconv.FormatInt(value, 10))
			if err == nil || !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return fmt.Errorf("the machine has no control group with %s", strings.Join(files, " or "))
}

// tell writes to a control file that is there; none can be made.
func tell(file, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// all lists the directories of the groups.
func (g *groups) all() []string {
	if g.v2 == "" {
		return g.dirs
	}
	return append(slices.Clone(g.dirs), g.v2)
}

// add puts a process into the groups.
func (g *groups) add(pid int) error {
	for _, dir := range g.all() {
		if err := tell(filepath.Join(dir, "cgroup.procs"), strconv.Itoa(pid)); err != nil {
			return fmt.Errorf("control group: %w", err)
		}
	}
	return nil
}

// addThread puts the calling thread into the groups of version 1; those of
// version 2 take whole processes only.
func (g *groups) addThread() error {
	for _, dir := range g.dirs {
		if err := tell(filepath.Join(dir, "tasks"), strconv.Itoa(unix.Gettid())); err != nil {
			return fmt.Errorf("control group: %w", err)
		}
	}
	return nil
}

// remove removes the groups and what the guest made below them.
func (g *groups) remove() error {
	var errs []error
	for _, dir := range g.all() {
		errs = append(errs, removeGroup(dir))
	}
	return errors.Join(errs...)
}

func removeGroup(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if err == nil && e.IsDir() {
			err = removeGroup(filepath.Join(dir, e.Name()))
		}
	}
	if err == nil {
		err = unix.Rmdir(dir)
	}
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

// Sweep removes the groups of guests whose machine ended without a word. Groups
// in use stay.
func Sweep() error {
	var errs []error
	for _, h := range hierarchies() {
		left, err := filepath.Glob(filepath.Join(groupRoot, h.dir, groupPrefix+"*"))
		errs = append(errs, err)
		for _, dir := range left {
			if err := removeGroup(dir); !errors.Is(err, unix.EBUSY) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}
