package compiler

import (
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
	"github.com/homestak/homestak/lang/yaml"
)

const (
	codeLockLine       diag.Code = "HS0552"
	codeSecretSection  diag.Code = "HS0553"
	codeSecretsUnknown diag.Code = "HS0554"
)

// secretNames is what the compiler knows of the site's secrets: their names.
type secretNames struct {
	// known is false when secrets exist that cannot be listed: the file is
	// encrypted as a whole and there is no secrets.lock.
	known bool
	names map[string]source.Range // name → its key in a secrets file or lock
}

func (s secretNames) list() []string {
	names := make([]string, 0, len(s.names))
	for n := range s.names {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// below lists the names after a prefix such as "ssh_keys.", sorted.
func (s secretNames) below(prefix string) []string {
	var names []string
	for _, n := range s.list() {
		if rest, ok := strings.CutPrefix(n, prefix); ok {
			names = append(names, rest)
		}
	}
	return names
}

// secretFiles learns names from the secrets file that counts: the first of
// secrets.yaml, secrets.yaml.age and secrets.yaml.enc. SOPS leaves keys readable;
// of an age file only secrets.lock can tell.
func (l *loader) secretFiles() {
	s := &l.site.secrets
	s.known, s.names = true, map[string]source.Range{}
	l.lockFile()
	if l.exists("secrets.yaml") || !l.exists("secrets.yaml.age") && l.exists("secrets.yaml.enc") {
		if f := l.readFile(l.firstOf("secrets.yaml", "secrets.yaml.enc"), maxSecrets); f != nil {
			l.namesIn(f)
			return
		}
		s.known = false
		return
	}
	for _, e := range l.site.lock {
		s.names[e.Name] = source.Range{}
	}
	if l.exists("secrets.yaml.age") && len(l.site.lock) == 0 {
		s.known = false
		d := l.warnAt(codeSecretsUnknown, source.Range{}, "the names in secrets.yaml.age cannot be read")
		d.Help = "run `homestak secrets lock`: secrets.lock holds names and keyed digests, and is safe to commit"
	}
}

// namesIn keeps the keys of a secrets file and forgets everything else. The
// file is marked secret, so no diagnostic quotes it.
func (l *loader) namesIn(f *source.File) {
	f.Secret = true
	tree, list := yaml.Parse(f)
	l.list = append(l.list, list...)
	switch {
	case tree == nil, tree.Kind == syntax.Null, tree.Kind == syntax.Bad:
		return
	case tree.Kind != syntax.Map:
		l.errorAt(codeSecretShape, firstLine(tree.Range), "the secrets are no mapping").Help = aboutShape
		return
	}
	sealed := strings.HasSuffix(f.Name, ".enc")
	if at := tree.Get("sops"); !sealed && (at != nil || sealedBySops(tree)) {
		d := l.errorAt(codeSecretValue, source.Span(f, 0, 0), "%s is encrypted by SOPS", f.Name)
		d.Help = "rename it to secrets.yaml.enc, or decrypt it: `sops -d`"
		sealed = true
	}
	for i := range tree.Fields {
		field := &tree.Fields[i]
		if field.Key == "sops" {
			continue
		}
		if s := sectionNamed(field.Key); s != nil {
			l.section(s, field.Range, field.Value, sealed)
			continue
		}
		// What is no slip of a section's name may be a value that slipped.
		d := l.warnAt(codeSecretSection, firstLine(field.Range), "homestak does not read this section of the secrets")
		d.Label = "what is in it has no effect"
		d.Help = "the sections are " + enumerate(sectionKeys())
		if best := nearSection(field.Key); best != "" {
			d.Message = "homestak does not read section " + strconv.Quote(field.Key) + " of the secrets"
			d.Help = "did you mean " + strconv.Quote(best) + "?"
		}
		l.namesBelow(field.Key, field.Range, field.Value)
	}
}

// namesBelow adds the leaves below a key that homestak does not know.
func (l *loader) namesBelow(name string, at source.Range, n *syntax.Node) {
	switch n.Kind {
	case syntax.Map:
		for _, f := range n.Fields {
			l.namesBelow(name+"."+f.Key, f.Range, f.Value)
		}
	case syntax.List:
		for i, item := range n.Items {
			l.namesBelow(name+"."+strconv.Itoa(i), item.Range, item)
		}
	case syntax.String, syntax.Int, syntax.Float, syntax.Bool:
		if n.Text != "" {
			l.site.secrets.names[name] = at
		}
	}
}

// lockFile reads secrets.lock, a mapping of secret names to keyed digests.
func (l *loader) lockFile() {
	if !l.exists("secrets.lock") {
		return
	}
	f := l.readFile("secrets.lock", maxSecrets)
	if f == nil {
		return
	}
	tree, list := yaml.Parse(f)
	l.list = append(l.list, list...)
	if tree == nil || tree.Kind == syntax.Null {
		return
	}
	if tree.Kind != syntax.Map {
		l.badLock(tree.Range)
		return
	}
	for _, e := range tree.Fields {
		if e.Value.Kind != syntax.String || e.Value.Text == "" || !validSecretName(e.Key) {
			l.badLock(e.Range)
			continue
		}
		l.site.lock = append(l.site.lock, LockEntry{Name: e.Key, Digest: e.Value.Text})
	}
	slices.SortFunc(l.site.lock, func(a, b LockEntry) int { return strings.Compare(a.Name, b.Name) })
}

func (l *loader) badLock(at source.Range) {
	d := l.errorAt(codeLockLine, firstLine(at), "secrets.lock is a mapping of names to digests, and this is not")
	d.Help = "run `homestak secrets lock` to write it again"
}
