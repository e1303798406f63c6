package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/homestak/homestak/runtime/lab/sim/shell"
)

// pvesh implements device: `pvesh get|create|set|delete PATH --KEY VALUE …
// [--output-format json|json-pretty]` asks the inner lab as root@pam.
func (p *power) pvesh(ctx context.Context, proc *shell.Process) int {
	const failed = 255 // what Perl's die exits with
	inner := p.pve.lab()
	if inner == nil {
		fmt.Fprintln(proc.Stderr, "sh: pvesh: not found")
		return 127
	}
	if !proc.User.Root() {
		fmt.Fprintln(proc.Stderr, "please run as root")
		return failed
	}
	if len(proc.Args) < 3 {
		fmt.Fprintln(proc.Stderr, "usage: pvesh get|create|set|delete PATH [--KEY VALUE]… [--output-format json]")
		return failed
	}
	method, ok := map[string]string{"get": "GET", "create": "POST", "set": "PUT", "delete": "DELETE"}[proc.Args[1]]
	if !ok {
		fmt.Fprintf(proc.Stderr, "ERROR: unknown command 'pvesh %s'\n", proc.Args[1])
		return failed
	}
	path := "/" + strings.Trim(proc.Args[2], "/")
	format, params, err := pveshArgs(proc.Args[3:])
	if err != nil {
		fmt.Fprintln(proc.Stderr, err)
		return failed
	}
	status, data, reason := inner.Do(ctx, method, path, params)
	if status != 200 {
		fmt.Fprintln(proc.Stderr, reason)
		return failed
	}
	if data == nil {
		return 0
	}
	text, isText := data.(string)
	switch {
	case isText && format == "": // pvesh prints a lone value bare unless asked for JSON
		fmt.Fprintln(proc.Stdout, text)
		return 0
	case format == "json-pretty":
		out, err := json.MarshalIndent(data, "", "   ")
		if err != nil {
			return proc.Fail("%v", err)
		}
		fmt.Fprintf(proc.Stdout, "%s\n", out)
		return 0
	}
	out, err := json.Marshal(data)
	if err != nil {
		return proc.Fail("%v", err)
	}
	fmt.Fprintf(proc.Stdout, "%s\n", out)
	return 0
}

// pveshArgs reads --KEY VALUE, --KEY=VALUE and -KEY VALUE.
func pveshArgs(args []string) (format string, params []Param, err error) {
	for len(args) > 0 {
		key := strings.TrimPrefix(strings.TrimPrefix(args[0], "-"), "-")
		if key == args[0] {
			return "", nil, fmt.Errorf("400 too many arguments")
		}
		key, value, joined := strings.Cut(key, "=")
		args = args[1:]
		switch {
		case joined:
		case key == "noborder" || key == "noheader" || key == "quiet":
			continue
		case len(args) == 0:
			return "", nil, fmt.Errorf("option %s requires an argument", key)
		default:
			value, args = args[0], args[1:]
		}
		if key != "output-format" {
			params = append(params, Param{key, value})
			continue
		}
		if format = value; !slices.Contains([]string{"json", "json-pretty"}, format) {
			return "", nil, fmt.Errorf("output format %q is not understood in the lab; use json", format)
		}
	}
	return format, params, nil
}
