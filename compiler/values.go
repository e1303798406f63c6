package compiler

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/window"
	"github.com/homestak/homestak/stdlib"
)

const (
	codeBadAddress diag.Code = "HS0306"
	codeBadMAC     diag.Code = "HS0307"
	codeBadUUID    diag.Code = "HS0308"
	codeBadURL     diag.Code = "HS0309"
	codeNoPrefix   diag.Code = "HS0310"
	codeBadZone    diag.Code = "HS0315"
	codeWindow     diag.Code = "HS0316"
)

// syntaxOf checks what the type of a textual field demands of its text, and
// puts it into its one canonical form.
func (f *findings) syntaxOf(o *opt[string], s *schema.Field) {
	switch s.Type {
	case schema.Label:
		f.label(o, "a name")
	case schema.IP:
		f.ip(o)
	case schema.CIDR:
		f.cidr(o)
	case schema.MAC:
		f.mac(o)
	case schema.UUID:
		f.uuid(o)
	case schema.URL:
		f.url(o)
	case schema.Zone:
		f.zone(o)
	case schema.Window:
		f.window(o)
	default:
		f.word(o, s.Type)
	}
}

// words are the textual types that one pattern describes, and how to say it.
var words = []struct {
	of      schema.Type
	pattern *regexp.Regexp
	label   string
	example string
}{
	{schema.Domain, regexp.MustCompile(schema.Domain.Pattern()),
		"labels of lower-case letters, digits and hyphens, joined by dots", "it as in home.arpa"},
	{schema.Package, regexp.MustCompile(schema.Package.Pattern()),
		"lower-case letters, digits, and + . - inside", "the name that apt knows it by, as in nginx"},
	{schema.Service, regexp.MustCompile(schema.Service.Pattern()),
		"letters, digits, and : _ . @ - inside", "the name of a systemd unit, as in ssh or ssh.service"},
	{schema.Login, regexp.MustCompile(schema.Login.Pattern()),
		"lower-case letters, digits, _ and -, at most 32, no digit first", "a name that useradd takes, as in ann"},
	{schema.Tag, regexp.MustCompile(schema.Tag.Pattern()),
		"lower-case letters, digits, and _ + . - inside, at most 64", "it as in web"},
	{schema.Pool, regexp.MustCompile(schema.Pool.Pattern()),
		"letters, digits, _ and -, at most three levels joined by /", "the name of a pool of the host, as in prod/web"},
	{schema.Bridge, regexp.MustCompile(schema.Bridge.Pattern()),
		"letters, digits, and _ . - inside, at most 15", "the name of a bridge of the host, as in vmbr0"},
	{schema.Storage, regexp.MustCompile(schema.Storage.Pattern()),
		"letters, digits, and _ . - inside", "the name of a storage of the host, as in local-zfs"},
	{schema.DiskName, regexp.MustCompile(schema.DiskName.Pattern()),
		"lower-case letters, digits and inner hyphens, at most 20", "it as in data"},
	{schema.Word, regexp.MustCompile(schema.Word.Pattern()),
		"letters, digits, and _ + . - inside, at most 64", "it as Proxmox VE does, as in host"},
	{schema.Machine, regexp.MustCompile(schema.Machine.Pattern()),
		"pc, q35, or a version of one", "it as in q35 or pc-q35-9.2"},
	{schema.Path, regexp.MustCompile(schema.Path.Pattern()),
		"names after slashes, without . and ..", "it as in /srv/data"},
	{schema.Mode, regexp.MustCompile(schema.Mode.Pattern()),
		"three octal digits, perhaps after a 0", "it in quotes, as in \"0644\""},
}

func (f *findings) word(o *opt[string], t schema.Type) {
	for i := range words {
		if w := &words[i]; w.of == t && (len(o.V) > schema.LongestWord || !w.pattern.MatchString(o.V)) {
			d := f.errorAt(codeBadName, o.At, "%q cannot be %s", shortened(o.V), t)
			d.Label, d.Help = w.label, "write "+w.example
			o.Bad = true
		}
	}
}

// zone knows every name there is, so that a node is not told a zone it lacks.
func (f *findings) zone(o *opt[string]) {
	zones := stdlib.Zones()
	if _, known := slices.BinarySearch(zones, o.V); known {
		return
	}
	d := f.errorAt(codeBadZone, o.At, "there is no time zone %q", shortened(o.V))
	d.Help = "write its IANA name, as in Europe/Berlin"
	if best := diag.Suggest(o.V, zones); best != "" {
		d.Help, d.Fixes = fmt.Sprintf("did you mean %q?", best), replace(o.At, best)
	}
	o.Bad = true
}

