package compiler

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/syntax"
	"github.com/homestak/homestak/lang/unit"
	"github.com/homestak/homestak/stdlib"
)

const (
	codeBadSource   diag.Code = "HS0311"
	codeBadChecksum diag.Code = "HS0312"
)

type presetDecl struct {
	cores  opt[int]
	memory opt[unit.Size]
	disk   opt[unit.Size]

	hardware *hardwareDecl // nil when it says nothing of that
}

func (f *findings) preset(n *syntax.Node, where string) *presetDecl {
	r := f.read(n, schema.Preset, where)
	r.take("name")
	p := &presetDecl{cores: r.number("cores"), memory: r.size("memory"), disk: r.size("disk")}
	if r.find("hardware") != nil || f.taken != nil {
		h := hardwareOf(r.group("hardware"))
		p.hardware = &h
	}
	return p
}

type postureDecl struct {
	auth      opt[string]
	port      opt[int]
	rootLogin opt[string]
	passwords opt[string]
	nopasswd  opt[bool]
	fail2ban  opt[bool]
	packages  []opt[string]
}

func (f *findings) posture(n *syntax.Node, where string) *postureDecl {
	r := f.read(n, schema.Posture, where)
	r.take("name")
	ssh := r.group("ssh")
	d := &postureDecl{
		auth:      r.group("auth").text("method"),
		port:      ssh.number("port"),
		rootLogin: ssh.text("permit_root_login"),
		passwords: ssh.text("password_authentication"),
		nopasswd:  r.group("sudo").flag("nopasswd"),
		fail2ban:  r.group("fail2ban").flag("enabled"),
	}
	d.packages, _ = r.texts("packages")
	return d
}

type specDecl struct {
	version  opt[int]
	hostname opt[string]
	network  networkDecl
	posture  opt[string]
	users    []userDecl
	usersAt  opt[struct{}]
	packages []opt[string]
	enable   []opt[string]
	disable  []opt[string]
	timezone opt[string]
	pve      opt[struct{}] // the block config.pve is there: this is a host spec
	nag      opt[bool]
	trigger  opt[string]
	interval opt[time.Duration]
}

type userDecl struct {
	name   opt[string]
	sudo   opt[bool]
	keys   []opt[string]
	keysAt opt[struct{}]
}

func (f *findings) spec(n *syntax.Node, where string) *specDecl {
	r := f.read(n, schema.Spec, where)
	r.take("name")
	version := r.number("schema_version")
	identity, network := r.group("identity"), r.group("network")
	access, platform, config := r.group("access"), r.group("platform"), r.group("config")
	services := platform.group("services")
	d := &specDecl{
		version:  version,
		hostname: identity.text("hostname"),
		network:  networkDecl{domain: identity.text("domain"), ip: network.text("ip"), gateway: network.text("gateway")},
		posture:  access.text("posture"),
		timezone: config.text("timezone"),
		nag:      config.group("pve").flag("remove_subscription_nag"),
	}
	d.network.dns, d.network.dnsAt = network.texts("dns")
	d.packages, _ = platform.texts("packages")
	d.enable, _ = services.texts("enable")
	d.disable, _ = services.texts("disable")
	if e := config.take("pve"); e != nil {
		d.pve = opt[struct{}]{At: e.key, Set: true}
	}
	d.users, d.usersAt = usersOf(access)
	run := r.group("run")
	d.trigger, d.interval = run.text("trigger"), run.duration("interval")
	run.number("port")
	run.text("path")
	run.text("repo")
	run.text("branch")
	run.duration("poll_interval")
	return d
}

func usersOf(access *reader) ([]userDecl, opt[struct{}]) {
	items, at := access.items("users")
	var users []userDecl
	for _, n := range items {
		r := access.f.read(n, schema.User, "user")
		u := userDecl{name: r.text("name"), sudo: r.flag("sudo")}
		u.keys, u.keysAt = r.texts("ssh_keys")
		if u.name.ok() {
			users = append(users, u)
		}
	}
	return users, at
}

type imageDecl struct {
	source    opt[string]
	checksum  opt[string]
	minDisk   opt[unit.Size]
	format    opt[string]
	os        opt[string]
	hostReady opt[bool]
	seed      opt[string]
}

func (f *findings) image(n *syntax.Node, where string) *imageDecl {
	r := f.read(n, schema.Image, where)
	r.take("name")
	d := &imageDecl{
		source:    r.text("source"),
		checksum:  r.text("checksum"),
		minDisk:   r.size("min_disk"),
		format:    r.text("format"),
		os:        r.text("os"),
		hostReady: r.flag("host_ready"),
		seed:      r.text("seed"),
	}
	f.imageSource(d)
	return d
}

// imageSource checks that the bytes of an image are known before they are
// fetched.
func (f *findings) imageSource(d *imageDecl) {
	name, builtin := strings.CutPrefix(d.source.V, "builtin:")
	switch {
	case !d.source.ok():
	case !builtin:
		f.reach(&d.source, link{code: codeBadSource, what: "the source of an image", schemes: []string{"https"},
			form: "as in https://images.example/debian-12.qcow2, or builtin:NAME"})
	case !slices.Contains(stdlib.BuiltinNames(), name):
		e := f.errorAt(codeBadSource, d.source.At, "there is no builtin image %q", name)
		e.Help = "there is " + enumerate(stdlib.BuiltinNames())
		if best := diag.Suggest(name, stdlib.BuiltinNames()); best != "" {
			e.Help, e.Fixes = fmt.Sprintf("did you mean \"builtin:%s\"?", best), replace(d.source.At, "builtin:"+best)
		}
		d.source.Bad = true
	}
	switch {
	case d.checksum.ok() && !validChecksum(d.checksum.V):
		e := f.errorAt(codeBadChecksum, d.checksum.At, "%q is not a checksum", d.checksum.V)
		e.Label = "sha256: and 64, or sha512: and 128 hex digits"
		e.Help = "copy it from where the publisher of the image states it"
		d.checksum.Bad = true
	case d.source.ok() && !d.checksum.Set && !builtin:
		e := f.errorAt(codeBadChecksum, d.source.At, "an image from a URL needs a checksum")
		e.Help = "add `checksum: sha256:…` as the publisher of the image states it"
		d.checksum.Bad = true
	}
}

func validChecksum(s string) bool {
	algorithm, hex, _ := strings.Cut(s, ":")
	for _, c := range hex {
		if !strings.ContainsRune("0123456789abcdef", c) {
			return false
		}
	}
	return algorithm == "sha256" && len(hex) == 64 || algorithm == "sha512" && len(hex) == 128
}
