package cli

// Exit codes, the same everywhere.
const (
	exitOK          = 0   // done, or nothing to do
	exitError       = 1   // invalid input or a failure
	exitChanges     = 2   // changes (--detailed-exitcode), a difference (diff)
	exitDestroys    = 3   // changes that destroy data (--detailed-exitcode), riskier (diff)
	exitRefused     = 4   // a guard, a stale plan, something that is not ours
	exitUsage       = 64  // the command line makes no sense
	exitInterrupted = 130 // stopped by the user; apply --resume goes on
)
