package converge

import (
	"context"
	"errors"
	"strings"

	"github.com/homestak/homestak/plan/program"
	"github.com/homestak/homestak/runtime/system"
)

// NagHook keeps the subscription notice away when the package that shows it is
// upgraded: apt runs it after each dpkg run.
const NagHook = "/etc/apt/apt.conf.d/99-homestak-no-nag"

// The notice is shown unless the subscription's status is "active". Turning
// that comparison into one that never holds removes the notice, and can be
// undone to the letter.
const (
	toolkit  = "/usr/share/javascript/proxmox-widget-toolkit/proxmoxlib.js"
	nagShown = `res.data.status.toLowerCase() !== 'active'`
	nagGone  = `res.data.status.toLowerCase() === null`
	nagHook  = "// Written by homestak: no notice about a missing subscription.\n" +
		`DPkg::Post-Invoke { "test ! -f ` + toolkit + ` || sed -i 's/res.data.status.toLowerCase() !== .active./` + nagGone + `/' ` + toolkit + ` || true"; };` + "\n"
)

// pve: settings of a Proxmox VE host.
func pve(p program.PVE) kind {
	hook := rootFile(NagHook, nagHook, 0o644)
	return kind{
		needs: []string{program.KindPackage + " proxmox-ve"},
		check: func(ctx context.Context, m *machine) ([]Diff, error) {
			var ds []Diff
			var err error
			if p.RemoveSubscriptionNag {
				ds, err = m.diff(ctx, hook)
			} else {
				ds, err = m.absent(ctx, NagHook)
			}
			if err != nil {
				return nil, err
			}
			now, want, _, err := nag(ctx, m, p.RemoveSubscriptionNag)
			if err != nil {
				return nil, err
			}
			if now != want {
				ds = append(ds, Diff{"subscription notice", yesNo(p.RemoveSubscriptionNag), yesNo(!p.RemoveSubscriptionNag)})
			}
			return ds, nil
		},
		apply: func(ctx context.Context, m *machine) error {
			now, want, info, err := nag(ctx, m, p.RemoveSubscriptionNag)
			if err != nil {
				return err
			}
			if p.RemoveSubscriptionNag {
				err = m.write(ctx, hook)
			} else {
				err = m.RemoveFile(ctx, NagHook)
			}
			if err != nil || now == want {
				return err
			}
			return m.WriteFile(ctx, toolkit, []byte(want), info)
		},
	}
}

// nag gives the toolkit's file as it is and as it should be, both "" when the
// machine has none. A file that compares the status in neither way is of a
// version nobody has looked at, and is not guessed at.
func nag(ctx context.Context, m *machine, gone bool) (now, want string, info system.FileInfo, err error) {
	data, info, err := m.ReadFile(ctx, toolkit)
	if errors.Is(err, system.ErrNotExist) {
		return "", "", info, nil
	}
	if err != nil {
		return "", "", info, err
	}
	now = string(data)
	if gone {
		want = strings.ReplaceAll(now, nagShown, nagGone)
	} else {
		want = strings.ReplaceAll(now, nagGone, nagShown)
	}
	if gone && !strings.Contains(want, nagGone) {
		return "", "", info, errors.New("this version of proxmox-widget-toolkit shows the notice in a way homestak does not know")
	}
	return now, want, info, nil
}
