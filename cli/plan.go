package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/render"
	"github.com/homestak/homestak/plan/view"
)

func planCommand() command {
	return command{
		name: "plan", args: "-M NAME [-H HOST] [-o plan.bin]", short: "compile a manifest into a plan, and show it",
		long: `
Compiles the manifest, looks at the hosts, and prints what would happen: every
node that would be created, changed or destroyed, and why. With -o the plan is
also written to a file, which people can review and ` + "`homestak apply`" + ` runs, byte
for byte. The digest identifies what was reviewed: the same inputs give the same
digest on every machine. Nothing is written to any host.

  homestak plan -M n2-push -H lab -v               with every step
  homestak plan -M n2-push -H father -o plan.bin   to a file, for apply
  homestak plan -M n2-push -H father --format md   as a pull request comment
  homestak plan -M n2-push --facts empty           as if nothing existed; no host is asked
  homestak plan -M n2-push -H lab --only edge      of some nodes: homestak doc selectors
  homestak plan -M old --adopt web=101             guest 101 is node web from now on
  homestak plan -M old --forget web                it is not, and is left as it is
  homestak plan -M n2-push --replace edge          edge is made anew, and loses its data

With --detailed-exitcode: 0 no changes, 2 changes, 3 changes that destroy data.`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var p planFlags
			var o showFlags
			var out string
			var detailed bool
			p.declare(f)
			f.StringVarP(&out, "out", "o", "", "write the plan to `file`")
			p.marks.declare(f)
			f.StringArrayVar(&p.replace, "replace", nil, "make the guest of this `node` anew; what is on it is lost; repeatable")
			f.StringVar(&p.goal, "goal", "create", "`goal`: create, destroy, reconcile or test")
			f.StringVar(&p.facts, "facts", "", "`file` from `homestak facts`, or empty; default: ask the hosts")
			f.BoolVar(&detailed, "detailed-exitcode", false, "exit 2 for changes, 3 for changes that destroy data")
			o.declare(f)
			return func(ctx context.Context, a *app, args []string) error {
				if len(args) > 0 {
					return usage("plan takes no arguments: name the manifest with -M")
				}
				goal, ok := plan.ParseGoal(p.goal)
				if !ok {
					return notOneOf("--goal", p.goal, "create", "destroy", "reconcile", "test")
				}
				if err := o.valid(); err != nil {
					return err
				}
				m, err := a.makePlan(ctx, p, goal)
				if err != nil {
					return err
				}
				if out != "" {
					if err := writePlan(out, m.bytes); err != nil {
						return errors.Join(err, m.close())
					}
				}
				err = errors.Join(a.show(m.plan, o), m.close())
				if err == nil && detailed {
					err = detailedExit(&m.plan.Program)
				}
				return err
			}
		},
	}
}

func detailedExit(p *plan.Program) error {
	if slices.ContainsFunc(p.Changes, func(c plan.Change) bool { return len(c.Stake) > 0 }) {
		return exit{code: exitDestroys}
	}
	if len(p.Steps) > 0 {
		return exit{code: exitChanges}
	}
	return nil
}

// writePlan writes a plan file. It replaces one, but nothing else: -o with the
// name of a manifest is a slip.
func writePlan(name string, data []byte) error {
	const magic = 8
	old, err := os.Open(name)
	if err == nil {
		defer old.Close()
		head := make([]byte, magic)
		if n, _ := io.ReadFull(old, head); n > 0 && !bytes.Equal(head[:n], data[:magic]) {
			d := codePlanFile.Errorf("%s exists and is not a plan", name)
			d.Label, d.Help = "it is left as it is", "name another file, or remove this one first"
			return d
		}
	}
	return writeFile(name, data)
}

// writeFile replaces a file as a whole: a reader sees the old one or the new.
func writeFile(name string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err == nil {
		_, err = tmp.Write(data)
		err = errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close())
	}
	if err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err == nil {
		return nil
	}
	if tmp != nil {
		_ = os.Remove(tmp.Name())
	}
	d := codePlanFile.Errorf("cannot write %s", name)
	d.Label, d.Help = cause(err).Error(), "name a file in a directory you may write to"
	return d
}

