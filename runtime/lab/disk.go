package lab

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// disk is where a lab writes. A file that can be half-written is replaced by
// rename, so a reader after kill -9 sees the old or the new one.
type disk struct {
	// before is asked before each change, and its error stops the change: a test
	// can end the world at any of them. nil = nobody asks.
	before func() error
}

// change does one thing to the disk.
func (d *disk) change(do func() error) error {
	if d.before != nil {
		if err := d.before(); err != nil {
			return err
		}
	}
	return do()
}

// replace replaces a file, mode 0600.
func (d *disk) replace(path string, data []byte) error {
	tmp := path + ".new"
	if err := d.change(func() error { return os.WriteFile(tmp, data, 0o600) }); err != nil {
		return err
	}
	return d.change(func() error { return os.Rename(tmp, path) })
}

// saveJSON replaces a file with the JSON of v.
func (d *disk) saveJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return d.replace(path, append(data, '\n'))
}

func (d *disk) rename(from, to string) error {
	return d.change(func() error { return os.Rename(from, to) })
}

func (d *disk) mkdir(path string) error {
	return d.change(func() error { return os.MkdirAll(path, 0o700) })
}

// remove deletes a file, if there is one.
func (d *disk) remove(path string) error {
	return d.change(func() error {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

func (d *disk) removeAll(path string) error {
	return d.change(func() error { return os.RemoveAll(path) })
}

// append writes a line at the end of an open file.
func (d *disk) append(f *os.File, line []byte) error {
	return d.change(func() error {
		_, err := f.Write(line)
		return err
	})
}

// linkOrCopy makes dst the file src, whose bytes are shared where the file
// system can.
func (d *disk) linkOrCopy(src, dst string) error {
	if err := d.remove(dst); err != nil {
		return err
	}
	if d.change(func() error { return os.Link(src, dst) }) == nil {
		return nil
	}
	return d.copyFile(src, dst)
}

func (d *disk) copyFile(src, dst string) error {
	return d.change(func() error {
		in, err := os.Open(src)
		if err != nil {
			return err
		}
		defer in.Close()
		out, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, in)
		if cerr := out.Close(); err == nil {
			err = cerr
		}
		return err
	})
}

// copyTree makes dst a copy of the directory src, in place of what was there.
// What is not there, or goes away meanwhile, is left out: a running guest
// replaces its files as a whole.
func (d *disk) copyTree(src, dst string) error {
	if err := d.removeAll(dst); err != nil {
		return err
	}
	return filepath.WalkDir(src, func(file string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, file)
		if err != nil {
			return err
		}
		to := filepath.Join(dst, rel)
		switch {
		case e.IsDir():
			return d.mkdir(to)
		case e.Type().IsRegular():
			if err := d.copyFile(file, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return nil
	})
}
