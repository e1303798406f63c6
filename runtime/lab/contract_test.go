package lab

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// The contract: whatever is wrong with a parameter, each method answers with
// PVE's status and text. What follows makes, of the description of every method
// and parameter, requests that are wrong in one way, and says by itself, not by
// the lab's code, what PVE says of them.

// wrong is a value and PVE's text about it.
type wrong struct{ value, text string }

// malformed has for each format a value that PVE refuses, and how.
var malformed = map[string]wrong{
	"CIDR":                           {"10.0.0.1", "value does not look like a valid CIDR network"},
	"CIDRv4":                         {"10.0.0.1/7", "value does not look like a valid IPv4 CIDR network"},
	"CIDRv6":                         {"10.0.0.1/24", "value does not look like a valid IPv6 CIDR network"},
	"address":                        {"-no-", "value does not look like a valid address: -no-"},
	"backup-fleecing":                {"enabled=maybe", "format error\nNAME.enabled: type check ('boolean') failed - got 'maybe'"},
	"backup-performance":             {"max-workers=0", "format error\nNAME.max-workers: value must have a minimum value of 1"},
	"email-or-username":              {"a!b", "value does not look like a valid email address or user name"},
	"pve-calendar-event":             {"!", "invalid calendar event '!' - unable to parse calendar event"},
	"pve-day-of-week":                {"day", "invalid day 'day'"},
	"pve-ha-resource-or-vm-id":       {"vm", "value does not look like a valid ha resource id"},
	"disk-size":                      {"1Q", "value does not look like a valid disk size: 1Q"},
	"dns-name":                       {"-no-", "value does not look like a valid DNS name"},
	"email-opt":                      {"nobody", "value does not look like a valid email address"},
	"ip":                             {"10.0.0", "value does not look like a valid IP address"},
	"ipv4":                           {"::1", "value does not look like a valid IPv4 address"},
	"ipv4mask":                       {"255.0.255.0", "value does not look like a valid IP netmask"},
	"ipv6":                           {"10.0.0.1", "value does not look like a valid IPv6 address"},
	"lxc-ip-with-ll-iface":           {"nameserver", "value does not look like a valid IP address"},
	"mac-addr":                       {"01:00:00:00:00:01", "value does not look like a valid unicast MAC address"},
	"prune-backups":                  {"keep-last=-1", "format error\nNAME.keep-last: value must have a minimum value of 0"},
	"pve-bridge-id":                  {"vm br", "invalid bridge ID 'vm br'"},
	"pve-configid":                   {"1x", "invalid configuration ID '1x'"},
	"pve-cpuset":                     {"0-", "unable to parse cpuset option"},
	"pve-ct-timezone":                {"Nowhere/None", "invalid time zone 'Nowhere/None'"},
	"pve-dir-override":               {"iso", "invalid override 'iso'"},
	"pve-groupid":                    {"a:b", "group name 'a:b' contains invalid characters"},
	"pve-hotplug-features":           {"disk,fan", "invalid hotplug feature 'fan'"},
	"pve-iface":                      {"0eth", "invalid network interface name '0eth'"},
	"pve-ipv4-config":                {"10.0.0.1", "value does not look like a valid ipv4 network configuration"},
	"pve-ipv6-config":                {"10.0.0.1/24", "value does not look like a valid ipv6 network configuration"},
	"pve-lxc-dev-string":             {"/tmp/x", "/tmp/x is not a valid device path"},
	"pve-lxc-mp-string":              {"/a/../b", "/a/../b contains illegal character sequences"},
	"pve-node":                       {"pve_1", "value does not look like a valid node name"},
	"pve-phys-bits":                  {"7", "value must be an integer between 8 and 64 or 'host'"},
	"pve-poolid":                     {"a:b", "pool name 'a:b' contains invalid characters"},
	"pve-priv":                       {"VM.Nothing", "invalid privilege 'VM.Nothing'"},
	"pve-qemu-sev-fmt":               {"type=none", "format error\nNAME.type: value 'none' does not have a value in the enumeration 'std, es, snp'"},
	"pve-qm-boot":                    {"order=fd0", "format error\nNAME.order: invalid format - invalid boot device 'fd0'\n"},
	"pve-qm-bootdev":                 {"fd0", "invalid boot device 'fd0'"},
	"pve-qm-bootdisk":                {"fd0", "invalid boot disk 'fd0'"},
	"pve-qm-cicustom":                {"user=x", "format error\nNAME.user: invalid format - unable to parse volume ID 'x'\n"},
	"pve-qm-hostpci":                 {"host=zz", "format error\nNAME.host: value does not match the regex pattern"},
	"pve-qm-ide":                     {"file=none,media=tape", "format error\nNAME.media: value 'tape' does not have a value in the enumeration 'cdrom, disk'"},
	"pve-qm-ipconfig":                {"gw=10.0.0.1", "format error\nNAME.ip: missing property - 'NAME.gw' requires this property"},
	"pve-qm-rng":                     {"max_bytes=1", "format error\nNAME.source: property is missing and it is not optional"},
	"pve-qm-smbios1":                 {"uuid=1", "format error\nNAME.uuid: value does not match the regex pattern"},
	"pve-qm-watchdog":                {"model=dog", "format error\nNAME.model: value 'dog' does not have a value in the enumeration 'i6300esb, ib700'"},
	"pve-realm":                      {"1", "value does not look like a valid realm"},
	"pve-roleid":                     {"a:b", "role name 'a:b' contains invalid characters"},
	"pve-startup-order":              {"first", "unable to parse startup options"},
	"pve-storage-content":            {"music", "invalid content type 'music'"},
	"pve-storage-id":                 {"0-", "storage ID '0-' contains illegal characters"},
	"pve-storage-options":            {"a b", "invalid options 'a b'"},
	"pve-storage-path":               {"srv", "value does not look like a valid absolute path"},
	"pve-storage-portal-dns":         {"host:port", "value does not look like a valid portal address"},
	"pve-storage-server":             {"-no-", "value does not look like a valid server name or IP address"},
	"pve-storage-vgname":             {"-no-", "lvm name '-no-' contains illegal characters"},
	"pve-tag":                        {"!", "invalid characters in tag"},
	"pve-task-status-type":           {"fine", "invalid status 'fine'"},
	"pve-tokenid":                    {"root@pam", "value 'root@pam' does not look like a valid token ID"},
	"pve-userid":                     {"nobody", "value 'nobody' does not look like a valid user name"},
	"pve-vlan-id-or-range":           {"10-5", "VLAN range must go from lower to higher tag '10-5'"},
	"pve-vm-cpu-conf":                {"cputype=i4004", "Built-in cputype 'i4004' is not defined (missing 'custom-' prefix?)"},
	"pve-vmid":                       {"99", "value does not look like a valid VM ID"},
	"pve-volume-id":                  {"disk", "unable to parse volume ID 'disk'"},
	"pve-volume-id-or-absolute-path": {"disk", "unable to parse volume ID 'disk'"},
	"pve-volume-id-or-qm-path":       {"disk", "unable to parse volume ID 'disk'"},
	"storage-pair-list":              {"a:b,a1:b1,a1:b2", "entry 'a:b' contains invalid ID - storage ID 'a' contains illegal characters"},
	"urlencoded":                     {"a b", "invalid urlencoded string: a b"},
}

