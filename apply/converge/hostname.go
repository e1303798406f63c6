package converge

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/homestak/homestak/plan/program"
	"github.com/homestak/homestak/runtime/system"
)

const hostsPath = "/etc/hosts"

// hostname: the static host name, and one line of /etc/hosts that leads from it
// to 127.0.1.1 as on any Debian, or to the machine's own address.
func hostname(h program.Hostname) kind {
	return kind{
		check: func(ctx context.Context, m *machine) ([]Diff, error) {
			var ds []Diff
			have, err := m.Hostname(ctx)
			if err != nil {
				return nil, err
			}
			if have != h.Name {
				ds = append(ds, Diff{"name", have, h.Name})
			}
			now, want, err := hosts(ctx, m, h)
			if err != nil {
				return nil, err
			}
			if now != want {
				ds = append(ds, Diff{hostsPath, "names not as wanted", "one line for " + h.Name})
			}
			return ds, nil
		},
		apply: func(ctx context.Context, m *machine) error {
			now, want, err := hosts(ctx, m, h)
			if err != nil {
				return err
			}
			// The line first: a name that resolves nowhere makes sudo and others wait.
			if now != want {
				if err := m.write(ctx, rootFile(hostsPath, want, 0o644)); err != nil {
					return err
				}
			}
			return m.SetHostname(ctx, h.Name)
		},
	}
}

// hosts gives /etc/hosts as it is and as it should be.
func hosts(ctx context.Context, m *machine, h program.Hostname) (now, want string, err error) {
	data, _, err := m.ReadFile(ctx, hostsPath)
	if err != nil && !errors.Is(err, system.ErrNotExist) {
		return "", "", err
	}
	address := "127.0.1.1"
	if h.Routable {
		if address, err = ownAddress(ctx, m); err != nil {
			return "", "", err
		}
	}
	names := []string{h.Name}
	if h.Domain != "" {
		names = []string{h.Name + "." + h.Domain, h.Name}
	}
	return string(data), rewriteHosts(string(data), address, names), nil
}

// rewriteHosts keeps every line but those that give our names another address,
// and Debian's line for the name a machine had before.
func rewriteHosts(text, address string, names []string) string {
	var b strings.Builder
	placed := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		entry, _, _ := strings.Cut(line, "#")
		f := strings.Fields(entry)
		keep := line
		if len(f) > 0 {
			others := slices.DeleteFunc(slices.Clone(f[1:]), func(n string) bool { return slices.Contains(names, n) && n != "localhost" })
			switch {
			case !placed && f[0] == address && slices.Equal(f[1:], names):
				placed = true
			case f[0] == "127.0.1.1", len(others) == 0 && len(f) > 1:
				continue
			case len(others) < len(f)-1:
				keep = f[0] + " " + strings.Join(others, " ")
			}
		}
		b.WriteString(keep + "\n")
	}
	if !placed {
		b.WriteString(address + " " + strings.Join(names, " ") + "\n")
	}
	return b.String()
}

// ownAddress is the machine's first address that others can reach.
func ownAddress(ctx context.Context, m *machine) (string, error) {
	out, err := m.Run(ctx, nil, "hostname", "-I")
	if err != nil {
		return "", err
	}
	for _, s := range strings.Fields(string(out)) {
		if a, err := netip.ParseAddr(s); err == nil && !a.IsLoopback() && !a.IsLinkLocalUnicast() {
			return s, nil
		}
	}
	return "", errors.New("the machine has no address yet that its name could lead to")
}
