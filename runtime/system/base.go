package system

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones are known wherever the lab runs
)

// base is what an image holds. Machines share it and nobody writes to it.
type base struct {
	name     string
	files    map[string]*file
	dirs     map[string]struct{} // parents of files
	packages []string            // sorted, with all they need
}

// baseDirs exist on every machine, whether or not a file is in them.
var baseDirs = []string{
	"/bin", "/boot", "/dev", "/etc", "/etc/apt", "/etc/apt/apt.conf.d", "/etc/apt/sources.list.d", "/etc/cloud",
	"/etc/ssh", "/etc/ssh/sshd_config.d", "/etc/sudoers.d", "/etc/systemd/system", "/home", "/opt", "/proc", "/root", "/run", "/run/sshd",
	"/srv", "/sys", "/tmp", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin", "/usr/local/lib", "/usr/local/sbin",
	"/usr/sbin", "/usr/share", "/var", "/var/cache", "/var/lib", "/var/log", "/var/tmp",
}

var bases = sync.OnceValue(makeBases)

// Bases lists the operating systems NewMemory knows.
func Bases() []string {
	var names []string
	for _, b := range bases() {
		names = append(names, b.name)
	}
	return names
}

func lookupBase(name string) (*base, bool) {
	i := slices.IndexFunc(bases(), func(b *base) bool { return b.name == name })
	if i < 0 {
		return nil, false
	}
	return bases()[i], true
}

// debian is what Debian's cloud images have installed, as far as it matters.
var debian = []string{
	"adduser", "apparmor", "apt", "base-files", "bash", "ca-certificates", "chrony", "cloud-guest-utils", "cloud-init", "coreutils",
	"cron", "dbus", "dpkg", "e2fsprogs", "iproute2", "iputils-ping", "less", "locales", "login", "netplan.io", "openssh-client",
	"openssh-server", "openssl", "passwd", "perl", "procps", "python3", "sed", "sudo", "systemd", "systemd-resolved", "systemd-sysv",
	"tar", "tzdata", "unattended-upgrades", "util-linux", "vim-tiny",
}

// container is what Proxmox's own Debian templates have installed: no cloud-init,
// no guest agent, no sudo.
var container = []string{
	"adduser", "apt", "base-files", "bash", "ca-certificates", "coreutils", "cron", "dbus", "dpkg", "ifupdown2", "iproute2",
	"iputils-ping", "less", "locales", "login", "openssh-client", "openssh-server", "openssl", "passwd", "perl", "postfix", "procps",
	"sed", "systemd", "systemd-sysv", "tar", "tzdata", "util-linux", "vim-tiny",
}

func makeBases() []*base {
	pve := append([]string{"proxmox-ve", "postfix", "qemu-guest-agent", "ifupdown2", "nfs-common"}, debian...)
	return []*base{
		makeBase("debian-12", "12", "bookworm", debian),
		makeBase("debian-12-ct", "12", "bookworm", container),
		makeBase("debian-13", "13", "trixie", debian),
		makeBase("debian-13-ct", "13", "trixie", container),
		makeBase("pve-9", "13", "trixie", pve),
	}
}

func makeBase(name, version, codename string, pkgs []string) *base {
	b := &base{name: name, files: map[string]*file{}, dirs: map[string]struct{}{}, packages: closure(pkgs)}
	add := func(p, text string, info FileInfo) {
		b.files[p] = &file{data: []byte(text), info: info}
		for dir := path.Dir(p); dir != "/"; dir = path.Dir(dir) {
			b.dirs[dir] = struct{}{}
		}
	}
	add("/etc/hostname", "localhost\n", rootFile(0o644))
	add("/etc/hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n", rootFile(0o644))
	add("/etc/debian_version", version+"\n", rootFile(0o644))
	add("/etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux "+version+" ("+codename+")\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\""+version+
		"\"\nVERSION=\""+version+" ("+codename+")\"\nVERSION_CODENAME="+codename+"\nID=debian\n", rootFile(0o644))
	for _, pkg := range b.packages {
		for _, f := range conffiles(pkg) {
			add(f.path, f.text, rootFile(f.mode))
		}
	}
	return b
}

type conffile struct {
	path string
	mode fs.FileMode
	text string
}

// conffiles are the configuration files a package brings that homestak or its
// guests ever look at.
func conffiles(pkg string) []conffile {
	switch pkg {
	case "openssh-server":
		return []conffile{{"/etc/ssh/sshd_config", 0o644, debianSSHD}}
	case "sudo":
		return []conffile{{"/etc/sudoers", 0o440, debianSudoers}}
	case "fail2ban":
		return []conffile{
			{"/etc/fail2ban/jail.conf", 0o644, "[DEFAULT]\nbantime = 10m\nfindtime = 10m\nmaxretry = 5\nbackend = auto\nenabled = false\n\n[sshd]\nport = ssh\n"},
			{"/etc/fail2ban/jail.d/defaults-debian.conf", 0o644, "[sshd]\nenabled = true\n"},
		}
	case "pve-manager":
		return []conffile{{"/usr/share/perl5/PVE/pvecfg.pm", 0o644, "package PVE::pvecfg;\n"}}
	case "proxmox-widget-toolkit":
		return []conffile{{"/usr/share/javascript/proxmox-widget-toolkit/proxmoxlib.js", 0o644, widgetToolkit}}
	}
	return nil
}

const debianSSHD = `# This is the sshd server system-wide configuration file.
Include /etc/ssh/sshd_config.d/*.conf

#Port 22
#PermitRootLogin prohibit-password
#PasswordAuthentication yes
KbdInteractiveAuthentication no
UsePAM yes
X11Forwarding yes
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp /usr/lib/openssh/sftp-server
`

const debianSudoers = `Defaults env_reset
Defaults mail_badpass
root ALL=(ALL:ALL) ALL
%sudo ALL=(ALL:ALL) ALL
@includedir /etc/sudoers.d
`

func knownZone(name string) bool {
	if name == "" || name == "Local" || strings.HasPrefix(name, "/") || strings.Contains(name, "..") {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

// widgetToolkit is the part of Proxmox's JavaScript that shows the notice about
// a missing subscription.
const widgetToolkit = `Ext.define('Proxmox.Utils', {
    checked_command: function (orig_cmd) {
        Proxmox.Utils.API2Request({
            success: function (response, opts) {
                let res = response.result;
                if (
                    res === null ||
                    res === undefined ||
                    !res ||
                    res.data.status.toLowerCase() !== 'active'
                ) {
                    Ext.Msg.show({ title: gettext('No valid subscription') });
                } else {
                    orig_cmd();
                }
            },
        });
    },
});
`
