package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// SeedInterface is a further interface, as an item of ArgInterfaces has it:
//
//	eth1 BC:24:11:00:00:01 10.1.0.5/24 10.1.0.1 10.1.0.2,10.1.0.3
//
// with a hyphen for what there is none of.
type SeedInterface struct {
	Name, MAC   string
	IP, Gateway string
	DNS         []string
}

func (i SeedInterface) String() string {
	return strings.Join([]string{i.Name, orHyphen(i.MAC), orHyphen(i.IP), orHyphen(i.Gateway), orHyphen(strings.Join(i.DNS, ","))}, " ")
}

// ParseSeedInterface reads what String writes.
func ParseSeedInterface(s string) (i SeedInterface, err error) {
	f := strings.Split(s, " ")
	if len(f) != 5 || slices.Contains(f, "") {
		return i, fmt.Errorf("%q is no interface: name, MAC, address, gateway and resolvers", s)
	}
	for at := range f {
		if f[at] == "-" {
			f[at] = ""
		}
	}
	i = SeedInterface{Name: f[0], MAC: f[1], IP: f[2], Gateway: f[3]}
	if f[4] != "" {
		i.DNS = strings.Split(f[4], ",")
	}
	return i, nil
}

func orHyphen(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// SeedFile is a file of the first boot, as an item of ArgFiles has it:
//
//	0644 root /etc/motd "hello\n"
type SeedFile struct{ Mode, Owner, Path, Content string }

func (f SeedFile) String() string {
	return f.Mode + " " + f.Owner + " " + f.Path + " " + strconv.Quote(f.Content)
}

// ParseSeedFile reads what String writes.
func ParseSeedFile(s string) (SeedFile, error) {
	f := strings.SplitN(s, " ", 4)
	if len(f) == 4 {
		if content, err := strconv.Unquote(f[3]); err == nil && strconv.Quote(content) == f[3] {
			return SeedFile{Mode: f[0], Owner: f[1], Path: f[2], Content: content}, nil
		}
	}
	return SeedFile{}, fmt.Errorf("%q is no file: mode, owner, path and quoted text", s)
}

// Made is what the seed of a seed.upload step fixes, or that of a guest.create step
// with PVE's own drive, as the marker of the guest remembers it: sorted by name,
// empty values left out.
func (s *Step) Made() []KV {
	if s.Op == GuestCreate || s.Op == GuestClone {
		return s.madeByDrive()
	}
	var networks []string
	for _, text := range s.List(ArgInterfaces) {
		if i, err := ParseSeedInterface(text); err == nil {
			i.MAC = ""
			networks = append(networks, strings.Join(strings.Fields(strings.ReplaceAll(i.String(), " -", " ")), " "))
		}
	}
	var out []KV
	for _, kv := range []KV{
		{Key: MadeFirstBoot, Value: s.firstBoot()},
		{Key: MadeDNS, Value: strings.Join(s.List(ArgDNS), ",")},
		{Key: MadeDomain, Value: s.Text(ArgDomain)},
		{Key: MadeGateway, Value: s.Text(ArgGateway)},
		{Key: MadeInterfaces, Value: strings.Join(networks, "; ")},
		{Key: MadeIP, Value: s.Text(ArgIP)},
	} {
		if kv.Value = strings.TrimSpace(kv.Value); kv.Value != "" {
			out = append(out, kv)
		}
	}
	return out
}

// madeByDrive reads what PVE makes its drive of.
func (s *Step) madeByDrive() []KV {
	if s.Text(ArgSeedContent) != ContentPVE {
		return nil
	}
	as := &Step{Op: SeedUpload}
	part := func(config, name string) (value string) {
		for p := range strings.SplitSeq(config, ",") {
			if v, ok := strings.CutPrefix(p, name+"="); ok {
				value = v
			}
		}
		return value
	}
	var networks []string
	for slot := 1; slot < 32; slot++ {
		n := strconv.Itoa(slot)
		if s.Text("net"+n) != "" {
			config := s.Text("ipconfig" + n)
			networks = append(networks, SeedInterface{Name: "eth" + n, IP: part(config, "ip"), Gateway: part(config, "gw")}.String())
		}
	}
	as.Args = []Arg{
		{Name: ArgDNS, Value: Value{List: strings.Fields(s.Text("nameserver"))}},
		{Name: ArgDomain, Value: Value{Text: s.Text("searchdomain")}},
		{Name: ArgGateway, Value: Value{Text: part(s.Text("ipconfig0"), "gw")}},
		{Name: ArgInterfaces, Value: Value{List: networks}},
		{Name: ArgIP, Value: Value{Text: part(s.Text("ipconfig0"), "ip")}},
	}
	return as.Made()
}

// firstBoot is a short digest of what is added to the first boot, "" when nothing
// is.
func (s *Step) firstBoot() string {
	h, any := sha256.New(), false
	for _, name := range []string{ArgPackages, ArgFiles, ArgCommands} {
		fmt.Fprintf(h, "%s %d\n", name, len(s.List(name)))
		for _, item := range s.List(name) {
			fmt.Fprintf(h, "%q\n", item)
			any = true
		}
	}
	if !any {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}
