package shell

import (
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
)

// builtin finds a command that every shell has, nil when there is none.
func builtin(name string) Command {
	switch name {
	case "true", ":":
		return func(context.Context, *Process) int { return 0 }
	case "false":
		return func(context.Context, *Process) int { return 1 }
	case "exit":
		return exit
	case "cd":
		return cd
	case "pwd":
		return pwd
	case "sh", "bash", "dash":
		return sh
	case "command", "which":
		return which
	case "test", "[":
		return test
	case "echo":
		return echo
	case "id":
		return id
	case "whoami":
		return whoami
	case "hostname":
		return hostname
	case "env":
		return env
	case "cat":
		return cat
	case "tee":
		return tee
	case "sha256sum":
		return sha256sum
	case "head", "tail":
		return headTail
	case "wc":
		return wc
	case "grep":
		return grep
	case "mkdir":
		return mkdir
	case "rm":
		return rm
	case "rmdir":
		return rmdir
	case "mv":
		return mv
	case "cp":
		return cp
	case "chmod":
		return chmod
	case "chown":
		return chown
	case "touch":
		return touch
	case "ls":
		return ls
	case "stat":
		return stat
	case "basename", "dirname":
		return pathPart
	}
	return nil
}

func exit(_ context.Context, p *Process) int {
	p.quit = true
	if len(p.Args) == 1 {
		return p.last
	}
	n, err := strconv.ParseUint(p.Args[1], 10, 32)
	if err != nil {
		fmt.Fprintf(p.Stderr, "sh: exit: Illegal number: %s\n", p.Args[1])
		return 2
	}
	return int(n & 0xff)
}

func cd(_ context.Context, p *Process) int {
	dir := p.User.Home
	if len(p.Args) > 1 {
		dir = p.Args[1]
	}
	if !p.IsDir(dir) {
		return p.Fail("can't cd to %s", dir)
	}
	p.dir = p.Abs(dir)
	return 0
}

func pwd(_ context.Context, p *Process) int {
	fmt.Fprintln(p.Stdout, p.Abs("."))
	return 0
}

// sh runs another shell: sh -c TEXT, sh FILE, or a script on stdin.
func sh(ctx context.Context, p *Process) int {
	inner := p.As(p.User)
	inner.vars = p.vars
	args := p.Args[1:]
	switch {
	case len(args) >= 2 && (args[0] == "-c" || args[0] == "-lc"):
		if len(args) > 2 {
			return p.Fail("arguments after the script of %s are not understood by the lab's shell", args[0])
		}
		return inner.RunText(ctx, args[1], p.Stdin, p.Stdout, p.Stderr)
	case len(args) == 1 && !strings.HasPrefix(args[0], "-"):
		text, err := p.Read(ctx, args[0])
		if err != nil {
			fmt.Fprintf(p.Stderr, "sh: %v\n", err)
			return 127
		}
		return inner.RunText(ctx, string(text), p.Stdin, p.Stdout, p.Stderr)
	case len(args) == 0 || len(args) == 1 && (args[0] == "-s" || args[0] == "-l"):
		text, err := io.ReadAll(io.LimitReader(p.Stdin, maxScript+1))
		if err != nil {
			return p.Fail("%v", err)
		}
		return inner.RunText(ctx, string(text), strings.NewReader(""), p.Stdout, p.Stderr)
	}
	return p.Fail("options %q are not understood by the lab's shell", args)
}

// which is `command -v NAME…` and `which NAME…`.
func which(_ context.Context, p *Process) int {
	names := p.Args[1:]
	if p.Args[0] == "command" {
		if len(names) < 2 || names[0] != "-v" {
			return p.Fail("only command -v NAME is understood by the lab's shell")
		}
		names = names[1:]
	}
	status := 0
	for _, name := range names {
		if p.find(name) == nil {
			status = 1
			continue
		}
		fmt.Fprintln(p.Stdout, path.Join("/usr/bin", name))
	}
	return status
}

func echo(_ context.Context, p *Process) int {
	args, end := p.Args[1:], "\n"
	if len(args) > 0 && args[0] == "-n" {
		args, end = args[1:], ""
	}
	if _, err := io.WriteString(p.Stdout, strings.Join(args, " ")+end); err != nil {
		return 1
	}
	return 0
}

func id(_ context.Context, p *Process) int {
	groups := p.User.Groups
	if len(groups) == 0 {
		groups = []string{p.User.Name}
	}
	switch arg := strings.Join(p.Args[1:], " "); arg {
	case "-un":
		fmt.Fprintln(p.Stdout, p.User.Name)
	case "-gn":
		fmt.Fprintln(p.Stdout, groups[0])
	case "-Gn", "-nG":
		fmt.Fprintln(p.Stdout, strings.Join(groups, " "))
	case "-u":
		if !p.User.Root() {
			return p.Fail("the lab's users have names, no numbers; use id -un")
		}
		fmt.Fprintln(p.Stdout, 0)
	default:
		return p.Fail("only id -u, -un, -gn and -nG are understood by the lab's shell")
	}
	return 0
}

func whoami(_ context.Context, p *Process) int {
	fmt.Fprintln(p.Stdout, p.User.Name)
	return 0
}

// hostname prints or sets the name; `hostname -I` is the system's own program.
func hostname(ctx context.Context, p *Process) int {
	name, err := p.Machine.Hostname(ctx)
	switch {
	case err != nil:
		return p.Fail("%v", err)
	case len(p.Args) == 1 || p.Args[1] == "-s":
		name, _, _ = strings.Cut(name, ".")
		if len(p.Args) == 1 {
			name, _ = p.Machine.Hostname(ctx)
		}
		fmt.Fprintln(p.Stdout, name)
	case strings.HasPrefix(p.Args[1], "-"):
		out, err := p.Machine.Run(ctx, nil, p.Args...)
		p.Stdout.Write(out)
		if err != nil {
			return p.Fail("%v", err)
		}
	case !p.User.Root():
		return p.Fail("you must be root to change the host name")
	default:
		if err := p.Machine.SetHostname(ctx, p.Args[1]); err != nil {
			return p.Fail("%v", err)
		}
	}
	return 0
}

// env prints the environment, or runs a command with additions to it.
func env(ctx context.Context, p *Process) int {
	args := p.Args[1:]
	inner := p.As(p.User)
	inner.vars, inner.quit = p.vars, false
	for len(args) > 0 {
		name, value, ok := strings.Cut(args[0], "=")
		if !ok || !isName(name) {
			break
		}
		inner.set(name, value)
		args = args[1:]
	}
	if len(args) > 0 {
		return (&Process{Shell: inner, Args: args, Stdin: p.Stdin, Stdout: p.Stdout, Stderr: p.Stderr}).run(ctx)
	}
	names := []string{"HOME", "LOGNAME", "PATH", "PWD", "SHELL", "USER"}
	for name := range inner.vars {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(p.Stdout, "%s=%s\n", name, inner.get(name))
	}
	return 0
}

func pathPart(_ context.Context, p *Process) int {
	if len(p.Args) != 2 {
		return p.Fail("one path is needed")
	}
	part := path.Base(p.Args[1])
	if p.Args[0] == "dirname" {
		part = path.Dir(p.Args[1])
	}
	fmt.Fprintln(p.Stdout, part)
	return 0
}
