package compiler

import (
	"regexp"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

const (
	codeSecretShape diag.Code = "HS0555"
	codeSecretValue diag.Code = "HS0556"
	codeSecretName  diag.Code = "HS0557"
)

// section is a part of the secrets that homestak reads. Its values are judged
// here, when nothing has been made yet: after the guest exists would be late.
type section struct {
	key     string
	nested  bool // values may be below further keys
	problem func(name, value string) (what, help string)
}

var sections = []section{
	{"api_passwords", false, nil},
	{"api_tokens", false, tokenProblem},
	{"auth", true, nil},
	{"passwords", false, passwordProblem},
	{"ssh_keys", false, keyProblem},
}

func sectionNamed(key string) *section {
	for i := range sections {
		if sections[i].key == key {
			return &sections[i]
		}
	}
	return nil
}

func sectionKeys() []string {
	keys := make([]string, len(sections))
	for i := range sections {
		keys[i] = sections[i].key
	}
	return keys
}

// nearSection is the section that somebody who wrote key most likely means: one
// with a slip of the pen, or the one whose name holds it, as tokens.
func nearSection(key string) string {
	if best := diag.Suggest(key, sectionKeys()); best != "" {
		return best
	}
	const least = 3 // letters that say something
	for i := range sections {
		if len(key) >= least && strings.Contains(sections[i].key, key) {
			return sections[i].key
		}
	}
	return ""
}

const aboutShape = "write sections such as `ssh_keys:`, and below each one line `NAME: VALUE` per secret"

// section reads a section homestak knows: a mapping of names to values.
// sealed says that values are encrypted, so that nobody can judge them.
func (l *loader) section(s *section, at source.Range, n *syntax.Node, sealed bool) {
	switch {
	case n.Kind == syntax.Bad, n.Kind == syntax.Null:
	case n.Kind == syntax.String && n.Text == "": // a blank to fill in
	case n.Kind != syntax.Map:
		l.errorAt(codeSecretShape, firstLine(at), "the section %s of the secrets is no mapping", s.key).Help = aboutShape
	default:
		for i := range n.Fields {
			f := &n.Fields[i]
			l.secret(s, s.key+"."+f.Key, f, sealed)
		}
	}
}

// secret reads one secret: its name is kept, its value is judged and dropped.
func (l *loader) secret(s *section, name string, f *syntax.Field, sealed bool) {
	if !validSecretName(f.Key) {
		d := l.errorAt(codeSecretName, firstLine(f.Range), "this cannot be the name of a secret")
		d.Help = "use letters, digits, and . _ - @ inside, at most 240"
		return
	}
	switch f.Value.Kind {
	case syntax.Bad, syntax.Null:
		return
	case syntax.Map, syntax.List:
		if f.Value.Kind == syntax.Map && s.nested {
			for i := range f.Value.Fields {
				inner := &f.Value.Fields[i]
				l.secret(s, name+"."+inner.Key, inner, sealed)
			}
			return
		}
		l.site.secrets.names[name] = f.Range
		d := l.errorAt(codeSecretShape, firstLine(f.Range), "secret %s is %s, not one value", name, describeKind(f.Value.Kind))
		d.Help = "give each value a name of its own"
		return
	}
	if f.Value.Text == "" {
		return
	}
	l.site.secrets.names[name] = f.Range
	if sealed || s.problem == nil {
		return
	}
	if what, help := s.problem(name, f.Value.Text); what != "" {
		l.errorAt(codeSecretValue, firstLine(f.Range), "secret %s is %s", name, what).Help = help
	}
}

// validSecretName is what node programs accept: they carry names of secrets,
// the section included, of 256 characters.
func validSecretName(s string) bool { return secretName.MatchString(s) }

var secretName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._@-]{0,239}$`)

// sealedBySops recognises a value that SOPS encrypted.
func sealedBySops(n *syntax.Node) bool {
	if n.Kind == syntax.String && strings.HasPrefix(n.Text, "ENC[") {
		return true
	}
	for _, item := range n.Items {
		if sealedBySops(item) {
			return true
		}
	}
	for i := range n.Fields {
		if sealedBySops(n.Fields[i].Value) {
			return true
		}
	}
	return false
}

var apiToken = regexp.MustCompile(`^[^\s:/!=@]+@[A-Za-z][A-Za-z0-9._-]*![A-Za-z][A-Za-z0-9._-]*=[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

func tokenProblem(_, value string) (what, help string) {
	if apiToken.MatchString(value) {
		return "", ""
	}
	return "no API token", "write it as Proxmox VE shows it when it is made: USER@REALM!NAME=UUID"
}

// passwordProblem judges what is used as a hash; other passwords are nobody's.
func passwordProblem(name, value string) (what, help string) {
	if name != rootPassword {
		return "", ""
	}
	if value[0] == '$' && strings.Count(value, "$") >= 3 && !strings.ContainsFunc(value, notInHash) {
		return "", ""
	}
	return "no password hash", "make one with `openssl passwd -6`; the password itself belongs nowhere"
}

// notInHash finds what cannot stand in a line of /etc/shadow.
func notInHash(r rune) bool { return r <= ' ' || r > '~' || r == ':' || r == '*' || r == '!' }

// keyProblem judges a line of authorized_keys, with the newline that a block
// of YAML ends with.
func keyProblem(_, value string) (what, help string) {
	const form = "write the one line of the .pub file: ssh-ed25519 AAAA… comment"
	line := strings.TrimSpace(value)
	switch {
	case strings.Contains(line, "PRIVATE KEY"):
		return "a private key", "put the public one here, the line of the .pub file; a private key belongs on no other machine"
	case strings.ContainsAny(line, "\r\n"):
		return "more than one line", form
	case !publicKey(line):
		return "no public SSH key", form
	}
	return "", ""
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

// publicKey finds the algorithm and the key in a line that may begin with
// options.
func publicKey(line string) bool {
	if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return false
	}
	words := strings.Fields(line)
	for i := 1; i < len(words); i++ {
		if !strings.HasPrefix(words[i], "AAAA") {
			continue
		}
		for _, family := range []string{"ssh-", "ecdsa-", "sk-"} {
			if strings.HasPrefix(words[i-1], family) {
				return strings.Trim(words[i], base64Alphabet) == ""
			}
		}
	}
	return false
}