// wellformed has values that pass where a made-up word does not.
var wellformed = map[string]string{
	"pve-ha-resource-or-vm-id": "vm:100", "pve-day-of-week": "mon", "pve-day-of-week-list": "mon", "address": "10.0.0.1", "disk-size": "1G", "pve-node": "pve1", "pve-vmid": "100", "pve-userid": "root@pam", "pve-storage-path": "/srv",
	"pve-storage-content": "iso", "pve-volume-id-or-qm-path": "none", "pve-lxc-mp-string": "/srv", "pve-volume-id": "local:1",
	"pve-volume-id-or-absolute-path": "/srv", "pve-priv": "VM.Audit", "pve-priv-list": "VM.Audit", "pve-storage-server": "nas", "ipv4": "10.0.0.1", "ipv6": "fe80::1", "ipv4mask": "255.0.0.0",
}

// samples are values for patterns.
var samples = map[string]string{
	"tokenid": "tok", "upid": "UPID:pve1:00000C2C:00056D87:6B03E6A1:imgdel:local:root@pam:", "fingerprint": strings.Repeat("AA:", 31) + "AA",
	"size": "1G", "password": "longenough", "url": "https://nas/x.iso", "cpus": "0", "hostnodes": "0",
}

// valid is a value that PVE takes for a parameter.
func valid(p Param) string {
	switch {
	case len(p.Enum) > 0:
		return p.Enum[0]
	case len(p.Keys) > 0:
		return validObject(p.Keys)
	case samples[p.Name] != "" && p.Type == "string":
		return samples[p.Name]
	case wellformed[p.Format] != "":
		return wellformed[p.Format]
	case p.Type == "integer" || p.Type == "number":
		return fmt.Sprint(cmp.Or(deref(p.Min), 1))
	case p.Type == "boolean":
		return "1"
	case p.Name == "iface":
		return "vmbr0"
	}
	return "word"
}

