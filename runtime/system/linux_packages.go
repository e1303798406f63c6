//go:build linux

package system

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// lockPatience is how long somebody else's apt may run: unattended upgrades
	// and the first boot's cloud-init take minutes.
	lockPatience = 10 * time.Minute
	lockPause    = 2 * time.Second
	downloads    = "5" // how often apt tries one download
)

// Installed implements System. A package that was removed but not purged is not
// installed; one whose installation was cut off is not, either.
func (l *Linux) Installed(ctx context.Context, pkg string) (string, bool, error) {
	out, err := l.Run(ctx, nil, "dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}\n", "--", pkg)
	var exit *ExitError
	switch {
	case errors.As(err, &exit) && exit.Code == 1:
		return "", false, nil // never heard of it
	case err != nil:
		return "", false, fmt.Errorf("package %q: %w", pkg, err)
	}
	for line := range strings.SplitSeq(string(out), "\n") { // one a foreign architecture
		if version, ok := strings.CutPrefix(line, "installed "); ok {
			return version, true, nil
		}
	}
	return "", false, nil
}

// Install implements System. Package lists are fetched only when apt cannot find
// or fetch something with those it has; configuration files that were edited stay.
func (l *Linux) Install(ctx context.Context, pkgs ...string) error {
	missing, err := l.which(ctx, pkgs, false)
	if err != nil || len(missing) == 0 {
		return err
	}
	install := append([]string{"install", "--"}, missing...)
	err = l.apt(ctx, install...)
	if stale(err) {
		if fetched := l.apt(ctx, "update"); fetched != nil {
			return fmt.Errorf("%w (and the package lists could not be fetched: %w)", err, fetched)
		}
		err = l.apt(ctx, install...)
	}
	return err
}

// stale reports whether newer package lists may help.
func stale(err error) bool {
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Code != 100 {
		return false
	}
	for _, sign := range []string{"Unable to locate package", "has no installation candidate", "Unable to fetch", "Failed to fetch", "was not found", "unmet dependencies"} {
		if strings.Contains(exit.Stderr, sign) {
			return true
		}
	}
	return false
}

// Remove implements System. Configuration files stay. It refuses to take
// packages along that nobody asked to remove.
func (l *Linux) Remove(ctx context.Context, pkgs ...string) error {
	there, err := l.which(ctx, pkgs, true)
	if err != nil || len(there) == 0 {
		return err
	}
	out, err := l.Run(ctx, nil, append([]string{"apt-get", "-q", "-y", "-s", "remove", "--"}, there...)...)
	if err != nil {
		return err
	}
	var others []string
	for line := range strings.SplitSeq(string(out), "\n") {
		if rest, ok := strings.CutPrefix(line, "Remv "); ok {
			name, _, _ := strings.Cut(rest, " ")
			if name, _, _ = strings.Cut(name, ":"); !slices.Contains(there, name) {
				others = append(others, name)
			}
		}
	}
	if len(others) > 0 {
		return fmt.Errorf("remove %s: %s would go, too", strings.Join(there, ", "), strings.Join(others, ", "))
	}
	return l.apt(ctx, append([]string{"remove", "--"}, there...)...)
}

// which lists the packages that are installed, or are not.
func (l *Linux) which(ctx context.Context, pkgs []string, installed bool) ([]string, error) {
	var out []string
	for _, p := range pkgs {
		_, is, err := l.Installed(ctx, p)
		if err != nil {
			return nil, err
		}
		if is == installed && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out, nil
}

// apt runs apt-get, waits while another process holds its locks, and finishes
// what an interrupted dpkg left.
func (l *Linux) apt(ctx context.Context, args ...string) error {
	argv := append([]string{
		"apt-get", "-q", "-y", "-o", "Acquire::Retries=" + downloads, "-o", "APT::Update::Error-Mode=any",
		"-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold",
	}, args...)
	mended := false
	for until := time.Now().Add(l.patient); ; {
		_, err := l.Run(ctx, nil, argv...)
		var exit *ExitError
		if !errors.As(err, &exit) {
			return err
		}
		switch {
		case strings.Contains(exit.Stderr, "dpkg --configure -a") && !mended:
			mended = true
			if _, err := l.Run(ctx, nil, "dpkg", "--force-confdef", "--force-confold", "--configure", "-a"); err != nil {
				return fmt.Errorf("an interrupted installation could not be finished: %w", err)
			}
			continue
		case !locked(exit.Stderr):
			return err
		case time.Now().After(until):
			return fmt.Errorf("another program has held apt's lock for %v: %w", l.patient, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for apt's lock: %w", context.Cause(ctx))
		case <-time.After(lockPause):
		}
	}
}

func locked(stderr string) bool {
	return strings.Contains(stderr, "Could not get lock") || strings.Contains(stderr, "Unable to acquire the dpkg frontend lock") ||
		strings.Contains(stderr, "Unable to lock directory")
}
