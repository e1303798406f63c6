package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/pflag"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/format"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/yaml"
)

const codeFormatFile diag.Code = "HS0996"

func fmtCommand() command {
	return command{
		name: "fmt", args: "[-l|-w|-d] [PATH…|-]", short: "print files in their one canonical form",
		long: `
Formats YAML and HCL files; in directories, and below them, all that end in
.yaml, .yml or .hcl. Without a path, or with -, it formats the standard input,
whichever syntax that is. The form has no options. Comments, order, block texts
and what the file means stay; a file with errors is reported and left alone.

  homestak fmt manifests/n1.hcl          print the result
  homestak fmt -w .                      rewrite what is not in that form
  homestak fmt -l . | wc -l              count it
  homestak fmt -d manifests              show what would change

As with gofmt, -d exits 1 if there are differences, and -l exits 0 all the same.
Exit 1 also when a file could not be read, formatted or written; the others are
done all the same. The text of secrets.yaml is printed only when it is named, and
never by -d.`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			r := formatRun{}
			f.BoolVarP(&r.list, "list", "l", false, "print the names of files that would change")
			f.BoolVarP(&r.write, "write", "w", false, "write the result to the file, and print nothing")
			f.BoolVarP(&r.diff, "diff", "d", false, "print differences in place of results")
			return func(ctx context.Context, a *app, args []string) error {
				r.app = a
				return r.run(ctx, args)
			}
		},
	}
}

// formatRun is one call of fmt.
type formatRun struct {
	app               *app
	list, write, diff bool
	failed            bool // or, with -d, there are differences
}

func (r *formatRun) run(ctx context.Context, args []string) error {
	if len(args) == 0 || len(args) == 1 && args[0] == "-" {
		if r.write {
			return usage("fmt -w needs the names of files: the standard input cannot be written to")
		}
		return r.stdin()
	}
	for _, arg := range args {
		if arg == "-" {
			return usage("fmt takes paths, or - alone for the standard input")
		}
	}
	for _, arg := range args {
		if err := r.path(ctx, arg); err != nil {
			return err
		}
	}
	return r.outcome()
}

func (r *formatRun) outcome() error {
	if r.failed {
		return exit{code: exitError}
	}
	return nil
}

// fail reports what is wrong with one file; the others go on.
func (r *formatRun) fail(l diag.List) {
	l.Sort()
	r.app.findings(l)
	r.failed = true
}

// fileFinding makes a finding of an error of the file system.
func fileFinding(name, doing string, err error) diag.List {
	d := codeFormatFile.Errorf("cannot %s %s", doing, name)
	d.Label, d.Help = cause(err).Error(), "check the name and its permissions"
	return diag.List{d}
}

func (r *formatRun) stdin() error {
	text, err := io.ReadAll(io.LimitReader(r.app.stdin, readLimit()))
	if err != nil {
		r.fail(fileFinding("the standard input", "read", err))
		return r.outcome()
	}
	f := source.NewFile("stdin"+format.Extension(text), text)
	if err := r.file(f, true, nil); err != nil {
		return err
	}
	return r.outcome()
}

// readLimit is a byte more than what the language reads, which is enough for it
// to say that a file is too large.
func readLimit() int64 { return int64(yaml.DefaultLimits().Bytes.Most) + 1 }

// path formats a file, or the files of a directory in the order of their names.
// Names that start with a dot are not looked at, nor is what a link leads to,
// unless they were asked for.
func (r *formatRun) path(ctx context.Context, arg string) error {
	info, err := os.Stat(arg)
	if err != nil {
		r.fail(fileFinding(arg, "read", err))
		return nil
	}
	if !info.IsDir() {
		return r.named(arg, true)
	}
	return filepath.WalkDir(arg, func(name string, d fs.DirEntry, err error) error {
		switch hidden := strings.HasPrefix(d.Name(), ".") && name != arg; {
		case ctx.Err() != nil:
			return exit{exitInterrupted, ctx.Err()}
		case err != nil:
			r.fail(fileFinding(name, "read", err))
			return nil
		case hidden && d.IsDir():
			return fs.SkipDir
		case hidden || !d.Type().IsRegular() || !lang.Known(name):
			return nil
		}
		return r.named(name, false)
	})
}

// named formats one file; asked means that the command line names it.
func (r *formatRun) named(name string, asked bool) error {
	text, info, err := readRegular(name)
	if err != nil {
		r.fail(fileFinding(name, "read", err))
		return nil
	}
	f := source.NewFile(filepath.ToSlash(name), text)
	f.Secret = filepath.Base(name) == "secrets.yaml"
	return r.file(f, asked, func(out []byte) error { return replaceFile(name, out, info) })
}

var errIrregular = errors.New("it is not a regular file")

func readRegular(name string) ([]byte, fs.FileInfo, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errIrregular
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, readLimit()))
	return text, info, err
}

// file formats one text and does with the result what the flags say.
func (r *formatRun) file(f *source.File, asked bool, write func([]byte) error) error {
	// What is made of a text is thrown away with it: large ones may leave garbage
	// in proportion, a small one that makes much of itself may not.
	defer collectAt(max(440<<20, int64(len(f.Text))*150), 400)()
	out, found := format.Source(f)
	if found.HasErrors() {
		r.fail(found)
		return nil
	}
	if !r.list && !r.write && !r.diff {
		if f.Secret && !asked {
			fmt.Fprintf(r.app.stderr, "homestak: %s is not printed: it holds secrets; name it to see it\n", f.Name)
			return nil
		}
		_, err := r.app.stdout.Write(out)
		return err
	}
	if bytes.Equal(out, f.Text) {
		return nil
	}
	name := f.Name
	if write == nil {
		name = "<standard input>"
	}
	if r.list {
		fmt.Fprintln(r.app.stdout, name)
	}
	if r.write {
		if err := write(out); err != nil {
			r.fail(fileFinding(f.Name, "write", err))
		}
	}
	if !r.diff {
		return nil
	}
	r.failed = true
	if f.Secret {
		fmt.Fprintf(r.app.stdout, "diff %s.orig %s\n(not shown: the file holds secrets)\n", name, name)
		return nil
	}
	_, err := r.app.stdout.Write(diff.Diff(name+".orig", f.Text, name, out))
	return err
}

// replaceFile puts data in the place of the file as a whole, with its mode and,
// if that is possible, its owner. A link stays a link, and a file that is only to
// be read what it is.
func replaceFile(name string, data []byte, info fs.FileInfo) error {
	target, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o222 == 0 {
		return fs.ErrPermission // also for root: somebody meant it to stay
	}
	tmp, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*")
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		_ = tmp.Chown(int(owner.Uid), int(owner.Gid)) // only root may, and only root needs to
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(info.Mode().Perm()), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), target)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}
