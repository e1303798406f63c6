package shell

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/runtime/system"
)

// options splits leading options from operands; letters lists the single
// letters that are known.
func (p *Process) options(letters string) (flags string, args []string, err error) {
	args = p.Args[1:]
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		if args[0] == "--" {
			return flags, args[1:], nil
		}
		if strings.Trim(args[0][1:], letters) != "" {
			return "", nil, fmt.Errorf("option %s is not understood by the lab's shell", args[0])
		}
		flags, args = flags+args[0][1:], args[1:]
	}
	return flags, args, nil
}

// each runs f on every operand and reports its errors.
func (p *Process) each(args []string, f func(file string) error) int {
	if len(args) == 0 {
		return p.Fail("missing operand")
	}
	status := 0
	for _, a := range args {
		if err := f(a); err != nil {
			status = p.Fail("%v", err)
		}
	}
	return status
}

func mkdir(_ context.Context, p *Process) int {
	mode := fs.FileMode(0o755)
	if i := slices.Index(p.Args, "-m"); i > 0 && i+1 < len(p.Args) {
		m, err := strconv.ParseUint(p.Args[i+1], 8, 9)
		if err != nil {
			return p.Fail("invalid mode %q", p.Args[i+1])
		}
		mode = fs.FileMode(m)
		p.Args = slices.Delete(slices.Clone(p.Args), i, i+2)
	}
	flags, args, err := p.options("p")
	if err != nil {
		return p.Fail("%v", err)
	}
	return p.each(args, func(dir string) error {
		if info, err := p.Stat(dir); err == nil {
			if info.Dir && flags != "" {
				return nil
			}
			return fmt.Errorf("cannot create directory '%s': File exists", dir)
		}
		// -p may make parents, so the nearest one that is there decides.
		last := p.Abs(dir)
		for flags != "" && !p.IsDir(path.Dir(last)) && last != "/" {
			last = path.Dir(last)
		}
		if err := p.mayChange(last); err != nil {
			return fmt.Errorf("cannot create directory %w", err)
		}
		return p.Machine.Mkdir(p.Abs(dir), p.owned(mode))
	})
}

func rm(ctx context.Context, p *Process) int {
	flags, args, err := p.options("rfR")
	if err != nil {
		return p.Fail("%v", err)
	}
	force, deep := strings.Contains(flags, "f"), strings.ContainsAny(flags, "rR")
	if len(args) == 0 && force {
		return 0
	}
	return p.each(args, func(file string) error {
		info, err := p.Stat(file)
		switch {
		case errors.Is(err, system.ErrNotExist) && force:
			return nil
		case err == nil && info.Dir && !deep:
			err = isDirectory(file)
		case err == nil:
			err = p.remove(ctx, p.Abs(file), info.Dir)
		}
		if err != nil {
			return fmt.Errorf("cannot remove %w", err)
		}
		return nil
	})
}

// remove deletes a file, or a directory with all that is in it.
func (p *Process) remove(ctx context.Context, abs string, dir bool) error {
	if err := p.mayChange(abs); err != nil {
		return err
	}
	if !dir {
		return p.Machine.RemoveFile(ctx, abs)
	}
	names, err := p.Machine.List(abs)
	if err != nil {
		return err
	}
	for _, name := range names {
		full := path.Join(abs, name)
		info, err := p.Stat(full)
		if err == nil {
			err = p.remove(ctx, full, info.Dir)
		}
		if err != nil {
			return err
		}
	}
	return p.Machine.RemoveDir(abs)
}

func rmdir(_ context.Context, p *Process) int {
	return p.each(p.Args[1:], func(dir string) error {
		if err := p.mayChange(dir); err != nil {
			return fmt.Errorf("failed to remove %w", err)
		}
		return p.Machine.RemoveDir(p.Abs(dir))
	})
}

// destination is where mv and cp put their one file.
func (p *Process) destination() (from, to string, err error) {
	_, args, err := p.options("fp")
	if err != nil {
		return "", "", err
	}
	if len(args) != 2 {
		return "", "", errors.New("one file and one destination are needed")
	}
	from, to = args[0], args[1]
	if p.IsDir(to) {
		to = path.Join(to, path.Base(from))
	}
	if p.Abs(from) == p.Abs(to) {
		return "", "", fmt.Errorf("'%s' and '%s' are the same file", from, to)
	}
	return from, to, nil
}

func mv(_ context.Context, p *Process) int {
	from, to, err := p.destination()
	if err == nil {
		var info system.Stat
		if info, err = p.Stat(from); err == nil && info.Dir {
			err = errors.New("directories stay where they are in the lab")
		}
	}
	for _, f := range []string{from, to} {
		if err == nil {
			err = p.mayChange(f)
		}
	}
	if err == nil {
		err = p.Machine.Rename(p.Abs(from), p.Abs(to))
	}
	if err != nil {
		return p.Fail("%v", err)
	}
	return 0
}

