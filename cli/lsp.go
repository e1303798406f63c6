package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/compiler/lsp"
)

func lspCommand() command {
	return command{
		name: "lsp", args: "[--stdio]", short: "the language server, for editors",
		long: `
Speaks the Language Server Protocol on the standard input and output; editors
start it, people do not. It shows what validate reports as you type, completes
fields, values and names, explains what is under the cursor, goes to definitions
and references across YAML and HCL, renames, formats, and makes the changes that
cure a finding. Each file belongs to the site found upwards from it, so one server
is enough for many sites.

docs/guide has the lines for VS Code, Neovim, Helix and Emacs. Exit 0 when the
editor shut it down before it left, else 1.`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			f.Bool("stdio", true, "what it does anyway; some editors say it")
			return func(ctx context.Context, a *app, args []string) error {
				if len(args) > 0 {
					return usage("lsp takes no arguments")
				}
				if isTerminal(a.stdin) {
					return usage("lsp is started by an editor, which speaks with it on its standard input")
				}
				// Each keystroke makes a tree and throws it away; collecting that
				// less often makes the slowest of them faster.
				defer collectAt(1<<30, 400)()
				in, done := polled(a.stdin)
				defer done()
				code := lsp.Serve(ctx, in, a.stdout, lsp.Config{
					Version: buildVersion().version, Site: siteAbove, Library: libraryCopies(), Alive: alive,
				})
				if code != exitOK {
					return exit{code: code}
				}
				return nil
			}
		},
	}
}

// polled is a stream that waits without a thread of its own: one that sits in a
// read of the operating system keeps a processor from the goroutines that wait
// for one, for up to ten milliseconds. done makes the stream what it was.
func polled(in io.Reader) (out io.Reader, done func()) {
	f, ok := in.(*os.File)
	if !ok {
		return in, func() {}
	}
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil || syscall.SetNonblock(fd, true) != nil {
		return in, func() {}
	}
	p := os.NewFile(uintptr(fd), f.Name()) // takes part in polling, for it does not block
	return p, func() {
		_ = syscall.SetNonblock(int(f.Fd()), false)
		_ = p.Close()
	}
}

// libraryCopies is where editors find the files of the library; "" without a
// directory for caches.
func libraryCopies() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "homestak", "library")
}

// alive says whether there is a process of this number.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
