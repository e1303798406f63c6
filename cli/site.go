package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
)

const (
	codeNoSite     diag.Code = "HS0980"
	codeNoManifest diag.Code = "HS0981"
)

// siteFlags say which site, manifest and variables a verb works on.
type siteFlags struct {
	site     string
	manifest string
	mode     string
	vars     variables
	varFiles []string
}

func (s *siteFlags) declare(f *pflag.FlagSet) {
	f.StringVar(&s.site, "site", "", "the site's `directory` (default: $HOMESTAK_SITE, else upwards from here)")
}

func (s *siteFlags) declareManifest(f *pflag.FlagSet) {
	f.StringVarP(&s.manifest, "manifest", "M", "", "`name` of the manifest")
	f.StringVar(&s.mode, "mode", "", "push, pull or hybrid: overrides the config and run `mode` of every node")
	s.declareVariables(f)
	s.declare(f)
}

func (s *siteFlags) declareVariables(f *pflag.FlagSet) {
	f.Var(&s.vars, "var", "`name=value` of a variable in the manifest's file: text, or an expression where its type has parts; repeatable")
	f.StringArrayVar(&s.varFiles, "var-file", nil, "`file` of such values, in YAML, JSON or HCL; repeatable, the last one counts, and --var over all")
}

// findSite is the root directory of the site, absolute.
func (a *app) findSite(flag string) (string, error) {
	for _, named := range []struct{ value, by string }{{flag, "--site"}, {a.env("HOMESTAK_SITE"), "HOMESTAK_SITE"}} {
		if named.value == "" {
			continue
		}
		dir, err := filepath.Abs(named.value)
		if err != nil {
			return "", err
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			d := codeNoSite.Errorf("there is no site at %q", named.value)
			d.Label = named.by + " names no directory"
			d.Help = "name the directory that holds site.yaml, or make one with `homestak init DIR`"
			return "", d
		}
		return siteRoot(dir), nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	if root, ok := siteAbove(dir); ok {
		return root, nil
	}
	d := codeNoSite.Errorf("this directory is not in a site")
	d.Label = "neither it nor a directory above it has site.yaml or manifests/"
	d.Help = "go to a site, name one with --site or HOMESTAK_SITE, or make one with `homestak init DIR`"
	return "", d
}

// siteAbove is the site that a directory is in: the nearest, upwards from it.
func siteAbove(dir string) (root string, ok bool) {
	for {
		if isSite(dir) {
			return siteRoot(dir), true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}

// siteRoot is dir, or its parent where dir is the v2/ of a site: who a guest
// belongs to must not depend on where in the site one stands.
func siteRoot(dir string) string {
	if parent := filepath.Dir(dir); filepath.Base(dir) == "v2" && isSite(parent) {
		return parent
	}
	return dir
}

// isSite recognises a site's root by what every site has one of.
func isSite(dir string) bool {
	for _, name := range []string{"site.yaml", "site.yml", "manifests", filepath.Join("v2", "manifests")} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		} else if !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return false
}

// loadSite reads the site. Opening it as an os.Root keeps symlinks from
// leading out of it.
func (a *app) loadSite(flag string) (dir string, site *compiler.Site, findings diag.List, err error) {
	dir, err = a.findSite(flag)
	if err != nil {
		return "", nil, nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", nil, nil, err
	}
	defer root.Close()
	site, findings = compiler.Load(root.FS())
	return dir, site, findings, nil
}

// compiled is a manifest after the compile stage, with where it came from.
type compiled struct {
	dir  string
	site *compiler.Site
	d    *ir.Deployment
}

// compile loads the site and compiles the manifest; findings are shown, and
// errors among them end the verb with exit 1.
func (a *app) compile(_ context.Context, s siteFlags) (*compiled, error) {
	dir, site, findings, err := a.loadSite(s.site)
	if err != nil {
		return nil, err
	}
	if s.manifest == "" {
		return nil, needManifest(site)
	}
	o, err := s.options()
	if err != nil {
		return nil, err
	}
	d, more := compiler.Compile(site, o)
	findings = append(findings, more...)
	findings.Sort()
	if err := a.check(findings); err != nil {
		return nil, err
	}
	return &compiled{dir, site, d}, nil
}

func needManifest(site *compiler.Site) error {
	names := site.Manifests()
	if len(names) == 0 {
		d := codeNoManifest.Errorf("this site has no manifest")
		d.Help = "write manifests/NAME.yaml, or start from `homestak init DIR`"
		return d
	}
	return usage("say which manifest with -M: %s", join(names, 12))
}

// join lists names, and says how many more there are.
func join(names []string, most int) string {
	out := ""
	for i, n := range names {
		if i == most {
			return out + ", …"
		}
		if i > 0 {
			out += ", "
		}
		out += n
	}
	return out
}
