package perm

import (
	"strconv"
	"strings"
)

// Release is a release of Proxmox VE. The zero value is one that is not known,
// and is taken for the newest.
type Release struct{ Major, Minor uint }

// ParseRelease reads "9.2.11", "8.4" or "9.2.11/lab"; what it cannot read is the
// zero value.
func ParseRelease(version string) Release {
	version, _, _ = strings.Cut(version, "/")
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return Release{}
	}
	minor := parts[1]
	if end := strings.IndexFunc(minor, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		minor = minor[:end]
	}
	major, err := strconv.ParseUint(parts[0], 10, 16)
	n, err2 := strconv.ParseUint(minor, 10, 16)
	if err != nil || err2 != nil {
		return Release{}
	}
	return Release{uint(major), uint(n)}
}

// String is "9.2".
func (r Release) String() string {
	if r == (Release{}) {
		return "unknown"
	}
	return strconv.Itoa(int(r.Major)) + "." + strconv.Itoa(int(r.Minor))
}

// before reports whether a release is older than another; one that is not known
// is not.
func (r Release) before(major, minor uint) bool {
	return r != Release{} && (r.Major < major || r.Major == major && r.Minor < minor)
}

// Supported reports whether homestak can work with a release: its way of making
// guests (import-from, content type import) needs 8.4; what is older can be looked
// at, and its guests changed and removed.
func (r Release) Supported() bool { return !r.before(7, 4) }
