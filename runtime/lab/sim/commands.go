package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/homestak/homestak/runtime/lab/sim/shell"
	"github.com/homestak/homestak/runtime/system"
)

// commands are the programs of a machine beside those every shell has.
func (o *operatingSystem) commands() map[string]shell.Command {
	c := map[string]shell.Command{
		"sudo": o.sudo, "pvesh": o.device.pvesh, "cloud-init": o.cloudInitCommand,
		"dpkg-query": o.dpkgQuery, "ss": o.ss,
		"poweroff": o.power, "halt": o.power, "shutdown": o.power, "reboot": o.power,
	}
	for _, name := range []string{"systemctl", "apt-get", "visudo", "fail2ban-client", "getent", "sshd", "install", "uname"} {
		c[name] = o.program
	}
	return c
}

// readOnly are the programs, or their first arguments, that need no root.
func readOnly(args []string) bool {
	switch args[0] {
	case "getent", "uname":
		return true
	case "systemctl":
		return len(args) > 1 && strings.HasPrefix(args[1], "is-")
	}
	return false
}

// program runs one of the programs that the memory itself has.
func (o *operatingSystem) program(ctx context.Context, p *shell.Process) int {
	if p.Args[0] == "systemctl" && len(p.Args) == 2 && slices.Contains([]string{"poweroff", "halt", "reboot"}, p.Args[1]) {
		p.Args = p.Args[1:]
		return o.power(ctx, p)
	}
	if !p.User.Root() && !readOnly(p.Args) {
		return p.Fail("permission denied: only root may do this")
	}
	var stdin []byte
	if slices.Contains(p.Args, "-") {
		var err error
		if stdin, err = io.ReadAll(p.Stdin); err != nil {
			return p.Fail("%v", err)
		}
	}
	out, err := o.Run(ctx, stdin, p.Args...)
	p.Stdout.Write(out)
	var exit *system.ExitError
	switch {
	case errors.As(err, &exit):
		if exit.Stderr != "" {
			fmt.Fprintln(p.Stderr, exit.Stderr)
		}
		return exit.Code
	case err != nil:
		return p.Fail("%v", err)
	}
	return 0
}

// power is poweroff, reboot and their kin. The machine goes down when the
// command that asked has been answered.
func (o *operatingSystem) power(_ context.Context, p *shell.Process) int {
	if !p.User.Root() {
		return p.Fail("permission denied: only root may do this")
	}
	if p.Args[0] == "reboot" || p.Args[0] == "shutdown" && slices.Contains(p.Args[1:], "-r") {
		o.device.reboot()
	} else {
		o.device.poweroff()
	}
	return 0
}

// dpkgQuery knows -W NAME… and -s NAME….
func (o *operatingSystem) dpkgQuery(ctx context.Context, p *shell.Process) int {
	if len(p.Args) < 3 || p.Args[1] != "-W" && p.Args[1] != "-s" {
		return p.Fail("only -W NAME and -s NAME are understood in the lab")
	}
	status := 0
	for _, name := range p.Args[2:] {
		version, ok, err := o.Installed(ctx, name)
		switch {
		case err != nil:
			return p.Fail("%v", err)
		case !ok && p.Args[1] == "-W":
			status = p.Fail("no packages found matching %s", name)
		case !ok:
			status = p.Fail("package '%s' is not installed and no information is available", name)
		case p.Args[1] == "-W":
			fmt.Fprintf(p.Stdout, "%s\t%s\n", name, version)
		default:
			fmt.Fprintf(p.Stdout, "Package: %s\nStatus: install ok installed\nVersion: %s\n", name, version)
		}
	}
	return status
}

// ss lists the TCP ports that something listens on, as `ss -Hltn` does.
func (o *operatingSystem) ss(_ context.Context, p *shell.Process) int {
	if flags := strings.Join(p.Args[1:], ""); strings.Trim(flags, "-Hltn") != "" || !strings.Contains(flags, "l") {
		return p.Fail("only ss -Hltn is understood in the lab")
	}
	for _, tcp := range o.device.listening() {
		fmt.Fprintf(p.Stdout, "LISTEN 0 128 0.0.0.0:%d 0.0.0.0:*\n", tcp)
	}
	return 0
}

// cloudInitCommand knows status [--wait] [--long] [--format json]. A machine
// that answers has finished its boot, so there is nothing to wait for.
func (o *operatingSystem) cloudInitCommand(ctx context.Context, p *shell.Process) int {
	if _, ok, _ := o.Installed(ctx, "cloud-init"); !ok {
		fmt.Fprintln(p.Stderr, "sh: cloud-init: not found")
		return 127
	}
	args := strings.Join(p.Args[1:], " ")
	asJSON := strings.Contains(args, "--format json") || strings.Contains(args, "--format=json")
	rest := strings.NewReplacer("--format=json", "", "--format json", "", "--wait", "", "--long", "").Replace(args)
	if strings.TrimSpace(rest) != "status" {
		return p.Fail("only cloud-init status is understood in the lab")
	}
	status, source, errs := "done", "", []string{}
	data, _, err := o.ReadFile(ctx, resultPath)
	var r cloudInitResult
	switch {
	case errors.Is(err, system.ErrNotExist):
		status = "disabled"
	case err != nil || json.Unmarshal(data, &r) != nil:
		return p.Fail("%s cannot be read", resultPath)
	default:
		if errs = r.V1.Errors; len(errs) > 0 {
			status = "error"
		}
		if r.V1.Datasource != nil {
			source = *r.V1.Datasource
		}
	}
	if asJSON {
		text, err := json.MarshalIndent(map[string]any{"status": status, "detail": source, "errors": errs}, "", "  ")
		if err != nil {
			return p.Fail("%v", err)
		}
		fmt.Fprintf(p.Stdout, "%s\n", text)
	} else {
		fmt.Fprintf(p.Stdout, "status: %s\n", status)
		if strings.Contains(args, "--long") {
			fmt.Fprintf(p.Stdout, "detail: %s\n", source)
			for _, e := range errs {
				fmt.Fprintf(p.Stdout, "error: %s\n", e)
			}
		}
	}
	if status == "error" {
		return 1
	}
	return 0
}
