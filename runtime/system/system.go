package system

import (
	"context"
	"errors"
	"io/fs"
)

// ErrNotExist is returned (wrapped) for a file, user or package that is not there.
var ErrNotExist = errors.New("does not exist")

// System is one machine. Methods that change it are idempotent. All errors are
// wrapped with what was asked.
type System interface {
	// Hostname is the static host name.
	Hostname(ctx context.Context) (string, error)
	SetHostname(ctx context.Context, name string) error

	// Timezone is the IANA name.
	Timezone(ctx context.Context) (string, error)
	SetTimezone(ctx context.Context, name string) error

	// ReadFile fails with ErrNotExist when there is none.
	ReadFile(ctx context.Context, path string) ([]byte, FileInfo, error)
	// WriteFile replaces the file atomically and makes missing parents (0755, root).
	WriteFile(ctx context.Context, path string, data []byte, info FileInfo) error
	// RemoveFile is no error when there is none.
	RemoveFile(ctx context.Context, path string) error

	// Installed reports the version of a package, ok = false when not installed.
	Installed(ctx context.Context, pkg string) (version string, ok bool, err error)
	Install(ctx context.Context, pkgs ...string) error
	Remove(ctx context.Context, pkgs ...string) error

	// LookupUser fails with ErrNotExist.
	LookupUser(ctx context.Context, name string) (User, error)
	// PutUser creates the account or brings it to u. An empty PasswordHash keeps
	// what is there ("!" for a new account).
	PutUser(ctx context.Context, u User) error

	// Unit reports a systemd unit; a unit that is not known has Known false.
	Unit(ctx context.Context, name string) (Unit, error)
	SetUnit(ctx context.Context, name string, enabled, active bool) error
	ReloadUnit(ctx context.Context, name string) error

	// Run executes a program of the machine, e.g. "sshd", "-t", as root, without a
	// shell and in the C locale. A non-zero exit is an *ExitError.
	Run(ctx context.Context, stdin []byte, argv ...string) (stdout []byte, err error)
}

// FileInfo is the metadata homestak manages.
type FileInfo struct {
	Mode  fs.FileMode // permission bits only
	Owner string      // user name
	Group string
}

// User is an account. Groups are supplementary, sorted.
type User struct {
	Name         string
	Home         string
	Shell        string
	Groups       []string
	PasswordHash string
}

// Unit is the state of a systemd unit.
type Unit struct {
	Known   bool
	Enabled bool
	Active  bool
}

// ExitError is a program that ran and failed.
type ExitError struct {
	Argv   []string
	Code   int
	Stderr string
}

func (e *ExitError) Error() string {
	msg := e.Stderr
	if msg == "" {
		msg = "no message"
	}
	return e.Argv[0] + ": " + msg
}
