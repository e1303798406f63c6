package compiler

import (
	"time"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

const (
	codeNoSiteID  diag.Code = "HS0238"
	codeVMIDRange diag.Code = "HS0239"
	defaultSite             = "5f0c6a1e-3b7d-5c84-9a52-0d6e8f4b2c17"
)

// settingsDecl is site.yaml.
type settingsDecl struct {
	id          opt[string]
	gateway     opt[string]
	dns         []opt[string]
	dnsSet      opt[struct{}]
	domain      opt[string]
	timezone    opt[string]
	packages    []opt[string]
	user        opt[string]
	bridge      opt[string]
	nag         opt[bool]
	first, last opt[int]
	run         runSettings
}

// runSettings is the block `settings` of a manifest or of the site.
type runSettings struct {
	onError     opt[string]
	verify      opt[bool]
	cleanup     opt[bool]
	parallelism opt[int]
	timeout     opt[time.Duration]
}

// siteFile reads site.yaml. A site without one is all defaults; of one that
// cannot be read nobody knows what it would have said.
func (l *loader) siteFile() {
	name := l.firstOf("site.yaml", "site.yml")
	if name == "" {
		l.settings(nil, source.Range{})
		return
	}
	var tree *syntax.Node
	if f := l.readFile(name, maxDefinition); f != nil {
		var list diag.List
		tree, list = lang.Parse(f)
		l.list = append(l.list, list...)
		if tree != nil && tree.Kind == syntax.Null { // an empty file
			l.settings(nil, source.Span(f, 0, 0))
			return
		}
	}
	if tree == nil || tree.Kind != syntax.Map || l.list.HasErrors() {
		if l.site.own = l.siteDecl(tree); !l.site.own.id.ok() {
			l.site.own.id.V = defaultSite
		}
		return
	}
	l.settings(tree, source.Span(tree.Range.File, 0, 0))
}

// settings takes the site's own values from a mapping, or from none.
func (l *loader) settings(tree *syntax.Node, at source.Range) {
	l.site.own = l.siteDecl(tree)
	if own := &l.site.own; !own.id.Set {
		own.id.V = defaultSite
		d := l.warnAt(codeNoSiteID, at, "the site has no site_id")
		d.Label = "identities are derived from a default that other sites share"
		d.Help = "add `site_id: ` with a UUID of your own to site.yaml before the first apply"
	} else if own.id.Bad {
		own.id.V = defaultSite
	}
}

func (l *loader) siteDecl(n *syntax.Node) settingsDecl {
	r := l.read(n, schema.Site, "the site")
	var d settingsDecl
	d.id = r.text("site_id")
	defaults := r.group("defaults")
	d.gateway = defaults.text("gateway")
	d.dns, d.dnsSet = defaults.texts("dns_servers")
	d.domain = defaults.text("domain")
	d.timezone = defaults.text("timezone")
	d.packages, _ = defaults.texts("packages")
	d.user = defaults.text("vm_user")
	l.reservedUser(d.user)
	d.bridge = defaults.text("bridge")
	d.nag = defaults.flag("pve_remove_subscription_nag")
	for _, ignored := range []string{"server_url", "host_user", "image_release"} {
		defaults.text(ignored)
	}
	vmids := r.group("vmids")
	d.first, d.last = vmids.number("first"), vmids.number("last")
	if d.first.ok() && d.last.ok() && d.first.V > d.last.V {
		e := l.errorAt(codeVMIDRange, d.last.At, "the range of guest ids ends before it begins")
		e.Notes = []diag.Note{{Text: "it begins here", Range: d.first.At}}
		e.Help = "exchange the two, or raise `last`"
		d.last.Bad = true
	}
	d.run = runSettingsOf(r.group("settings"))
	return d
}

func runSettingsOf(r *reader) runSettings {
	s := runSettings{
		onError:     r.text("on_error"),
		verify:      r.flag("verify"),
		cleanup:     r.flag("cleanup_on_failure"),
		parallelism: r.number("parallelism"),
		timeout:     r.duration("timeout"),
	}
	r.number("timeout_buffer")
	return s
}
