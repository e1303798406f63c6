package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/lab"
)

const codeLabFile diag.Code = "HS0993"

func labCommand() command {
	return command{
		name: "lab", args: "serve|log|reset", short: "the embedded Proxmox VE host, to try things without hardware",
		long: `
The lab speaks the Proxmox VE API and runs simulated guests with real SSH,
cloud-init seeds and nested hosts. -H lab uses one inside the command; its state
is kept under the site's .homestak/.

  homestak lab serve --dir DIR    run one as a process of its own, until ^C
  homestak lab log                what the site's lab was asked and did, as JSON lines
  homestak lab reset              forget the site's lab and every guest in it

serve prints the host entry to put into hosts/NAME.yaml and where its API token
is, and with --nodes where the other nodes of its cluster answer. --dir belongs
to that process alone. With --faults it goes wrong as the file
says: docs/reference/faults.md.`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var s siteFlags
			var o labServe
			f.StringVar(&o.dir, "dir", "", "serve, log: the lab's `directory` (log: default the site's lab)")
			f.StringVar(&o.listen, "listen", "127.0.0.1:8006", "serve: `address`, loopback only")
			f.StringVar(&o.name, "name", labHost, "serve: the PVE node's `name`")
			f.StringSliceVar(&o.nodes, "nodes", nil, "serve: more `nodes` that form a cluster with it")
			f.DurationVar(&o.taskTime, "task-time", 0, "serve: how long every task takes at least, as in `1s`")
			f.StringVar(&o.cert, "cert", "", "serve: certificate `file` (PEM) instead of a random one")
			f.StringVar(&o.key, "key", "", "serve: its private key `file` (PEM)")
			f.StringVar(&o.faults, "faults", "", "serve: `file` of what shall go wrong, in YAML, JSON or HCL")
			s.declare(f)
			return func(ctx context.Context, a *app, args []string) error {
				if len(args) != 1 {
					return usage("lab is serve, log or reset")
				}
				switch args[0] {
				case "serve":
					return a.labServe(ctx, o)
				case "log":
					return a.labLog(s, o.dir)
				case "reset":
					return a.labReset(s)
				default:
					return notOneOf("lab", args[0], "serve", "log", "reset")
				}
			}
		},
	}
}

type labServe struct {
	dir, listen, name string
	nodes             []string
	taskTime          time.Duration
	cert, key         string
	faults            string
}

func (a *app) labServe(ctx context.Context, o labServe) error {
	if o.dir == "" {
		return usage("lab serve needs --dir: where it keeps its state")
	}
	script, err := readFaults(o.faults)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cfg := lab.Config{
		Dir: o.dir, Name: o.name, Nodes: o.nodes, Listen: o.listen, TaskTime: o.taskTime, Programs: labPrograms(), Self: self, Faults: script,
	}
	if o.cert != "" || o.key != "" {
		pair, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			d := codeLabFile.Errorf("cannot use the certificate %s with the key %s", o.cert, o.key)
			d.Label, d.Help = cause(err).Error(), "give both --cert and --key, PEM files that belong together"
			return d
		}
		cfg.Certificate = &pair
	}
	l, err := lab.Open(ctx, cfg)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, `# a lab is ready; as hosts/NAME.yaml:
node: %s
endpoint: %s
fingerprint: %q
via: %s
io: %d
# its API token, for secrets.yaml below api_tokens, is in %s
`, o.name, l.URL(), l.Fingerprint(), l.URL(), labIOWidth, filepath.Join(o.dir, lab.TokenFile))
	for _, node := range l.Nodes() {
		if node != o.name {
			fmt.Fprintf(a.stdout, "# the cluster's node %s answers at %s, with the same certificate and token\n", node, l.NodeURL(node))
		}
	}
	<-ctx.Done()
	return l.Close()
}

func (a *app) labLog(s siteFlags, dir string) error {
	if dir == "" {
		site, err := a.findSite(s.site)
		if err != nil {
			return err
		}
		dir = labDir(site)
	}
	entries, err := lab.ReadLog(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := writeLine(a.stdout, e); err != nil {
			return err
		}
	}
	return nil
}

// labReset removes the site's lab with its throw-away keys, unless a process
// has it open.
func (a *app) labReset(s siteFlags) error {
	site, err := a.findSite(s.site)
	if err != nil {
		return err
	}
	if err := lab.Remove(labDir(site)); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(site, stateDir, labHost)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	fmt.Fprintln(a.stdout, "the site's lab is gone")
	return nil
}
