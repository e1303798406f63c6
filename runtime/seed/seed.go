package seed

import "github.com/homestak/homestak/plan/program"

// DriverUser is the account the driver logs in with, and the principal its
// certificates carry.
const DriverUser = program.DriverUser

// Paths the seed writes on the node. Nothing else may touch them.
const (
	// UserCAPath holds the public key of the site's SSH user CA.
	UserCAPath = "/etc/ssh/homestak_user_ca.pub"
	// HostKeyPath and HostCertPath are the node's identity towards the driver.
	HostKeyPath  = "/etc/ssh/homestak_host_key"
	HostCertPath = "/etc/ssh/homestak_host_key-cert.pub"
	// SSHDDropIn makes sshd use the three above. Its name sorts before every
	// other drop-in, homestak's own policy included; the first value wins.
	SSHDDropIn = "/etc/ssh/sshd_config.d/00-homestak-driver.conf"
	// SudoDropIn lets the driver become root. sudo takes the last match, so its
	// name sorts late.
	SudoDropIn = "/etc/sudoers.d/zz-homestak-driver"
	// LocalSeed is the directory of the copy without the host key.
	LocalSeed = "/var/lib/cloud/seed/nocloud"
)

// Label is the volume label cloud-init looks for.
const Label = "cidata"

// Seed is what one machine is told about itself.
type Seed struct {
	Instance   string   // uuid-incarnation; a new value makes cloud-init start over
	Hostname   string   // without a dot
	Domain     string   // may be ""
	MAC        string   // of the first NIC
	IP         string   // "dhcp" or CIDR
	Gateway    string   // may be "" even with a static IP
	DNS        []string // addresses
	UserCA     string   // authorized_keys line of the SSH user CA
	HostKeyPEM []byte   // OpenSSH private key
	HostCert   string   // certificate line for it

	Interfaces []Interface // further ones
	Extra      Extra
}

// Interface is a network interface besides the first.
type Interface struct {
	Name    string // what the machine calls it, as in eth1
	MAC     string
	IP      string // "dhcp", CIDR, or "" for no address
	Gateway string
	DNS     []string
}

// Extra is what somebody wants to be there at the first boot. It is no secret:
// whoever can read the seed can read it.
type Extra struct {
	Packages []string
	Files    []File
	Commands []string // each for a shell
}

// File is a file of the first boot.
type File struct {
	Path    string // absolute
	Content string
	Owner   string // a user; its group is the user's own
	Mode    string // octal, as in "0644"
}

// Files are the contents of a seed.
type Files struct {
	UserData      []byte
	MetaData      []byte
	NetworkConfig []byte // nil when there is none
}
