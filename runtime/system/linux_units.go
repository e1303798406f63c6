//go:build linux

package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// unitManager is the machine's init: systemd, or scripts where a container
// runs without it.
type unitManager interface {
	unit(ctx context.Context, l *Linux, name string) (Unit, error)
	set(ctx context.Context, l *Linux, name string, enabled, active bool) error
	reload(ctx context.Context, l *Linux, name string) error
}

// initSystem finds out who runs the machine, as sd_booted(3) does.
func initSystem() unitManager {
	if info, err := os.Stat("/run/systemd/system"); err == nil && info.IsDir() {
		return systemd{}
	}
	return scripts{}
}

// Unit implements System.
func (l *Linux) Unit(ctx context.Context, name string) (Unit, error) {
	return l.units.unit(ctx, l, unitName(name))
}

// SetUnit implements System.
func (l *Linux) SetUnit(ctx context.Context, name string, enabled, active bool) error {
	have, err := l.Unit(ctx, name)
	if err == nil && have.Known && have.Enabled == enabled && have.Active == active {
		return nil
	}
	return l.units.set(ctx, l, unitName(name), enabled, active)
}

// ReloadUnit implements System.
func (l *Linux) ReloadUnit(ctx context.Context, name string) error {
	return l.units.reload(ctx, l, unitName(name))
}

// systemd asks and tells systemctl.
type systemd struct{}

func (systemd) show(ctx context.Context, l *Linux, name string) (map[string]string, error) {
	out, err := l.Run(ctx, nil, "systemctl", "show", "--property=Id,LoadState,UnitFileState,ActiveState", "--", name)
	if err != nil {
		return nil, fmt.Errorf("unit %s: %w", name, err)
	}
	is := map[string]string{}
	for line := range strings.SplitSeq(string(out), "\n") {
		if key, value, ok := strings.Cut(line, "="); ok {
			is[key] = value
		}
	}
	return is, nil
}

func (s systemd) unit(ctx context.Context, l *Linux, name string) (Unit, error) {
	is, err := s.show(ctx, l, name)
	if err != nil {
		return Unit{}, err
	}
	u := Unit{Known: is["LoadState"] != "not-found"}
	switch is["UnitFileState"] {
	case "enabled", "enabled-runtime", "static", "generated", "indirect", "alias":
		u.Enabled = u.Known
	}
	switch is["ActiveState"] {
	case "active", "activating", "reloading":
		u.Active = true
	}
	return u, nil
}

func (s systemd) set(ctx context.Context, l *Linux, name string, enabled, active bool) error {
	is, err := s.show(ctx, l, name)
	if err != nil {
		return err
	}
	if is["Id"] != "" {
		name = is["Id"] // systemctl enables no unit by its alias
	}
	verbs := []string{"disable", "stop"}
	if enabled {
		verbs[0] = "enable"
	}
	if active {
		verbs[1] = "start"
	}
	for _, verb := range verbs {
		if _, err := l.Run(ctx, nil, "systemctl", verb, "--quiet", "--", name); err != nil {
			return err
		}
	}
	return nil
}

func (systemd) reload(ctx context.Context, l *Linux, name string) error {
	_, err := l.Run(ctx, nil, "systemctl", "reload", "--", name)
	return err
}

// scripts are the init scripts of packages, where no systemd runs.
type scripts struct{}

const initScripts = "/etc/init.d/"

func (scripts) name(unit string) (script string, ok bool) {
	script, ok = strings.CutSuffix(unit, ".service")
	if ok && script == "sshd" {
		script = "ssh" // the alias its unit has
	}
	info, err := os.Stat(initScripts + script)
	return script, ok && err == nil && info.Mode().IsRegular()
}

func (s scripts) unit(ctx context.Context, l *Linux, unit string) (Unit, error) {
	name, known := s.name(unit)
	if !known {
		return Unit{}, nil
	}
	starts, err := filepath.Glob("/etc/rc[2-5].d/S[0-9][0-9]" + name)
	if err != nil {
		return Unit{}, err
	}
	u := Unit{Known: true, Enabled: len(starts) > 0}
	_, err = l.Run(ctx, nil, initScripts+name, "status")
	var exit *ExitError
	if err != nil && !errors.As(err, &exit) {
		return Unit{}, fmt.Errorf("unit %s: %w", unit, err)
	}
	u.Active = err == nil
	return u, nil
}

func (s scripts) set(ctx context.Context, l *Linux, unit string, enabled, active bool) error {
	name, known := s.name(unit)
	if !known {
		return s.missing("start", unit)
	}
	verb, power := "disable", "stop"
	if enabled {
		verb = "enable"
	}
	if active {
		power = "start"
	}
	if _, err := l.Run(ctx, nil, "update-rc.d", name, "defaults"); err != nil {
		return err
	}
	if _, err := l.Run(ctx, nil, "update-rc.d", name, verb); err != nil {
		return err
	}
	_, err := l.Run(ctx, nil, initScripts+name, power)
	return err
}

func (s scripts) reload(ctx context.Context, l *Linux, unit string) error {
	name, known := s.name(unit)
	if !known {
		return s.missing("reload", unit)
	}
	if u, err := s.unit(ctx, l, unit); err != nil {
		return err
	} else if !u.Active {
		return &ExitError{Argv: []string{initScripts + name, "reload"}, Code: 1, Stderr: unit + " is not active, cannot reload."}
	}
	_, err := l.Run(ctx, nil, initScripts+name, "reload")
	return err
}

func (scripts) missing(verb, unit string) error {
	return &ExitError{Argv: []string{"service", unit, verb}, Code: 5, Stderr: "Unit " + unit + " not found."}
}
