package canon

import (
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
)

// KindOf is the kind of guest that a step is about.
func KindOf(s *plan.Step) string {
	if s.Op == plan.CTCreate || s.Text(plan.ArgKind) == LXC {
		return LXC
	}
	return QEMU
}

// Wants collects the attributes a plan gives a guest that exists: those of its
// guest.configure steps, of disks it attaches, and what it grows and moves. A
// guard takes them as well as what it expects, because a run that is repeated
// finds some of them set.
func Wants(steps []plan.Step, a addr.Address) []plan.KV {
	var out []plan.KV
	for i := range steps {
		s := &steps[i]
		if s.Addr != a {
			continue
		}
		kind, disk := KindOf(s), s.Text(plan.ArgDisk)
		switch s.Op {
		case plan.GuestCreate, plan.GuestClone, plan.CTCreate, plan.GuestConfigure, plan.GuestRename, plan.GuestAttach:
			params := Params(s)
			given := Only(Settings(kind, params))
			out = append(out, given...)
			for _, kv := range params { // a key is written whole
				for _, gone := range unset(kind, kv.Key) {
					if _, is := find(given, gone.Key); !is && gone.Key != kv.Key {
						out = append(out, gone)
					}
				}
			}
			if size := s.Text(plan.ArgSize); size != "" {
				out = append(out, plan.KV{Key: disk + ".size", Value: size})
			}
			for _, key := range s.List(plan.ArgDelete) {
				out = append(out, unset(kind, key)...)
			}
		case plan.GuestDetach:
			out = append(out, unset(kind, disk)...)
		case plan.GuestGrow:
			out = append(out, plan.KV{Key: disk + ".size", Value: s.Text(plan.ArgSize)})
		case plan.GuestMove:
			if s.Text(plan.ArgWhat) == plan.WhatDisk {
				out = append(out, plan.KV{Key: disk + "." + Storage, Value: s.Text(plan.ArgStorage)})
			}
		}
	}
	return out
}

// Params are the arguments of a step that are PVE's own parameters, as raw
// values. Late ones are left out.
func Params(s *plan.Step) []plan.KV {
	var out []plan.KV
	for _, a := range s.Args {
		switch {
		case a.Value.Late != nil, strings.Contains(a.Name, "."):
		case a.Name == plan.ArgVMID, a.Name == plan.ArgDelete, a.Name == plan.ArgProgram, a.Name == plan.ArgKind,
			a.Name == plan.ArgDisk, a.Name == plan.ArgIncarnation, a.Name == plan.ArgSize,
			s.Op == plan.GuestClone && (a.Name == plan.ArgMode || a.Name == plan.ArgSource || a.Name == plan.ArgStorage):
		case a.Value.List != nil:
			out = append(out, plan.KV{Key: a.Name, Value: strings.Join(a.Value.List, ";")})
		default:
			out = append(out, plan.KV{Key: a.Name, Value: a.Value.Text})
		}
	}
	return out
}

// unset is every managed attribute of a key as it is without the key.
func unset(kind, name string) []plan.KV {
	table, defaults := qemuManaged, Config(kind, nil)
	if kind == LXC {
		table = lxcManaged
	}
	var out []plan.KV
	for _, a := range table {
		base, part, isPart := strings.Cut(a.name, ".")
		switch {
		case !isPart && name == base:
			out = append(out, plan.KV{Key: name, Value: Get(defaults, name)})
		case isPart && tableName(name+"."+part) == a.name:
			out = append(out, plan.KV{Key: name + "." + part})
		}
	}
	return out
}

// Changed lists the attributes that are neither as expected nor as wanted: what
// a GuardUnchanged fails for. now is Overlay of current and pending values. The
// keys that are no attributes (plan.MarkerKey, plan.VolumesKey, plan.SnapshotsKey) are not looked at.
func Changed(expect, wants, now []plan.KV) []plan.Attr {
	var out []plan.Attr
	for _, e := range expect {
		if e.Key == plan.MarkerKey || e.Key == plan.VolumesKey || e.Key == plan.SnapshotsKey {
			continue
		}
		have := Get(now, e.Key)
		wanted := slices.ContainsFunc(wants, func(w plan.KV) bool { return w.Key == e.Key && w.Value == have })
		if have != e.Value && !wanted {
			a := plan.Attr{Name: e.Key, From: e.Value, To: have}
			a.Class = Classify(a, now)
			out = append(out, a)
		}
	}
	return out
}
