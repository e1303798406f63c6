package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"

	"github.com/homestak/homestak/runtime/system"
)

// Machine is what commands work on: a system, and what programs ask of its
// files beyond that. Paths are absolute and clean; *system.Memory has it all.
type Machine interface {
	system.System
	Stat(name string) (system.Stat, error)
	List(dir string) ([]string, error)
	Mkdir(name string, info system.FileInfo) error
	RemoveDir(name string) error
	Rename(from, to string) error
	Chmod(name string, mode fs.FileMode) error
	Chown(name, owner, group string) error
	Digest(name string) (string, error)
}

// Identity is who runs a command.
type Identity struct {
	Name   string
	Home   string
	Shell  string
	Groups []string // the user's own group first
}

// Root is true for the user that permission checks do not bind.
func (id Identity) Root() bool { return id.Name == "root" }

// Command is a program of the machine, its result the exit status.
type Command func(ctx context.Context, p *Process) int

// Shell runs scripts. The zero value needs Machine and User.
type Shell struct {
	Machine  Machine
	User     Identity
	Commands map[string]Command // beside those every shell has

	// Exec runs a file of the machine that may be executed, given by its path in
	// p.Args[0]. Without it no file can be executed.
	Exec Command

	dir  string // working directory, "" = the user's home
	vars map[string]string
	last int
	quit bool
}

// Process is one running command.
type Process struct {
	*Shell
	Args   []string // Args[0] is the name it was called by
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
}

// Fail prints "name: message" on stderr and returns 1.
func (p *Process) Fail(format string, args ...any) int {
	fmt.Fprintf(p.Stderr, "%s: %s\n", p.Args[0], fmt.Sprintf(format, args...))
	return 1
}

// As is a new shell on the same machine for another user.
func (s *Shell) As(user Identity) *Shell {
	return &Shell{Machine: s.Machine, User: user, Commands: s.Commands, Exec: s.Exec, dir: s.dir}
}

// RunText parses and runs a script; a syntax error is reported as sh does and
// is status 2.
func (s *Shell) RunText(ctx context.Context, text string, stdin io.Reader, stdout, stderr io.Writer) int {
	script, err := Parse(text)
	if err != nil {
		fmt.Fprintf(stderr, "sh: syntax error: %v\n", err)
		return 2
	}
	return s.Run(ctx, script, stdin, stdout, stderr)
}

// RunArgs runs one command given as an argument vector.
func (s *Shell) RunArgs(ctx context.Context, argv []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(argv) == 0 {
		return 0
	}
	p := &Process{Shell: s, Args: argv, Stdin: stdin, Stdout: stdout, Stderr: stderr}
	return p.run(ctx)
}

// Has reports whether there is a program of this name, or file of this path.
func (s *Shell) Has(name string) bool {
	if !strings.Contains(name, "/") {
		return s.find(name) != nil
	}
	if base, ok := systemProgram(name); ok && s.find(base) != nil {
		return true
	}
	info, err := s.Stat(s.Abs(name))
	return err == nil && !info.Dir
}

// Run runs a script to its end, an exit, or the end of ctx (status 130).
func (s *Shell) Run(ctx context.Context, script *Script, stdin io.Reader, stdout, stderr io.Writer) int {
	for _, it := range script.items {
		if ctx.Err() != nil {
			return 130
		}
		if it.op == "&&" && s.last != 0 || it.op == "||" && s.last == 0 {
			continue
		}
		s.last = s.pipeline(ctx, it, stdin, stdout, stderr)
		if s.quit {
			return s.last
		}
		if it.negate {
			s.last = negated(s.last)
		}
	}
	return s.last
}

func negated(status int) int {
	if status == 0 {
		return 1
	}
	return 0
}

func (s *Shell) pipeline(ctx context.Context, it item, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(it.stages) == 1 {
		return s.command(ctx, it.stages[0], stdin, stdout, stderr)
	}
	var wg sync.WaitGroup
	status := 0
	errs := &lockedWriter{w: stderr}
	for i, c := range it.stages {
		in, out, last := stdin, stdout, i == len(it.stages)-1
		var pw *io.PipeWriter
		var next *io.PipeReader
		if !last {
			next, pw = io.Pipe()
			out = pw
		}
		wg.Go(func() {
			stage := s.As(s.User) // as in sh, a stage cannot change the shell
			stage.vars, stage.last = s.vars, s.last
			code := stage.command(ctx, c, in, out, errs)
			if pw != nil {
				pw.Close()
			}
			if r, ok := in.(*io.PipeReader); ok && i > 0 {
				r.Close()
			}
			if last {
				status = code
			}
		})
		stdin = next
	}
	wg.Wait()
	return status
}

