package compiler

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// link is what a field that holds a URL asks of it.
type link struct {
	code    diag.Code
	what    string   // in messages: "the source of an image"
	schemes []string // allowed ones
	form    string   // an example
	user    bool     // ssh:// may name the account; never a password
	bare    bool     // no path, query or fragment
}

// reach parses a URL somebody will connect to; nil when it was reported. What
// could be a password is neither in the message nor shown from the file.
func (f *findings) reach(o *opt[string], l link) *url.URL {
	if strings.Contains(authority(o.V), "@") && !l.passes(o.V) {
		d := f.errorAt(l.code, concealed(o.At), "%s has credentials in it", l.what)
		d.Label = "a plan carries this, and people read plans"
		d.Help = "remove what is before the @; only secrets.yaml holds credentials"
		o.Bad = true
		return nil
	}
	u, why := l.parse(o.V)
	if why == "" {
		return u
	}
	d := f.errorAt(l.code, o.At, "%q is not %s", o.V, l.what)
	d.Label, d.Help = why, "write it "+l.form
	o.Bad = true
	return nil
}

// passes says whether what is before an @ is the name of an account.
func (l link) passes(text string) bool {
	user, _, _ := strings.Cut(authority(text), "@")
	return l.user && strings.HasPrefix(text, "ssh://") && !strings.ContainsAny(user, ":%")
}

// authority is the part of a URL between // and the path, whether or not the
// rest of it makes sense.
func authority(text string) string {
	_, rest, ok := strings.Cut(text, "//")
	if !ok {
		rest = text
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

func (l link) parse(text string) (u *url.URL, why string) {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"<>\^{}|`+"`", r) }) {
		return nil, "spaces and special characters are written as %XX"
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, "no URL"
	}
	switch {
	case !slices.Contains(l.schemes, u.Scheme) || u.Opaque != "":
		return nil, "it begins with " + strings.Join(l.schemes, "://, ") + "://"
	case !validHost(u.Hostname()):
		return nil, "it names no machine"
	case strings.HasSuffix(u.Host, ":"):
		return nil, "the port is missing after the colon"
	case l.bare && (u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != ""):
		return nil, "it ends after the machine and its port"
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return nil, "a port is a number from 1 to 65535"
		}
	}
	return u, ""
}

// validHost accepts addresses and DNS names.
func validHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "-") != label ||
			strings.ContainsFunc(label, func(r rune) bool {
				return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
			}) {
			return false
		}
	}
	return true
}

// concealed is a range whose text no rendering quotes.
func concealed(r source.Range) source.Range {
	if r.File == nil {
		return r
	}
	file := *r.File
	file.Secret = true
	r.File = &file
	return r
}
