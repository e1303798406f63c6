package converge

import (
	"context"
	"fmt"

	"github.com/homestak/homestak/plan/program"
)

// Fail2banJail is the jail for sshd. Of all of fail2ban's files those are read
// last, so it wins over the distribution's.
const Fail2banJail = "/etc/fail2ban/jail.d/homestak.local"

const fail2banUnit = "fail2ban.service"

// fail2ban: watching sshd over the journal (today's Debian writes no auth.log),
// on the port sshd listens on; or not running.
func fail2ban(f program.Fail2ban, port uint) kind {
	if !f.Enabled {
		return kind{
			check: func(ctx context.Context, m *machine) ([]Diff, error) {
				ds, err := m.unitDiff(ctx, fail2banUnit, false)
				if err != nil {
					return nil, err
				}
				more, err := m.absent(ctx, Fail2banJail)
				return append(ds, more...), err
			},
			apply: func(ctx context.Context, m *machine) error {
				u, err := m.Unit(ctx, fail2banUnit)
				if err == nil && u.Known {
					err = m.SetUnit(ctx, fail2banUnit, false, false)
				}
				if err != nil {
					return err
				}
				if err := m.RemoveFile(ctx, loadedDir+fail2banUnit); err != nil {
					return err
				}
				return m.RemoveFile(ctx, Fail2banJail)
			},
		}
	}
	packages := []string{"fail2ban", "python3-systemd"}
	want := rootFile(Fail2banJail, fmt.Sprintf("# Written by homestak.\n[sshd]\nenabled = true\nbackend = systemd\nport = %d\n", port), 0o644)
	return kind{
		needs: []string{program.KindPackage + " fail2ban", program.KindPackage + " python3-systemd"},
		check: func(ctx context.Context, m *machine) ([]Diff, error) {
			ds, err := m.missingPackages(ctx, packages...)
			if err != nil || len(ds) > 0 {
				return ds, err
			}
			ds, err = m.diff(ctx, want)
			if err != nil {
				return nil, err
			}
			units, err := m.unitDiff(ctx, fail2banUnit, true)
			if ds = append(ds, units...); err != nil || len(ds) > 0 {
				return ds, err
			}
			return m.loadedDiff(ctx, fail2banUnit, want)
		},
		apply: func(ctx context.Context, m *machine) error {
			if err := m.ensurePackages(ctx, packages...); err != nil {
				return err
			}
			return m.swap(ctx, want, func() error {
				if _, err := m.Run(ctx, nil, "fail2ban-client", "-t"); err != nil {
					return err
				}
				return m.load(ctx, fail2banUnit, want)
			})
		},
	}
}
