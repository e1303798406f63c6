package sim

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"

	"github.com/homestak/homestak/runtime/system"
)

// imageHostKey is the key a machine makes for itself, which sshd uses when its
// configuration names none.
const imageHostKey = "/etc/ssh/ssh_host_ed25519_key"

// imageKeys makes the machine's own host key if sshd is there and it is not.
func (o *operatingSystem) imageKeys(ctx context.Context) error {
	if _, ok, err := o.Installed(ctx, "openssh-server"); !ok || err != nil {
		return err
	}
	if _, _, err := o.ReadFile(ctx, imageHostKey); !errors.Is(err, system.ErrNotExist) {
		return err
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return err
	}
	line, err := ssh.NewPublicKey(public)
	if err != nil {
		return err
	}
	info := system.FileInfo{Mode: 0o600, Owner: "root", Group: "root"}
	if err := o.WriteFile(ctx, imageHostKey, pem.EncodeToMemory(block), info); err != nil {
		return err
	}
	info.Mode = 0o644
	return o.WriteFile(ctx, imageHostKey+".pub", ssh.MarshalAuthorizedKey(line), info)
}

// hostKeys loads the keys an sshd configuration names, each with its
// certificate if there is one for it. As sshd does, it leaves out what it
// cannot use and fails only when nothing is left.
func (o *operatingSystem) hostKeys(ctx context.Context, c system.SSHDConfig) ([]ssh.Signer, error) {
	files := c.HostKeys
	if len(files) == 0 {
		files = []string{imageHostKey}
	}
	var plain, certified []ssh.Signer
	for _, name := range files {
		data, info, err := o.ReadFile(ctx, name)
		if err != nil || info.Mode&0o077 != 0 {
			continue
		}
		signer, err := ssh.ParsePrivateKey(data)
		if err == nil {
			plain = append(plain, signer)
		}
	}
	for _, name := range c.HostCertificates {
		data, _, err := o.ReadFile(ctx, name)
		if err != nil {
			continue
		}
		key, _, _, _, err := ssh.ParseAuthorizedKey(data)
		cert, ok := key.(*ssh.Certificate)
		if err != nil || !ok {
			continue
		}
		for _, signer := range plain {
			if s, err := ssh.NewCertSigner(cert, signer); err == nil {
				certified = append(certified, s)
			}
		}
	}
	if len(plain) == 0 {
		return nil, fmt.Errorf("sshd: no hostkeys available among %q", files)
	}
	return append(certified, plain...), nil
}
