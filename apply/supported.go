package apply

import (
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
)

const (
	codeModes    diag.Code = "HS0931"
	codeDelegate diag.Code = "HS0932"
	codeLate     diag.Code = "HS0933"
	codeOp       diag.Code = "HS0934"

	codeRealMachine diag.Code = "HS0936"
)

// supported refuses what a plan may say and this version cannot do, one finding
// for each node and reason.
func (r *run) supported() diag.List {
	var bad diag.List
	seen := map[string]bool{}
	refuse := func(d *diag.Diagnostic) {
		if !seen[d.Message] {
			seen[d.Message] = true
			bad = append(bad, d)
		}
	}
	for _, list := range [][]plan.Step{r.p.Steps, r.p.Undo} {
		for i := range list {
			s := &list[i]
			who := string(s.Addr)
			if who == "" {
				who = s.Host
			}
			switch {
			case s.Mode == "pull", s.Mode == "hybrid", s.Op == plan.SpecPublish, s.Op == plan.TargetAwait:
				mode := s.Mode
				if mode == "" {
					mode = "pull"
				}
				d := codeModes.Errorf("%s: mode %s is not supported in this version", who, mode)
				d.Help = "give the node `execution: {mode: push}`, or plan with --mode push"
				refuse(d)
			case strings.HasPrefix(s.Executor, "delegate:"):
				d := codeDelegate.Errorf("%s: delegation to a parent's agent is not supported in this version", who)
				d.Help = "plan with this version of homestak; the driver then reaches the node through its parents"
				refuse(d)
			case !knownOp(s.Op):
				d := codeOp.Errorf("%s: %s is not supported in this version", who, s.Op)
				d.Help = "use the version of homestak the plan was made with"
				refuse(d)
			}
			for _, a := range s.Args {
				if l := a.Value.Late; l != nil && !knownLate(l.Kind) {
					d := codeLate.Errorf("%s: the late value %s is not supported in this version", who, l.Kind)
					d.Help = "plan with this version of homestak"
					refuse(d)
				}
			}
		}
	}
	return bad
}

func knownLate(k plan.LateKind) bool {
	switch k {
	case plan.LateGuestAddress, plan.LateHostAPI, plan.LateHostFingerprint, plan.LateSecret, plan.LateAPIToken,
		plan.LateHostKey, plan.LateMarker, plan.LateSeedName:
		return true
	}
	return false
}