func deref(f *float64) float64 {
	if f == nil {
		return 0
	}
	return *f
}

// validObject has the keys that must be there.
func validObject(keys []Param) string {
	var parts []string
	for _, k := range keys {
		if k.Required {
			parts = append(parts, k.Name+"="+valid(k))
		}
	}
	return strings.Join(parts, ",")
}

// wrongs are values that PVE refuses for a parameter, wherever it is.
func wrongs(p Param) []wrong {
	if p.Alias != "" {
		return nil
	}
	var out []wrong
	add := func(value, format string, args ...any) { out = append(out, wrong{value, fmt.Sprintf(format, args...)}) }
	switch p.Type {
	case "integer", "number":
		add("many", "type check ('%s') failed - got 'many'", p.Type)
		if p.Type == "integer" {
			add("1.5", "type check ('integer') failed - got '1.5'")
		}
	case "boolean":
		add("maybe", "type check ('boolean') failed - got 'maybe'")
	}
	format, isList := strings.CutSuffix(p.Format, "-list")
	if m, ok := malformed[p.Format]; ok {
		format, isList = p.Format, false
		add(m.value, "invalid format - %s\n", strings.TrimSuffix(m.text, "\n"))
	} else if m, ok := malformed[format]; ok && isList {
		add(m.value, "invalid format - %s\n", m.text)
	}
	if len(p.Keys) > 0 {
		for _, w := range wrongObjects(p) {
			add(w.value, "invalid format - %s\n", w.text)
		}
	}
	if p.Pattern != "" && p.Format == "" {
		add("\x01", "value does not match the regex pattern")
	}
	plain := p.Format == "" && p.Pattern == "" && len(p.Keys) == 0
	if p.MaxLength > 0 && (plain || format == "pve-node") {
		add(strings.Repeat("a", p.MaxLength+1), "value may only be %d characters long", p.MaxLength)
	}
	if p.Min != nil && p.Format == "" {
		add(fmt.Sprint(*p.Min-1), "value must have a minimum value of %v", *p.Min)
	}
	if p.Max != nil && p.Format == "" {
		add(fmt.Sprintf("%.0f", *p.Max+1), "value must have a maximum value of %.0f", *p.Max)
	}
	if len(p.Enum) > 0 && plain && p.MaxLength == 0 {
		value := "nonesuch"
		if p.Type != "string" {
			value = "987654"
		}
		add(value, "value '%s' does not have a value in the enumeration '%s'", value, strings.Join(p.Enum, ", "))
	}
	return out
}

