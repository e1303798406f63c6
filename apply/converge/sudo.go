package converge

import (
	"context"

	"github.com/homestak/homestak/plan/program"
)

// SudoDropIn is the file that says whether group sudo needs a password. sudo
// takes the last match, so its name sorts late.
const SudoDropIn = "/etc/sudoers.d/zz-homestak-sudo"

// sudo: the policy of group sudo. A broken sudoers file would lock everybody
// out, the driver included, so the text is tried before it is put in place.
func sudo(s program.Sudo) kind {
	tag := "PASSWD"
	if s.NoPassword {
		tag = "NOPASSWD"
	}
	want := rootFile(SudoDropIn, "# Written by homestak.\n%sudo ALL=(ALL:ALL) "+tag+": ALL\n", 0o440)
	return kind{
		needs: []string{program.KindPackage + " sudo"},
		check: func(ctx context.Context, m *machine) ([]Diff, error) {
			ds, err := m.missingPackages(ctx, "sudo")
			if err != nil {
				return nil, err
			}
			more, err := m.diff(ctx, want)
			return append(ds, more...), err
		},
		apply: func(ctx context.Context, m *machine) error {
			if err := m.ensurePackages(ctx, "sudo"); err != nil {
				return err
			}
			if _, err := m.Run(ctx, want.data, "visudo", "-cf", "-"); err != nil {
				return err
			}
			return m.swap(ctx, want, func() error {
				_, err := m.Run(ctx, nil, "visudo", "-c")
				return err
			})
		},
	}
}
