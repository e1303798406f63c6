package apply

import (
	"strings"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
)

// supply is something that a step needs and a host has or has not: a bridge, or a
// storage with a content type, and a file on it.
type supply struct {
	bridge           string
	storage, content string
	file             string // a volume id
}

// suppliesFor lists what a step names.
func suppliesFor(s *plan.Step) []supply {
	storage := s.Text(plan.ArgStorage)
	disks := "images"
	if canon.KindOf(s) == canon.LXC {
		disks = "rootdir"
	}
	var out []supply
	switch s.Op {
	case plan.ImageFetch:
		content, _ := contentOf(s.Text(plan.ArgVolume))
		return []supply{{storage: storage, content: content}}
	case plan.SeedUpload:
		return []supply{{storage: storage, content: seedContent(s, plan.ArgContent)}}
	case plan.GuestMove:
		if s.Text(plan.ArgWhat) == plan.WhatDisk {
			out = append(out, supply{storage: storage, content: disks})
		}
		return out
	case plan.GuestClone:
		if storage != "" {
			out = append(out, supply{storage: storage, content: disks})
		}
	case plan.GuestCreate, plan.TemplateBuild, plan.CTCreate, plan.GuestConfigure, plan.GuestAttach:
	default:
		return nil
	}
	for _, a := range s.Args {
		if a.Value.Late == nil && !strings.Contains(a.Name, ".") {
			out = append(out, suppliesOfOption(a.Name, a.Value.Text, disks)...)
		}
	}
	return out
}

// suppliesOfOption reads one of PVE's own parameters: "net0=virtio,bridge=vmbr0",
// "scsi0=local-lvm:0,import-from=local:import/x.qcow2", "ostemplate=local:vztmpl/x".
func suppliesOfOption(name, value, disks string) []supply {
	bus, _, numbered := canon.Slot(name)
	first, rest, _ := strings.Cut(value, ",")
	switch {
	case numbered && bus == "net":
		for word := range strings.SplitSeq(value, ",") {
			if bridge, ok := strings.CutPrefix(word, "bridge="); ok {
				return []supply{{bridge: bridge}}
			}
		}
		return nil
	case name == "ostemplate":
		return file(value)
	case name == "rootfs", numbered && isDrive(bus):
	default:
		return nil
	}
	out := file(strings.TrimPrefix(first, "file="))
	if out == nil {
		if storage, _, ok := strings.Cut(first, ":"); ok {
			out = []supply{{storage: storage, content: disks}}
		}
	}
	for word := range strings.SplitSeq(rest, ",") {
		if source, ok := strings.CutPrefix(word, "import-from="); ok {
			out = append(out, file(source)...)
		}
	}
	return out
}

// file is a file of a storage that a volume id names; nil for a disk.
func file(volume string) []supply {
	storage, _, _ := strings.Cut(volume, ":")
	switch content, name := contentOf(volume); {
	case name == "":
	case content == "iso", content == "vztmpl", content == "import":
		return []supply{{storage: storage, content: content, file: volume}}
	}
	return nil
}

func isDrive(bus string) bool {
	switch bus {
	case "scsi", "virtio", "sata", "ide", "efidisk", "tpmstate", "mp":
		return true
	}
	return false
}
