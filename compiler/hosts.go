package compiler

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

const (
	codeFingerprint diag.Code = "HS0313"
	codeVia         diag.Code = "HS0314"
)

// Host is a Proxmox VE host the site can reach: a file of hosts/ or nodes/.
type Host struct {
	Name         string   // name users say: -H NAME
	Node         string   // PVE node name, by default Name
	Endpoints    []string // https URLs of the API, in order of preference
	Fingerprint  string   // SHA-256 of the certificate, AA:BB:…, or of several, with commas; "" = not trusted yet
	CA           string   // file of the site with the authority that may vouch instead, "" = none
	TokenName    string   // secret with the API token, "api_tokens.NAME"
	User         string   // who logs in with a password instead, "root@pam"; "" = the token is used
	PasswordName string   // secret with that password, "api_passwords.NAME"
	Storage      string   // for guest disks; "" = the host's first that can hold them
	SeedStorage  string   // for seeds that are CD-ROMs; "" = the host's first that can hold them
	ImageStorage string   // for images and seeds; "" = the host's first that can hold them
	Via          string   // how its API and guests are reached; "" = directly
	IOWidth      uint     // copies at once, 0 = the default
	Range        source.Range
}

// hostDecl is one file about a host. Upstream has two of them for one machine:
// hosts/ for the metal, nodes/ for Proxmox VE on it.
type hostDecl struct {
	node, endpoint, fingerprint, token opt[string]
	ca, user, password                 opt[string]
	datastore, images, seeds, via, ip  opt[string]
	endpoints, fingerprints            []opt[string]
	io                                 opt[int]
}

// Hosts decodes every host of the site, sorted by name. Hosts without an
// endpoint (a machine that does not run Proxmox VE yet) have no Endpoints.
func (s *Site) Hosts() ([]Host, diag.List) {
	c := &compilation{site: s, reported: map[*document]bool{}}
	return c.everyHost(), c.silenced()
}

func (c *compilation) everyHost() []Host {
	var hosts []Host
	for _, name := range c.site.names(schema.KindHost) {
		hosts = append(hosts, c.hostNamed(name).host(name, c.site.find(schema.KindHost, name).at))
	}
	return hosts
}

// hostNamed decodes the files of a host that the site has, once.
func (c *compilation) hostNamed(name string) hostDecl {
	if d, done := c.hosts[name]; done {
		return d
	}
	var merged hostDecl
	for _, d := range c.site.definitions[schema.KindHost][name] {
		if tree := c.treeOf(d); tree != nil {
			merged = merged.over(c.host(tree, d.where()))
		}
	}
	if c.hosts == nil {
		c.hosts = map[string]hostDecl{}
	}
	c.hosts[name] = merged
	return merged
}

func (c *compilation) host(n *syntax.Node, where string) hostDecl {
	r := c.read(n, schema.Host, where)
	d := hostDecl{
		node:        r.text("node"),
		endpoint:    r.text("endpoint"),
		fingerprint: c.fingerprint(r.text("fingerprint")),
		ca:          r.text("ca"),
		token:       r.text("token"),
		user:        r.text("user"),
		password:    r.text("password"),
		datastore:   r.text("datastore"),
		images:      r.text("image_datastore"),
		seeds:       r.text("seed_datastore"),
		via:         c.via(r.text("via")),
		ip:          r.text("ip"),
		io:          r.number("io"),
	}
	d.endpoints, _ = r.texts("endpoints")
	more, _ := r.texts("fingerprints")
	for _, f := range more {
		if f = c.fingerprint(f); f.ok() {
			d.fingerprints = append(d.fingerprints, f)
		}
	}
	if e := r.take("network"); e != nil && !d.ip.Set {
		d.ip = bridgeAddress(e.node)
	}
	for _, recorded := range []string{"name", "host", "bridge", "parent_node", "host_user", "domain", "storage", "hardware", "access", "ssh", "timezone"} {
		r.take(recorded)
	}
	return d
}

// bridgeAddress is the address upstream recorded for vmbr0.
func bridgeAddress(n *syntax.Node) opt[string] {
	a := n.Get("interfaces").Get("vmbr0").Get("address")
	if a == nil {
		return opt[string]{}
	}
	text, _, _ := strings.Cut(a.Text, "/")
	_, err := netip.ParseAddr(text)
	return opt[string]{V: text, At: a.Range, Set: err == nil}
}

