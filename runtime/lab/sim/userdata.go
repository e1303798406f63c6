package sim

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// userData is the part of cloud-config that the lab's cloud-init carries out.
type userData struct {
	Hostname         string      `yaml:"hostname"`
	FQDN             string      `yaml:"fqdn"`
	PreserveHostname bool        `yaml:"preserve_hostname"`
	ManageEtcHosts   any         `yaml:"manage_etc_hosts"`
	Timezone         string      `yaml:"timezone"`
	Users            []userEntry `yaml:"users"`
	User             string      `yaml:"user"`     // the default user's name
	Password         string      `yaml:"password"` // the default user's, hashed or not
	ChPasswd         any         `yaml:"chpasswd"` // only whether passwords expire, which nothing here asks
	DisableRoot      any         `yaml:"disable_root"`
	AuthorizedKeys   []string    `yaml:"ssh_authorized_keys"`
	SSHPasswordAuth  *bool       `yaml:"ssh_pwauth"`
	SSHDeleteKeys    *bool       `yaml:"ssh_deletekeys"`
	WriteFiles       []writeFile `yaml:"write_files"`
	PackageUpdate    bool        `yaml:"package_update"`
	PackageUpgrade   bool        `yaml:"package_upgrade"`
	Packages         []string    `yaml:"packages"`
	RunCmd           []command   `yaml:"runcmd"`

	// unknown are keys that nothing here acts on.
	unknown []string
}

type userEntry struct {
	Name           string   `yaml:"name"`
	Gecos          string   `yaml:"gecos"`
	System         bool     `yaml:"system"`
	NoCreateHome   bool     `yaml:"no_create_home"`
	HomeDir        string   `yaml:"homedir"`
	Shell          string   `yaml:"shell"`
	LockPasswd     *bool    `yaml:"lock_passwd"`
	Passwd         string   `yaml:"passwd"`
	HashedPasswd   string   `yaml:"hashed_passwd"`
	Groups         words    `yaml:"groups"`
	Sudo           words    `yaml:"sudo"`
	AuthorizedKeys []string `yaml:"ssh_authorized_keys"`
}

// UnmarshalYAML takes a name alone, too: "default" is the image's own user.
func (e *userEntry) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&e.Name)
	}
	type plain userEntry
	return n.Decode((*plain)(e))
}

type writeFile struct {
	Path        string `yaml:"path"`
	Content     string `yaml:"content"`
	Encoding    string `yaml:"encoding"`
	Owner       string `yaml:"owner"`
	Permissions string `yaml:"permissions"`
	Append      bool   `yaml:"append"`
	Defer       bool   `yaml:"defer"`
}

// command is a shell line or an argument vector.
type command struct {
	line string
	argv []string
}

func (c *command) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.SequenceNode {
		return n.Decode(&c.argv)
	}
	return n.Decode(&c.line)
}

// words is a list, or one string of words with commas or (as in groups) not.
type words []string

func (w *words) UnmarshalYAML(n *yaml.Node) error {
	switch n.Kind {
	case yaml.SequenceNode:
		return n.Decode((*[]string)(w))
	case yaml.ScalarNode:
		if n.Tag == "!!null" || n.Tag == "!!bool" { // sudo: false
			return nil
		}
		*w = words{n.Value}
		return nil
	}
	return fmt.Errorf("line %d: a text or a list is needed", n.Line)
}

// parseUserData reads a cloud-config. Keys it does not know are kept by name:
// the real cloud-init might act on them, so a run with them is not clean.
func parseUserData(text []byte) (*userData, error) {
	first, _, _ := strings.Cut(string(text), "\n")
	if strings.TrimSpace(first) != "#cloud-config" {
		return nil, fmt.Errorf("user-data does not begin with #cloud-config; the lab's cloud-init knows no other kind")
	}
	var keys map[string]yaml.Node
	if err := yaml.Unmarshal(text, &keys); err != nil {
		return nil, fmt.Errorf("user-data is not YAML: %s", oneLine(err))
	}
	var u userData
	if err := yaml.Unmarshal(text, &u); err != nil {
		return nil, fmt.Errorf("user-data: %s", oneLine(err))
	}
	for key := range keys {
		if !slices.Contains(knownUserData, key) {
			u.unknown = append(u.unknown, key)
		}
	}
	slices.Sort(u.unknown)
	return &u, nil
}

var knownUserData = []string{
	"hostname", "fqdn", "preserve_hostname", "manage_etc_hosts", "timezone", "users", "ssh_authorized_keys", "ssh_pwauth",
	"ssh_deletekeys", "write_files", "package_update", "package_upgrade", "packages", "runcmd",
	"user", "password", "chpasswd", "disable_root",
}

// metaData is a seed's meta-data.
type metaData struct {
	InstanceID    string `yaml:"instance-id"`
	LocalHostname string `yaml:"local-hostname"`
	Hostname      string `yaml:"hostname"`
}

func parseMetaData(text []byte) (metaData, error) {
	var m metaData
	if err := yaml.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("meta-data is not YAML: %s", oneLine(err))
	}
	if m.InstanceID == "" {
		m.InstanceID = "iid-datasource-none"
	}
	return m, nil
}

// bytes is a file's content, decoded.
func (f writeFile) bytes() ([]byte, error) {
	switch f.Encoding {
	case "", "text/plain":
		return []byte(f.Content), nil
	case "b64", "base64":
		return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(f.Content), ""))
	}
	return nil, fmt.Errorf("encoding %q is not known to the lab's cloud-init", f.Encoding)
}