// wrongObjects are property strings that are wrong in one key. NAME is the
// parameter's name.
func wrongObjects(p Param) []wrong {
	base := validObject(p.Keys)
	with := func(part string) string { return strings.Trim(base+","+part, ",") }
	out := []wrong{
		{with("zzz=1"), "format error\nNAME.zzz: property is not defined in schema and the schema does not allow additional properties"},
		{with("=1"), "missing key in comma-separated list property"},
	}
	if !slices.ContainsFunc(p.Keys, func(k Param) bool { return k.Default }) {
		out = append(out, wrong{"zzz", "value without key, but schema does not define a default key"})
	}
	for _, k := range p.Keys {
		if k.Required && len(p.Keys) > 1 {
			rest := validObject(slices.DeleteFunc(slices.Clone(p.Keys), func(o Param) bool { return o.Name == k.Name }))
			if rest == "" {
				rest = firstOptional(p.Keys)
			}
			if rest != "" {
				out = append(out, wrong{rest, "format error\nNAME." + k.Name + ": property is missing and it is not optional"})
			}
		}
		for _, w := range wrongs(k) {
			if strings.ContainsAny(w.value, ",\n") || strings.Contains(w.text, "NAME") {
				continue // it would be something else between the commas
			}
			rest := validObject(slices.DeleteFunc(slices.Clone(p.Keys), func(o Param) bool { return o.Name == k.Name || o.Name == k.KeyAlias }))
			text := "format error\nNAME." + k.Name + ": " + strings.TrimSuffix(w.text, "\n")
			if k.Requires != "" {
				continue // what it requires is missing, too
			}
			out = append(out, wrong{strings.Trim(rest+","+k.Name+"="+w.value, ","), text})
		}
		if k.Requires != "" {
			out = append(out, wrong{with(k.Name + "=" + valid(k)), "format error\nNAME." + k.Requires + ": missing property - 'NAME." + k.Name + "' requires this property"})
		}
	}
	return out
}

func firstOptional(keys []Param) string {
	for _, k := range keys {
		if !k.Required && k.Alias == "" && k.Requires == "" {
			return k.Name + "=" + valid(k)
		}
	}
	return ""
}

// attempt is one wrong request and the one complaint about it.
type attempt struct {
	params []KV
	about  string
	text   string
}

// attempts are the wrong requests of a method.
func attempts(m Method) []attempt {
	base := map[string]string{}
	for _, p := range m.Params {
		if p.Required {
			base[p.Name] = valid(p)
		}
	}
	with := func(name string, values ...string) []KV {
		var kvs []KV
		for _, k := range slices.Sorted(maps.Keys(base)) {
			if k != name && !strings.Contains(m.Path, "{"+k+"}") {
				kvs = append(kvs, KV{k, base[k]})
			}
		}
		for _, v := range values {
			kvs = append(kvs, KV{name, v})
		}
		return kvs
	}
	list := []attempt{{with("zzz", "1"), "zzz", "property is not defined in schema and the schema does not allow additional properties"}}
	for _, p := range m.Params {
		if strings.Contains(m.Path, "{"+p.Name+"}") {
			continue
		}
		name := strings.Replace(p.Name, "[n]", "0", 1)
		if p.Required {
			list = append(list, attempt{with(p.Name), name, "property is missing and it is not optional"})
		}
		for _, w := range wrongs(p) {
			text := strings.ReplaceAll(w.text, "NAME", name)
			if p.Requires != "" && base[p.Requires] == "" {
				continue // then that is missing, too
			}
			list = append(list, attempt{with(name, w.value), name, text})
		}
		if p.Type == "string" && !strings.HasSuffix(p.Format, "-list") && p.Requires == "" {
			list = append(list, attempt{with(name, valid(p), valid(p)), name, "type check ('string') failed - got ARRAY"})
		}
		if p.Requires != "" && base[p.Requires] == "" {
			list = append(list, attempt{with(name, valid(p)), p.Requires, "missing property - '" + name + "' requires this property"})
		}
	}
	return list
}

// fillPath puts values into a method's path.
func fillPath(m Method, set map[string]string) string {
	path := m.Path
	for _, p := range m.Params {
		path = strings.ReplaceAll(path, "{"+p.Name+"}", cmp.Or(set[p.Name], valid(p)))
	}
	return path
}

