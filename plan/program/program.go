package program

import (
	"encoding/json"
	"fmt"
	"io"
)

// FormatVersion of an encoded program.
const FormatVersion = 1

// DriverUser is the account on every node that the driver itself logs in with.
// It comes with the node's seed, and no program may name it.
const DriverUser = "homestak-driver"

// Program is converged from the first resource to the last.
type Program struct {
	Format    uint       `cbor:"1,keyasint"`
	Node      string     `cbor:"2,keyasint"` // the node's address
	Resources []Resource `cbor:"3,keyasint"`
}

// Resource is exactly one of the typed resources; the others are nil.
type Resource struct {
	Hostname *Hostname       `cbor:"1,keyasint,omitempty"`
	Timezone *Timezone       `cbor:"2,keyasint,omitempty"`
	Package  *Package        `cbor:"3,keyasint,omitempty"`
	User     *User           `cbor:"4,keyasint,omitempty"`
	Keys     *AuthorizedKeys `cbor:"5,keyasint,omitempty"`
	Sudo     *Sudo           `cbor:"6,keyasint,omitempty"`
	SSHD     *SSHD           `cbor:"7,keyasint,omitempty"`
	Fail2ban *Fail2ban       `cbor:"8,keyasint,omitempty"`
	Service  *Service        `cbor:"9,keyasint,omitempty"`
	PVE      *PVE            `cbor:"10,keyasint,omitempty"`
	Password *Password       `cbor:"11,keyasint,omitempty"`
}

// Hostname sets the host name and its line in /etc/hosts. Domain may be "".
// Routable puts the machine's own address in that line instead of 127.0.1.1:
// Proxmox VE refuses to start when its name leads to a loopback address.
type Hostname struct {
	Name     string `cbor:"1,keyasint"`
	Domain   string `cbor:"2,keyasint,omitempty"`
	Routable bool   `cbor:"3,keyasint,omitempty"`
}

// Timezone is an IANA name such as "America/Denver".
type Timezone struct {
	Name string `cbor:"1,keyasint"`
}

// Package must be installed (any version).
type Package struct {
	Name string `cbor:"1,keyasint"`
}

// User is an account with a home directory and /bin/bash; in group sudo iff Sudo.
type User struct {
	Name string `cbor:"1,keyasint"`
	Sudo bool   `cbor:"2,keyasint,omitempty"`
}

// AuthorizedKeys is the exact content of a user's authorized_keys. Keys are
// secret names ("ssh_keys.alice"), sorted.
type AuthorizedKeys struct {
	User string   `cbor:"1,keyasint"`
	Keys []string `cbor:"2,keyasint"`
}

// Sudo says whether group sudo asks for a password. It owns one drop-in.
type Sudo struct {
	NoPassword bool `cbor:"1,keyasint"`
}

// SSHD is the daemon's policy, in a drop-in that wins over the distribution's.
type SSHD struct {
	Port                   uint   `cbor:"1,keyasint"`
	PermitRootLogin        string `cbor:"2,keyasint"`
	PasswordAuthentication string `cbor:"3,keyasint"`
}

// Fail2ban is installed, configured for sshd over the journal and running when
// Enabled; when not Enabled it is not running.
type Fail2ban struct {
	Enabled bool `cbor:"1,keyasint"`
}

// Service is a systemd unit: enabled and active, or neither. Disabling a unit
// that does not exist is already right.
type Service struct {
	Name    string `cbor:"1,keyasint"`
	Enabled bool   `cbor:"2,keyasint"`
}

// PVE holds settings of a Proxmox VE host.
type PVE struct {
	RemoveSubscriptionNag bool `cbor:"1,keyasint"`
}

// Password is a crypt hash for a user, by secret name ("passwords.vm_root").
type Password struct {
	User   string `cbor:"1,keyasint"`
	Secret string `cbor:"2,keyasint"`
}

// Bundle carries the values of the secrets a program names. It exists in
// memory and on an encrypted channel only.
type Bundle struct {
	Values []BundleValue `cbor:"1,keyasint"` // by name
}

// BundleValue is one secret's value.
type BundleValue struct {
	Name  string `cbor:"1,keyasint"`
	Value []byte `cbor:"2,keyasint"`
}

// Values do not print: a bundle that ends up in a message shows names only,
// whatever the verb.
func (v BundleValue) String() string               { return v.Name + "=(secret)" }
func (v BundleValue) Format(s fmt.State, _ rune)   { io.WriteString(s, v.String()) }
func (v BundleValue) MarshalJSON() ([]byte, error) { return json.Marshal(v.String()) }
