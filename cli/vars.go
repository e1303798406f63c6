package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

const codeVarFile diag.Code = "HS0287"

// maxVarFile bounds a file of values, in bytes.
const maxVarFile = 1 << 20

// variables are the values of --var. A value may have commas and brackets in
// it, so one flag is one value.
type variables map[string]string

func (v *variables) String() string { return "" }

func (v *variables) Type() string { return "name=value" }

func (v *variables) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok || strings.TrimSpace(name) == "" {
		return errors.New("it is written NAME=VALUE")
	}
	if *v == nil {
		*v = variables{}
	}
	(*v)[strings.TrimSpace(name)] = value
	return nil
}

// options are what the flags ask the compiler for.
func (s *siteFlags) options() (compiler.Options, error) {
	o := compiler.Options{Manifest: s.manifest, Mode: s.mode, Vars: s.vars}
	for _, name := range s.varFiles {
		f, err := readVarFile(name)
		if err != nil {
			return o, err
		}
		o.VarFiles = append(o.VarFiles, f)
	}
	return o, nil
}

// given says whether any variable was given a value.
func (s *siteFlags) given() bool { return len(s.vars) > 0 || len(s.varFiles) > 0 }

// readVarFile reads a file of values, which need not be in the site.
func readVarFile(name string) (*source.File, error) {
	bad := func(label, help string) error {
		d := codeVarFile.Errorf("cannot read the values in %s", name)
		d.Label, d.Help = label, help
		return d
	}
	if i := strings.LastIndexByte(name, '.'); i < 0 || !slices.Contains([]string{".yaml", ".yml", ".json", ".hcl"}, name[i:]) {
		return nil, bad("its name says nothing of what it is written in", "call it *.yaml, *.json or *.hcl")
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, bad("there is no such file", "look at how its name is written")
	case err != nil:
		return nil, bad(cause(err).Error(), "let --var-file name a file that you may read")
	case !info.Mode().IsRegular():
		return nil, bad("it is not a regular file", "let --var-file name a file")
	case info.Size() > maxVarFile:
		return nil, bad("it is larger than 1 MiB", "split it, and give each part with a --var-file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, bad(cause(err).Error(), "let --var-file name a file that you may read")
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxVarFile+1))
	if err != nil {
		return nil, bad(cause(err).Error(), "let --var-file name a file that you may read")
	}
	return source.NewFile(name, text), nil
}
