package sim

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/homestak/homestak/runtime/lab/sim/shell"
)

// sudo knows -n, -u USER, -H, -E, -- and a command. There is no terminal to
// ask for a password, so a rule without NOPASSWD refuses.
func (o *operatingSystem) sudo(ctx context.Context, p *shell.Process) int {
	if _, ok, _ := o.Installed(ctx, "sudo"); !ok {
		fmt.Fprintln(p.Stderr, "sh: sudo: not found")
		return 127
	}
	target, quiet, args := "root", false, p.Args[1:]
options:
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch args[0] {
		case "-n", "--non-interactive":
			quiet = true
		case "-H", "-E":
		case "-u":
			if len(args) < 2 {
				return p.Fail("option -u needs a user")
			}
			target, args = args[1], args[1:]
		case "--":
			args = args[1:]
			break options
		default:
			return p.Fail("option %s is not understood in the lab", args[0])
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return p.Fail("a command is needed")
	}
	id, err := o.identity(ctx, target)
	if err != nil {
		return p.Fail("unknown user %s", target)
	}
	program := args[0]
	if !strings.Contains(program, "/") {
		program = path.Join("/usr/bin", program)
	}
	allowed, password := true, false
	if !p.User.Root() {
		allowed, password = o.sudoers(ctx).decide(p.User, target, p.Abs(program), args[1:])
	}
	switch {
	case !allowed || password && quiet: // sudo asks for the password before it says no
		return p.Fail("a password is required")
	case password:
		return p.Fail("a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper")
	}
	return p.As(id).RunArgs(ctx, args, p.Stdin, p.Stdout, p.Stderr)
}

// sudoRule is one line of sudoers.
type sudoRule struct {
	who      []string // user, %group or ALL
	runas    []string
	password bool
	commands []string // ALL, /path or /path args; ! refuses
}

type sudoRules []sudoRule

// sudoers reads /etc/sudoers and the directories it includes. Files that others
// may write are left out, and so are names with a dot or a final ~.
func (o *operatingSystem) sudoers(ctx context.Context) sudoRules {
	var rules sudoRules
	read := func(name string, include func(dir string)) {
		data, info, err := o.ReadFile(ctx, name)
		if err != nil || info.Owner != "root" || info.Mode&0o022 != 0 {
			return
		}
		text := strings.ReplaceAll(string(data), "\\\n", " ")
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if f := strings.Fields(line); len(f) == 2 && (f[0] == "@includedir" || f[0] == "#includedir") {
				include(f[1])
				continue
			}
			if r, ok := parseSudoRule(line); ok {
				rules = append(rules, r)
			}
		}
	}
	read("/etc/sudoers", func(dir string) {
		names, err := o.List(dir)
		if err != nil {
			return
		}
		for _, name := range names {
			if !strings.Contains(name, ".") && !strings.HasSuffix(name, "~") {
				read(path.Join(dir, name), func(string) {})
			}
		}
	})
	return rules
}

// parseSudoRule reads WHO HOST=(RUNAS) TAG: COMMANDS. Comments, Defaults and
// aliases are no rules.
func parseSudoRule(line string) (sudoRule, bool) {
	if line == "" || line[0] == '#' || line[0] == '@' || strings.HasPrefix(line, "Defaults") {
		return sudoRule{}, false
	}
	who, rest, ok := strings.Cut(line, " ")
	host, what, eq := strings.Cut(rest, "=")
	if !ok || !eq || strings.TrimSpace(host) != "ALL" {
		return sudoRule{}, false
	}
	r := sudoRule{who: strings.Split(who, ","), runas: []string{"root"}, password: true}
	what = strings.TrimSpace(what)
	if inner, after, found := strings.Cut(strings.TrimPrefix(what, "("), ")"); strings.HasPrefix(what, "(") && found {
		users, _, _ := strings.Cut(inner, ":")
		r.runas = splitList(users)
		what = strings.TrimSpace(after)
	}
	for {
		tag, after, found := strings.Cut(what, ":")
		if !found || strings.ContainsAny(tag, "/ ,") {
			break
		}
		switch tag {
		case "NOPASSWD":
			r.password = false
		case "PASSWD":
			r.password = true
		}
		what = strings.TrimSpace(after)
	}
	r.commands = splitList(what)
	return r, len(r.commands) > 0
}

func splitList(s string) []string {
	var out []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}

// decide finds the last rule that speaks of this user, target and command.
func (rules sudoRules) decide(id shell.Identity, target, program string, args []string) (allowed, password bool) {
	full := strings.Join(append([]string{program}, args...), " ")
	for _, r := range rules {
		if !r.of(id) || !slices.Contains(r.runas, target) && !slices.Contains(r.runas, "ALL") {
			continue
		}
		for _, c := range r.commands {
			name, negated := strings.CutPrefix(c, "!")
			if name == "ALL" || name == program || name == full {
				allowed, password = !negated, r.password
			}
		}
	}
	return allowed, password
}

func (r sudoRule) of(id shell.Identity) bool {
	return slices.ContainsFunc(r.who, func(w string) bool {
		group, isGroup := strings.CutPrefix(w, "%")
		return w == "ALL" || w == id.Name || isGroup && slices.Contains(id.Groups, group)
	})
}
