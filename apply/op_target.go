package apply

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/homestak/homestak/apply/converge"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/program"
	"github.com/homestak/homestak/runtime/ssh"
)

const (
	codePush   diag.Code = "HS0675"
	codeNoSelf diag.Code = "HS0676"
)

// targetPush makes a node's program true on it, over SSH. Nothing stays running.
type targetPush struct{ *task }

// probe: the target's own check finds nothing to do.
func (o targetPush) probe(ctx context.Context) (bool, error) {
	_, g, err := o.look(ctx)
	if err != nil || !o.ours(g, o.n) {
		return false, err
	}
	c, err := o.fleet.login(ctx, o.n)
	if err != nil {
		return false, err
	}
	defer func() { _ = c.Close() }()
	bin, err := o.binary()
	if err != nil {
		return false, err
	}
	var exit *ssh.ExitError
	if err := c.Run(ctx, "test -x "+bin.path, nil, nil, nil); errors.As(err, &exit) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	report, err := o.converge(ctx, c, bin, "check", func(r converge.Result) {
		if o.why == "" && r.Status != converge.OK {
			o.why = r.Resource + ": " + describeResult(r)
		}
	})
	return report.Holds(), err
}

func (o targetPush) act(ctx context.Context) error {
	c, err := o.fleet.login(ctx, o.n)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	bin, err := o.binary()
	if err != nil {
		return err
	}
	open := func() (io.ReadCloser, error) {
		o.progress("uploading homestak")
		return os.Open(o.env.Self)
	}
	if _, err := ssh.Upload(ctx, c, open, bin.digest, bin.path); err != nil {
		return err
	}
	return o.resources(ctx, c, bin, "apply", codePush, "could not be made what its spec says")
}

func (o targetPush) verify(context.Context) error { return nil }

// resources runs the node's program on the target, tells of each resource as it
// is done, and fails with those that do not hold.
func (t *task) resources(ctx context.Context, c *ssh.Client, bin binary, verb string, code diag.Code, what string) error {
	var broken []string
	t.out.Checks = nil
	report, err := t.converge(ctx, c, bin, verb, func(r converge.Result) {
		t.extend()
		text := t.env.redact(describeResult(r))
		t.out.Checks = append(t.out.Checks, Check{Resource: r.Resource, State: string(r.Status), Text: text})
		t.emit(Event{Kind: CheckResult, Resource: r.Resource, State: string(r.Status), Code: r.Code, Text: text})
		if r.Status != converge.OK && r.Status != converge.Changed {
			broken = append(broken, r.Resource+": "+text)
		}
	})
	if err != nil || report.Holds() {
		return err
	}
	if report.Error != "" {
		broken = append(broken, report.Error)
	}
	d := code.Errorf("%s %s", t.n.addr, what)
	d.Label = broken[0]
	for _, more := range broken[1:] {
		d.Notes = append(d.Notes, diag.Note{Text: more})
	}
	d.Help = "remove the cause on the node or in its spec, then run again"
	return d
}

// describeResult says what is, or was, wrong with a resource; "" when nothing.
func describeResult(r converge.Result) string {
	var parts []string
	if r.Reason != "" {
		parts = append(parts, r.Reason)
	}
	form := "%s is %q, not %q"
	if r.Status == converge.Changed {
		form = "%s was %q, is %q"
	}
	for _, d := range r.Diffs {
		parts = append(parts, fmt.Sprintf(form, d.Attr, d.Have, d.Want))
	}
	return strings.Join(parts, "; ")
}

// converge runs homestak on the target. The request, secrets included, goes
// through the encrypted connection into its standard input and is never on disk
// or on a command line.
func (t *task) converge(ctx context.Context, c *ssh.Client, bin binary, verb string, emit func(converge.Result)) (converge.Report, error) {
	request, err := t.request()
	if err != nil {
		return converge.Report{}, err
	}
	in, out := io.Pipe()
	ran := make(chan error, 1)
	go func() {
		err := c.Run(ctx, c.AsRoot(bin.path+" config "+verb+" --stdin"), bytes.NewReader(request), out, nil)
		_ = out.Close()
		ran <- err
	}()
	report, err := converge.ReadAnswer(in, emit)
	_ = in.Close()
	failed := <-ran
	var exit *ssh.ExitError
	if err == nil && (failed == nil || errors.As(failed, &exit)) {
		// A report that says what is wrong comes with an exit code that says so too.
		return report, nil
	}
	if failed != nil {
		return converge.Report{}, failed
	}
	return converge.Report{}, err
}

func (t *task) request() ([]byte, error) {
	data := t.programs[t.s.Text(plan.ArgProgram)]
	p, err := program.Decode(data)
	if err != nil {
		return nil, err
	}
	var bundle program.Bundle
	for _, name := range p.Secrets() {
		value, ok := t.secret(name)
		if !ok {
			d := codeNoSecret.Errorf("secret %s is needed and the site does not have it", name)
			d.Help = "add it to the site's secrets file"
			return nil, d
		}
		bundle.Values = append(bundle.Values, program.BundleValue{Name: name, Value: value})
	}
	q := converge.Request{Program: data, Bundle: bundle}
	if t.n.kind == kindCT {
		q.UserCA = t.env.Keys.UserCALine()
	}
	return converge.EncodeRequest(q)
}

// binary is the homestak that runs on targets.
type binary struct{ digest, path string }

// binary reads the program once per run. Its place on the target is named by its
// digest, so that runs of different versions never meet.
func (r *run) binary() (binary, error) {
	r.selfOnce.Do(func() {
		f, err := os.Open(r.env.Self)
		if err != nil {
			r.selfErr = err
			return
		}
		defer func() { _ = f.Close() }()
		h := sha256.New()
		if _, r.selfErr = io.Copy(h, f); r.selfErr == nil {
			digest := hex.EncodeToString(h.Sum(nil))
			r.self = binary{digest, "/usr/local/lib/homestak/" + digest + "/homestak"}
		}
	})
	if r.selfErr != nil {
		d := codeNoSelf.Errorf("the homestak program cannot be read, so it cannot be sent to a node")
		d.Label = r.selfErr.Error()
		d.Help = "run homestak from a file that exists and is readable"
		return binary{}, d
	}
	return r.self, nil
}
