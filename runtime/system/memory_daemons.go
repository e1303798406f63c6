package system

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// visudo knows -c, -cf FILE and -c -f FILE; FILE may be "-" for stdin.
func (r *run) visudo() ([]byte, error) {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	var files []string
	switch {
	case r.is("-c"):
		files = []string{"/etc/sudoers"}
		for _, name := range r.m.list("/etc/sudoers.d") {
			if !strings.ContainsAny(name, ".~") {
				files = append(files, "/etc/sudoers.d/"+name)
			}
		}
	case len(r.args) == 2 && r.args[0] == "-cf", len(r.args) == 3 && r.args[0] == "-c" && r.args[1] == "-f":
		files = r.args[len(r.args)-1:]
	default:
		return nil, r.fail(1, "visudo: unsupported arguments")
	}
	for _, name := range files {
		data := r.stdin
		if name != "-" {
			var err error
			if data, _, err = r.m.read(name); err != nil {
				return nil, r.fail(1, "visudo: unable to open "+name)
			}
		}
		if n := sudoersProblem(string(data)); n > 0 {
			return nil, r.fail(1, fmt.Sprintf("%s:%d: syntax error", name, n))
		}
	}
	return []byte(strings.Join(files, ": parsed OK\n") + ": parsed OK\n"), nil
}

// sudoersProblem gives the number of the first line that is no comment, no
// include, no Defaults, and not of the form WHO HOST = (RUNAS) [TAG:] COMMANDS.
func sudoersProblem(text string) int {
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '@' || strings.HasPrefix(line, "Defaults") {
			continue
		}
		who, rule, ok := strings.Cut(line, " ")
		host, what, eq := strings.Cut(rule, "=")
		if !ok || !eq || who == "" || strings.TrimSpace(host) == "" || strings.TrimSpace(what) == "" ||
			strings.Count(what, "(") != strings.Count(what, ")") {
			return n
		}
	}
	return 0
}

// fail2ban knows ping, status, status JAIL, reload and -t.
func (r *run) fail2ban() ([]byte, error) {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	jails, err := r.m.jails()
	if r.is("-t") {
		if err != nil {
			return nil, r.fail(255, err.Error())
		}
		return []byte("OK: configuration test is successful\n"), nil
	}
	if !r.m.unit("fail2ban.service").Active {
		return nil, r.fail(255, "Failed to access socket path: /var/run/fail2ban/fail2ban.sock. Is fail2ban running?")
	}
	if err != nil {
		return nil, r.fail(255, err.Error())
	}
	switch {
	case r.is("ping"):
		return []byte("Server replied: pong\n"), nil
	case r.is("reload"):
		return []byte("OK\n"), nil
	case r.is("status"):
		return fmt.Appendf(nil, "Status\n|- Number of jail:\t%d\n`- Jail list:\t%s\n", len(jails), strings.Join(jails, ", ")), nil
	case len(r.args) == 2 && r.args[0] == "status":
		if slices.Contains(jails, r.args[1]) {
			return []byte("Status for the jail: " + r.args[1] + "\n"), nil
		}
		return nil, r.fail(255, "Sorry but the jail '"+r.args[1]+"' does not exist")
	}
	return nil, r.fail(255, "fail2ban-client: unsupported arguments")
}

