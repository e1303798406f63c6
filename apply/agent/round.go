package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/homestak/homestak/apply/converge"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/spec"
)

// converge makes the machine what its program says, or only looks where no
// change is allowed now, and reports.
func (a *Agent) converge(ctx context.Context) error {
	began := a.env.Clock.Now()
	p, bundle, err := a.assignment(ctx)
	if err != nil {
		return errors.Join(err, a.report(ctx, a.failed(spec.PhaseVerify, err)))
	}
	// A program that never held yet is applied at once: there is nothing to keep.
	look := a.state.Converged != "" && !a.asked && !a.cfg.Schedule.open(began)
	a.asked = false
	var results []converge.Result
	done := converge.Run(ctx, a.env.System, p, bundle, converge.Options{Check: look}, func(r converge.Result) { results = append(results, r) })
	if ctx.Err() != nil {
		return context.Cause(ctx) // the next start goes on
	}
	r := spec.Report{
		Program: done.Program, Generation: a.state.Generation, Phase: spec.PhaseConverge, Outcome: spec.Right, Started: began, Finished: a.env.Clock.Now(),
		Agent: a.env.Binary,
	}
	if look {
		r.Phase = spec.PhaseCheck
	}
	// What was right before and is not is drift; what is new is a change.
	if a.state.Converged == done.Program {
		r.Corrected = done.Changed
	} else {
		r.Changed = done.Changed
	}
	switch {
	case done.Holds():
		a.state.Converged = done.Program
	case done.Error != "" || done.Failed+done.Unknown > 0:
		r.Outcome = spec.Failed
		r.Code, r.Message = done.Code, done.Error
	default:
		r.Outcome = spec.Drifted
	}
	var tail strings.Builder
	for _, one := range results {
		if one.Status == converge.Failed {
			if r.Message == "" {
				r.Code, r.Message = one.Code, one.Resource+": "+one.Reason
			}
			fmt.Fprintf(&tail, "%s: %s\n", one.Resource, one.Reason)
		}
	}
	r.Tail = tail.String()
	if r.Resources, err = json.Marshal(results); err != nil {
		return err
	}
	if len(r.Resources) > spec.MaxReport/2 {
		r.Resources = nil // the counts and the tail are what matters
	}
	if err := a.saveState(ctx); err != nil {
		return errors.Join(err, a.report(ctx, a.failed(spec.PhaseConverge, err)))
	}
	return a.report(ctx, r)
}

// failed is the report of a round that did not get to the resources.
func (a *Agent) failed(phase spec.Phase, err error) spec.Report {
	now := a.env.Clock.Now()
	r := spec.Report{Generation: a.state.Generation, Phase: phase, Outcome: spec.Failed, Message: err.Error(), Started: now, Finished: now, Agent: a.env.Binary}
	var d *diag.Diagnostic
	if errors.As(err, &d) {
		r.Code = string(d.Code)
	}
	return r
}

// report tells the server. A report that does not arrive is lost: the next round
// says how things are then.
func (a *Agent) report(ctx context.Context, r spec.Report) error {
	a.env.Logger.Info("round", "phase", r.Phase, "outcome", r.Outcome, "changed", r.Changed, "corrected", r.Corrected, "message", r.Message)
	if err := a.client.Report(ctx, r); err != nil {
		a.backoff.fail()
		return fmt.Errorf("report: %w", err)
	}
	return nil
}