func TestContract(t *testing.T) {
	l := open(t, Config{})
	root := identity{user: rootUser, all: true}
	sent := 0
	ask := func(m Method, path string, a attempt) {
		t.Helper()
		sent++
		data, err := l.run(t.Context(), l.cfg.Node, root, request{verb: m.Verb, path: path, params: a.params})
		got := encode("json", data, err)
		var body struct {
			Data    any
			Message string
			Errors  map[string]string
		}
		if err := json.Unmarshal(got.body, &body); err != nil {
			t.Fatalf("%s %s %v: %v in %s", m.Verb, path, a.params, err, got.body)
		}
		if got.status != 400 || got.reason != "Parameter verification failed." || body.Message != got.reason+"\n" || body.Data != nil ||
			len(body.Errors) != 1 || body.Errors[a.about] != a.text {
			t.Errorf("%s %s %.200v:\n%d %s %q, want %s: %q", m.Verb, path, a.params, got.status, got.reason, body.Errors, a.about, a.text)
		}
	}
	for _, m := range Methods() {
		for _, a := range attempts(m) {
			ask(m, fillPath(m, nil), a)
		}
		// What is wrong in the path.
		for _, p := range m.Params {
			if !strings.Contains(m.Path, "{"+p.Name+"}") || p.Name == "node" && strings.HasPrefix(m.Path, "/nodes/") {
				continue
			}
			for _, w := range wrongs(p) {
				if strings.ContainsAny(w.value, "/\x01") {
					continue
				}
				var rest []KV
				for _, o := range m.Params {
					if o.Required && !strings.Contains(m.Path, "{"+o.Name+"}") {
						rest = append(rest, KV{o.Name, valid(o)})
					}
				}
				ask(m, fillPath(m, map[string]string{p.Name: w.value}), attempt{rest, p.Name, w.text})
			}
		}
	}
	t.Logf("%d requests to %d methods", sent, len(Methods()))
	if sent < 15*len(Methods()) {
		t.Errorf("%d requests to %d methods are too few to be all", sent, len(Methods()))
	}
}

// Every format of the table that is checked has a value that PVE refuses.
func TestContractKnowsFormats(t *testing.T) {
	var visit func(where string, list []Param)
	visit = func(where string, list []Param) {
		for _, p := range list {
			_, whole := malformed[p.Format]
			_, item := malformed[strings.TrimSuffix(p.Format, "-list")]
			if p.Format != "" && !whole && !item && !slices.Contains(uncheckedFormats, p.Format) {
				t.Errorf("%s %s: no malformed %s", where, p.Name, p.Format)
			}
			visit(where+" "+p.Name, p.Keys)
		}
	}
	for _, m := range Methods() {
		visit(m.Verb+" "+m.Path, m.Params)
	}
}

// The same over the wire, as clients send it.
func TestContractOnTheWire(t *testing.T) {
	c := newClient(t, open(t, Config{}))
	n := 0
	for _, m := range Methods() {
		if m.Check == "root" {
			continue // a token may not, whatever it sends
		}
		list := attempts(m)
		for i := 0; i < len(list); i += max(1, len(list)/3) {
			a := list[i]
			form := url.Values{}
			for _, kv := range a.params {
				form.Add(kv.Key, kv.Value)
			}
			if len(form.Encode()) > maxPost {
				continue // PVE does not read so much
			}
			path, body := fillPath(m, nil), ""
			if m.Verb == "GET" || m.Verb == "DELETE" {
				path += "?" + form.Encode()
			} else {
				body = form.Encode()
			}
			r := c.send(m.Verb, path, "application/x-www-form-urlencoded", strings.NewReader(body))
			if r.Status != "400 Parameter verification failed." || r.Errors[a.about] != a.text {
				t.Errorf("%s %s %.200v: %s %v, want %s: %s", m.Verb, path, a.params, r.Status, r.Errors, a.about, a.text)
			}
			n++
		}
	}
	t.Logf("%d requests", n)
}