// jails reads the enabled jails from jail.conf, jail.d/*.conf, jail.local and
// jail.d/*.local, later values winning, as fail2ban does. A jail that reads a
// log file which no installed package writes keeps fail2ban from starting: on
// Debian that is sshd with any backend but systemd while rsyslog is missing.
func (m *Memory) jails() ([]string, error) {
	files := []string{"/etc/fail2ban/jail.conf"}
	for _, suffix := range []string{".conf", ".local"} {
		for _, name := range m.list("/etc/fail2ban/jail.d") {
			if strings.HasSuffix(name, suffix) {
				files = append(files, "/etc/fail2ban/jail.d/"+name)
			}
		}
		if suffix == ".conf" {
			files = append(files, "/etc/fail2ban/jail.local")
		}
	}
	enabled, backend := map[string]string{}, map[string]string{}
	for _, name := range files {
		data, _, err := m.read(name)
		if err != nil {
			continue
		}
		section, n := "", 0
		for line := range strings.Lines(string(data)) {
			n++
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' || line[0] == ';' {
				continue
			}
			if line[0] == '[' && line[len(line)-1] == ']' {
				section = line[1 : len(line)-1]
				continue
			}
			key, value, ok := strings.Cut(line, "=")
			if !ok || section == "" {
				return nil, said("Failed during configuration: File contains parsing errors: %s [line %d]", name, n)
			}
			switch strings.TrimSpace(key) {
			case "enabled":
				enabled[section] = strings.TrimSpace(value)
			case "backend":
				backend[section] = strings.TrimSpace(value)
			}
		}
	}
	var jails []string
	for section, on := range enabled {
		if on != "true" || section == "DEFAULT" {
			continue
		}
		how := backend[section]
		if how == "" {
			how = backend["DEFAULT"]
		}
		if section == "sshd" && how != "systemd" && !m.installed("rsyslog") {
			return nil, said("Failed during configuration: Have not found any log file for %s jail", section)
		}
		jails = append(jails, section)
	}
	slices.Sort(jails)
	return jails, nil
}

// daemonError is what a daemon prints, in its own style.
type daemonError string

func (e daemonError) Error() string { return string(e) }

func said(format string, args ...any) error { return daemonError(fmt.Sprintf(format, args...)) }

// systemctl knows the verbs that take one unit, and daemon-reload.
func (r *run) systemctl() ([]byte, error) {
	args := slices.DeleteFunc(slices.Clone(r.args), func(a string) bool { return a == "--quiet" || a == "--no-block" })
	now := slices.Contains(args, "--now")
	args = slices.DeleteFunc(args, func(a string) bool { return a == "--now" })
	if len(args) == 1 && args[0] == "daemon-reload" {
		return nil, nil
	}
	if len(args) != 2 {
		return nil, r.fail(1, "systemctl: unsupported arguments")
	}
	verb, name := args[0], args[1]
	yes, no := true, false
	edit := func(enabled, active *bool) ([]byte, error) {
		return nil, r.m.change(func() ([]Event, error) { return r.m.setUnit(name, enabled, active) })
	}
	switch verb {
	case "is-active", "is-enabled":
		return r.unitState(verb, name)
	case "start":
		return edit(nil, &yes)
	case "stop":
		return edit(nil, &no)
	case "enable":
		if now {
			return edit(&yes, &yes)
		}
		return edit(&yes, nil)
	case "disable":
		if now {
			return edit(&no, &no)
		}
		return edit(&no, nil)
	case "reload":
		return nil, r.m.change(func() ([]Event, error) { return r.m.reload(name) })
	case "restart":
		if out, err := edit(nil, &no); err != nil {
			return out, err
		}
		return edit(nil, &yes)
	}
	return nil, r.fail(1, "Unknown command verb '"+verb+"'.")
}

func (r *run) unitState(verb, name string) ([]byte, error) {
	u, err := r.m.Unit(context.Background(), name)
	if err != nil {
		return nil, err
	}
	word, good := "inactive", u.Active
	if verb == "is-enabled" {
		word, good = "disabled", u.Enabled
	}
	switch {
	case !u.Known:
		word = "not-found"
	case good && verb == "is-active":
		word = "active"
	case good:
		word = "enabled"
	}
	if !good {
		code := 3
		if verb == "is-enabled" {
			code = 1
		}
		return []byte(word + "\n"), r.fail(code, "")
	}
	return []byte(word + "\n"), nil
}

// apt knows update, install and remove.
func (r *run) apt(ctx context.Context) ([]byte, error) {
	var words []string
	for _, a := range r.args {
		if !strings.HasPrefix(a, "-") {
			words = append(words, a)
		}
	}
	if len(words) == 0 {
		return nil, r.fail(1, "apt-get: unsupported arguments")
	}
	switch words[0] {
	case "update":
		return []byte("Reading package lists...\n"), nil
	case "install":
		return nil, r.m.Install(ctx, words[1:]...)
	case "remove":
		return nil, r.m.Remove(ctx, words[1:]...)
	}
	return nil, r.fail(100, "E: Invalid operation "+words[0])
}
