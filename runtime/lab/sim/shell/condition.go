package shell

import (
	"context"
	"fmt"
	"strconv"
)

// test is the condition command, with one or two operands and !.
func test(_ context.Context, p *Process) int {
	args := p.Args[1:]
	if p.Args[0] == "[" {
		if len(args) == 0 || args[len(args)-1] != "]" {
			p.Fail("missing ]")
			return 2
		}
		args = args[:len(args)-1]
	}
	negate := false
	for len(args) > 1 && args[0] == "!" {
		negate = !negate
		args = args[1:]
	}
	holds, err := p.condition(args)
	if err != nil {
		p.Fail("%v", err)
		return 2
	}
	if holds != negate {
		return 0
	}
	return 1
}

func (p *Process) condition(args []string) (bool, error) {
	switch len(args) {
	case 0:
		return false, nil
	case 1:
		return args[0] != "", nil
	case 2:
		return p.unary(args[0], args[1])
	case 3:
		return binary(args[0], args[1], args[2])
	}
	return false, fmt.Errorf("conditions of %d words are not understood by the lab's shell", len(args))
}

func (p *Process) unary(op, arg string) (bool, error) {
	switch op {
	case "-n":
		return arg != "", nil
	case "-z":
		return arg == "", nil
	}
	info, err := p.Stat(arg)
	there := err == nil
	switch op {
	case "-e":
		return there, nil
	case "-f":
		return there && !info.Dir, nil
	case "-d":
		return there && info.Dir, nil
	case "-s":
		return there && (info.Dir || info.Size > 0), nil
	case "-r":
		return there && p.User.may(info, 4), nil
	case "-w":
		return there && p.User.may(info, 2), nil
	case "-x":
		return there && p.User.may(info, 1), nil
	case "-L", "-h":
		return false, nil // the lab's machines have no symbolic links
	}
	return false, fmt.Errorf("%s: unknown operator", op)
}

func binary(a, op, b string) (bool, error) {
	switch op {
	case "=", "==":
		return a == b, nil
	case "!=":
		return a != b, nil
	}
	compare, ok := map[string]func(x, y int64) bool{
		"-eq": func(x, y int64) bool { return x == y }, "-ne": func(x, y int64) bool { return x != y },
		"-lt": func(x, y int64) bool { return x < y }, "-le": func(x, y int64) bool { return x <= y },
		"-gt": func(x, y int64) bool { return x > y }, "-ge": func(x, y int64) bool { return x >= y },
	}[op]
	if !ok {
		return false, fmt.Errorf("%s: unknown operator", op)
	}
	x, err := strconv.ParseInt(a, 10, 64)
	if err != nil {
		return false, fmt.Errorf("illegal number: %s", a)
	}
	y, err := strconv.ParseInt(b, 10, 64)
	if err != nil {
		return false, fmt.Errorf("illegal number: %s", b)
	}
	return compare(x, y), nil
}
