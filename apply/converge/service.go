package converge

import (
	"context"
	"strings"

	"github.com/homestak/homestak/plan/program"
)

// service: a unit enabled and active, or neither. A unit that should be off and
// does not exist is right.
func service(s program.Service) kind {
	return kind{
		needs: []string{program.KindPackage + " " + strings.TrimSuffix(s.Name, ".service")},
		check: func(ctx context.Context, m *machine) ([]Diff, error) { return m.unitDiff(ctx, s.Name, s.Enabled) },
		apply: func(ctx context.Context, m *machine) error { return m.SetUnit(ctx, s.Name, s.Enabled, s.Enabled) },
	}
}
