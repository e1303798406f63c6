package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/render"
)

func createCommand() command {
	return actCommand(plan.GoalCreate, "make what a manifest says, in one command", `
Makes every node of the manifest that is missing, brings those that exist to
their declared form, configures them, and proves each one ready. Run it again
and it says "no changes".`)
}

func destroyCommand() command {
	return actCommand(plan.GoalDestroy, "remove every node of a manifest", `
Removes the manifest's guests with their volumes, children before parents.
Guests that are not homestak's own are never touched. What is gone already is
no error.`)
}

func testCommand() command {
	return actCommand(plan.GoalTest, "create, check and destroy again", `
Rehearses a manifest: creates every node, proves each one ready resource by
resource, and destroys them in reverse. Exit 0 when all of it worked.`)
}

// actCommand is plan, confirm, apply: the same code path as the three verbs.
func actCommand(goal plan.Goal, short, long string) command {
	name := goal.String()
	return command{
		name: name, args: "-M NAME [-H HOST] [--yes]", short: short,
		long: strings.TrimSpace(long) + `

It is plan, a question, and apply in one. On the embedded lab (-H lab) and with
--yes nothing is asked.

  homestak ` + name + ` -M n2-push -H lab`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var p planFlags
			var r runFlags
			var yes bool
			p.declare(f)
			f.BoolVarP(&yes, "yes", "y", false, "do not ask")
			r.declare(f)
			return func(ctx context.Context, a *app, args []string) error {
				if len(args) > 0 {
					return usage("%s takes no arguments: name the manifest with -M", name)
				}
				if err := r.valid(); err != nil {
					return err
				}
				if !yes && p.host != labHost && !isTerminal(a.stdin) {
					return usage("%s asks before it acts, and there is no terminal to ask on: add --yes, or use plan and apply", name)
				}
				return a.act(ctx, p, r, goal, yes)
			}
		},
	}
}

func (a *app) act(ctx context.Context, p planFlags, r runFlags, goal plan.Goal, yes bool) error {
	m, err := a.makePlan(ctx, p, goal)
	if err != nil {
		return err
	}
	return errors.Join(a.confirmAndRun(ctx, m, p, r, goal, yes), m.close())
}

func (a *app) confirmAndRun(ctx context.Context, m *made, p planFlags, r runFlags, goal plan.Goal, yes bool) error {
	out := a.stdout
	if r.format == "json" {
		out = a.stderr
	}
	err := render.Text(out, m.plan, render.TextOptions{Color: a.color(out), ASCII: a.ascii(out)})
	if err != nil || len(m.plan.Program.Steps) == 0 {
		return err
	}
	fmt.Fprintln(out)
	if !yes && m.world.lab == nil {
		what := m.plan.Program.Manifest
		if only := m.plan.Program.Partial; only != "" {
			what = fmt.Sprintf("part of %s (%s)", what, only)
		}
		ok, err := a.ask(ctx, fmt.Sprintf("%s %s? [y/N] ", goal, what))
		if err != nil {
			return err
		}
		if !ok {
			fmt.Fprintln(a.stderr, "nothing was done")
			return exit{code: exitError}
		}
	}
	r.again = goal == plan.GoalTest
	again := fmt.Sprintf("homestak %s -M %s", goal, m.plan.Program.Manifest)
	if p.host != "" {
		again += " -H " + p.host
	}
	for _, s := range p.only {
		again += " --only " + shellWord(s)
	}
	for _, s := range p.skip {
		again += " --skip " + shellWord(s)
	}
	if yes {
		again += " --yes"
	}
	return a.execute(ctx, m.world, m.plan, r, false, again)
}

// ask reads one line; anything but y or yes is no. ^C is an answer, too.
func (a *app) ask(ctx context.Context, question string) (bool, error) {
	fmt.Fprint(a.stderr, question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.stdin).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		line = strings.ToLower(strings.TrimSpace(line))
		return line == "y" || line == "yes", nil
	case <-ctx.Done():
		fmt.Fprintln(a.stderr)
		return false, exit{code: exitInterrupted}
	}
}