// over merges two files about one machine: what the first says counts.
func (d hostDecl) over(o hostDecl) hostDecl {
	first := func(a, b opt[string]) opt[string] {
		if a.ok() {
			return a
		}
		return b
	}
	m := hostDecl{
		node: first(d.node, o.node), endpoint: first(d.endpoint, o.endpoint), fingerprint: first(d.fingerprint, o.fingerprint),
		token: first(d.token, o.token), datastore: first(d.datastore, o.datastore), images: first(d.images, o.images), seeds: first(d.seeds, o.seeds),
		via: first(d.via, o.via), ip: first(d.ip, o.ip),
		ca: first(d.ca, o.ca), user: first(d.user, o.user), password: first(d.password, o.password),
		endpoints: d.endpoints, fingerprints: d.fingerprints, io: d.io,
	}
	if len(m.fingerprints) == 0 {
		m.fingerprints = o.fingerprints
	}
	if len(m.endpoints) == 0 {
		m.endpoints = o.endpoints
	}
	if !m.io.ok() {
		m.io = o.io
	}
	return m
}

func (d hostDecl) host(name string, at source.Range) Host {
	h := Host{
		Name: name, Node: name, TokenName: "api_tokens." + name, PasswordName: "api_passwords." + name,
		Fingerprint: d.pins(), CA: d.ca.V, User: d.user.V,
		Storage: d.datastore.V, ImageStorage: d.images.V, SeedStorage: d.seeds.V, Via: d.via.V, IOWidth: uint(d.io.V), Range: at,
	}
	if d.node.ok() {
		h.Node = d.node.V
	}
	if d.token.ok() {
		h.TokenName = "api_tokens." + strings.TrimPrefix(d.token.V, "api_tokens.")
	}
	if d.password.ok() {
		h.PasswordName = "api_passwords." + strings.TrimPrefix(d.password.V, "api_passwords.")
	}
	for _, e := range d.endpoints {
		h.Endpoints = append(h.Endpoints, e.V)
	}
	// Upstream writes https://localhost:8006, meaning the host itself; from
	// anywhere else that is the wrong machine, so its address is better.
	local := strings.Contains(d.endpoint.V, "//localhost") || strings.Contains(d.endpoint.V, "//127.")
	if d.endpoint.ok() && !(local && d.ip.ok()) {
		h.Endpoints = append([]string{d.endpoint.V}, h.Endpoints...)
	}
	if len(h.Endpoints) == 0 && d.ip.ok() {
		h.Endpoints = []string{"https://" + d.ip.V + ":8006"}
	}
	return h
}

// pins are all fingerprints of the entry, each once.
func (d hostDecl) pins() string {
	var all []string
	for _, f := range append([]opt[string]{d.fingerprint}, d.fingerprints...) {
		if f.ok() && !slices.Contains(all, f.V) {
			all = append(all, f.V)
		}
	}
	return strings.Join(all, ",")
}

// fingerprint puts a certificate's SHA-256 into PVE's form, AA:BB:….
func (f *findings) fingerprint(o opt[string]) opt[string] {
	if !o.ok() {
		return o
	}
	hex := strings.ToUpper(strings.ReplaceAll(o.V, ":", ""))
	if len(hex) != 64 || strings.Trim(hex, "0123456789ABCDEF") != "" {
		d := f.errorAt(codeFingerprint, o.At, "%q is not the fingerprint of a certificate", o.V)
		d.Label = "32 octets in hex, the certificate's SHA-256"
		d.Help = "`pvenode cert info` on the host shows it"
		o.Bad = true
		return o
	}
	var b strings.Builder
	for i := 0; i < len(hex); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(hex[i : i+2])
	}
	o.V = b.String()
	return o
}

func (f *findings) via(o opt[string]) opt[string] {
	if o.ok() {
		f.reach(&o, link{code: codeVia, what: "a way to a host", schemes: []string{"https", "http", "socks5", "ssh"},
			form: "as in https://192.0.2.1:8006, socks5://127.0.0.1:1080 or ssh://jump.example", user: true, bare: true})
	}
	return o
}
