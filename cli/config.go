package cli

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/lang/diag"
)

const codeNoSystem diag.Code = "HS0936"

func configCommand() command {
	return command{
		name: "config", args: "apply|check --stdin", short: "converge this machine (the target side of a push)",
		long: `
What the driver runs on a node: reads a node program and its secrets from
standard input, makes this machine so (apply) or says what differs (check), and
reports resource by resource as JSON lines. This version converges the lab's
simulated guests only; on any other machine it refuses.`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			stdin := f.Bool("stdin", false, "read the request from standard input")
			return func(_ context.Context, _ *app, args []string) error {
				if len(args) != 1 || args[0] != "apply" && args[0] != "check" || !*stdin {
					return usage("config is apply --stdin or check --stdin")
				}
				d := codeNoSystem.Errorf("configuring real machines is not supported in this version")
				d.Help = "nodes on the lab (-H lab) are converged; real Linux guests come with a later version"
				return d
			}
		},
	}
}
