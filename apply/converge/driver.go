package converge

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/homestak/homestak/plan/program"
	"github.com/homestak/homestak/runtime/seed"
	"github.com/homestak/homestak/runtime/system"
)

// admit opens the door for the driver on a machine that no seed has opened it
// on: the account, the authority that signs for it, and the way to root. It
// comes before the program, whose policy may close the one that the driver came
// in by.
func admit(ctx context.Context, sys system.System, userCA string) error {
	m := &machine{System: sys}
	if err := m.ensurePackages(ctx, "sudo"); err != nil {
		return err
	}
	_, err := sys.LookupUser(ctx, program.DriverUser)
	if errors.Is(err, system.ErrNotExist) {
		err = sys.PutUser(ctx, system.User{Name: program.DriverUser, Home: "/", Shell: "/bin/sh"})
	}
	if err != nil {
		return err
	}
	changed := false
	for _, f := range []wantFile{
		rootFile(seed.UserCAPath, strings.TrimSpace(userCA)+"\n", 0o644),
		rootFile(seed.SudoDropIn, program.DriverUser+" ALL=(ALL:ALL) NOPASSWD: ALL\n", 0o440),
		rootFile(seed.SSHDDropIn, "TrustedUserCAKeys "+seed.UserCAPath+"\n", 0o644),
	} {
		diffs, err := m.diff(ctx, f)
		if err == nil && len(diffs) > 0 {
			changed = changed || slices.Contains([]string{seed.UserCAPath, seed.SSHDDropIn}, f.path)
			err = sys.WriteFile(ctx, f.path, f.data, f.info)
		}
		if err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	if _, err := sys.Run(ctx, nil, "sshd", "-t"); err != nil {
		return err
	}
	return sys.ReloadUnit(ctx, "ssh")
}
