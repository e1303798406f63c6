package converge

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/homestak/homestak/plan/program"
)

// SSHDDropIn is sshd's policy. sshd takes the first value it meets, and reads
// drop-ins by name before the rest of its main file; only the driver's own
// drop-in, which sets other options, sorts before it.
const SSHDDropIn = "/etc/ssh/sshd_config.d/00-homestak.conf"

const sshUnit = "ssh.service"

// sshd: the daemon's policy in a drop-in, in effect, and the daemon running
// with it. A change that sshd refuses, or that some other file overrules, is
// taken back: the machine stays reachable the way it was.
func sshd(s program.SSHD) kind {
	want := rootFile(SSHDDropIn, fmt.Sprintf("# Written by homestak.\nPort %d\nPermitRootLogin %s\nPasswordAuthentication %s\n",
		s.Port, s.PermitRootLogin, s.PasswordAuthentication), 0o644)
	return kind{
		needs: []string{program.KindPackage + " openssh-server"},
		check: func(ctx context.Context, m *machine) ([]Diff, error) {
			ds, err := m.missingPackages(ctx, "openssh-server")
			if err != nil || len(ds) > 0 {
				return ds, err
			}
			ds, err = m.diff(ctx, want)
			if err != nil {
				return nil, err
			}
			effective, err := effectiveDiff(ctx, m, s)
			if err != nil {
				return nil, err
			}
			units, err := m.unitDiff(ctx, sshUnit, true)
			if err != nil {
				return nil, err
			}
			ds = append(append(ds, effective...), units...)
			if len(ds) == 0 {
				return m.loadedDiff(ctx, sshUnit, want)
			}
			return ds, nil
		},
		apply: func(ctx context.Context, m *machine) error {
			if err := m.ensurePackages(ctx, "openssh-server"); err != nil {
				return err
			}
			reloaded := false
			err := m.swap(ctx, want, func() error {
				if _, err := m.Run(ctx, nil, "sshd", "-t"); err != nil {
					return err
				}
				ds, err := effectiveDiff(ctx, m, s)
				if err != nil {
					return err
				}
				if len(ds) > 0 {
					return fmt.Errorf("some other file of sshd overrules it: %s is %q, not %q", ds[0].Attr, ds[0].Have, ds[0].Want)
				}
				reloaded = true
				return m.load(ctx, sshUnit, want)
			})
			if err != nil && reloaded {
				// The old file is back; the daemon may have seen the new one.
				if again := m.ReloadUnit(context.WithoutCancel(ctx), sshUnit); again != nil {
					return fmt.Errorf("%w; loading the old settings again failed too: %v", err, again)
				}
			}
			return err
		},
	}
}

// effectiveDiff asks sshd itself what its files amount to.
func effectiveDiff(ctx context.Context, m *machine, s program.SSHD) ([]Diff, error) {
	out, err := m.Run(ctx, nil, "sshd", "-T")
	if err != nil {
		return nil, err
	}
	var ports []string
	have := map[string]string{}
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if key == "port" {
			ports = append(ports, value)
		}
		have[key] = value
	}
	slices.Sort(ports)
	root := have["permitrootlogin"]
	if root == "without-password" { // the older name of the same thing
		root = "prohibit-password"
	}
	var ds []Diff
	for _, d := range []Diff{
		{"Port", strings.Join(ports, " "), fmt.Sprint(s.Port)},
		{"PermitRootLogin", root, s.PermitRootLogin},
		{"PasswordAuthentication", have["passwordauthentication"], s.PasswordAuthentication},
	} {
		if d.Have != d.Want {
			ds = append(ds, d)
		}
	}
	return ds, nil
}