func cp(ctx context.Context, p *Process) int {
	from, to, err := p.destination()
	if err != nil {
		return p.Fail("%v", err)
	}
	info, err := p.MayRead(from)
	if err != nil {
		return p.Fail("%v", err)
	}
	data, err := p.Read(ctx, from)
	if err == nil {
		err = p.Write(ctx, to, data, info.Mode)
	}
	if err != nil {
		return p.Fail("%v", err)
	}
	return 0
}

func chmod(_ context.Context, p *Process) int {
	if len(p.Args) < 3 {
		return p.Fail("missing operand")
	}
	spec := p.Args[1]
	return p.each(p.Args[2:], func(file string) error {
		if err := p.owns(file); err != nil {
			return err
		}
		info, err := p.Stat(file)
		if err != nil {
			return err
		}
		mode := info.Mode
		switch spec {
		case "+x", "a+x":
			mode |= 0o111
		case "-x", "a-x":
			mode &^= 0o111
		default:
			m, err := strconv.ParseUint(spec, 8, 9)
			if err != nil {
				return fmt.Errorf("invalid mode: '%s' (the lab's shell knows octal modes, +x and -x)", spec)
			}
			mode = fs.FileMode(m)
		}
		return p.Machine.Chmod(p.Abs(file), mode)
	})
}

func chown(_ context.Context, p *Process) int {
	if len(p.Args) < 3 {
		return p.Fail("missing operand")
	}
	owner, group, both := strings.Cut(p.Args[1], ":")
	if both && group == "" {
		group = owner
	}
	return p.each(p.Args[2:], func(file string) error {
		if !p.User.Root() {
			return fmt.Errorf("changing ownership of '%s': Operation not permitted", file)
		}
		if _, err := p.Stat(file); err != nil {
			return err
		}
		return p.Machine.Chown(p.Abs(file), owner, group)
	})
}

func touch(ctx context.Context, p *Process) int {
	return p.each(p.Args[1:], func(file string) error {
		if _, err := p.Stat(file); err == nil {
			return p.MayWrite(file)
		}
		return p.Write(ctx, file, nil, 0)
	})
}

func ls(_ context.Context, p *Process) int {
	flags, args, err := p.options("l1aAd")
	if err != nil {
		return p.Fail("%v", err)
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	long, all := strings.Contains(flags, "l"), strings.ContainsAny(flags, "aA")
	return p.each(args, func(file string) error {
		info, err := p.Stat(file)
		if err != nil {
			return fmt.Errorf("cannot access %w", err)
		}
		if !info.Dir || strings.Contains(flags, "d") {
			return p.listed(info, file, long)
		}
		if !p.User.may(info, 4) {
			return fmt.Errorf("cannot open directory %w", denied(file))
		}
		names, err := p.Machine.List(p.Abs(file))
		if err != nil {
			return err
		}
		for _, name := range names {
			if strings.HasPrefix(name, ".") && !all {
				continue
			}
			info, err := p.Machine.Stat(path.Join(p.Abs(file), name))
			if err == nil {
				err = p.listed(info, name, long)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// listed prints one line of ls.
func (p *Process) listed(info system.Stat, name string, long bool) error {
	line := name
	if long {
		kind := "-"
		if info.Dir {
			kind = "d"
		}
		line = fmt.Sprintf("%s%s %-8s %-8s %8d %s", kind, info.Mode.Perm().String()[1:], info.Owner, info.Group, info.Size, name)
	}
	_, err := fmt.Fprintln(p.Stdout, line)
	return err
}

// stat understands -c with %a %U %G %n %s %F.
func stat(_ context.Context, p *Process) int {
	if len(p.Args) < 4 || p.Args[1] != "-c" {
		return p.Fail("only stat -c FORMAT FILE… is understood by the lab's shell")
	}
	return p.each(p.Args[3:], func(file string) error {
		info, err := p.Stat(file)
		if err != nil {
			return fmt.Errorf("cannot stat %w", err)
		}
		kind := "regular file"
		if info.Dir {
			kind = "directory"
		}
		line := strings.NewReplacer("%a", strconv.FormatUint(uint64(info.Mode.Perm()), 8), "%U", info.Owner, "%G", info.Group,
			"%n", file, "%s", strconv.FormatInt(info.Size, 10), "%F", kind, "%%", "%").Replace(p.Args[2])
		_, err = fmt.Fprintln(p.Stdout, line)
		return err
	})
}
