package system

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// SSHDConfig is what an sshd makes of its files, as far as logging in goes.
type SSHDConfig struct {
	Ports                  []uint
	PermitRootLogin        string // yes, no, prohibit-password, forced-commands-only
	PasswordAuthentication bool
	PubkeyAuthentication   bool
	TrustedUserCAKeys      string   // path, "" for none
	HostKeys               []string // paths; none = those the image made for itself
	HostCertificates       []string // paths
	AuthorizedKeysFiles    []string // relative ones start at the user's home
}

const sshdConfig = "/etc/ssh/sshd_config"

// sshdFiles is where a configuration is read from.
type sshdFiles struct {
	read func(name string) ([]byte, error)
	list func(dir string) []string // sorted
}

type sshdParser struct {
	files sshdFiles
	set   map[string]bool
	c     SSHDConfig
}

// parseSSHD reads sshd's files as sshd does: the first value of an option wins,
// ports, host keys and certificates add up, Include is expanded in place and in
// order. What stands under Match is checked for its syntax only.
func parseSSHD(files sshdFiles) (SSHDConfig, error) {
	p := &sshdParser{files: files, set: map[string]bool{}}
	if err := p.file(sshdConfig, 0); err != nil {
		return SSHDConfig{}, err
	}
	c := p.c
	if len(c.Ports) == 0 {
		c.Ports = []uint{22}
	}
	if c.PermitRootLogin == "" {
		c.PermitRootLogin = "prohibit-password"
	}
	if !p.set["passwordauthentication"] {
		c.PasswordAuthentication = true
	}
	if !p.set["pubkeyauthentication"] {
		c.PubkeyAuthentication = true
	}
	if len(c.AuthorizedKeysFiles) == 0 {
		c.AuthorizedKeysFiles = []string{".ssh/authorized_keys", ".ssh/authorized_keys2"}
	}
	usable := len(c.HostKeys) == 0
	for _, k := range c.HostKeys {
		if data, err := files.read(k); err == nil && len(data) > 0 {
			usable = true
		}
	}
	if !usable {
		return SSHDConfig{}, said("sshd: no hostkeys available -- exiting.")
	}
	return c, nil
}

func (p *sshdParser) file(name string, depth int) error {
	if depth > 16 {
		return said("%s: Too many recursive configuration includes", name)
	}
	data, err := p.files.read(name)
	if err != nil {
		if depth > 0 {
			return nil
		}
		return said("%s: No such file or directory", name)
	}
	match, n := false, 0
	for line := range strings.Lines(string(data)) {
		n++
		words, ok := sshdWords(line)
		if !ok {
			return said("%s line %d: invalid quotes", name, n)
		}
		if len(words) == 0 {
			continue
		}
		key, args := strings.ToLower(words[0]), words[1:]
		if _, known := slices.BinarySearch(sshdOptions, key); !known {
			return said("%s: line %d: Bad configuration option: %s\n%s: terminating, 1 bad configuration options", name, n, words[0], name)
		}
		if len(args) == 0 {
			return said("%s line %d: no argument after keyword %q", name, n, words[0])
		}
		switch {
		case key == "match":
			match = !strings.EqualFold(args[0], "all")
		case key == "include" && !match:
			for _, pattern := range args {
				if err := p.include(pattern, depth); err != nil {
					return err
				}
			}
		default:
			if why := p.option(key, args, match); why != "" {
				return said("%s line %d: %s", name, n, why)
			}
		}
	}
	return nil
}