// showFlags choose a rendering.
type showFlags struct {
	format  string
	verbose bool
}

// formats a plan can be shown in.
func formats() []string { return []string{"text", "json", "md", "asm", "mermaid", "dot"} }

func (o *showFlags) declare(f *pflag.FlagSet) {
	f.StringVar(&o.format, "format", "text", strings.Join(formats(), ", "))
	f.Lookup("format").Usage = "`format`: " + strings.Join(formats(), ", ")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "text: every step and node program")
}

func (o *showFlags) valid() error {
	if !slices.Contains(formats(), o.format) {
		return notOneOf("--format", o.format, formats()...)
	}
	return nil
}

func (a *app) show(p *plan.Plan, o showFlags) error {
	switch o.format {
	case "json":
		v, err := view.Of(p)
		if err != nil {
			return err
		}
		return writeJSON(a.stdout, v)
	case "md":
		_, err := io.WriteString(a.stdout, render.Markdown(p))
		return err
	case "asm":
		return render.Asm(a.stdout, &p.Program)
	case "mermaid":
		_, err := io.WriteString(a.stdout, render.Mermaid(&p.Program))
		return err
	case "dot":
		_, err := io.WriteString(a.stdout, render.DOT(&p.Program))
		return err
	default:
		return render.Text(a.stdout, p, render.TextOptions{Color: a.color(a.stdout), ASCII: a.ascii(a.stdout), Verbose: o.verbose})
	}
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func showCommand() command {
	return command{
		name: "show", args: "PLAN [--format FORMAT] [-v]", short: "look at a plan file",
		long: `
Shows a plan that ` + "`homestak plan -o`" + ` wrote, in any of the formats: text for people,
json (schema ` + view.Schema + `) for programs, md for a pull request, mermaid and dot
for graphs, asm for everything the digest covers. PLAN may be - for standard
input.

So that git diff shows plans:
  git config diff.homestak.textconv 'homestak show --format asm'
  echo '*.bin diff=homestak' >> .gitattributes`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var o showFlags
			o.declare(f)
			return func(_ context.Context, a *app, args []string) error {
				if len(args) != 1 {
					return usage("show takes one plan file")
				}
				if err := o.valid(); err != nil {
					return err
				}
				p, err := a.readPlan(args[0])
				if err != nil {
					return err
				}
				return a.show(p, o)
			}
		},
	}
}

func factsCommand() command {
	return command{
		name: "facts", args: "-M NAME [-H HOST] -o FILE", short: "snapshot what a plan needs to know of the hosts",
		long: `
Looks at the hosts as ` + "`homestak plan`" + ` does and writes what it saw to a file, so that
plans can be made where the hosts cannot be reached: plan --facts FILE. Facts
hold no secret.`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var p planFlags
			var out string
			p.declare(f)
			f.StringVarP(&out, "out", "o", "", "`file` to write")
			return func(ctx context.Context, a *app, args []string) error {
				if len(args) > 0 || out == "" {
					return usage("facts takes -M NAME and -o FILE")
				}
				return a.writeFacts(ctx, p, out)
			}
		},
	}
}

func (a *app) writeFacts(ctx context.Context, p planFlags, out string) error {
	m, wanted, err := a.wanted(ctx, &p)
	if err != nil {
		return err
	}
	facts, err := a.facts(ctx, m, "", wanted)
	if err := errors.Join(err, m.close()); err != nil {
		return err
	}
	data, err := plan.EncodeFacts(facts)
	if err != nil {
		return err
	}
	if err := writeFile(out, data); err != nil {
		return err
	}
	guests := 0
	for _, h := range facts.Hosts {
		guests += len(h.Guests)
	}
	fmt.Fprintf(a.stderr, "%s: %d hosts, %d guests that could be ours\n", out, len(facts.Hosts), guests)
	return nil
}

// writeLine writes v as one line of JSON.
func writeLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
