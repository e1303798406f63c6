package sim

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/homestak/homestak/runtime/system"
)

// Extensions of ssh.Permissions that carry the login to the session.
const (
	loginBy      = "homestak-lab-login-by"      // how, for the log
	loginForward = "homestak-lab-login-forward" // present when forwarding is allowed
)

var errRefused = errors.New("permission denied")

// serverConfig answers logins as the running sshd's configuration says. The
// files it names are read at each login, as sshd does.
func (p *power) serverConfig(c system.SSHDConfig, hostKeys []ssh.Signer) *ssh.ServerConfig {
	cfg := &ssh.ServerConfig{MaxAuthTries: 6, ServerVersion: "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10"}
	for _, k := range hostKeys {
		cfg.AddHostKey(k)
	}
	if c.PubkeyAuthentication {
		cfg.PublicKeyCallback = func(conn ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if conn.User() == "root" && c.PermitRootLogin != "yes" && c.PermitRootLogin != "prohibit-password" {
				return nil, errRefused
			}
			if cert, ok := key.(*ssh.Certificate); ok {
				return p.certificateLogin(conn, cert)
			}
			return p.keyLogin(conn, key)
		}
	}
	if c.PasswordAuthentication {
		cfg.PasswordCallback = func(conn ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if conn.User() == "root" && c.PermitRootLogin != "yes" {
				return nil, errRefused
			}
			u, err := p.os.LookupUser(p.ctx, conn.User())
			if err != nil || !verifyPassword(u.PasswordHash, password) {
				return nil, errRefused
			}
			return permitted("password", true), nil
		}
	}
	return cfg
}

func permitted(by string, forward bool) *ssh.Permissions {
	perms := &ssh.Permissions{Extensions: map[string]string{loginBy: by}}
	if forward {
		perms.Extensions[loginForward] = ""
	}
	return perms
}

// certificateLogin takes a certificate that is valid now, of a trusted user CA
// that names the account as a principal, or of one that the account's own
// authorized_keys trusts.
func (p *power) certificateLogin(conn ssh.ConnMetadata, cert *ssh.Certificate) (*ssh.Permissions, error) {
	if _, err := p.os.LookupUser(p.ctx, conn.User()); err != nil {
		return nil, errRefused
	}
	if len(cert.ValidPrincipals) == 0 { // x/crypto would take it for everybody; sshd does not
		return nil, errors.New("certificate lacks principal list")
	}
	checker := &ssh.CertChecker{
		Clock: p.m.hv.cfg.Clock.Now,
		IsUserAuthority: func(ca ssh.PublicKey) bool {
			return slices.ContainsFunc(p.os.TrustedUserCAs(), func(line string) bool { return sameKey(line, ca) })
		},
	}
	if err := p.trusted(checker, conn.User(), cert); err != nil {
		return nil, err
	}
	_, forward := cert.Extensions["permit-port-forwarding"]
	out := permitted(fmt.Sprintf("certificate %q serial %d", cert.KeyId, cert.Serial), forward)
	out.CriticalOptions = cert.CriticalOptions // source-address is checked with them
	return out, nil
}

// trusted checks a certificate against sshd's CAs, then against those in the
// account's files.
func (p *power) trusted(checker *ssh.CertChecker, user string, cert *ssh.Certificate) error {
	if cert.CertType != ssh.UserCert {
		return errRefused
	}
	if checker.IsUserAuthority(cert.SignatureKey) {
		return checker.CheckCert(user, cert)
	}
	for _, line := range p.os.AuthorizedKeys(user) {
		principals, ok := authority(line, cert.SignatureKey)
		if !ok {
			continue
		}
		if principals == nil {
			principals = []string{user}
		}
		for _, name := range principals {
			if slices.Contains(cert.ValidPrincipals, name) {
				return checker.CheckCert(name, cert)
			}
		}
	}
	return errRefused
}

// authority reads a line of authorized_keys that trusts a CA: the principals it
// takes, nil for the account's own name. Lines with options that the lab does
// not enforce are left out.
func authority(line string, ca ssh.PublicKey) (principals []string, ok bool) {
	listed, _, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil || !bytes.Equal(listed.Marshal(), ca.Marshal()) {
		return nil, false
	}
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		switch strings.ToLower(name) {
		case "cert-authority":
			ok = true
		case "principals":
			principals = strings.Split(strings.Trim(value, `"`), ",")
		default:
			return nil, false
		}
	}
	return principals, ok
}

// keyLogin takes a key that an authorized_keys file of the account lists. Lines
// with options that the lab does not enforce are left out.
func (p *power) keyLogin(conn ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
	for _, line := range p.os.AuthorizedKeys(conn.User()) {
		if sameKey(line, key) {
			return permitted("key "+ssh.FingerprintSHA256(key), true), nil
		}
	}
	return nil, errRefused
}

// sameKey compares a line of a key file with a key.
func sameKey(line string, key ssh.PublicKey) bool {
	listed, _, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
	return err == nil && len(options) == 0 && bytes.Equal(listed.Marshal(), key.Marshal())
}

// verifyPassword compares a password with a crypt(5) hash. Locked accounts,
// empty hashes and methods other than SHA-256 and SHA-512
// never match.
func verifyPassword(hash string, password []byte) bool {
	made := Crypt(password, hash)
	return made != "" && made == hash
}
