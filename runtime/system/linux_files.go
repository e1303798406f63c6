//go:build linux

package system

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Files are written below directories that belong to users (~/.ssh), by root.
// A user who puts a symbolic link there must not make root write elsewhere, so
// paths are walked one name at a time, and only links made by root are followed.

// maxLinks bounds how many symbolic links one path may go through, as the kernel does.
const maxLinks = 40

// ReadFile implements System.
func (l *Linux) ReadFile(_ context.Context, name string) ([]byte, FileInfo, error) {
	data, info, err := readFile(name)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		err = ErrNotExist
	}
	if err != nil {
		return nil, FileInfo{}, fmt.Errorf("read %s: %w", name, err)
	}
	return data, info, nil
}

func readFile(name string) ([]byte, FileInfo, error) {
	dir, base, err := openParent(name, walk{follow: true})
	if err != nil {
		return nil, FileInfo{}, err
	}
	defer dir.Close()
	// Not blocking: a FIFO that somebody left there must not hold us.
	fd, err := unix.Openat(int(dir.Fd()), base, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, FileInfo{}, err
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, FileInfo{}, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, FileInfo{}, errors.New("not a regular file")
	}
	data, err := io.ReadAll(f)
	return data, infoOf(st), err
}

func infoOf(st unix.Stat_t) FileInfo {
	info := FileInfo{Mode: fs.FileMode(st.Mode & 0o777), Owner: strconv.Itoa(int(st.Uid)), Group: strconv.Itoa(int(st.Gid))}
	if u, err := user.LookupId(info.Owner); err == nil {
		info.Owner = u.Username
	}
	if g, err := user.LookupGroupId(info.Group); err == nil {
		info.Group = g.Name
	}
	return info
}

// WriteFile implements System: a new file beside the old one, on disk before it
// takes its place.
func (l *Linux) WriteFile(_ context.Context, name string, data []byte, info FileInfo) error {
	if err := writeFile(name, data, info); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func writeFile(name string, data []byte, info FileInfo) error {
	uid, gid, err := numbers(info)
	if err != nil {
		return err
	}
	dir, base, err := openParent(name, walk{create: true, follow: true})
	if err != nil {
		return err
	}
	defer dir.Close()
	at := int(dir.Fd())
	var st unix.Stat_t
	if err := unix.Fstatat(at, base, &st, unix.AT_SYMLINK_NOFOLLOW); err == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return unix.EISDIR
	}
	fresh := "." + base + ".homestak"
	if err := unix.Unlinkat(at, fresh, 0); err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	fd, err := unix.Openat(at, fresh, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), fresh)
	defer f.Close()
	_, err = io.Copy(f, bytes.NewReader(data))
	for _, step := range []func() error{
		func() error { return unix.Fchown(fd, uid, gid) },
		func() error { return unix.Fchmod(fd, uint32(info.Mode.Perm())) },
		f.Sync,
		func() error { return unix.Renameat(at, fresh, at, base) },
		dir.Sync,
	} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		_ = unix.Unlinkat(at, fresh, 0)
	}
	return err
}

func numbers(info FileInfo) (uid, gid int, err error) {
	u, err := user.Lookup(info.Owner)
	if err != nil {
		return 0, 0, fmt.Errorf("owner %q: %w", info.Owner, ErrNotExist)
	}
	g, err := user.LookupGroup(info.Group)
	if err != nil {
		return 0, 0, fmt.Errorf("group %q: %w", info.Group, ErrNotExist)
	}
	if uid, err = strconv.Atoi(u.Uid); err == nil {
		gid, err = strconv.Atoi(g.Gid)
	}
	return uid, gid, err
}

// RemoveFile implements System.
func (l *Linux) RemoveFile(_ context.Context, name string) error {
	dir, base, err := openParent(name, walk{})
	if err == nil {
		defer dir.Close()
		err = unix.Unlinkat(int(dir.Fd()), base, 0)
	}
	if err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTDIR) {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	return nil
}

// walk says how openParent goes.
type walk struct {
	create bool // directories that are missing are made, 0755 and root's
	follow bool // when the file itself is a link, go where it leads
}

// openParent opens the directory that holds a file and says what the file is
// called there.
func openParent(name string, how walk) (dir *os.File, base string, err error) {
	if !path.IsAbs(name) || path.Clean(name) == "/" || strings.ContainsRune(name, 0) {
		return nil, "", errors.New("not an absolute path of a file")
	}
	fd, err := openDir(unix.AT_FDCWD, "/")
	if err != nil {
		return nil, "", err
	}
	dir = os.NewFile(uintptr(fd), "/")
	defer func() {
		if err != nil {
			dir.Close()
		}
	}()
	todo := strings.Split(strings.TrimPrefix(path.Clean(name), "/"), "/")
	for links := 0; ; {
		part := todo[0]
		todo = todo[1:]
		if len(todo) == 0 && !how.follow {
			return dir, part, nil
		}
		target, isLink, err := readLink(dir, part)
		switch {
		case err != nil:
			return dir, "", err
		case isLink:
			if links++; links > maxLinks {
				return dir, "", unix.ELOOP
			}
			if path.IsAbs(target) {
				if dir, err = step(dir, "/"); err != nil {
					return dir, "", err
				}
			}
			todo = append(strings.Split(strings.Trim(path.Clean(target), "/"), "/"), todo...)
			continue
		case len(todo) == 0:
			return dir, part, nil
		}
		if how.create {
			if err := unix.Mkdirat(int(dir.Fd()), part, 0o755); err == nil {
				// The umask may have taken something off.
				if err := unix.Fchmodat(int(dir.Fd()), part, 0o755, 0); err != nil {
					return dir, "", err
				}
			} else if !errors.Is(err, unix.EEXIST) {
				return dir, "", err
			}
		}
		if dir, err = step(dir, part); err != nil {
			return dir, "", err
		}
	}
}

// step goes from one directory to the next and closes the first. When it fails
// the first stays open.
func step(dir *os.File, name string) (*os.File, error) {
	fd, err := openDir(int(dir.Fd()), name)
	if err != nil {
		return dir, err
	}
	dir.Close()
	return os.NewFile(uintptr(fd), name), nil
}

func openDir(at int, name string) (int, error) {
	return unix.Openat(at, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
}

// readLink says where a symbolic link leads. A link that another user than root
// made, or could have, is an error.
func readLink(dir *os.File, name string) (target string, isLink bool, err error) {
	if name == "." || name == ".." || name == "" {
		return "", false, nil
	}
	var st, holder unix.Stat_t
	err = unix.Fstatat(int(dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW)
	if errors.Is(err, unix.ENOENT) {
		return "", false, nil // the caller makes it, or misses it
	}
	if err != nil || st.Mode&unix.S_IFMT != unix.S_IFLNK {
		return "", false, err
	}
	if err := unix.Fstat(int(dir.Fd()), &holder); err != nil {
		return "", false, err
	}
	if st.Uid != 0 || holder.Uid != 0 {
		return "", false, fmt.Errorf("%q is a symbolic link in a directory that is not root's", name)
	}
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(int(dir.Fd()), name, buf)
	if err != nil {
		return "", false, err
	}
	return string(buf[:n]), true, nil
}