// window accepts maintenance windows.
func (f *findings) window(o *opt[string]) {
	_, err := window.Parse(o.V)
	if err == nil {
		return
	}
	d := f.errorAt(codeWindow, o.At, "%q is not a maintenance window", shortened(o.V))
	d.Help = "write it as in Sun 02:00-04:00, or daily 01:00-03:00"
	if e := (*window.Error)(nil); errors.As(err, &e) {
		d.Label, d.Help = e.Reason, e.Help
	}
	o.Bad = true
}

// shortened is text for a message: nobody reads a megabyte of it.
func shortened(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// ip accepts "" too: "no gateway, whatever the site says".
func (f *findings) ip(o *opt[string]) {
	if o.V == "" {
		return
	}
	if a, err := netip.ParseAddr(o.V); err != nil || !a.Is4() {
		f.errorAt(codeBadAddress, o.At, "%q is not an IPv4 address", shortened(o.V)).Help = "write it as in 192.0.2.1"
		o.Bad = true
	}
}

func (f *findings) cidr(o *opt[string]) {
	if o.V == "dhcp" {
		return
	}
	if a, err := netip.ParseAddr(o.V); err == nil && a.Is4() {
		d := f.warnAt(codeNoPrefix, o.At, "%s has no prefix length", o.V)
		d.Label, d.Help = "taken as /24", "write "+o.V+"/24, or what your network uses"
		d.Fixes = replace(o.At, o.V+"/24")
		o.V += "/24"
		return
	}
	p, err := netip.ParsePrefix(o.V)
	if err != nil || !p.Addr().Is4() {
		f.errorAt(codeBadAddress, o.At, "%q is not an IPv4 address with prefix length", shortened(o.V)).Help = "write dhcp, or as in 192.0.2.10/24"
		o.Bad = true
		return
	}
	if why := unusable(p); why != "" {
		d := f.errorAt(codeBadAddress, o.At, "no machine can have the address %s", o.V)
		d.Label, d.Help = why, "choose another address of its network"
		o.Bad = true
	}
}

// unusable says why a machine cannot have the address of p.
func unusable(p netip.Prefix) string {
	a := p.Addr()
	switch {
	case a.IsMulticast():
		return "a multicast address"
	case a.IsLoopback():
		return "a loopback address"
	case p.Bits() >= 31: // point-to-point links have no network address
		return ""
	case a == p.Masked().Addr():
		return "the address of the network itself"
	case a == broadcast(p):
		return "the broadcast address of its network"
	}
	return ""
}

func broadcast(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(b)
}

func (f *findings) mac(o *opt[string]) {
	text := strings.ToUpper(strings.ReplaceAll(o.V, "-", ":"))
	ok := len(text) == 17
	for i := 0; ok && i < len(text); i++ {
		if i%3 == 2 {
			ok = text[i] == ':'
		} else {
			ok = strings.IndexByte("0123456789ABCDEF", text[i]) >= 0
		}
	}
	switch {
	case !ok:
		d := f.errorAt(codeBadMAC, o.At, "%q is not a MAC address", shortened(o.V))
		d.Label, d.Help = "six octets in hex", "write it as in BC:24:11:00:00:01, or leave it out"
		o.Bad = true
	case strings.IndexByte("13579BDF", text[1]) >= 0, text == "00:00:00:00:00:00":
		d := f.errorAt(codeBadMAC, o.At, "no machine can have the MAC address %s", o.V)
		d.Label, d.Help = "a group address: its first octet is odd", "leave it out, and one is derived"
		if text[1] == '0' {
			d.Label = "it stands for none"
		}
		o.Bad = true
	default:
		o.V = text
	}
}

func (f *findings) uuid(o *opt[string]) {
	text := strings.ToLower(o.V)
	ok := len(text) == 36
	for i := 0; ok && i < len(text); i++ {
		switch i {
		case 8, 13, 18, 23:
			ok = text[i] == '-'
		default:
			ok = strings.IndexByte("0123456789abcdef", text[i]) >= 0
		}
	}
	if !ok {
		d := f.errorAt(codeBadUUID, o.At, "%q is not a UUID", o.V)
		d.Help = "let `homestak init` write one, or use the output of uuidgen"
		o.Bad = true
	}
	o.V = text
}

func (f *findings) url(o *opt[string]) {
	if f.reach(o, link{code: codeBadURL, what: "the URL of an API", schemes: []string{"https"},
		form: "as in https://192.0.2.1:8006", bare: true}) != nil {
		o.V = strings.TrimSuffix(o.V, "/")
	}
}
