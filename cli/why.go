package cli

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/manual"
	"github.com/homestak/homestak/lang/source"
)

func whyCommand() command {
	return command{
		name: "why", args: "ADDR[.VALUE] [-M NAME]", short: "where an effective value comes from",
		long: `
Compiles a manifest and says which layer gave a node its value (the node, a
preset, a spec, the site, a default, …), at which place it is written, and why
that file was the one that counts. Without a value it lists all that the node
has. ADDR is a node's address or, with -M, its name; the manifest's own name
stands for what holds for the whole run. Nothing is contacted.

  homestak why n2-push/root-pve/edge.memory
  homestak why edge.network -M n2-push       all values below network
  homestak why edge -M n2-push               everything
  homestak why n2-push.parallelism           a setting of the run`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var s siteFlags
			s.declareManifest(f)
			return func(ctx context.Context, a *app, args []string) error {
				if len(args) != 1 {
					return usage("why takes one address, as in NAME/NODE.memory")
				}
				return a.why(ctx, s, args[0])
			}
		},
	}
}

func (a *app) why(ctx context.Context, s siteFlags, target string) error {
	if s.manifest == "" {
		_, site, _, err := a.loadSite(s.site)
		if err != nil {
			return err
		}
		if s.manifest = manifestOf(site, target); s.manifest == "" {
			return noManifestOf(site, target)
		}
	}
	c, err := a.compile(ctx, s)
	if err != nil {
		return err
	}
	section, value, err := locate(c.d, target)
	if err != nil {
		return err
	}
	text := section.String()
	if value != "" {
		if text, err = provenance(section, value); err != nil {
			return err
		}
	}
	_, err = fmt.Fprint(a.stdout, text)
	return err
}

// manifestOf is the manifest that an address begins with, "" if none.
func manifestOf(site *compiler.Site, target string) string {
	best := ""
	for _, name := range site.Manifests() {
		if _, ok := within(target, name, "/."); ok && len(name) > len(best) {
			best = name
		}
	}
	return best
}

// noManifestOf says that an address begins with no manifest.
func noManifestOf(site *compiler.Site, target string) error {
	first, rest, whole := strings.Cut(target, "/")
	if !whole {
		return needManifest(site)
	}
	if best := diag.Suggest(first, site.Manifests()); best != "" {
		return usage("there is no manifest %q: did you mean `homestak why %s/%s`?", first, best, rest)
	}
	return usage("there is no manifest %q: an address begins with one of %s", first, join(site.Manifests(), 12))
}

// within cuts whole off target, and reports whether it begins with it: at its
// end or at one of the separators.
func within(target, whole, separators string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(target, whole)
	return rest, ok && (rest == "" || strings.Contains(separators, rest[:1]))
}

// locate finds what target is about, and the name of the value, "" for all. A
// node is known by its address and by its name; the manifest's own name is the
// deployment, unless a node has it.
func locate(d *ir.Deployment, target string) (s ir.Section, value string, err error) {
	var known []string
	found := -1 // length of the rest: the longest name wins
	for _, section := range d.Sections() {
		names := []string{section.Name}
		switch section.Kind {
		case "node":
			names = append(names, addr.Address(section.Name).Name())
		case "deployment":
		default:
			continue
		}
		known = append(known, names...)
		for _, name := range names {
			if rest, ok := within(target, name, "."); ok && (found < 0 || len(rest) <= found) {
				s, value, found = section, strings.TrimPrefix(rest, "."), len(rest)
			}
		}
	}
	if found >= 0 {
		return s, value, nil
	}
	return s, "", noNode(d.Manifest, target, known)
}

// noNode says that target is about no node of the manifest, and which one it may
// have been meant to be about: one that is called nearly the same, or one with
// this name that is in another.
func noNode(manifest, target string, known []string) error {
	dir, last := path.Split(target)
	name, value, dotted := strings.Cut(last, ".")
	ref := dir + name
	if strings.ContainsAny(ref, "*?") {
		return usage("%q is a pattern, and why is about one node: `homestak doc selectors` says which verbs take one", ref)
	}
	if _, err := addr.Parse(ref); err != nil && dir != "" {
		return usage("%v", err)
	}
	best := diag.Suggest(ref, known)
	if i := slices.IndexFunc(known, func(k string) bool { return strings.HasSuffix(k, "/"+name) }); i >= 0 && dir != "" {
		best = known[i]
	}
	if best == "" {
		return usage("manifest %q has no node %q: `homestak plan -M %s` shows its nodes", manifest, ref, manifest)
	}
	if dotted {
		best += "." + value
	}
	if !strings.HasPrefix(best, manifest+"/") {
		best += " -M " + manifest
	}
	return usage("manifest %q has no node %q: did you mean `homestak why %s`?", manifest, ref, best)
}

