package schema

import "github.com/homestak/homestak/lang/unit"

// nameField is the optional inner name of a definition.
var nameField = Field{Key: "name", Type: Name, New: true, Doc: "By default the file's name, and never different from it."}

// Spec is what a node becomes. Upstream's schema v1.
var Spec = &Object{Name: "spec", Doc: "What a node becomes.", Fields: []Field{
	{Key: "schema_version", Type: Int, Min: 1, Max: 1, InYAML: true, Doc: "Always 1."},
	nameField,
	{Key: "identity", Type: Group, Doc: "Who the node is.", Object: &Object{Name: "identity", Fields: []Field{
		{Key: "hostname", Type: Label, Doc: "Host name; by default the node's name."},
		{Key: "domain", Type: Domain, Doc: "DNS domain; by default the site's."},
	}}},
	{Key: "network", Type: Group, Doc: "Static addressing; DHCP when absent.", Object: &Object{Name: "network", Fields: []Field{
		{Key: "ip", Type: CIDR, Doc: "Static address with prefix length."},
		{Key: "gateway", Type: IP, Doc: "Default route."},
		{Key: "dns", Type: List, Elem: &Field{Type: IP}, Doc: "Name servers."},
	}}},
	{Key: "access", Type: Group, Doc: "Who may log in, and how.", Object: &Object{Name: "access", Fields: []Field{
		{Key: "posture", Type: Ref, Of: KindPosture, Default: "dev", Doc: "Security settings."},
		{Key: "users", Type: List, Elem: &Field{Type: Group, Object: User}, Doc: "Accounts; by default the site's vm_user."},
	}}},
	{Key: "platform", Type: Group, Doc: "Packages and services.", Object: &Object{Name: "platform", Fields: []Field{
		{Key: "packages", Type: List, Elem: &Field{Type: Package}, Doc: "Installed, with those of the site and the posture."},
		{Key: "services", Type: Group, Doc: "systemd units.", Object: &Object{Name: "services", Fields: []Field{
			{Key: "enable", Type: List, Elem: &Field{Type: Service}, Doc: "Enabled and running."},
			{Key: "disable", Type: List, Elem: &Field{Type: Service}, Doc: "Disabled and stopped."},
		}}},
	}}},
	{Key: "config", Type: Group, Doc: "Settings of the system.", Object: &Object{Name: "config", Open: true, Fields: []Field{
		{Key: "timezone", Type: Zone, Doc: "IANA name; by default the site's."},
		{Key: "pve", Type: Group, Doc: "Makes this a host spec.", Object: &Object{Name: "pve", Fields: []Field{
			{Key: "remove_subscription_nag", Type: Bool, Default: "true", Doc: "No subscription dialog in the web interface."},
		}}},
	}}},
	{Key: "run", Type: Group, Doc: "When the node converges again.", Object: &Object{Name: "run", Fields: []Field{
		{Key: "trigger", Type: String, Enum: []string{"schedule", "webhook", "git", "manual"}, Default: "manual", Use: Later, Doc: "What starts it; nodes converge when you run homestak."},
		{Key: "interval", Type: Duration, Use: Later, Doc: "For trigger schedule."},
		{Key: "port", Type: Int, Min: 1, Max: 65535, Use: Later, Doc: "For trigger webhook."},
		{Key: "path", Type: String, Use: Later, Doc: "For trigger webhook."},
		{Key: "repo", Type: String, Use: Later, Doc: "For trigger git."},
		{Key: "branch", Type: String, Use: Later, Doc: "For trigger git."},
		{Key: "poll_interval", Type: Duration, Use: Later, Doc: "For trigger git."},
	}}},
	{Key: "apply", Renamed: "run"},
	expressionsField, variablesField, localsField,
}}

// User is an account of a spec.
var User = &Object{Name: "user", Fields: []Field{
	{Key: "name", Type: Login, Required: true, Doc: "Login name."},
	{Key: "sudo", Type: Bool, Default: "false", Doc: "Member of group sudo."},
	{Key: "ssh_keys", Type: List, Elem: &Field{Type: String}, Doc: "Names of keys in secrets.ssh_keys; all of them when absent."},
}}

