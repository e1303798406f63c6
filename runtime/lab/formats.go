package lab

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pattern formats: a regular expression and what PVE says of other values
// ("%s" is the value).
var patternFormats = map[string]struct {
	match *regexp.Regexp
	fault string
}{
	"pve-vmid":                 {regexp.MustCompile(`^[1-9][0-9]{2,8}$`), "value does not look like a valid VM ID\n"},
	"pve-node":                 {regexp.MustCompile(`^(?i)[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?$`), "value does not look like a valid node name\n"},
	"pve-configid":             {regexp.MustCompile(`^(?i)[a-z][a-z0-9_\-]+$`), "invalid configuration ID '%s'\n"},
	"pve-storage-id":           {regexp.MustCompile(`^(?i)[a-z][a-z0-9\-_.]*[a-z0-9]$`), "storage ID '%s' contains illegal characters\n"},
	"pve-poolid":               {regexp.MustCompile(`^[A-Za-z0-9.\-_]+(?:/[A-Za-z0-9.\-_]+){0,2}$`), "pool name '%s' contains invalid characters\n"},
	"pve-groupid":              {regexp.MustCompile(`^[A-Za-z0-9.\-_]+$`), "group name '%s' contains invalid characters\n"},
	"pve-roleid":               {regexp.MustCompile(`^[A-Za-z0-9.\-_]+$`), "role name '%s' contains invalid characters\n"},
	"pve-realm":                {regexp.MustCompile(`^[A-Za-z][A-Za-z0-9.\-_]+$`), "value does not look like a valid realm\n"},
	"pve-tokenid":              {regexp.MustCompile(`^[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+![A-Za-z][A-Za-z0-9.\-_]+$`), "value '%s' does not look like a valid token ID\n"},
	"email-opt":                {regexp.MustCompile(`^(?:[\w+\-~]+(?:\.[\w+\-~]+)*@[a-zA-Z0-9\-]+(?:\.[a-zA-Z0-9\-]+)*)?$`), "value does not look like a valid email address\n"},
	"pve-iface":                {regexp.MustCompile(`^(?i)[a-z][a-z0-9_]{1,20}(?:[:.]\d+)?$`), "invalid network interface name '%s'\n"},
	"pve-storage-path":         {regexp.MustCompile(`^/[^;()]+`), "value does not look like a valid absolute path\n"},
	"pve-storage-options":      {regexp.MustCompile(`^\S+$`), "invalid options '%s'\n"},
	"pve-storage-vgname":       {regexp.MustCompile(`^(?i)[a-z0-9][a-z0-9\-_.]*[a-z0-9]$`), "lvm name '%s' contains illegal characters\n"},
	"pve-bridge-id":            {regexp.MustCompile(`^[-_.\w]+$`), "invalid bridge ID '%s'\n"},
	"pve-volume-id":            {volumeID, "unable to parse volume ID '%s'\n"},
	"pve-day-of-week":          {regexp.MustCompile(`^(?:mon|tue|wed|thu|fri|sat|sun)$`), "invalid day '%s'\n"},
	"pve-calendar-event":       {regexp.MustCompile(`^[a-z0-9*.,:/ \-]+$`), "invalid calendar event '%s' - unable to parse calendar event\n"},
	"email-or-username":        {regexp.MustCompile(`^[\w+\-~.]+(?:@[a-zA-Z0-9\-]+(?:\.[a-zA-Z0-9\-]+)*)?$`), "value does not look like a valid email address or user name\n"},
	"pve-ha-resource-or-vm-id": {regexp.MustCompile(`^(?:[a-z]+:\S+|[1-9][0-9]+)$`), "value does not look like a valid ha resource id\n"},
	"dns-name":                 {dnsName, "value does not look like a valid DNS name\n"},
	"urlencoded":               {regexp.MustCompile(`^[-%a-zA-Z0-9_.!~*'()]*$`), "invalid urlencoded string: %s\n"},
	"disk-size":                {regexp.MustCompile(`^\d+(?:\.\d+)?[KMGT]?$`), "value does not look like a valid disk size: %s\n"},
	"tag":                      {regexp.MustCompile(`^(?i)[a-z0-9_][a-z0-9_\-+.]*$`), "invalid characters in tag\n"},
	"pve-qm-bootdev":           {regexp.MustCompile(`^(?:ide[0-3]|scsi(?:[12]?\d|30)|virtio(?:\d|1[0-5])|sata[0-5]|net(?:[12]?\d|3[01])|usb(?:\d|1[0-3])|hostpci(?:\d|1[0-5]))$`), "invalid boot device '%s'\n"},
}

