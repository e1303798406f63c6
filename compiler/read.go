package compiler

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

const (
	codeUnreadable diag.Code = "HS0231"
	codeNotRegular diag.Code = "HS0232"
	codeTooLarge   diag.Code = "HS0233"
	codeSiteLarge  diag.Code = "HS0240"
)

// Bounds in bytes. Only manifests grow with what they describe; HCL files
// outside the directories of definitions may hold some.
const (
	maxManifest   = 32 << 20 // the parsers have the same bound
	maxDefinition = 1 << 20
	maxSecrets    = 4 << 20
	maxSite       = 64 << 20 // all files together
)

// readFile reads a regular file of at most limit bytes; nil when it was
// reported. Whether it is one is asked before opening: opening a pipe would
// wait.
func (l *loader) readFile(name string, limit int) *source.File {
	shown := l.prefix + name
	info, err := fs.Stat(l.fsys, name)
	if err != nil {
		l.unreadable(shown, err)
		return nil
	}
	if !info.Mode().IsRegular() {
		d := l.errorAt(codeNotRegular, source.Range{}, "%s is not a regular file", shown)
		d.Label = "it is " + describeMode(info.Mode())
		d.Help = "remove it, or put a file in its place"
		return nil
	}
	size := info.Size()
	if size <= int64(limit) && !l.room(int(size)) {
		return nil
	}
	var text bytes.Buffer
	if size <= int64(limit) {
		f, err := l.fsys.Open(name)
		if err != nil {
			l.unreadable(shown, err)
			return nil
		}
		defer func() { _ = f.Close() }()
		text.Grow(int(size) + bytes.MinRead)
		if _, err := text.ReadFrom(io.LimitReader(f, int64(limit)+1)); err != nil {
			l.unreadable(shown, err)
			return nil
		}
	}
	if size > int64(limit) || text.Len() > limit {
		d := l.errorAt(codeTooLarge, source.Range{}, "%s is larger than %d MiB", shown, limit>>20)
		d.Help = "split it, or move it out of the site"
		return nil
	}
	l.total += text.Len()
	f := l.lastFiles[shown]
	if f == nil || !bytes.Equal(f.Text, text.Bytes()) {
		f = source.NewFile(shown, text.Bytes())
	}
	l.site.files = append(l.site.files, f)
	return f
}

// room says whether the site may have that many bytes more, and reports once
// that it may not.
func (l *loader) room(n int) bool {
	if l.total+n <= maxSite && !l.full {
		return true
	}
	if !l.full {
		l.full = true
		d := l.errorAt(codeSiteLarge, source.Range{}, "the files of the site are larger than %d MiB together", maxSite>>20)
		d.Help = "split the site, or move out what is no part of it"
	}
	return false
}

// unreadable says why a file or directory cannot be read, in words of ours:
// those of operating systems differ, and hold paths.
func (l *loader) unreadable(shown string, err error) {
	d := l.errorAt(codeUnreadable, source.Range{}, "cannot read %s", shown)
	text := err.Error()
	switch {
	case strings.Contains(text, "escapes from parent"):
		d.Label, d.Help = "it is a link that leads out of the site", "copy what it points to into the site"
	case strings.Contains(text, "too many") && strings.Contains(text, "link"):
		d.Label, d.Help = "it is a link that leads back to itself", "remove it, or let it point at a file"
	case errors.Is(err, fs.ErrNotExist):
		d.Label, d.Help = "it is a link to nothing", "remove it, or let it point at a file of the site"
	case errors.Is(err, fs.ErrPermission):
		d.Label, d.Help = "whoever runs homestak may not read it", "change its owner or its mode"
	case strings.Contains(text, "not a directory"):
		d.Label, d.Help = "it is not a directory", "make a directory of this name, or remove it"
	default:
		d.Label, d.Help = "the operating system failed to read it", "check the disk, or restore it from a copy"
	}
}

func describeMode(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a directory"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "of a kind that cannot be read"
}
