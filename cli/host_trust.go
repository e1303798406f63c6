package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/pve"
)

const (
	codeNoEdit      diag.Code = "HS0840"
	codeOtherPin    diag.Code = "HS0841"
	codeNotExpected diag.Code = "HS0842"
	codeNobodySaid  diag.Code = "HS0843"
)

// hostTrust pins the certificates that the endpoints of a host show.
func (a *app) hostTrust(ctx context.Context, o hostFlags, args []string) error {
	name := args[0]
	dir, _, entries, err := a.siteHosts(o)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(entries, func(h compiler.Host) bool { return h.Name == name })
	var entry *compiler.Host
	var endpoints []string
	switch {
	case i >= 0 && len(args) == 2 && !slices.Equal(entries[i].Endpoints, args[1:]):
		d := codeNoEdit.Errorf("host %q has an entry with other endpoints", name)
		d.Range, d.Help = entries[i].Range, "change the entry, then run `homestak host trust "+name+"`"
		return d
	case i >= 0:
		entry, endpoints = &entries[i], entries[i].Endpoints
	case len(args) == 2:
		endpoints = args[1:]
		if d := newHostProblem(name, args[1]); d != nil {
			return d
		}
	default:
		return unknownHost(name, entries)
	}
	if len(endpoints) == 0 {
		d := codeNoEndpoint.Errorf("host %q has no API endpoint", name)
		d.Range, d.Help = entry.Range, "add endpoint: https://ADDRESS:8006"
		return d
	}
	prints, err := a.showCertificates(ctx, endpoints)
	if err != nil {
		return err
	}
	if entry != nil {
		done, err := a.alreadyPinned(o, entry, prints)
		if done || err != nil {
			return err
		}
	}
	if err := a.confirm(o, name, prints); err != nil {
		return err
	}
	if entry == nil {
		file := "hosts/" + name + ".yaml"
		text := fmt.Sprintf("endpoint: %s\nfingerprint: %q\n", args[1], prints[0])
		if err := writeNew(filepath.Join(dir, filepath.FromSlash(file)), text, 0o644); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "wrote %s; its API token belongs in secrets.yaml below api_tokens, as %s\n", file, name)
		return nil
	}
	return a.writePins(o, dir, entry, prints)
}

// newHostProblem is what is wrong with a new host entry, nil if nothing.
func newHostProblem(name, endpoint string) error {
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return usage("host trust: a host is named in lower case letters, digits, - and _")
	}
	if !strings.HasPrefix(endpoint, "https://") {
		return usage("host trust: the URL of an API is as in https://192.0.2.10:8006")
	}
	return nil
}

// showCertificates prints what each endpoint shows, and returns the fingerprints,
// each once.
func (a *app) showCertificates(ctx context.Context, endpoints []string) (prints []string, err error) {
	var bad []error
	for _, e := range endpoints {
		c, err := pve.ServedCertificate(ctx, e, nil)
		if err != nil {
			bad = append(bad, said(err))
			continue
		}
		fmt.Fprintf(a.stdout, "%s\n  SHA-256  %s\n  subject  %s\n  issuer   %s\n  names    %s\n  valid    %s to %s\n",
			e, c.Fingerprint, c.Subject, c.Issuer, join(c.Names, 8), c.From.UTC().Format(time.DateOnly), c.Until.UTC().Format(time.DateOnly))
		if !slices.Contains(prints, c.Fingerprint) {
			prints = append(prints, c.Fingerprint)
		}
	}
	return prints, joined(bad)
}

// said gives an error of the client its diagnostic.
func said(err error) error {
	var says interface{ Diagnostic() *diag.Diagnostic }
	if errors.As(err, &says) {
		return says.Diagnostic()
	}
	return err
}

// joined is one error of several, nil of none; diagnostics stay such.
func joined(errs []error) error {
	var list diag.List
	for _, err := range errs {
		var d *diag.Diagnostic
		if !errors.As(err, &d) {
			return errors.Join(errs...)
		}
		list = append(list, d)
	}
	return list.Err()
}

// alreadyPinned ends the matter where nothing is to be done, or must not be.
func (a *app) alreadyPinned(o hostFlags, entry *compiler.Host, prints []string) (done bool, err error) {
	if entry.Fingerprint == "" {
		return false, nil
	}
	pinned := strings.Split(entry.Fingerprint, ",")
	if !slices.ContainsFunc(prints, func(p string) bool { return !slices.Contains(pinned, p) }) {
		fmt.Fprintf(a.stdout, "host %s is pinned to this already\n", entry.Name)
		return true, nil
	}
	if o.replace {
		return false, nil
	}
	d := codeOtherPin.Errorf("host %s shows another certificate than the pinned one", entry.Name)
	d.Range, d.Label = entry.Range, "pinned "+strings.Join(pinned, ", ")
	d.Help = "compare with `pvenode cert info` on the host; when it was renewed, run this again with --replace"
	return false, d
}

// confirm makes sure that somebody vouches for the fingerprints.
func (a *app) confirm(o hostFlags, name string, prints []string) error {
	if len(o.expect) > 0 {
		var want []string
		for _, e := range o.expect {
			p, err := pve.ParseFingerprint(e)
			if err != nil {
				return usage("--expect: %v", err)
			}
			want = append(want, p)
		}
		for _, p := range prints {
			if !slices.Contains(want, p) {
				d := codeNotExpected.Errorf("host %s does not show the expected certificate", name)
				d.Label = "it shows " + p
				d.Help = "compare with `pvenode cert info` on the host itself; nothing was written"
				return d
			}
		}
		return nil
	}
	if o.yes {
		return nil
	}
	if !isTerminal(a.stdin) {
		d := codeNobodySaid.Errorf("nobody has said that this is the certificate of host %s", name)
		d.Help = "compare with `pvenode cert info` on the host, then give it with --expect (or --yes to trust whoever answers)"
		return d
	}
	fmt.Fprintf(a.stdout, "Is this what `pvenode cert info` prints on the host itself? Pin it? [y/N] ")
	line, _ := bufio.NewReader(a.stdin).ReadString('\n')
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		fmt.Fprintln(a.stdout, "nothing was written")
		return exit{code: exitError}
	}
	return nil
}

// writePins puts the fingerprints into the entry, and makes sure that they got
// there.
func (a *app) writePins(o hostFlags, dir string, entry *compiler.Host, prints []string) error {
	cannot := func(why string) error {
		d := codeNoEdit.Errorf("the entry of host %s cannot be edited", entry.Name)
		d.Range, d.Label = entry.Range, why
		d.Help = "write it yourself: " + pinLines(prints, ": ", ", ")
		return d
	}
	file := entry.Range.File
	if file == nil {
		return cannot("it is in no file")
	}
	text, ok := pinEntry(file, entry.Name, prints)
	if !ok {
		return cannot("it is not written one field a line")
	}
	if err := rewrite(dir, file, text); err != nil {
		return err
	}
	_, site, _, err := a.loadSite(o.site.site)
	if err == nil {
		now, bad := site.Hosts()
		i := slices.IndexFunc(now, func(h compiler.Host) bool { return h.Name == entry.Name })
		if bad.HasErrors() || i < 0 || now[i].Fingerprint != strings.Join(prints, ",") {
			err = cannot("what was written did not take effect; it was taken back")
			// rewrite wants to know what it replaces.
			written := *file
			written.Text = text
			return errors.Join(err, rewrite(dir, &written, file.Text))
		}
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "pinned in %s\n", file.Name)
	return nil
}
