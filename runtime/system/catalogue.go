package system

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed catalogue.txt
var catalogueText string

// pkg is one package of the archive.
type pkg struct {
	name, version string
	needs         []string
	units         []pkgUnit
}

type pkgUnit struct {
	name    string
	aliases []string
	off     bool // neither enabled nor started by installing
}

// archive is the parsed catalogue.
type archive struct {
	pkgs  []pkg                // by name
	units map[string]ownedUnit // by name and by alias
}

type ownedUnit struct {
	pkgUnit
	pkg string
}

var catalogue = sync.OnceValue(func() archive {
	var all []pkg
	for line := range strings.Lines(catalogueText) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] == "#" {
			continue
		}
		p := pkg{name: f[0], version: f[1]}
		for _, extra := range f[2:] {
			if needs, ok := strings.CutPrefix(extra, "needs:"); ok {
				p.needs = strings.Split(needs, ",")
			}
			if unit, ok := strings.CutPrefix(extra, "unit:"); ok {
				unit, off := strings.CutSuffix(unit, ":off")
				names := strings.Split(unit, "+")
				p.units = append(p.units, pkgUnit{name: names[0], aliases: names[1:], off: off})
			}
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b pkg) int { return strings.Compare(a.name, b.name) })
	units := map[string]ownedUnit{}
	for _, p := range all {
		for _, u := range p.units {
			for _, name := range append([]string{u.name}, u.aliases...) {
				units[name] = ownedUnit{pkgUnit: u, pkg: p.name}
			}
		}
	}
	return archive{pkgs: all, units: units}
})

func lookupPackage(name string) (pkg, bool) {
	all := catalogue().pkgs
	i, ok := slices.BinarySearchFunc(all, name, func(p pkg, n string) int { return strings.Compare(p.name, n) })
	if !ok {
		return pkg{}, false
	}
	return all[i], true
}

// closure is names with everything they need, sorted.
func closure(names []string) []string {
	var out []string
	for todo := slices.Clone(names); len(todo) > 0; {
		name := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if slices.Contains(out, name) {
			continue
		}
		out = append(out, name)
		if p, ok := lookupPackage(name); ok {
			todo = append(todo, p.needs...)
		}
	}
	slices.Sort(out)
	return out
}

// unitName completes "ssh" to "ssh.service", as systemctl does.
func unitName(name string) string {
	for _, suffix := range []string{".service", ".socket", ".timer", ".target", ".mount", ".path", ".slice"} {
		if strings.HasSuffix(name, suffix) {
			return name
		}
	}
	return name + ".service"
}
