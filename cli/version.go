package cli

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/pflag"
)

// develVersion is shown by a build that carries no module version.
const develVersion = "devel"

func versionCommand() command {
	return command{
		name: "version", args: "", short: "module version, commit and Go version",
		long:  "Prints what this binary was built from.",
		setup: func(*pflag.FlagSet) func(context.Context, *app, []string) error { return version },
	}
}

func version(_ context.Context, a *app, args []string) error {
	if len(args) > 0 {
		return usage("version takes no arguments")
	}
	b := buildVersion()
	fmt.Fprintf(a.stdout, "homestak %s\ncommit   %s\ngo       %s %s/%s\n", b.version, b.commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

type buildInfo struct{ version, commit string }

func buildVersion() buildInfo {
	b := buildInfo{develVersion, "unknown (built without version control information)"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.version = v
	}
	dirty := ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.commit = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				dirty = " (with local changes)"
			}
		}
	}
	b.commit += dirty
	return b
}
