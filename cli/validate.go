package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/lang/diag"
)

func validateCommand() command {
	return command{
		name: "validate", args: "[-M NAME | PATH…] [--fix] [--format FORMAT]", short: "check a manifest, or the whole site",
		long: `
Compiles one manifest, or with no -M every file of the site, and reports every
mistake at once, each with its place, a code and what to do. Nothing is
contacted. Exit 0 when there is no error, 1 when there is.

  homestak validate                      everything
  homestak validate -M n2-push           one manifest and what it uses
  homestak validate --fix                cure what has one certain cure
  homestak validate --format json        one JSON object a line, for tools
  homestak validate --format github      annotations of GitHub Actions
  homestak validate --format sarif       a SARIF 2.1.0 log, for code scanning
  homestak validate specs/web.yaml       the whole site that has this file

Names of files and directories say which sites are checked, each as a whole: what
is changed in one file is often wrong in another. Hooks that pass the names of
changed files rely on it. In GitHub's and in SARIF logs paths are relative to the
root of the repository, else to the site.

A warning can be allowed where it is, by a comment with the reason:
  # homestak:allow HS0205 reason="the old homestak still reads it"`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var v validation
			v.flags.declareManifest(f)
			f.StringVar(&v.format, "format", "text", "`format`: "+strings.Join(diag.Formats(), ", "))
			f.BoolVar(&v.fix, "fix", false, "make the changes that certainly cure a finding, then validate again")
			return func(_ context.Context, a *app, args []string) error {
				v.app = a
				return v.run(f, args)
			}
		},
	}
}

// validation is one call of validate.
type validation struct {
	app    *app
	flags  siteFlags
	format string
	fix    bool
}

func (v *validation) run(f *pflag.FlagSet, args []string) error {
	defer collectAt(3<<29, 100)() // a hundred thousand nodes in less than 2 GiB
	s := &v.flags
	switch {
	case s.manifest == "" && (f.Changed("manifest") || s.mode != "" || s.given()):
		return usage("--mode, --var and --var-file go with the name of a manifest: -M NAME")
	case !slices.Contains(diag.Formats(), v.format):
		return notOneOf("--format", v.format, diag.Formats()...)
	case len(args) > 0 && (f.Changed("manifest") || f.Changed("site")):
		return usage("validate takes names of files, or -M and --site: what a file is in is found from its name")
	}
	sites, err := v.app.sitesOf(s.site, args)
	if err != nil {
		return err
	}
	if len(sites) > 1 && v.format == "sarif" {
		return usage("a SARIF log is of one site, and the files are in %d: call validate for each", len(sites))
	}
	failed := false
	for _, dir := range sites {
		s.site = dir
		if len(sites) > 1 {
			fmt.Fprintf(v.app.stderr, "homestak: in %s\n", dir)
		}
		ok, err := v.site()
		if err != nil {
			return err
		}
		failed = failed || !ok
	}
	if failed {
		return exit{code: exitError}
	}
	return nil
}

// site validates one site, or a manifest of it; false when it has an error.
func (v *validation) site() (ok bool, err error) {
	if v.fix {
		if err := v.app.fix(v.flags); err != nil {
			return false, err
		}
	}
	dir, findings, err := v.app.examine(v.flags)
	if err != nil {
		return false, err
	}
	if err := v.app.render(dir, findings, v.format); err != nil {
		return false, err
	}
	if !findings.HasErrors() && v.format == "text" {
		what := v.flags.manifest
		if what == "" {
			what = "site"
		}
		_, err = fmt.Fprintf(v.app.stdout, "%s is valid\n", what)
	}
	return !findings.HasErrors(), err
}

// render writes findings: text to stderr as every verb does, what tools read to
// stdout.
func (a *app) render(dir string, l diag.List, format string) error {
	if format == "text" {
		a.findings(l)
		return nil
	}
	return diag.Render(a.stdout, l, format, diag.RenderOptions{Below: a.belowRepository(dir), Version: buildVersion().version})
}

// belowRepository is the path of a directory from the root of its repository,
// "" when that is the directory itself or there is none. In GitHub Actions the
// root is where the workflow's checkout is.
func (a *app) belowRepository(dir string) string {
	root := ""
	for d := dir; root == ""; d = filepath.Dir(d) {
		if _, err := os.Lstat(filepath.Join(d, ".git")); err == nil || d == a.env("GITHUB_WORKSPACE") {
			root = d
		} else if d == filepath.Dir(d) {
			return ""
		}
	}
	below, err := filepath.Rel(root, dir)
	if err != nil || below == "." {
		return ""
	}
	return filepath.ToSlash(below)
}

// sitesOf lists the sites that files and directories are in, in their order;
// without any it is the one of --site and of where one stands.
func (a *app) sitesOf(flag string, paths []string) ([]string, error) {
	if len(paths) == 0 {
		dir, err := a.findSite(flag)
		return []string{dir}, err
	}
	var sites []string
	for _, p := range paths {
		dir, err := a.siteOf(p)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(sites, dir) {
			sites = append(sites, dir)
		}
	}
	return sites, nil
}

// siteOf is the site that a file or directory is in. The file may be gone: a
// hook names also what a commit removes.
func (a *app) siteOf(name string) (string, error) {
	full, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(full); err != nil || !info.IsDir() {
		full = filepath.Dir(full)
	}
	if dir, ok := siteAbove(full); ok {
		return dir, nil
	}
	d := codeNoSite.Errorf("%s is in no site", name)
	d.Label = "no directory above it has site.yaml or manifests/"
	d.Help = "name files of a site, or the manifest with -M"
	return "", d
}

// examine compiles one manifest, or everything, and returns all findings.
func (a *app) examine(s siteFlags) (dir string, findings diag.List, err error) {
	dir, site, findings, err := a.loadSite(s.site)
	if err != nil {
		return "", nil, err
	}
	if s.manifest != "" {
		o, err := s.options()
		if err != nil {
			return "", nil, err
		}
		_, more := compiler.Compile(site, o)
		findings = append(findings, more...)
	} else {
		findings = append(findings, site.Check()...)
	}
	findings.Sort()
	return dir, findings, nil
}
