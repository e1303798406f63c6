package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/cli/view"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
)

const (
	codeOtherDigest diag.Code = "HS0988"
	codeOtherSite   diag.Code = "HS0989"
	codeEventsFile  diag.Code = "HS0990"
)

// runFlags steer a run, whatever started it.
type runFlags struct {
	jobs   int
	format string
	events string
	again  bool
}

func (r *runFlags) declare(f *pflag.FlagSet) {
	f.IntVar(&r.jobs, "jobs", apply.DefaultJobs, "how many steps run at once")
	f.StringVar(&r.format, "format", "text", "`text` or json: the report on stdout")
	f.StringVar(&r.events, "events", "", "also write every event as a JSON line to `file`")
}

func (r *runFlags) valid() error {
	if r.format != "text" && r.format != "json" {
		return notOneOf("--format", r.format, "text", "json")
	}
	if r.jobs < 1 {
		return usage("--jobs %d: at least 1", r.jobs)
	}
	return nil
}

func applyCommand() command {
	return command{
		name: "apply", args: "PLAN [--resume] [--expect sha256:…]", short: "run exactly the plan in a file",
		long: `
Runs the program that was reviewed, and nothing else: no manifest is read. Each
step looks first whether it is done already, checks its guards, acts, and
verifies. If the world is no longer as the plan saw it, apply refuses (exit 4)
and says which object and why; nothing is half-done.

^C stops starting steps, waits for those that run, and exits 130; the same
command with --resume goes on. A run that was killed resumes the same way, also
on another machine. Applying a finished plan again changes nothing.

  homestak apply plan.bin
  homestak apply plan.bin --expect sha256:…   only if this is what was reviewed
  homestak apply plan.bin --resume            go on after an interruption`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var s siteFlags
			var r runFlags
			var resume bool
			var expect string
			f.BoolVar(&resume, "resume", false, "go on with an interrupted run, taking over its lease")
			f.BoolVar(&r.again, "again", false, "repeat a finished test")
			f.StringVar(&expect, "expect", "", "refuse any other `digest`")
			r.declare(f)
			s.declare(f)
			return func(ctx context.Context, a *app, args []string) error {
				if len(args) != 1 {
					return usage("apply takes one plan file")
				}
				if err := r.valid(); err != nil {
					return err
				}
				p, err := a.readPlan(args[0])
				if err != nil {
					return err
				}
				if err := expected(p, expect); err != nil {
					return err
				}
				return a.applyFile(ctx, s, p, r, resume, "homestak apply "+args[0]+" --resume")
			}
		},
	}
}

var digestText = regexp.MustCompile(`^(sha256:)?[0-9a-f]{64}$`)

func expected(p *plan.Plan, expect string) error {
	if expect == "" {
		return nil
	}
	if !digestText.MatchString(expect) {
		return usage("--expect %q: sha256: and 64 hexadecimal digits, as plan and show print it", expect)
	}
	got := "sha256:" + p.Program.Digest()
	if strings.TrimPrefix(expect, "sha256:") == p.Program.Digest() {
		return nil
	}
	d := codeOtherDigest.Errorf("this is not the plan that was approved")
	d.Label = fmt.Sprintf("expected %s, the file holds %s", expect, got)
	d.Help = "look at it with `homestak show`, and approve it or take the right file"
	return exit{exitRefused, d}
}

// applyFile reads of the site only how to reach it: hosts, keys and secrets.
func (a *app) applyFile(ctx context.Context, s siteFlags, p *plan.Plan, r runFlags, resume bool, again string) error {
	dir, site, findings, err := a.loadSite(s.site)
	if err != nil {
		return err
	}
	if err := a.check(findings); err != nil {
		return err
	}
	if site.SiteID() != p.Program.SiteID {
		d := codeOtherSite.Errorf("this plan was made for another site")
		d.Label = fmt.Sprintf("its site id is %s, this site's is %s", p.Program.SiteID, site.SiteID())
		d.Help = "go to the site it was made in, or name it with --site"
		return exit{exitRefused, d}
	}
	var hosts []string
	for _, h := range p.Program.Hosts {
		if h.Parent == "" {
			hosts = append(hosts, h.Name)
		}
	}
	w, err := a.openWorld(ctx, dir, site, hosts)
	if err != nil {
		return err
	}
	return errors.Join(a.execute(ctx, w, p, r, resume, again), w.close())
}

// execute runs a plan and shows the run. again is the command that resumes it.
func (a *app) execute(ctx context.Context, w *world, p *plan.Plan, r runFlags, resume bool, again string) error {
	watch, done, err := a.watcher(r)
	if err != nil {
		return err
	}
	w.env.Events = watch
	report := apply.Run(ctx, p, w.env, apply.Options{
		Jobs: r.jobs, Resume: resume, Again: r.again, Hurry: secondInterrupt(ctx), Next: again,
	})
	done()
	if r.format == "json" {
		if err := writeJSON(a.stdout, report); err != nil {
			return err
		}
	} else {
		view.Report(a.stdout, report, a.style(a.stdout))
	}
	a.findings(report.Findings)
	if report.Next != "" && r.format == "text" {
		fmt.Fprintf(a.stderr, "\nnext: %s\n", report.Next)
	}
	if code := report.Outcome.ExitCode(); code != exitOK {
		return exit{code: code}
	}
	return nil
}

// secondInterrupt is closed by the ^C after the one that ended ctx; the third
// is the kernel's.
func secondInterrupt(ctx context.Context) <-chan struct{} {
	hurry := make(chan struct{})
	context.AfterFunc(ctx, func() {
		again := make(chan os.Signal, 1)
		signal.Notify(again, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		go func() {
			<-again
			signal.Stop(again)
			close(hurry)
		}()
	})
	return hurry
}

func (a *app) style(w io.Writer) view.Style {
	return view.Style{Color: a.color(w), ASCII: a.ascii(w)}
}

// watcher chooses the view of a run: live on a terminal, lines elsewhere, and a
// file of events beside it when asked for.
func (a *app) watcher(r runFlags) (watch func(apply.Event), done func(), err error) {
	var close []func()
	show := view.NewPlain(a.stderr, a.style(a.stderr)).Event
	if f, ok := a.stderr.(*os.File); ok && isTerminal(f) && a.env("TERM") != "dumb" {
		width, _, _ := term.GetSize(int(f.Fd()))
		tick := time.NewTicker(200 * time.Millisecond)
		live := view.NewLive(f, a.style(f), width, tick.C)
		show = live.Event
		close = append(close, live.Close, tick.Stop)
	}
	watch = show
	if r.events != "" {
		f, err := os.Create(r.events)
		if err != nil {
			d := codeEventsFile.Errorf("cannot write the events to %s", r.events)
			d.Label, d.Help = cause(err).Error(), "name a file in a directory you may write to"
			return nil, nil, d
		}
		lines := view.NewJSON(f)
		watch = func(e apply.Event) { show(e); lines.Event(e) }
		close = append(close, func() { _ = f.Close() })
	}
	return watch, func() {
		for _, c := range slices.Backward(close) {
			c()
		}
	}, nil
}
