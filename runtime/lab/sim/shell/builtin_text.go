package shell

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// inputs calls f for each file named, or once for stdin ("-" or no file), and
// returns 1 if any of them could not be read.
func (p *Process) inputs(ctx context.Context, files []string, f func(name string, r io.Reader) error) int {
	if len(files) == 0 {
		files = []string{"-"}
	}
	status := 0
	for _, file := range files {
		var r io.Reader = p.Stdin
		if file != "-" {
			data, err := p.Read(ctx, file)
			if err != nil {
				status = p.Fail("%v", err)
				continue
			}
			r = bytes.NewReader(data)
		}
		if err := f(file, r); err != nil {
			return p.Fail("%v", err)
		}
	}
	return status
}

func cat(ctx context.Context, p *Process) int {
	return p.inputs(ctx, p.Args[1:], func(_ string, r io.Reader) error {
		_, err := io.Copy(p.Stdout, r)
		return err
	})
}

func tee(ctx context.Context, p *Process) int {
	files, add := p.Args[1:], false
	if len(files) > 0 && files[0] == "-a" {
		files, add = files[1:], true
	}
	for _, f := range files {
		if err := p.MayWrite(f); err != nil {
			return p.Fail("%v", err)
		}
	}
	data, err := io.ReadAll(p.Stdin)
	if err != nil {
		return p.Fail("%v", err)
	}
	for _, f := range files {
		out := &output{path: f, append: add}
		out.Write(data)
		if err := p.save(ctx, out); err != nil {
			return p.Fail("%v", err)
		}
	}
	p.Stdout.Write(data)
	return 0
}

// sha256sum asks the machine for the digest of a file: it may hold a large
// program by reference.
func sha256sum(ctx context.Context, p *Process) int {
	files := p.Args[1:]
	if len(files) == 0 || len(files) == 1 && files[0] == "-" {
		h := sha256.New()
		if _, err := io.Copy(h, p.Stdin); err != nil {
			return p.Fail("%v", err)
		}
		fmt.Fprintf(p.Stdout, "%x  -\n", h.Sum(nil))
		return 0
	}
	status := 0
	for _, file := range files {
		if strings.HasPrefix(file, "-") {
			return p.Fail("options are not understood by the lab's shell")
		}
		_, err := p.MayRead(file)
		sum := ""
		if err == nil {
			sum, err = p.Machine.Digest(p.Abs(file))
		}
		if err != nil {
			status = p.Fail("%v", err)
			continue
		}
		fmt.Fprintf(p.Stdout, "%s  %s\n", sum, file)
	}
	return status
}

// headTail is head and tail with -n N or -N.
func headTail(ctx context.Context, p *Process) int {
	n, files := 10, p.Args[1:]
	if len(files) > 0 && strings.HasPrefix(files[0], "-") && files[0] != "-" {
		count := strings.TrimPrefix(strings.TrimPrefix(files[0], "-"), "n")
		files = files[1:]
		if count == "" && len(files) > 0 {
			count, files = files[0], files[1:]
		}
		var err error
		if n, err = strconv.Atoi(count); err != nil || n < 0 {
			return p.Fail("invalid number of lines: %q", count)
		}
	}
	return p.inputs(ctx, files, func(_ string, r io.Reader) error {
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		lines := strings.SplitAfter(string(data), "\n")
		if lines[len(lines)-1] == "" {
			lines = lines[:len(lines)-1]
		}
		if n < len(lines) {
			if p.Args[0] == "head" {
				lines = lines[:n]
			} else {
				lines = lines[len(lines)-n:]
			}
		}
		_, err = io.WriteString(p.Stdout, strings.Join(lines, ""))
		return err
	})
}

func wc(ctx context.Context, p *Process) int {
	if len(p.Args) < 2 || p.Args[1] != "-l" && p.Args[1] != "-c" && p.Args[1] != "-m" {
		return p.Fail("only -l, -c and -m are understood by the lab's shell")
	}
	return p.inputs(ctx, p.Args[2:], func(name string, r io.Reader) error {
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		n := map[string]int{"-l": bytes.Count(data, []byte("\n")), "-c": len(data), "-m": utf8.RuneCount(data)}[p.Args[1]]
		if len(p.Args) == 2 {
			fmt.Fprintln(p.Stdout, n)
		} else {
			fmt.Fprintln(p.Stdout, n, name)
		}
		return nil
	})
}

// grep understands -q -v -i -c -F -E -x; patterns are Go's regular expressions
// unless -F is given, so only -E agrees with them and plain patterns that hold
// no special characters do.
func grep(ctx context.Context, p *Process) int {
	flags, args := "", p.Args[1:]
	for len(args) > 0 && strings.HasPrefix(args[0], "-") && args[0] != "-" {
		if args[0] == "--" {
			args = args[1:]
			break
		}
		flags, args = flags+args[0][1:], args[1:]
	}
	if bad := strings.Trim(flags, "qvicFEx"); bad != "" {
		p.Fail("option -%s is not understood by the lab's shell", bad)
		return 2
	}
	if len(args) == 0 {
		p.Fail("a pattern is needed")
		return 2
	}
	has := func(c string) bool { return strings.Contains(flags, c) }
	pattern := args[0]
	if !has("E") && !has("F") && strings.ContainsAny(pattern, `+?(){}|\`) {
		p.Fail("use -E or -F: the lab's shell has no basic regular expressions")
		return 2
	}
	if has("F") {
		pattern = regexp.QuoteMeta(pattern)
	}
	if has("x") {
		pattern = "^(?:" + pattern + ")$"
	}
	if has("i") {
		pattern = "(?i)" + pattern
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		p.Fail("%q is not a regular expression", args[0])
		return 2
	}
	count := 0
	status := p.inputs(ctx, args[1:], func(name string, r io.Reader) error {
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(data)) {
			line = strings.TrimSuffix(line, "\n")
			if re.MatchString(line) == has("v") {
				continue
			}
			if count++; has("q") || has("c") {
				continue
			}
			if len(args) > 2 {
				line = name + ":" + line
			}
			fmt.Fprintln(p.Stdout, line)
		}
		return nil
	})
	if has("c") && !has("q") {
		fmt.Fprintln(p.Stdout, count)
	}
	switch {
	case status != 0:
		return 2
	case count == 0:
		return 1
	}
	return 0
}