func (p *sshdParser) include(pattern string, depth int) error {
	if !path.IsAbs(pattern) {
		pattern = "/etc/ssh/" + pattern
	}
	dir, glob := path.Split(pattern)
	for _, name := range p.files.list(path.Clean(dir)) {
		if ok, _ := path.Match(glob, name); ok && (name[0] != '.' || glob[0] == '.') {
			if err := p.file(dir+name, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// option takes one setting; it returns what is wrong with it.
func (p *sshdParser) option(key string, args []string, match bool) string {
	c, value := &p.c, args[0]
	first := !p.set[key] && !match
	yesno := func(into *bool) string {
		if value != "yes" && value != "no" {
			return fmt.Sprintf("unsupported option %q.", value)
		}
		if first {
			*into = value == "yes"
		}
		return ""
	}
	why := ""
	switch key {
	case "port":
		n, err := strconv.ParseUint(value, 10, 16)
		if err != nil || n == 0 {
			return "Badly formatted port number."
		}
		if !match {
			c.Ports = append(c.Ports, uint(n))
		}
	case "permitrootlogin":
		if value == "without-password" {
			value = "prohibit-password"
		}
		if !slices.Contains([]string{"yes", "no", "prohibit-password", "forced-commands-only"}, value) {
			return fmt.Sprintf("unsupported option %q.", value)
		}
		if first {
			c.PermitRootLogin = value
		}
	case "passwordauthentication":
		why = yesno(&c.PasswordAuthentication)
	case "pubkeyauthentication":
		why = yesno(&c.PubkeyAuthentication)
	case "trustedusercakeys":
		if first && value != "none" {
			c.TrustedUserCAKeys = value
		}
	case "hostkey":
		if !match {
			c.HostKeys = append(c.HostKeys, value)
		}
	case "hostcertificate":
		if !match {
			c.HostCertificates = append(c.HostCertificates, value)
		}
	case "authorizedkeysfile":
		if first {
			c.AuthorizedKeysFiles = args
		}
	}
	if !match {
		p.set[key] = true
	}
	return why
}

// sshdWords splits a line; '=' may stand between the keyword and its value, and
// '#' starts a comment. It is not ok when a quote stays open.
func sshdWords(line string) (words []string, ok bool) {
	var b strings.Builder
	inWord, quoted := false, false
	flush := func() {
		if inWord {
			words = append(words, b.String())
			b.Reset()
			inWord = false
		}
	}
	for _, r := range strings.TrimSpace(line) {
		switch {
		case r == '"':
			quoted, inWord = !quoted, true
		case quoted:
			b.WriteRune(r)
		case r == '#' && !inWord:
			return words, true
		case r == ' ' || r == '\t' || r == '=' && len(words) == 0:
			flush()
		default:
			b.WriteRune(r)
			inWord = true
		}
	}
	flush()
	return words, !quoted
}

// sshdOptions are the keywords of sshd_config(5), OpenSSH 10, sorted.
var sshdOptions = []string{
	"acceptenv", "addressfamily", "allowagentforwarding", "allowgroups", "allowstreamlocalforwarding", "allowtcpforwarding", "allowusers",
	"authenticationmethods", "authorizedkeyscommand", "authorizedkeyscommanduser", "authorizedkeysfile", "authorizedprincipalscommand",
	"authorizedprincipalscommanduser", "authorizedprincipalsfile", "banner", "casignaturealgorithms", "channeltimeout",
	"chrootdirectory", "ciphers", "clientalivecountmax", "clientaliveinterval", "compression", "debianbanner", "denygroups", "denyusers",
	"disableforwarding", "exposeauthinfo", "fingerprinthash", "forcecommand", "gatewayports", "gssapiauthentication",
	"gssapicleanupcredentials", "gssapistrictacceptorcheck", "hostbasedacceptedalgorithms", "hostbasedauthentication",
	"hostbasedusesnamefrompacketonly", "hostcertificate", "hostkey", "hostkeyagent", "hostkeyalgorithms", "ignorerhosts",
	"ignoreuserknownhosts", "include", "ipqos", "kbdinteractiveauthentication", "kerberosauthentication", "kexalgorithms",
	"listenaddress", "logingracetime", "loglevel", "logverbose", "macs", "match", "maxauthtries", "maxsessions", "maxstartups",
	"modulifile", "passwordauthentication", "permitemptypasswords", "permitlisten", "permitopen", "permitrootlogin", "permittty",
	"permittunnel", "permituserenvironment", "permituserrc", "persourcemaxstartups", "persourcenetblocksize", "persourcepenalties",
	"persourcepenaltyexemptlist", "pidfile", "port", "printlastlog", "printmotd", "pubkeyacceptedalgorithms", "pubkeyauthentication",
	"pubkeyauthoptions", "rdomain", "refuseconnection", "rekeylimit", "requiredrsasize", "revokedkeys", "securitykeyprovider", "setenv",
	"streamlocalbindmask", "streamlocalbindunlink", "strictmodes", "subsystem", "syslogfacility", "tcpkeepalive", "trustedusercakeys",
	"unusedconnectiontimeout", "usedns", "usepam", "versionaddendum", "x11displayoffset", "x11forwarding", "x11uselocalhost", "xauthlocation",
}
