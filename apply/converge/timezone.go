package converge

import (
	"context"

	"github.com/homestak/homestak/plan/program"
)

// timezone: the zone of the machine's clock.
func timezone(z program.Timezone) kind {
	return kind{
		check: func(ctx context.Context, m *machine) ([]Diff, error) {
			have, err := m.Timezone(ctx)
			if err != nil {
				return nil, err
			}
			if have == z.Name || isUTC(have) && isUTC(z.Name) {
				return nil, nil
			}
			return []Diff{{"zone", have, z.Name}}, nil
		},
		apply: func(ctx context.Context, m *machine) error { return m.SetTimezone(ctx, z.Name) },
	}
}

// isUTC: systems name the same zone in two ways.
func isUTC(name string) bool { return name == "UTC" || name == "Etc/UTC" }
