package lab

import (
	"crypto/sha1"
	"encoding/hex"
	"slices"
	"strings"
)

// clusterOptions is GET /cluster/options. The tags allowed are those in use.
func (c *call) clusterOptions() (any, error) {
	tags := []string{}
	for _, s := range c.statuses() {
		tags = append(tags, splitList(s.vm.next()["tags"])...)
	}
	slices.Sort(tags)
	return map[string]any{"mac_prefix": "BC:24:11", "description": "", "allowed-tags": slices.Compact(tags)}, nil
}

// firewallOptions is GET /cluster/firewall/options of a cluster that has no
// rules: the digest of an empty file.
func (c *call) firewallOptions() (any, error) {
	sum := sha1.Sum(nil)
	return map[string]any{"digest": hex.EncodeToString(sum[:])}, nil
}

// subdirs is an index of what is below a path, in PVE's order.
func subdirs(names string) any {
	list := []any{}
	for _, name := range strings.Fields(names) {
		list = append(list, map[string]any{"subdir": name})
	}
	return list
}

func (c *call) qemuIndex() (any, error) {
	if _, err := c.vm(); err != nil {
		return nil, err
	}
	return subdirs("config cloudinit pending status unlink vncproxy termproxy migrate resize move rrd rrddata monitor agent snapshot " +
		"spiceproxy sendkey firewall mtunnel remote_migrate"), nil
}

func (c *call) qemuStatusIndex() (any, error) {
	if _, err := c.vm(); err != nil {
		return nil, err
	}
	return subdirs("current start stop reset shutdown suspend reboot"), nil
}

// cpuModels is GET …/capabilities/qemu/cpu: the models of QEMU's x86-64 that
// PVE offers, by vendor.
func (c *call) cpuModels() (any, error) {
	list := []any{}
	for _, line := range strings.Split(qemuCPUs, "\n") {
		vendor, models, _ := strings.Cut(line, " ")
		for _, name := range strings.Fields(models) {
			list = append(list, map[string]any{"name": name, "vendor": vendor, "custom": 0})
		}
	}
	return list, nil
}

const qemuCPUs = `default host kvm32 kvm64 max qemu32 qemu64 x86-64-v2 x86-64-v2-AES x86-64-v3 x86-64-v4
GenuineIntel 486 Broadwell Broadwell-IBRS Broadwell-noTSX Broadwell-noTSX-IBRS Cascadelake-Server Cascadelake-Server-noTSX Conroe Cooperlake core2duo coreduo GraniteRapids Haswell Haswell-IBRS Haswell-noTSX Haswell-noTSX-IBRS Icelake-Client Icelake-Client-noTSX Icelake-Server Icelake-Server-noTSX IvyBridge IvyBridge-IBRS KnightsMill Nehalem Nehalem-IBRS Penryn pentium pentium2 pentium3 SandyBridge SandyBridge-IBRS SapphireRapids SierraForest Skylake-Client Skylake-Client-IBRS Skylake-Server Skylake-Server-IBRS Westmere Westmere-IBRS
AuthenticAMD athlon EPYC EPYC-Genoa EPYC-IBPB EPYC-Milan EPYC-Rome EPYC-Turin Opteron_G1 Opteron_G2 Opteron_G3 Opteron_G4 Opteron_G5 phenom`
