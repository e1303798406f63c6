package canon

import (
	"slices"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
)

// Wants collects the attributes a plan gives a guest that exists: those of its
// guest.configure steps and the size of its guest.grow. A guard takes them as
// well as what it expects, because a run that is repeated finds some of them set.
func Wants(steps []plan.Step, a addr.Address) []plan.KV {
	var out []plan.KV
	for i := range steps {
		s := &steps[i]
		if s.Addr != a {
			continue
		}
		switch s.Op {
		case plan.GuestCreate, plan.GuestConfigure:
			var raw []plan.KV
			for _, arg := range s.Args {
				if arg.Value.Late == nil && arg.Value.List == nil {
					raw = append(raw, plan.KV{Key: arg.Name, Value: arg.Value.Text})
				}
			}
			out = append(out, Only(Settings(QEMU, raw))...)
			for _, key := range s.List(plan.ArgDelete) {
				for _, m := range managed {
					if KeyOf(m.attr) == key {
						out = append(out, plan.KV{Key: m.attr, Value: Get(Config(QEMU, nil), m.attr)})
					}
				}
			}
		case plan.GuestGrow:
			out = append(out, plan.KV{Key: s.Text(plan.ArgDisk) + ".size", Value: s.Text(plan.ArgSize)})
		}
	}
	return out
}

// Changed lists the attributes that are neither as expected nor as wanted: what
// a GuardUnchanged fails for. now is Overlay of current and pending values. The
// keys that are no attributes (plan.MarkerKey, plan.VolumesKey) are not looked at.
func Changed(expect, wants, now []plan.KV) []plan.Attr {
	var out []plan.Attr
	for _, e := range expect {
		if e.Key == plan.MarkerKey || e.Key == plan.VolumesKey {
			continue
		}
		have := Get(now, e.Key)
		wanted := slices.ContainsFunc(wants, func(w plan.KV) bool { return w.Key == e.Key && w.Value == have })
		if have != e.Value && !wanted {
			out = append(out, plan.Attr{Name: e.Key, From: e.Value, To: have, Class: Classify(e.Key, Get(now, "hotplug"))})
		}
	}
	return out
}