// Posture is a set of security settings. Everything is optional.
var Posture = &Object{Name: "posture", Doc: "Security settings.", Fields: []Field{
	nameField,
	{Key: "auth", Type: Group, Doc: "How nodes prove who they are.", Object: &Object{Name: "auth", Fields: []Field{
		{Key: "method", Type: String, Enum: []string{"network", "site_token", "node_token"}, Default: "network", Doc: "For nodes that pull."},
	}}},
	{Key: "ssh", Type: Group, Doc: "The SSH daemon.", Object: &Object{Name: "ssh", Fields: []Field{
		{Key: "port", Type: Int, Min: 1, Max: 65535, Default: "22", Doc: "Port it listens on."},
		{Key: "permit_root_login", Type: String, Enum: []string{"yes", "no", "prohibit-password"}, Default: "prohibit-password", Doc: "Whether root may log in."},
		{Key: "password_authentication", Type: String, Enum: []string{"yes", "no"}, Default: "no", Doc: "Whether passwords are accepted."},
	}}},
	{Key: "sudo", Type: Group, Doc: "The sudo command.", Object: &Object{Name: "sudo", Fields: []Field{
		{Key: "nopasswd", Type: Bool, Default: "false", Doc: "Group sudo needs no password."},
	}}},
	{Key: "fail2ban", Type: Group, Doc: "Bans addresses that keep failing to log in.", Object: &Object{Name: "fail2ban", Fields: []Field{
		{Key: "enabled", Type: Bool, Default: "false", Doc: "Installed and running."},
	}}},
	{Key: "packages", Type: List, Elem: &Field{Type: Package}, Doc: "Installed besides the spec's."},
	{Key: "ssh_port", Gone: "write `ssh: {port: …}`"},
	{Key: "ssh_permit_root_login", Gone: "write `ssh: {permit_root_login: …}`"},
	{Key: "ssh_password_authentication", Gone: "write `ssh: {password_authentication: …}`"},
	{Key: "sudo_nopasswd", Gone: "write `sudo: {nopasswd: …}`"},
	{Key: "fail2ban_enabled", Gone: "write `fail2ban: {enabled: …}`"},
	expressionsField, variablesField, localsField,
}}

// Preset is a size.
var Preset = &Object{Name: "preset", Doc: "A size.", Fields: []Field{
	nameField,
	{Key: "cores", Type: Int, Min: 1, Max: 512, Required: true, Doc: "CPU cores."},
	{Key: "memory", Type: Size, Unit: unit.MiB, Min: int64(128 * unit.MiB), Max: maxMemory, Required: true, Doc: "Memory. A bare number counts MiB."},
	{Key: "disk", Type: Size, Unit: unit.GiB, Min: int64(unit.GiB), Max: maxDisk, Required: true, Doc: "First disk. A bare number counts GiB."},
	{Key: "hardware", Type: Group, Object: Hardware, New: true, Doc: "The machine that a vm of this size sees."},
	expressionsField, variablesField, localsField,
}}

// Image is an entry of the image catalogue.
var Image = &Object{Name: "image", Doc: "A disk image.", Fields: []Field{
	nameField,
	{Key: "source", Type: String, Required: true, Doc: "https URL, or builtin:NAME for the lab."},
	{Key: "checksum", Type: String, Doc: "sha256:HEX or sha512:HEX. Only a builtin source may leave it out."},
	{Key: "min_disk", Type: Size, Unit: unit.GiB, Max: maxDisk, Default: "0", Doc: "Size of the disk inside the image: no node may have a smaller one."},
	{Key: "format", Type: String, Enum: []string{"qcow2", "raw", "tar.gz", "tar.xz", "tar.zst"}, Default: "qcow2", Doc: "Format of the file: of a container template one of those that begin with tar."},
	{Key: "os", Type: String, Doc: "Operating system, as in debian-12."},
	{Key: "seed", Type: String, Enum: []string{"any", "cdrom"}, Default: "any", New: true, Doc: "Where its cloud-init looks for a seed: on any disk, or on CD-ROMs alone."},
	{Key: "host_ready", Type: Bool, Default: "false", Doc: "Proxmox VE is installed in it."},
	expressionsField, variablesField, localsField,
}}
