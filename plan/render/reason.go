package render

import (
	"slices"

	"github.com/homestak/homestak/plan"
)

// reasonText says the reason of a change in words. The plan itself, and its other
// forms, keep the short ones.
func reasonText(c *plan.Change, goal plan.Goal) string {
	switch c.Reason {
	case plan.ReasonAbsent:
		return "does not exist"
	case plan.ReasonPresent:
		return "as declared"
	case plan.ReasonDiffers:
		return "not as declared"
	case plan.ReasonUnfinished:
		return "never became ready"
	case plan.ReasonStopped:
		return "does not run"
	case plan.ReasonSpec:
		if names(c, plan.AttrSecrets) && !names(c, plan.ArgProgram) {
			return "a secret it is given is new"
		}
		return "its spec says something new"
	case plan.ReasonGoal:
		return "asked for by " + goal.String()
	case plan.ReasonRemoved:
		return "no longer in the manifest"
	case plan.ReasonReplaced:
		return "taken away and made anew"
	case plan.ReasonParent:
		if c.Action == plan.Delete {
			return "goes with its parent"
		}
		return "its parent restarts"
	case plan.ReasonTested:
		return "a test made it, now it is kept"
	case plan.ReasonContext:
		return "left as it is, others are in it"
	case plan.ReasonAdopt:
		return "you say this guest is it"
	case plan.ReasonForget:
		return "given up, and left as it is"
	case plan.ReasonMoved:
		return "others moved it from where it is pinned"
	case plan.ReasonRenamed:
		return "was " + string(c.Was)
	case plan.ReasonLeftover:
		return "left by an interrupted run"
	}
	return c.Reason
}

// names reports whether an attribute is among those that change.
func names(c *plan.Change, attr string) bool {
	return slices.ContainsFunc(c.Attrs, func(a plan.Attr) bool { return a.Name == attr })
}
