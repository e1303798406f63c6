package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/homestak/homestak/lang/diag"
)

const (
	codeOutput     diag.Code = "HS0994"
	codeUnexpected diag.Code = "HS9901"
)

// app is one command line being run: where it reads and writes, and what it
// may assume about who watches.
type app struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	env    func(string) string
}

// command is one verb.
type command struct {
	name  string
	args  string // synopsis after the name, "-M NAME [-H HOST]"
	short string // one line for the overview
	long  string // what `homestak help NAME` says above the flags
	// setup declares the flags and returns what runs with them.
	setup func(f *pflag.FlagSet) func(ctx context.Context, a *app, args []string) error
}

// exitError carries an exit code through the error path. A nil err means that
// everything was said already.
type exit struct {
	code int
	err  error
}

func (e exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e exit) Unwrap() error { return e.err }

// usage is an error in the command line itself.
func usage(format string, args ...any) error {
	return exit{exitUsage, fmt.Errorf(format, args...)}
}

// notOneOf is the usage error of a flag, or of a verb's first word, that takes
// one of a few words.
func notOneOf(of, got string, known ...string) error {
	hint := "write " + strings.Join(known[:len(known)-1], ", ") + " or " + known[len(known)-1]
	if s := diag.Suggest(got, known); s != "" {
		hint = "did you mean " + s + "?"
	}
	return usage("%s has no %q: %s", of, got, hint)
}

// Main runs one command line and returns its exit code. It never calls
// os.Exit and never panics on input.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, env: os.Getenv}
	ctx, stop := interruptible(context.Background())
	defer stop()
	return a.code(a.run(ctx, args))
}

// interruptible cancels the context at the first ^C, SIGTERM or hang-up. After
// that they do what they always do, unless a verb asks for the second one: end
// the process at once; journals bear that.
func interruptible(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

func (a *app) run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		fmt.Fprint(a.stderr, overview())
		return exit{code: exitUsage}
	}
	switch name := args[0]; name {
	case "help", "-h", "--help":
		return a.help(args[1:])
	case "--version", "-V":
		return a.run(ctx, []string{"version"})
	default:
		c, err := find(name)
		if err != nil {
			return err
		}
		return a.runCommand(ctx, c, args[1:])
	}
}

func (a *app) help(args []string) error {
	if len(args) == 0 {
		fmt.Fprint(a.stdout, overview())
		return nil
	}
	c, err := find(args[0])
	if err != nil {
		return err
	}
	fmt.Fprint(a.stdout, c.help())
	return nil
}

func find(name string) (command, error) {
	all := commands()
	if i := slices.IndexFunc(all, func(c command) bool { return c.name == name }); i >= 0 {
		return all[i], nil
	}
	if what, ok := laterVerbs()[name]; ok {
		return command{}, usage("%q (%s) is not in this version of homestak; see CHANGELOG.md", name, what)
	}
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.name
	}
	hint := "`homestak help` lists the commands"
	if s := diag.Suggest(name, names); s != "" {
		hint = fmt.Sprintf("did you mean `homestak %s`?", s)
	}
	return command{}, usage("there is no command %q: %s", name, hint)
}

func (a *app) runCommand(ctx context.Context, c command, args []string) error {
	flags := newFlags(c.name)
	run := c.setup(flags)
	if err := flags.Parse(args); errors.Is(err, pflag.ErrHelp) {
		fmt.Fprint(a.stdout, c.help())
		return nil
	} else if err != nil {
		return usage("%w%s\nusage: homestak %s %s\n`homestak help %s` explains it", err, nearFlag(flags, err), c.name, c.args, c.name)
	}
	return run(ctx, a, flags.Args())
}

// nearFlag says which flag an unknown one was perhaps meant as.
func nearFlag(flags *pflag.FlagSet, err error) string {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return ""
	}
	var names []string
	flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if s := diag.Suggest(unknown.GetSpecifiedName(), names); s != "" {
		return fmt.Sprintf(": did you mean --%s?", s)
	}
	return ""
}

func newFlags(name string) *pflag.FlagSet {
	f := pflag.NewFlagSet(name, pflag.ContinueOnError)
	f.SortFlags = false
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	return f
}

// code reports err, if it was not reported yet, and turns it into an exit code.
func (a *app) code(err error) int {
	if err == nil {
		return exitOK
	}
	code := exitError
	var e exit
	if errors.As(err, &e) {
		code = e.code
		if e.err == nil {
			return code
		}
	}
	if code == exitUsage {
		fmt.Fprintf(a.stderr, "homestak: %v\n", err)
		return code
	}
	a.report(err)
	return code
}

// report renders an error. What is no diagnostic is a failure nobody foresaw;
// it is shown as one, with a code, so that it can be searched for.
func (a *app) report(err error) {
	var list diag.List
	var one *diag.Diagnostic
	switch {
	case errors.As(err, &list):
	case errors.As(err, &one):
		list = diag.List{one}
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(a.stderr, "homestak: interrupted")
		return
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EPIPE):
		d := codeOutput.Errorf("the output cannot be written")
		d.Label, d.Help = cause(err).Error(), "make room, or write somewhere else"
		list = diag.List{d}
	default:
		d := codeUnexpected.Errorf("%s", strings.TrimSpace(err.Error()))
		d.Help = "if this message does not say enough, please report it"
		list = diag.List{d}
	}
	a.findings(list)
}

// findings renders diagnostics to stderr.
func (a *app) findings(list diag.List) {
	if len(list) > 0 {
		_ = diag.Text(a.stderr, list, diag.TextOptions{Color: a.color(a.stderr)})
	}
}

// check renders a stage's findings and turns errors into exit 1.
func (a *app) check(list diag.List) error {
	a.findings(list)
	if list.HasErrors() {
		return exit{code: exitError}
	}
	return nil
}

// isTerminal reports whether a person watches w.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// color follows NO_COLOR and TERM=dumb, and never colours a pipe.
func (a *app) color(w io.Writer) bool {
	return a.env("NO_COLOR") == "" && a.env("TERM") != "dumb" && isTerminal(w)
}

// ascii is true where the locale does not promise UTF-8 on a terminal; results
// in files and pipes are always UTF-8, so that they are the same everywhere.
func (a *app) ascii(w io.Writer) bool {
	if !isTerminal(w) {
		return false
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := a.env(name); v != "" {
			v = strings.ToLower(v)
			return !strings.Contains(v, "utf-8") && !strings.Contains(v, "utf8")
		}
	}
	return true
}