// provenance says where a value of a section came from, or, for the beginning
// of names such as network, all below it.
func provenance(s ir.Section, value string) (string, error) {
	var b strings.Builder
	var names []string
	for _, e := range s.Entries {
		names = append(names, e.Name)
		if _, ok := within(e.Name, value, "."); ok {
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			trace(&b, s, e)
		}
	}
	if b.Len() > 0 {
		return b.String(), nil
	}
	hint := fmt.Sprintf("`homestak why %s` lists what it has", s.Name)
	if best := diag.Suggest(value, names); best != "" {
		hint = fmt.Sprintf("did you mean `homestak why %s.%s`?", s.Name, best)
	}
	return "", usage("%s %s has no value %q: %s", s.Kind, s.Name, value, hint)
}

// trace follows a value to the place that decided it, and a file that is used
// because of another value to what decided that one.
func trace(b *strings.Builder, s ir.Section, e ir.Entry) {
	if e.Empty {
		fmt.Fprintf(b, "%s.%s is not set\n", s.Name, e.Name)
		return
	}
	fmt.Fprintf(b, "%s.%s is %s\n", s.Name, e.Name, e.Value)
	for range s.Entries { // no chain is longer
		fmt.Fprintf(b, "  %s\n", origin(s, e))
		i := slices.IndexFunc(s.Entries, func(o ir.Entry) bool { return o.Name == chooser(e) && o.Name != e.Name })
		if i < 0 {
			return
		}
		e = s.Entries[i]
		fmt.Fprintf(b, "because %s is %s\n", e.Name, e.Value)
	}
}

// origin is one step: the layer, the place, and what is written there.
func origin(s ir.Section, e ir.Entry) string {
	at := e.From.Range
	switch {
	case e.Fact && at.IsZero():
		return "as the site says"
	case e.Fact:
		return fmt.Sprintf("at %s: %s", at, quoted(at))
	case at.IsZero() && e.From.Layer == ir.FromFlag:
		return "from the command line"
	case at.IsZero() && s.Kind == "deployment" && e.Name == "pattern":
		return "derived from how the nodes relate"
	case at.IsZero():
		return "by default" + seeAlso(s, e)
	}
	return fmt.Sprintf("from %s at %s: %s", e.From.Layer, at, quoted(at))
}

// seeAlso names the manual's topic of a default, if it has one.
func seeAlso(s ir.Section, e ir.Entry) string {
	topic := s.Kind + "." + e.Name
	if s.Kind == "deployment" {
		topic = "manifest.settings." + e.Name
	}
	if !slices.Contains(manual.Topics(), topic) {
		return ""
	}
	return ": see `homestak doc " + topic + "`"
}

// chooser is the value that says which file a value was taken from: a size is
// in a preset because of the node's preset. It is "" where nothing chose.
func chooser(e ir.Entry) string {
	switch e.From.Layer {
	case ir.FromPreset:
		return "preset"
	case ir.FromPosture:
		return "posture"
	case ir.FromSpec:
		return "spec"
	case ir.FromStdlib:
		if e.From.Range.File == nil {
			return ""
		}
		dir := path.Base(path.Dir(strings.TrimPrefix(e.From.Range.File.Name, "stdlib:")))
		return strings.TrimSuffix(dir, "s")
	}
	return ""
}

// quoted is the line that a range begins in, short. What is in a file with
// secrets stays there.
func quoted(at source.Range) string {
	const most = 60
	if at.File.Secret {
		return "(not shown)"
	}
	line := []rune(strings.TrimSpace(string(at.File.Line(at.Pos().Line))))
	if len(line) > most {
		return string(line[:most]) + "…"
	}
	return string(line)
}
