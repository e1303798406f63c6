package converge

import (
	"context"

	"github.com/homestak/homestak/plan/program"
)

// pkg: a package of the distribution, in any version.
func pkg(p program.Package) kind {
	return kind{
		check: func(ctx context.Context, m *machine) ([]Diff, error) { return m.missingPackages(ctx, p.Name) },
		apply: func(ctx context.Context, m *machine) error { return m.Install(ctx, p.Name) },
	}
}

func (m *machine) missingPackages(ctx context.Context, names ...string) ([]Diff, error) {
	var ds []Diff
	for _, name := range names {
		_, ok, err := m.Installed(ctx, name)
		if err != nil {
			return nil, err
		}
		if !ok {
			ds = append(ds, Diff{"package " + name, "absent", "installed"})
		}
	}
	return ds, nil
}

// ensurePackages installs those that are missing, all at once.
func (m *machine) ensurePackages(ctx context.Context, names ...string) error {
	ds, err := m.missingPackages(ctx, names...)
	if err != nil || len(ds) == 0 {
		return err
	}
	return m.Install(ctx, names...)
}