var (
	volumeID = regexp.MustCompile(`^(?i)([a-z][a-z0-9\-_.]*[a-z0-9]):(.+)$`)
	dnsName  = regexp.MustCompile(`^(?i)[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?)*$`)
)

// Formats that are property strings of the table.
var objectFormats = map[string]string{
	"pve-qm-boot": "boot", "pve-qm-ipconfig": "ipconfig", "pve-qm-smbios1": "smbios1",
	"pve-qm-ide": "ide", "prune-backups": "prune-backups", "pve-qemu-sev-fmt": "sev", "pve-qm-cicustom": "cicustom",
	"backup-fleecing": "backup-fleecing", "backup-performance": "backup-performance", "pve-qm-hostpci": "hostpci", "pve-qm-rng": "rng", "pve-qm-watchdog": "watchdog", "pve-vm-cpu-conf": "cpu",
}

// Formats of values that the lab keeps and never interprets: any text passes.
// PVE would look closer.
var uncheckedFormats = []string{"pve-qemu-tdx-fmt", "pve-storage-zfs-blocksize"}

// storage content types of PVE 9.
var contentTypes = []string{"images", "rootdir", "vztmpl", "iso", "backup", "snippets", "none", "import"}

// checkFormat is nil or PVE's text, ending in a newline.
func (t *table) checkFormat(format, path, value string) error {
	if f, ok := patternFormats[format]; ok {
		if f.match.MatchString(value) {
			return nil
		}
		if strings.Contains(f.fault, "%s") {
			return fmt.Errorf(f.fault, value)
		}
		return fmt.Errorf("%s", f.fault)
	}
	if kind, ok := objectFormats[format]; ok {
		o, err := t.parseObject(kind, path, value)
		if err == nil && kind == "cpu" {
			err = checkCPU(o)
		}
		return err
	}
	if check, ok := codeFormats[format]; ok {
		return check(value)
	}
	if item, ok := strings.CutSuffix(format, "-list"); ok {
		if item == "pve-tag" {
			item = "tag"
		}
		for _, v := range splitList(value) {
			if err := t.checkFormat(item, path, v); err != nil {
				return err
			}
		}
		return nil
	}
	return nil // uncheckedFormats: a test holds the table to that list
}

