package system

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// Run implements System for the programs below; a program whose package is not
// installed, or that Memory does not know, is not found (exit code 127).
func (m *Memory) Run(ctx context.Context, stdin []byte, argv ...string) ([]byte, error) {
	if len(argv) == 0 {
		return nil, &ExitError{Argv: []string{""}, Code: 127, Stderr: "no command"}
	}
	r := &run{m: m, argv: argv, args: argv[1:], stdin: stdin}
	if needs, ok := commandPackages[argv[0]]; !ok || !m.has(needs) {
		return nil, r.fail(127, "command not found")
	}
	switch argv[0] {
	case "true":
		return nil, nil
	case "false":
		return nil, r.fail(1, "")
	case "hostname":
		return r.hostname()
	case "uname":
		return []byte("Linux\n"), nil
	case "getent":
		return r.getent()
	case "stat":
		return r.stat()
	case "install":
		return nil, r.install()
	case "sshd", "/usr/sbin/sshd":
		return r.sshd()
	case "visudo":
		return r.visudo()
	case "fail2ban-client":
		return r.fail2ban()
	case "systemctl":
		return r.systemctl()
	case "apt-get":
		return r.apt(ctx)
	}
	return nil, r.fail(127, "command not found")
}

// commandPackages says which package a command comes from.
var commandPackages = map[string]string{
	"true": "coreutils", "false": "coreutils", "hostname": "coreutils", "uname": "coreutils", "stat": "coreutils", "install": "coreutils",
	"getent": "base-files", "sshd": "openssh-server", "/usr/sbin/sshd": "openssh-server", "visudo": "sudo", "fail2ban-client": "fail2ban",
	"systemctl": "systemd", "apt-get": "apt",
}

func (m *Memory) has(pkg string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.installed(pkg)
}

type run struct {
	m     *Memory
	argv  []string
	args  []string
	stdin []byte
}

func (r *run) fail(code int, text string) error {
	return &ExitError{Argv: r.argv, Code: code, Stderr: text}
}

func (r *run) is(args ...string) bool { return slices.Equal(r.args, args) }

func (r *run) hostname() ([]byte, error) {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	name := r.m.hostname()
	switch {
	case r.is():
		return []byte(name + "\n"), nil
	case r.is("-s"):
		short, _, _ := strings.Cut(name, ".")
		return []byte(short + "\n"), nil
	case r.is("-I"):
		return []byte(strings.Join(r.m.s.addresses, " ") + "\n"), nil
	case r.is("-f"):
		hosts, _, _ := r.m.read("/etc/hosts")
		for line := range strings.Lines(string(hosts)) {
			line, _, _ = strings.Cut(line, "#")
			if f := strings.Fields(line); len(f) > 1 && slices.Contains(f[1:], name) {
				return []byte(f[1] + "\n"), nil
			}
		}
		return nil, r.fail(1, "hostname: Name or service not known")
	}
	return nil, r.fail(255, "hostname: unknown option")
}

func (r *run) getent() ([]byte, error) {
	if len(r.args) == 2 && r.args[0] == "passwd" {
		r.m.mu.Lock()
		defer r.m.mu.Unlock()
		if u, ok := r.m.user(r.args[1]); ok {
			return []byte(u.Name + ":x:1000:1000::" + u.Home + ":" + u.Shell + "\n"), nil
		}
	}
	return nil, r.fail(2, "")
}

// stat knows one form: -c FORMAT PATH with %F %a %U %G %s.
func (r *run) stat() ([]byte, error) {
	if len(r.args) != 3 || r.args[0] != "-c" {
		return nil, r.fail(1, "stat: unsupported arguments")
	}
	st, err := r.m.Stat(r.args[2])
	if err != nil {
		return nil, r.fail(1, "stat: cannot statx '"+r.args[2]+"': No such file or directory")
	}
	kind := "regular file"
	if st.Dir {
		kind = "directory"
	}
	out := strings.NewReplacer("%F", kind, "%a", strconv.FormatUint(uint64(st.Mode.Perm()), 8), "%U", st.Owner, "%G", st.Group,
		"%s", strconv.FormatInt(st.Size, 10)).Replace(r.args[1])
	return []byte(out + "\n"), nil
}

// install knows one form: -d -m MODE -o OWNER -g GROUP DIR.
func (r *run) install() error {
	a := r.args
	if len(a) != 8 || a[0] != "-d" || a[1] != "-m" || a[3] != "-o" || a[5] != "-g" {
		return r.fail(1, "install: unsupported arguments")
	}
	mode, err := strconv.ParseUint(a[2], 8, 32)
	if err != nil {
		return r.fail(1, "install: invalid mode '"+a[2]+"'")
	}
	info := FileInfo{Mode: fs.FileMode(mode) & fs.ModePerm, Owner: a[4], Group: a[6]}
	if err := r.m.Mkdir(a[7], info); err != nil {
		return r.fail(1, "install: "+err.Error())
	}
	if err := r.m.Chown(a[7], a[4], a[6]); err != nil {
		return r.fail(1, "install: "+err.Error())
	}
	return r.m.Chmod(a[7], info.Mode)
}

func (r *run) sshd() ([]byte, error) {
	if !r.is("-t") && !r.is("-T") {
		return nil, r.fail(1, "sshd: unsupported arguments")
	}
	r.m.mu.Lock()
	c, err := parseSSHD(r.m.sshdFiles())
	r.m.mu.Unlock()
	if err != nil {
		return nil, r.fail(255, err.Error())
	}
	if r.is("-t") {
		return nil, nil
	}
	var b strings.Builder
	for _, p := range c.Ports {
		fmt.Fprintf(&b, "port %d\n", p)
	}
	root := c.PermitRootLogin
	if root == "prohibit-password" {
		root = "without-password" // sshd prints the older name
	}
	yesno := map[bool]string{true: "yes", false: "no"}
	fmt.Fprintf(&b, "permitrootlogin %s\npubkeyauthentication %s\npasswordauthentication %s\n",
		root, yesno[c.PubkeyAuthentication], yesno[c.PasswordAuthentication])
	ca := c.TrustedUserCAKeys
	if ca == "" {
		ca = "none"
	}
	fmt.Fprintf(&b, "authorizedkeysfile %s\ntrustedusercakeys %s\n", strings.Join(c.AuthorizedKeysFiles, " "), ca)
	for _, k := range c.HostKeys {
		fmt.Fprintf(&b, "hostkey %s\n", k)
	}
	for _, k := range c.HostCertificates {
		fmt.Fprintf(&b, "hostcertificate %s\n", k)
	}
	return []byte(b.String()), nil
}
