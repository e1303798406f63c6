package shell

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/homestak/homestak/runtime/system"
)

// Abs makes a path of the command line absolute and clean.
func (s *Shell) Abs(p string) string {
	if !path.IsAbs(p) {
		dir := s.dir
		if dir == "" {
			dir = s.User.Home
		}
		p = path.Join("/", dir, p)
	}
	return path.Clean(p)
}

// may checks one permission bit (4 read, 2 write, 1 execute or pass) as the
// kernel does: the first class that matches decides.
func (id Identity) may(info system.Stat, bit fs.FileMode) bool {
	if id.Root() {
		return bit != 1 || info.Dir || info.Mode&0o111 != 0
	}
	switch {
	case info.Owner == id.Name:
		bit <<= 6
	case slices.Contains(id.Groups, info.Group):
		bit <<= 3
	}
	return info.Mode&bit != 0
}

// missing is what programs say of a file that is not there.
func missing(file string) error {
	return &fileError{file, "No such file or directory", system.ErrNotExist}
}

func denied(file string) error { return &fileError{file, "Permission denied", fs.ErrPermission} }

func isDirectory(file string) error { return &fileError{file, "Is a directory", nil} }

// fileError is an error worded as programs word it.
type fileError struct {
	file, what string
	is         error
}

func (e *fileError) Error() string { return e.file + ": " + e.what }
func (e *fileError) Unwrap() error { return e.is }

// Stat describes a file or directory that the user can reach.
func (s *Shell) Stat(file string) (system.Stat, error) {
	abs := s.Abs(file)
	for dir := path.Dir(abs); dir != "/"; dir = path.Dir(dir) {
		if info, err := s.Machine.Stat(dir); err == nil && !s.User.may(info, 1) {
			return system.Stat{}, denied(file)
		}
	}
	info, err := s.Machine.Stat(abs)
	if errors.Is(err, system.ErrNotExist) {
		err = missing(file)
	}
	return info, err
}

// IsDir is true for directories.
func (s *Shell) IsDir(dir string) bool {
	info, err := s.Stat(dir)
	return err == nil && info.Dir
}

// MayRead describes a file that the user may read.
func (s *Shell) MayRead(file string) (system.Stat, error) {
	info, err := s.Stat(file)
	switch {
	case err != nil:
	case info.Dir:
		err = isDirectory(file)
	case !s.User.may(info, 4):
		err = denied(file)
	}
	return info, err
}

// Read is a file's contents, if the user may read them.
func (s *Shell) Read(ctx context.Context, file string) ([]byte, error) {
	if _, err := s.MayRead(file); err != nil {
		return nil, err
	}
	data, _, err := s.Machine.ReadFile(ctx, s.Abs(file))
	return data, err
}

// MayWrite is nil when the user may write or make this file.
func (s *Shell) MayWrite(file string) error {
	info, err := s.Stat(file)
	switch {
	case errors.Is(err, system.ErrNotExist):
		return s.mayChange(file)
	case err != nil:
		return err
	case info.Dir:
		return isDirectory(file)
	case !s.User.may(info, 2):
		return denied(file)
	}
	return nil
}

// mayChange is nil when the user may make, rename and remove this name: its
// directory is there and may be written.
func (s *Shell) mayChange(file string) error {
	dir := path.Dir(s.Abs(file))
	info, err := s.Stat(dir)
	switch {
	case errors.Is(err, system.ErrNotExist):
		return missing(file)
	case err != nil:
		return denied(file)
	case dir == "/tmp", dir == "/var/tmp":
		return nil
	case !s.User.may(info, 2):
		return denied(file)
	}
	return nil
}

// Write replaces a file. A new one belongs to the user and has the mode, 0644
// when that is 0; an old one keeps owner and mode.
func (s *Shell) Write(ctx context.Context, file string, data []byte, mode fs.FileMode) error {
	if err := s.MayWrite(file); err != nil {
		return err
	}
	info := s.owned(0o644)
	if old, err := s.Stat(file); err == nil {
		info = old.FileInfo
	}
	if mode != 0 {
		info.Mode = mode
	}
	return s.Machine.WriteFile(ctx, s.Abs(file), data, info)
}

// owned is the metadata of a file that the user makes.
func (s *Shell) owned(mode fs.FileMode) system.FileInfo {
	group := s.User.Name
	if len(s.User.Groups) > 0 {
		group = s.User.Groups[0]
	}
	return system.FileInfo{Mode: mode, Owner: s.User.Name, Group: group}
}

// owns fails unless the user may change the metadata of the file.
func (s *Shell) owns(file string) error {
	info, err := s.Stat(file)
	if err == nil && !s.User.Root() && info.Owner != s.User.Name {
		err = fmt.Errorf("changing '%s': Operation not permitted", file)
	}
	return err
}
