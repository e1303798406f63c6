package lab

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// isNetwork reports whether a text is an address with a prefix length that PVE
// takes for a network's.
func isNetwork(text string, four bool) bool {
	p, err := netip.ParsePrefix(text)
	return err == nil && p.Addr().Is4() == four && p.Bits() > 7
}

var userName = regexp.MustCompile(`^[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+$`)

func checkUser(v string) error {
	switch n := len(v); {
	case n < 3:
		return fmt.Errorf("user name '%s' is too short\n", v)
	case n > 64:
		return fmt.Errorf("user name '%s' is too long (%d > 64)\n", v, n)
	}
	return must(userName.MatchString(v), "value '%s' does not look like a valid user name\n", v)
}

func checkPrivilege(v string) error {
	return must(slices.Contains(privileges(), v), "invalid privilege '%s'\n", v)
}

var startupPart = regexp.MustCompile(`^(?:(?:order=)?\d+|up=\d+|down=\d+)$`)

// checkStartup is the order in which guests start: "1,up=5,down=10".
func checkStartup(v string) error {
	for _, part := range strings.Split(v, ",") {
		if strings.TrimSpace(part) != "" && !startupPart.MatchString(part) {
			return errors.New("unable to parse startup options\n")
		}
	}
	return must(v != "", "unable to parse startup options\n")
}

var cpuRange = regexp.MustCompile(`^\s*(\d+)(?:-(\d+))?\s*$`)

// checkCPUSet is a list of CPUs: "0,2-3".
func checkCPUSet(v string) error {
	for _, part := range strings.Split(v, ",") {
		m := cpuRange.FindStringSubmatch(part)
		if m == nil {
			return errors.New("unable to parse cpuset option\n")
		}
		from, _ := strconv.Atoi(m[1])
		to, err := strconv.Atoi(m[2])
		if err == nil && to < from {
			return errors.New("unable to parse cpuset option\n")
		}
	}
	return nil
}

func checkServer(v string) error {
	_, err := netip.ParseAddr(v)
	return must(err == nil || dnsName.MatchString(v), "value does not look like a valid server name or IP address\n")
}

// checkPortal is a server, with a port or without.
func checkPortal(v string) error {
	host, port, err := net.SplitHostPort(v)
	if err != nil {
		host, port = strings.Trim(v, "[]"), "1"
	}
	n, err := strconv.Atoi(port)
	return must(err == nil && n > 0 && n < 65536 && checkServer(host) == nil, "value does not look like a valid portal address\n")
}

var dirOverride = regexp.MustCompile(`^([a-z]+)=[^.]*(?:\.?[^.]+)+$`)

// checkDirOverride is where a storage keeps a kind of content: "iso=path".
func checkDirOverride(v string) error {
	m := dirOverride.FindStringSubmatch(v)
	if m == nil {
		return fmt.Errorf("invalid override '%s'\n", v)
	}
	return must(slices.Contains(contentTypes, m[1]), "invalid content type '%s'\n", m[1])
}

// checkStorageMap is where storages go: "a:b,c", or 1.
func checkStorageMap(v string) error {
	_, err := storageMap(v)
	return err
}

func checkPhysBits(v string) error {
	n, err := strconv.Atoi(v)
	return must(v == "host" || err == nil && n >= 8 && n <= 64, "value must be an integer between 8 and 64 or 'host'\n")
}

// checkCPU is what PVE asks of a guest's CPU besides its syntax.
func checkCPU(o object) error {
	model := o["cputype"]
	switch {
	case model == "":
		return errors.New("CPU is missing cputype\n")
	case strings.HasPrefix(model, "custom-"):
		return fmt.Errorf("Custom cputype '%s' not found\n", strings.TrimPrefix(model, "custom-"))
	case !slices.Contains(strings.Fields(qemuCPUs), model):
		return fmt.Errorf("Built-in cputype '%s' is not defined (missing 'custom-' prefix?)\n", model)
	case o["reported-model"] != "":
		return errors.New("Property 'reported-model' not allowed in VM-specific CPU config.\n")
	}
	return nil
}

// maskBits is the length of an IPv4 netmask as dotted numbers.
func maskBits(text string) (int, bool) {
	a, err := netip.ParseAddr(text)
	if err != nil || !a.Is4() {
		return 0, false
	}
	bytes := a.As4()
	ones, bits := net.IPMask(bytes[:]).Size()
	return ones, bits == 32 && ones > 0
}

var vlanRange = regexp.MustCompile(`^(\d{1,6})(?:-(\d{1,6}))?$`)

// checkVLANs is a VLAN tag or a range of them.
func checkVLANs(v string) error {
	m := vlanRange.FindStringSubmatch(v)
	if m == nil {
		return fmt.Errorf("invalid VLAN configuration '%s'\n", v)
	}
	low, _ := strconv.Atoi(m[1])
	high, err := strconv.Atoi(m[2])
	if err == nil && low >= high {
		return fmt.Errorf("VLAN range must go from lower to higher tag '%s'\n", v)
	}
	for _, tag := range []int{low, max(low, high)} {
		if tag < 2 || tag > 4094 {
			return fmt.Errorf("invalid VLAN tag '%d'\n", tag)
		}
	}
	return nil
}