// lockedWriter lets the stages of a pipeline share stderr.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

func (s *Shell) command(ctx context.Context, c command, stdin io.Reader, stdout, stderr io.Writer) int {
	var args []string
	for _, w := range c.words {
		args = append(args, w.fields(s.get)...)
	}
	p := &Process{Shell: s, Args: args, Stdin: stdin, Stdout: stdout, Stderr: stderr}
	files, err := s.redirect(ctx, c.redirs, p)
	if err != nil {
		fmt.Fprintf(stderr, "sh: %v\n", err)
		return 1
	}
	status := 0
	if len(args) == 0 {
		for _, a := range c.assigns {
			s.set(a.name, a.value.join(s.get))
		}
	} else {
		status = s.invoke(ctx, c.assigns, p)
	}
	for _, f := range files {
		if ctx.Err() != nil {
			return 130 // a file whose writer was cut off is left as it was
		}
		if err := s.save(ctx, f); err != nil {
			fmt.Fprintf(stderr, "sh: %v\n", err)
			status = 1
		}
	}
	return status
}

// invoke finds and runs a command; the assignments hold for it alone.
func (s *Shell) invoke(ctx context.Context, assigns []assign, p *Process) int {
	if len(assigns) > 0 {
		saved := s.vars
		s.vars = map[string]string{}
		for k, v := range saved {
			s.vars[k] = v
		}
		for _, a := range assigns {
			s.vars[a.name] = a.value.join(s.get)
		}
		defer func() { s.vars = saved }()
	}
	return p.run(ctx)
}

// run executes p.Args.
func (p *Process) run(ctx context.Context) int {
	name := p.Args[0]
	if strings.Contains(name, "/") {
		if base, ok := systemProgram(name); ok && p.find(base) != nil {
			return p.find(base)(ctx, p)
		}
		return p.execute(ctx)
	}
	if c := p.find(name); c != nil {
		return c(ctx, p)
	}
	fmt.Fprintf(p.Stderr, "sh: %s: not found\n", name)
	return 127
}

func (s *Shell) find(name string) Command {
	if c := s.Commands[name]; c != nil {
		return c
	}
	return builtin(name)
}

// systemProgram is the name of a program given by its usual absolute path.
func systemProgram(path string) (string, bool) {
	for _, dir := range []string{"/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/"} {
		if base, ok := strings.CutPrefix(path, dir); ok && base != "" && !strings.Contains(base, "/") {
			return base, true
		}
	}
	return "", false
}

func (p *Process) execute(ctx context.Context) int {
	path := p.Abs(p.Args[0])
	info, err := p.Stat(path)
	if errors.Is(err, system.ErrNotExist) {
		fmt.Fprintf(p.Stderr, "sh: %s: not found\n", p.Args[0])
		return 127
	}
	if err != nil || info.Dir || !p.User.may(info, 1) || p.Exec == nil {
		fmt.Fprintf(p.Stderr, "sh: %s: Permission denied\n", p.Args[0])
		return 126
	}
	p.Args[0] = path
	return p.Exec(ctx, p)
}

func (s *Shell) get(name string) string {
	switch name {
	case "?":
		return fmt.Sprint(s.last)
	case "PWD":
		return s.Abs(".")
	}
	if v, ok := s.vars[name]; ok {
		return v
	}
	switch name {
	case "HOME":
		return s.User.Home
	case "USER", "LOGNAME":
		return s.User.Name
	case "SHELL":
		return s.User.Shell
	case "PATH":
		return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	}
	return ""
}

func (s *Shell) set(name, value string) {
	vars := map[string]string{name: value}
	for k, v := range s.vars {
		if k != name {
			vars[k] = v
		}
	}
	s.vars = vars // a fresh map: stages of a pipeline may read the old one
}

// Exited is true after the exit command.
func (s *Shell) Exited() bool { return s.quit }
