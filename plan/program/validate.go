package program

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Kinds of resources, in the order of Resource's fields.
const (
	KindHostname = "hostname"
	KindTimezone = "timezone"
	KindPackage  = "package"
	KindUser     = "user"
	KindKeys     = "authorized-keys"
	KindSudo     = "sudo"
	KindSSHD     = "sshd"
	KindFail2ban = "fail2ban"
	KindService  = "service"
	KindPVE      = "pve"
	KindPassword = "password"
)

// Kinds lists every kind of resource.
func Kinds() []string {
	return []string{
		KindHostname, KindTimezone, KindPackage, KindUser, KindKeys, KindSudo,
		KindSSHD, KindFail2ban, KindService, KindPVE, KindPassword,
	}
}

// Kind names the type of the resource, "" when it is none or several.
func (r Resource) Kind() string {
	kind, n := "", 0
	for i, set := range []bool{
		r.Hostname != nil, r.Timezone != nil, r.Package != nil, r.User != nil, r.Keys != nil, r.Sudo != nil,
		r.SSHD != nil, r.Fail2ban != nil, r.Service != nil, r.PVE != nil, r.Password != nil,
	} {
		if set {
			kind = Kinds()[i]
			n++
		}
	}
	if n != 1 {
		return ""
	}
	return kind
}

// String names the resource as reports do: "user alice", "package htop", "sshd".
func (r Resource) String() string {
	switch r.Kind() {
	case KindPackage:
		return KindPackage + " " + r.Package.Name
	case KindUser:
		return KindUser + " " + r.User.Name
	case KindKeys:
		return KindKeys + " " + r.Keys.User
	case KindService:
		return KindService + " " + r.Service.Name
	case KindPassword:
		return KindPassword + " " + r.Password.User
	}
	return r.Kind()
}

// Secrets lists the names of the secrets the program needs, sorted.
func (p *Program) Secrets() []string {
	var names []string
	for _, r := range p.Resources {
		if r.Keys != nil {
			names = append(names, r.Keys.Keys...)
		}
		if r.Password != nil {
			names = append(names, r.Password.Secret)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// SSHPort is where sshd listens once the program holds; before that it is 22.
func (p *Program) SSHPort() uint {
	for _, r := range p.Resources {
		if r.SSHD != nil {
			return r.SSHD.Port
		}
	}
	return 22
}

// Lookup finds a secret's value.
func (b *Bundle) Lookup(name string) ([]byte, bool) {
	for _, v := range b.Values {
		if v.Name == name {
			return v.Value, true
		}
	}
	return nil, false
}

// Validate says whether the program can be converged at all: every resource is
// of one kind, names are of the safe alphabets that the target's files need,
// and no resource is there twice. Encode and Decode call it.
func (p *Program) Validate() error {
	if p.Format != FormatVersion {
		if p.Format > FormatVersion {
			return tooNew(p.Format)
		}
		return codeUnreadable.Errorf("the node program has no known format")
	}
	if p.Node == "" || len(p.Node) > 4096 || !plain(p.Node) {
		return codeInvalid.Errorf("the node program does not say whose it is")
	}
	if len(p.Resources) > maxResources {
		return codeInvalid.Errorf("the program of %s has more than %d resources", p.Node, maxResources)
	}
	seen := make(map[string]bool, len(p.Resources))
	for i, r := range p.Resources {
		if r.Kind() == "" {
			return codeInvalid.Errorf("resource %d of %s is not of exactly one kind", i+1, p.Node)
		}
		if why := r.problem(); why != "" {
			return codeInvalid.Errorf("resource %d of %s, a %s: %s", i+1, p.Node, r.Kind(), why)
		}
		if seen[r.String()] {
			return codeInvalid.Errorf("%s is twice in the program of %s", r, p.Node)
		}
		seen[r.String()] = true
	}
	return nil
}

// problem says what is wrong with a resource of one kind, "" for nothing.
func (r Resource) problem() string {
	switch r.Kind() {
	case KindHostname:
		if !word(r.Hostname.Name, 63, "-") {
			return "the name is not a host name"
		}
		if d := r.Hostname.Domain; d != "" && !word(d, 253, "-.") {
			return "the domain is not a domain name"
		}
	case KindTimezone:
		if z := r.Timezone.Name; !word(z, 64, "/_+-") || strings.Contains(z, "//") || strings.HasPrefix(z, "/") {
			return "the zone is not an IANA name"
		}
	case KindPackage:
		if !word(r.Package.Name, 128, "+-.") {
			return "the name is not a package name"
		}
	case KindUser:
		return userProblem(r.User.Name)
	case KindKeys:
		for i, k := range r.Keys.Keys {
			if !word(k, 256, "._-@") {
				return "a key's name is not the name of a secret"
			}
			if i > 0 && r.Keys.Keys[i-1] >= k {
				return "the keys are not sorted"
			}
		}
		return userProblem(r.Keys.User)
	case KindSSHD:
		return r.SSHD.problem()
	case KindService:
		if !word(r.Service.Name, 128, "._-@:") {
			return "the name is not a unit name"
		}
		if base := strings.TrimSuffix(r.Service.Name, ".service"); !r.Service.Enabled && (base == "ssh" || base == "sshd") {
			return "homestak itself comes in through " + base + ", so it cannot be disabled"
		}
	case KindPassword:
		if !word(r.Password.Secret, 256, "._-@") {
			return "the password is not the name of a secret"
		}
		return userProblem(r.Password.User)
	}
	return ""
}

func (s *SSHD) problem() string {
	if s.Port < 1 || s.Port > 65535 {
		return "port " + strconv.FormatUint(uint64(s.Port), 10) + " is not between 1 and 65535"
	}
	if !slices.Contains([]string{"yes", "no", "prohibit-password"}, s.PermitRootLogin) {
		return "PermitRootLogin is none of yes, no, prohibit-password"
	}
	if !slices.Contains([]string{"yes", "no"}, s.PasswordAuthentication) {
		return "PasswordAuthentication is neither yes nor no"
	}
	return ""
}

// userProblem holds account names to what useradd takes on every Debian, and
// keeps programs away from the account the driver itself comes in with.
func userProblem(name string) string {
	if !word(name, 32, "_-") || name[0] >= '0' && name[0] <= '9' || name[0] == '-' || strings.ToLower(name) != name {
		return "the user's name is not an account name"
	}
	if name == DriverUser {
		return "the account " + DriverUser + " belongs to homestak"
	}
	return ""
}

func (b *Bundle) validate() error {
	if len(b.Values) > maxValues {
		return codeInvalid.Errorf("a node program needs more than %d secrets", maxValues)
	}
	for i, v := range b.Values {
		if v.Name == "" || i > 0 && b.Values[i-1].Name >= v.Name {
			return codeInvalid.Errorf("the secrets of a node program are not sorted by name")
		}
	}
	return nil
}

// word reports whether s has 1 to limit ASCII letters, digits and characters
// of extra, starting with a letter or a digit or '_' where extra has it.
func word(s string, limit int, extra string) bool {
	if s == "" || len(s) > limit {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && (strings.IndexByte(extra, c) < 0 || i == 0 && c != '_') {
			return false
		}
	}
	return true
}

func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
