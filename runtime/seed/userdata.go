package seed

import (
	"bytes"
	"fmt"
	"strings"
)

// userData is the cloud-config of the machine. The copy it leaves behind has
// neither the host key nor anything that would undo what was converged.
func (s *Seed) userData(meta, network []byte) []byte {
	var b bytes.Buffer
	s.common(&b, "localhost", s.Extra)
	b.WriteString("write_files:\n")
	s.driverFiles(&b)
	file(&b, HostKeyPath, "0600", string(s.HostKeyPEM))
	file(&b, HostCertPath, "0644", oneLine(s.HostCert))
	file(&b, LocalSeed+"/meta-data", "0600", string(meta))
	file(&b, LocalSeed+"/network-config", "0600", string(network))
	file(&b, LocalSeed+"/user-data", "0600", string(s.localUserData()))
	for _, f := range s.Extra.Files {
		f.write(&b)
	}
	return b.Bytes()
}

// localUserData has nothing that is for the first boot alone: whoever makes
// cloud-init start over wants no second one.
func (s *Seed) localUserData() []byte {
	var b bytes.Buffer
	s.common(&b, "false", Extra{})
	b.WriteString("write_files:\n")
	s.driverFiles(&b)
	return b.Bytes()
}

// common is everything but files. Packages are not upgraded: what a machine
// runs is the image's and the spec's business, and a first boot stays short.
// /etc/hosts gets the machine's own line at the first boot only: converging the
// spec may refine it, and cloud-init must not put its own version back.
func (s *Seed) common(b *bytes.Buffer, hosts string, extra Extra) {
	fmt.Fprintf(b, `#cloud-config
hostname: %s
fqdn: %s
preserve_hostname: false
manage_etc_hosts: %s
package_update: true
package_upgrade: false
packages:
  - qemu-guest-agent
%sruncmd:
  - [systemctl, start, qemu-guest-agent]
%susers:
  - name: %s
    gecos: "homestak's driver"
    system: true
    no_create_home: true
    homedir: /
    shell: /bin/sh
    lock_passwd: true
`, quote(s.Hostname), quote(s.fqdn()), hosts, items(extra.Packages), items(extra.Commands), DriverUser)
}

// driverFiles open the door for the driver and for nobody else. Naming one host
// key keeps sshd from offering those the image made for itself, which nobody
// could verify.
func (s *Seed) driverFiles(b *bytes.Buffer) {
	file(b, SudoDropIn, "0440", DriverUser+" ALL=(ALL:ALL) NOPASSWD: ALL")
	file(b, UserCAPath, "0644", oneLine(s.UserCA))
	file(b, SSHDDropIn, "0644", "TrustedUserCAKeys "+UserCAPath+"\nHostKey "+HostKeyPath+"\nHostCertificate "+HostCertPath)
}

// file appends one entry of write_files, its content as a block that keeps
// exactly one final newline.
func file(b *bytes.Buffer, path, mode, content string) {
	fmt.Fprintf(b, "  - path: %s\n    owner: root:root\n    permissions: %s\n    content: |\n", path, quote(mode))
	for _, line := range strings.Split(strings.TrimRight(content, "\n"), "\n") {
		if line != "" {
			b.WriteString("      " + line)
		}
		b.WriteByte('\n')
	}
}
