package plan

import (
	"cmp"
	"slices"
)

// Sort brings every list of the facts into the order the file needs. Lists by
// slot (volumes, a guest's MACs) keep theirs.
func (f *Facts) Sort() {
	slices.SortFunc(f.Hosts, func(a, b HostFacts) int { return cmp.Compare(a.Name, b.Name) })
	for i := range f.Hosts {
		h := &f.Hosts[i]
		slices.SortFunc(h.Storages, func(a, b StorageFacts) int { return cmp.Compare(a.Name, b.Name) })
		for j := range h.Storages {
			h.Storages[j].Content = unique(h.Storages[j].Content)
		}
		h.Bridges, h.Images, h.MACs = unique(h.Bridges), unique(h.Images), unique(h.MACs)
		h.Taken, h.Seeds = unique(h.Taken), unique(h.Seeds)
		slices.SortFunc(h.Residents, func(a, b Resident) int { return cmp.Compare(a.VMID, b.VMID) })
		slices.SortFunc(h.Templates, func(a, b Resident) int { return cmp.Compare(a.VMID, b.VMID) })
		slices.SortFunc(h.Guests, func(a, b GuestFacts) int { return cmp.Compare(a.VMID, b.VMID) })
		for j := range h.Guests {
			g := &h.Guests[j]
			g.Tags, g.Jobs = unique(g.Tags), unique(g.Jobs)
			sortKV(g.Config)
			sortKV(g.Pending)
			if g.Marker != nil {
				g.Marker.Unchanged, g.Marker.Edited = unique(g.Marker.Unchanged), unique(g.Marker.Edited)
				sortKV(g.Marker.Made)
			}
		}
	}
}

func unique[T cmp.Ordered](list []T) []T {
	slices.Sort(list)
	return slices.Compact(list)
}

func sortKV(kvs []KV) {
	slices.SortFunc(kvs, func(a, b KV) int { return cmp.Compare(a.Key, b.Key) })
}

func ascending[T cmp.Ordered](list []T) bool {
	for i := 1; i < len(list); i++ {
		if list[i-1] >= list[i] {
			return false
		}
	}
	return true
}

func (f *Facts) validate() error {
	if f.Format != FactsVersion {
		return contrary("facts file", "its section has format %d", f.Format)
	}
	for i := range f.Hosts {
		h := &f.Hosts[i]
		switch {
		case h.Name == "" || i > 0 && f.Hosts[i-1].Name >= h.Name:
			return contrary("facts file", "host %q has no name, is out of order or there twice", h.Name)
		case h.Presence > Unknown:
			return contrary("facts file", "host %q has presence %d", h.Name, h.Presence)
		case !ascending(h.Bridges) || !ascending(h.Images) || !ascending(h.Taken) || !ascending(h.MACs) || !ascending(h.Seeds):
			return contrary("facts file", "a list of host %q is not sorted", h.Name)
		}
		for j, s := range h.Storages {
			if s.Name == "" || j > 0 && h.Storages[j-1].Name >= s.Name || !ascending(s.Content) {
				return contrary("facts file", "storage %q of host %q is out of order or there twice", s.Name, h.Name)
			}
		}
		for j, r := range h.Residents {
			if r.VMID == 0 || j > 0 && h.Residents[j-1].VMID >= r.VMID {
				return contrary("facts file", "guest %d of host %q is out of order or there twice", r.VMID, h.Name)
			}
		}
		for j := range h.Guests {
			g := &h.Guests[j]
			if g.VMID == 0 || j > 0 && h.Guests[j-1].VMID >= g.VMID {
				return contrary("facts file", "guest %d of host %q is out of order or there twice", g.VMID, h.Name)
			}
			if !ascending(g.Tags) || !ascending(g.Jobs) || firstUnsorted(g.Config) != "" || firstUnsorted(g.Pending) != "" {
				return contrary("facts file", "a list of guest %d of host %q is not sorted", g.VMID, h.Name)
			}
			if m := g.Marker; m != nil && (!ascending(m.Unchanged) || !ascending(m.Edited) || firstUnsorted(m.Made) != "" || m.Authentic && m.VMID != g.VMID) {
				return contrary("facts file", "the marker of guest %d of host %q is unsorted or cannot be authentic", g.VMID, h.Name)
			}
		}
	}
	return nil
}