var codeFormats = map[string]func(string) error{
	"pve-userid": checkUser, "pve-priv": checkPrivilege, "pve-startup-order": checkStartup, "pve-cpuset": checkCPUSet,
	"pve-storage-server": checkServer, "pve-storage-portal-dns": checkPortal, "pve-dir-override": checkDirOverride,
	"storage-pair-list": checkStorageMap, "pve-phys-bits": checkPhysBits, "pve-vlan-id-or-range": checkVLANs,
	"pve-storage-content": func(v string) error {
		return must(slices.Contains(contentTypes, v), "invalid content type '%s'\n", v)
	},
	"pve-task-status-type": func(v string) error {
		return must(slices.Contains([]string{"ok", "error", "warning", "unknown"}, v), "invalid status '%s'\n", v)
	},
	"pve-volume-id-or-qm-path": func(v string) error {
		ok := v == "none" || v == "cdrom" || strings.HasPrefix(v, "/") || volumeID.MatchString(v)
		return must(ok, "unable to parse volume ID '%s'\n", v)
	},
	"pve-volume-id-or-absolute-path": func(v string) error {
		return must(strings.HasPrefix(v, "/") || volumeID.MatchString(v), "unable to parse volume ID '%s'\n", v)
	},
	"mac-addr": func(v string) error {
		mac, err := net.ParseMAC(v)
		ok := err == nil && len(mac) == 6 && strings.Count(v, ":") == 5 && mac[0]&1 == 0
		return must(ok, "value does not look like a valid unicast MAC address\n")
	},
	"address": func(v string) error {
		_, err := netip.ParseAddr(v)
		return must(err == nil || dnsName.MatchString(v), "value does not look like a valid address: %s\n", v)
	},
	"ip": func(v string) error {
		_, err := netip.ParseAddr(v)
		return must(err == nil, "value does not look like a valid IP address\n")
	},
	"ipv4": func(v string) error {
		a, err := netip.ParseAddr(v)
		return must(err == nil && a.Is4(), "value does not look like a valid IPv4 address\n")
	},
	"CIDRv4": func(v string) error {
		return must(isNetwork(v, true), "value does not look like a valid IPv4 CIDR network\n")
	},
	"CIDRv6": func(v string) error {
		return must(isNetwork(v, false), "value does not look like a valid IPv6 CIDR network\n")
	},
	"ipv4mask": func(v string) error {
		_, ok := maskBits(v)
		return must(ok, "value does not look like a valid IP netmask\n")
	},
	"ipv6": func(v string) error {
		a, err := netip.ParseAddr(v)
		return must(err == nil && a.Is6(), "value does not look like a valid IPv6 address\n")
	},
	"CIDR": func(v string) error {
		return must(isNetwork(v, true) || isNetwork(v, false), "value does not look like a valid CIDR network\n")
	},
	"pve-ipv4-config": func(v string) error {
		return must(v == "dhcp" || v == "manual" || isNetwork(v, true), "value does not look like a valid ipv4 network configuration\n")
	},
	"pve-ipv6-config": func(v string) error {
		ok := v == "dhcp" || v == "auto" || v == "manual" || isNetwork(v, false)
		return must(ok, "value does not look like a valid ipv6 network configuration\n")
	},
	"pve-hotplug-features": func(v string) error {
		if v == "0" || v == "1" {
			return nil
		}
		for _, f := range splitList(v) {
			if !slices.Contains([]string{"network", "disk", "cpu", "memory", "usb", "cloudinit"}, f) {
				return must(false, "invalid hotplug feature '%s'\n", f)
			}
		}
		return nil
	},
	"lxc-ip-with-ll-iface": func(v string) error {
		a, err := netip.ParseAddr(v)
		ok := err == nil && (a.Zone() == "" || a.IsLinkLocalUnicast())
		return must(ok, "value does not look like a valid IP address\n")
	},
	"pve-ct-timezone": func(v string) error {
		_, err := time.LoadLocation(v)
		ok := v == "host" || v != "" && v != "Local" && err == nil
		return must(ok, "invalid time zone '%s'\n", v)
	},
	"pve-lxc-dev-string": func(v string) error {
		return must(strings.HasPrefix(v, "/dev/") && !climbs(v), "%s is not a valid device path\n", v)
	},
	"pve-lxc-mp-string": func(v string) error {
		return must(!climbs(v), "%s contains illegal character sequences\n", v)
	},
	"pve-qm-bootdisk": func(v string) error {
		return must(isDriveSlot(v), "invalid boot disk '%s'\n", v)
	},
}

// climbs reports whether a path has steps that PVE does not take.
func climbs(path string) bool {
	return strings.HasPrefix(path, "../") || slices.ContainsFunc(strings.Split(path, "/")[1:], func(step string) bool {
		return step == "." || step == ".."
	})
}

func must(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// splitList splits at commas, semicolons, blanks and NULs, as PVE does.
func splitList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool {
		return r == ',' || r == ';' || r == 0 || r == ' ' || r == '\t' || r == '\n' || r == '\r'
	})
}

// splitSlot splits "scsi12" into "scsi" and 12.
func splitSlot(slot string) (base string, n int, ok bool) {
	i := len(slot)
	for i > 0 && slot[i-1] >= '0' && slot[i-1] <= '9' {
		i--
	}
	if i == 0 || i == len(slot) || len(slot)-i > 3 {
		return "", 0, false
	}
	n, err := strconv.Atoi(slot[i:])
	return slot[:i], n, err == nil
}

// isDriveSlot reports whether an option names a drive, or a mount point of a
// container.
func isDriveSlot(option string) bool {
	base, _, ok := splitSlot(option)
	if !ok {
		return option == "rootfs"
	}
	switch base {
	case "mp", "ide", "scsi", "virtio", "sata", "efidisk", "tpmstate":
		return true
	}
	return false
}
