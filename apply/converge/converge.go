package converge

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan/program"
	"github.com/homestak/homestak/runtime/system"
)

const (
	codeFailed    diag.Code = "HS0962" // a resource could not be made right
	codeUnchecked diag.Code = "HS0963" // a resource could not be checked
	codeStill     diag.Code = "HS0964" // a resource is still wrong after it was applied
	codeNeeds     diag.Code = "HS0965" // something the resource needs failed
	codeCut       diag.Code = "HS0967" // the run was cut off
)

// Options of a run.
type Options struct {
	Check bool // look, and change nothing
}

// Run converges the machine, or checks it, resource by resource in the
// program's order, and calls emit (if not nil) after each. It always returns a
// report over every resource, also when ctx ends early.
func Run(ctx context.Context, sys system.System, p *program.Program, b *program.Bundle, o Options, emit func(Result)) Report {
	r := Report{Node: p.Node, Check: o.Check}
	if data, err := program.Encode(p); err != nil {
		return refuse(r, err)
	} else {
		r.Program = program.Digest(data)
	}
	m := &machine{System: sys, secrets: b}
	broken := map[string]string{} // what resources offer and will not be there → the resource that failed
	for i, res := range p.Resources {
		out := Result{Index: i, Resource: res.String(), Kind: res.Kind()}
		k := kindOf(res, p)
		if why := missing(k.needs, broken); ctx.Err() != nil {
			out.Status, out.Code, out.Reason = Unknown, string(codeCut), "the run was cut off before this resource"
		} else if why != "" {
			out.Status, out.Code, out.Reason = Unknown, string(codeNeeds), why
		} else {
			one(ctx, m, k, o, &out)
		}
		if out.Status == Failed || out.Status == Unknown {
			for _, what := range k.offers {
				broken[what] = out.Resource
			}
		}
		r.count(out.Status)
		if emit != nil {
			emit(out)
		}
	}
	return r
}

// one checks, applies and checks again.
func one(ctx context.Context, m *machine, k kind, o Options, out *Result) {
	fail := func(code diag.Code, format string, args ...any) {
		out.Status, out.Code, out.Reason = Failed, string(code), m.redact(fmt.Sprintf(format, args...))
		if ctx.Err() != nil {
			out.Status, out.Code = Unknown, string(codeCut)
			out.Reason = "the run was cut off at this resource"
		}
	}
	diffs, err := k.check(ctx, m)
	if err != nil {
		fail(reasonCode(err, codeUnchecked), "%v", err)
		return
	}
	if len(diffs) == 0 {
		out.Status = OK
		return
	}
	out.Diffs = diffs
	if o.Check {
		out.Status = Differs
		return
	}
	if err := k.apply(ctx, m); err != nil {
		fail(reasonCode(err, codeFailed), "%v", err)
		return
	}
	left, err := k.check(ctx, m)
	switch {
	case err != nil:
		fail(reasonCode(err, codeUnchecked), "after applying it: %v", err)
	case len(left) > 0:
		fail(codeStill, "%s is still %q, not %q, after it was applied", left[0].Attr, left[0].Have, left[0].Want)
	default:
		out.Status = Changed
	}
}

// missing says which failed resource offers something of needs.
func missing(needs []string, broken map[string]string) string {
	for _, what := range needs {
		if by, ok := broken[what]; ok {
			return fmt.Sprintf("it needs %s, and %q failed", what, by)
		}
	}
	return ""
}

func refuse(r Report, err error) Report {
	r.Error = err.Error()
	if d, ok := err.(*diag.Diagnostic); ok {
		r.Code, r.Error = string(d.Code), d.Message
	}
	return r
}

func reasonCode(err error, otherwise diag.Code) diag.Code {
	if d, ok := err.(*diag.Diagnostic); ok {
		return d.Code
	}
	return otherwise
}

// Serve is the target side of a push: `config apply --stdin` or
// `config check --stdin`. It reads a Request, writes one JSON line for each
// resource and one for the report, and returns an exit code.
func Serve(ctx context.Context, sys system.System, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	check := slices.Equal(args, []string{"config", "check", "--stdin"})
	if !check && !slices.Equal(args, []string{"config", "apply", "--stdin"}) {
		fmt.Fprintln(stderr, "usage: homestak config apply|check --stdin")
		return 64
	}
	req, p, err := ReadRequest(stdin)
	if err != nil {
		fmt.Fprintln(stderr, err)
		r := refuse(Report{Check: check}, err)
		if err := writeLine(stdout, line{Report: &r}); err != nil {
			return ExitFailed
		}
		return r.Exit()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if req.UserCA != "" && !check {
		if err := admit(ctx, sys, req.UserCA); err != nil {
			r := refuse(Report{Node: p.Node, Program: program.Digest(req.Program)}, fmt.Errorf("the driver's account: %w", err))
			if err := writeLine(stdout, line{Report: &r}); err != nil {
				return ExitFailed
			}
			return r.Exit()
		}
	}
	report := Run(ctx, sys, p, &req.Bundle, Options{Check: check}, func(res Result) {
		// Nobody reads any more: stop at the next resource instead of going on unseen.
		if err := writeLine(stdout, line{Result: &res}); err != nil {
			cancel()
		}
	})
	if err := writeLine(stdout, line{Report: &report}); err != nil {
		return ExitFailed
	}
	return report.Exit()
}
