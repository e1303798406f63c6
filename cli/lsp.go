package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
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
				defer debug.SetGCPercent(debug.SetGCPercent(400))
				defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 30))
				code := lsp.Serve(ctx, a.stdin, a.stdout, lsp.Config{
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
