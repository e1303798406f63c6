package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/ca"
	"github.com/homestak/homestak/runtime/secret"
)

const codeLockStale diag.Code = "HS0995"

func secretsCommand() command {
	return command{
		name: "secrets", args: "lock [--check]", short: "write down the keyed digests of the secrets",
		long: `
Writes secrets.lock: for each secret its name and a digest that only the site's
keys can make. It reveals nothing and is committed, so that a changed secret is
a change in a plan, and a plan made without the secrets has the same digest.
With --check nothing is written: exit 1 when the file is not up to date.`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var s siteFlags
			var check bool
			f.BoolVar(&check, "check", false, "only say whether secrets.lock is up to date")
			s.declare(f)
			return func(_ context.Context, a *app, args []string) error {
				if len(args) != 1 || args[0] != "lock" {
					return usage("secrets is lock; other verbs for secrets are not in this version")
				}
				return a.lockSecrets(s, check)
			}
		},
	}
}

func (a *app) lockSecrets(s siteFlags, check bool) error {
	dir, err := a.findSite(s.site)
	if err != nil {
		return err
	}
	store, err := secret.Load(dir)
	if err != nil {
		return err
	}
	a.findings(store.Warnings())
	keys, err := ca.Load(dir)
	if err != nil {
		return err
	}
	want := store.Lock(keys.LockDigest)
	have, err := secret.ReadLock(dir)
	if err != nil {
		return err
	}
	switch {
	case slices.Equal(have, want):
		fmt.Fprintf(a.stdout, "%s is up to date, %d secrets\n", secret.LockFile, len(want))
		return nil
	case check:
		d := codeLockStale.Errorf("%s does not fit the secrets", secret.LockFile)
		d.Help = "run `homestak secrets lock` and commit the file"
		return d
	}
	if err := secret.WriteLock(dir, want); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "wrote %s, %d secrets\n", secret.LockFile, len(want))
	return nil
}
