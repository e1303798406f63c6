package compiler_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/lang/schema"
)

// values gives, for every field that homestak acts on, two values that mean
// different things, in YAML's flow syntax. A third text is what has to stand
// beside the field for it to matter.
var values = map[string][3]string{
	"manifest.description":                      {"a", "b"},
	"manifest.pattern":                          {"hub-spoke", "tiered"},
	"manifest.execution.default_mode":           {"push", "pull"},
	"manifest.execution.config":                 {"push", "pull"},
	"manifest.settings.on_error":                {"stop", "rollback"},
	"manifest.settings.verify":                  {"true", "false"},
	"manifest.settings.cleanup_on_failure":      {"true", "false"},
	"manifest.settings.parallelism":             {"4", "5"},
	"manifest.settings.timeout":                 {"90s", "2m"},
	"node.name":                                 {"a", "b"},
	"node.type":                                 {"vm", "pve"},
	"node.spec":                                 {"base", "pve"},
	"node.preset":                               {"vm-small", "vm-large"},
	"node.image":                                {"debian-12", "debian-13"},
	"node.vmid":                                 {"1000", "1001"},
	"node.parent":                               {"null", "hub"},
	"node.host":                                 {"lab", "null"},
	"node.cores":                                {"1", "2"},
	"node.memory":                               {"1024", "2GiB"},
	"node.disk":                                 {"20", "21"},
	"node.network.bridge":                       {"vmbr0", "vmbr1"},
	"node.network.ip":                           {"10.0.0.5/24", "dhcp"},
	"node.network.gateway":                      {"10.0.0.1", "10.0.0.2", "ip: 10.0.0.5/24"},
	"node.network.dns":                          {"[10.0.0.1]", "[]"},
	"node.network.domain":                       {"a.example", "b.example"},
	"node.network.mac":                          {`"BC:24:11:00:00:01"`, `"BC:24:11:00:00:02"`},
	"node.network.vlan":                         {"1", "2"},
	"node.network.firewall":                     {"true", "false"},
	"node.network.model":                        {"virtio", "e1000"},
	"node.network.mtu":                          {"1400", "1500"},
	"node.network.rate":                         {"10", "20"},
	"node.hardware.cpu":                         {"host", "kvm64"},
	"node.hardware.sockets":                     {"1", "2"},
	"node.hardware.numa":                        {"true", "false"},
	"node.hardware.balloon":                     {"0", "512"},
	"node.hardware.bios":                        {"seabios", "ovmf"},
	"node.hardware.secure_boot":                 {"true", "false", "bios: ovmf"},
	"node.hardware.tpm":                         {"true", "false"},
	"node.hardware.machine":                     {"pc", "q35"},
	"node.hardware.vga":                         {"std", "none"},
	"node.hardware.serial":                      {"true", "false"},
	"node.hardware.scsi":                        {"lsi", "megasas"},
	"node.hardware.hotplug":                     {"[disk]", "[]"},
	"node.hardware.agent":                       {"true", "false"},
	"node.interfaces":                           {"[{}]", "[]"},
	"node.interfaces.slot":                      {"1", "2"},
	"node.interfaces.bridge":                    {"vmbr0", "vmbr1"},
	"node.interfaces.ip":                        {"10.0.0.5/24", "dhcp"},
	"node.interfaces.gateway":                   {"10.0.0.1", "10.0.0.2", "ip: 10.0.0.5/24"},
	"node.interfaces.dns":                       {"[10.0.0.1]", "[]"},
	"node.interfaces.mac":                       {`"BC:24:11:00:00:01"`, `"BC:24:11:00:00:02"`},
	"node.interfaces.vlan":                      {"1", "2"},
	"node.interfaces.firewall":                  {"true", "false"},
	"node.interfaces.model":                     {"virtio", "e1000"},
	"node.interfaces.mtu":                       {"1400", "1500"},
	"node.interfaces.rate":                      {"10", "20"},
	"node.disks":                                {"[{name: a, size: 1}]", "[]"},
	"node.disks.name":                           {"a", "b", "size: 1"},
	"node.disks.size":                           {"1", "2", "name: a"},
	"node.disks.storage":                        {"aa", "bb", "name: a, size: 1"},
	"node.disks.path":                           {"/a", "/b", "name: a, size: 1"},
	"node.disks.bus":                            {"scsi", "sata", "name: a, size: 1"},
	"node.disks.ssd":                            {"true", "false", "name: a, size: 1"},
	"node.disks.discard":                        {"true", "false", "name: a, size: 1"},
	"node.disks.backup":                         {"true", "false", "name: a, size: 1"},
	"node.storage":                              {"aa", "bb"},
	"node.clone":                                {"full", "linked"},
	"node.boot.order":                           {"[disk]", "[network]"},
	"node.boot.startup":                         {"1", "2"},
	"node.boot.delay":                           {"1s", "2s"},
	"node.boot.stop":                            {"1s", "2s"},
	"node.reboot.policy":                        {"never", "now"},
	"node.reboot.windows":                       {"[Sun 01:00-02:00]", "[Sun 01:00-03:00]", "policy: window"},
	"node.placement.hosts":                      {"[lab]", "[father]"},
	"node.placement.spread":                     {"host", "none", "hosts: [lab]"},
	"node.placement.pin":                        {"true", "false", "hosts: [lab]"},
	"node.cloud_init.carrier":                   {"disk", "cdrom"},
	"node.cloud_init.packages":                  {"[nginx]", "[]"},
	"node.cloud_init.commands":                  {`["true"]`, `["false"]`},
	"node.cloud_init.files":                     {"[{path: /a, content: b}]", "[]"},
	"node.cloud_init.files.path":                {"/a", "/b", "content: c"},
	"node.cloud_init.files.content":             {"a", "b", "path: /c"},
	"node.cloud_init.files.owner":               {"ann", "ben", "path: /c, content: c"},
	"node.cloud_init.files.mode":                {`"0600"`, `"0644"`, "path: /c, content: c"},
	"node.template":                             {"debian-12-standard", "debian-13-standard"},
	"node.swap":                                 {"0", "1GiB"},
	"node.unprivileged":                         {"true", "false"},
	"node.features.nesting":                     {"true", "false"},
	"node.features.keyctl":                      {"true", "false"},
	"node.features.fuse":                        {"true", "false"},
	"node.features.mknod":                       {"true", "false"},
	"node.features.mount":                       {"[nfs]", "[cifs]"},
	"node.renamed_from":                         {"was", "had"},
	"node.tags":                                 {"[a]", "[b]"},
	"node.pool":                                 {"a", "b"},
	"node.protect":                              {"true", "false"},
	"node.on_boot":                              {"true", "false"},
	"node.execution.mode":                       {"push", "pull"},
	"node.execution.config":                     {"push", "pull"},
	"node.count":                                {"1", "2"},
	"node.depends_on":                           {"[hub]", "[]"},
	"node.depends_on.node":                      {"hub", "spoke"},
	"node.depends_on.until":                     {"created", "ready", "node: hub"},
	"node.peers":                                {"[hub]", "[]"},
	"node.nodes":                                {"[{name: c}]", "[]", "type: pve"},
	"node.for_each":                             {"[a]", "[b]"},
	"node.modules":                              {"[{name: x, source: stdlib:flat}]", "[]", "type: pve"},
	"manifest.modules":                          {"[{name: x, source: stdlib:flat}]", "[]"},
	"module.name":                               {"a", "b", "source: ./tried.yaml"},
	"module.source":                             {"./tried.yaml", "stdlib:flat"},
	"module.count":                              {"1", "2", "source: ./tried.yaml"},
	"module.for_each":                           {"[a]", "[b]", "source: ./tried.yaml"},
	"module.depends_on":                         {"[hub]", "[]", "source: ./tried.yaml"},
	"module.depends_on.node":                    {"hub", "spoke"},
	"module.depends_on.until":                   {"created", "ready", "node: hub"},
	"module.with":                               {"{machines: 1}", "{machines: 2}", "source: stdlib:flat"},
	"spec.identity.hostname":                    {"a", "b"},
	"spec.identity.domain":                      {"a.example", "b.example"},
	"spec.network.ip":                           {"10.0.0.5/24", "10.0.0.6/24"},
	"spec.network.gateway":                      {"10.0.0.1", "10.0.0.2", "ip: 10.0.0.5/24"},
	"spec.network.dns":                          {"[10.0.0.1]", "[]"},
	"spec.access.posture":                       {"dev", "prod"},
	"spec.access.users":                         {"[{name: a}]", "[]"},
	"spec.access.users.name":                    {"a", "b"},
	"spec.access.users.sudo":                    {"true", "false", "name: a"},
	"spec.access.users.ssh_keys":                {"[k]", "[]", "name: a"},
	"spec.platform.packages":                    {"[nginx]", "[]"},
	"spec.platform.services.enable":             {"[nginx]", "[]"},
	"spec.platform.services.disable":            {"[nginx]", "[]"},
	"spec.config.timezone":                      {"UTC", "Europe/Berlin"},
	"spec.config.pve":                           {"null", "{}"},
	"spec.config.pve.remove_subscription_nag":   {"true", "false"},
	"posture.auth.method":                       {"network", "node_token"},
	"posture.ssh.port":                          {"22", "2222"},
	"posture.ssh.permit_root_login":             {`"yes"`, `"no"`},
	"posture.ssh.password_authentication":       {`"yes"`, `"no"`},
	"posture.sudo.nopasswd":                     {"true", "false"},
	"posture.fail2ban.enabled":                  {"true", "false"},
	"posture.packages":                          {"[nginx]", "[]"},
	"preset.cores":                              {"1", "2", "memory: 1024, disk: 20"},
	"preset.memory":                             {"1024", "2048", "cores: 1, disk: 20"},
	"preset.disk":                               {"20", "21", "cores: 1, memory: 1024"},
	"image.source":                              {"builtin:debian-12", "builtin:debian-13"},
	"image.checksum":                            {"sha256:" + zeros, "sha256:" + ones, "source: builtin:debian-12"},
	"image.min_disk":                            {"1", "2", "source: builtin:debian-12"},
	"image.format":                              {"raw", "qcow2", "source: builtin:debian-12"},
	"image.seed":                                {"any", "cdrom", "source: builtin:debian-12"},
	"image.os":                                  {"debian-12", "debian-13", "source: builtin:debian-12"},
	"image.host_ready":                          {"true", "false", "source: builtin:debian-12"},
	"site.site_id":                              {"7d3b6c1a-52f4-4a0e-9d7e-1f2a3b4c5d6e", "7d3b6c1a-52f4-4a0e-9d7e-1f2a3b4c5d6f"},
	"site.defaults.gateway":                     {"10.0.9.1", "10.0.9.2"},
	"site.defaults.dns_servers":                 {"[10.0.9.1]", "[]"},
	"site.defaults.domain":                      {"a.example", "b.example"},
	"site.defaults.timezone":                    {"UTC", "Europe/Berlin"},
	"site.defaults.packages":                    {"[nginx]", "[]"},
	"site.defaults.vm_user":                     {"ann", "ben"},
	"site.defaults.bridge":                      {"vmbr0", "vmbr1"},
	"site.defaults.pve_remove_subscription_nag": {"true", "false"},
	"site.vmids.first":                          {"1000", "1001"},
	"site.vmids.last":                           {"20000", "20001"},
	"site.settings.on_error":                    {"stop", "rollback"},
	"site.settings.verify":                      {"true", "false"},
	"site.settings.cleanup_on_failure":          {"true", "false"},
	"site.settings.parallelism":                 {"4", "5"},
	"site.settings.timeout":                     {"90s", "2m"},
}

var zeros, ones = strings.Repeat("0", 64), strings.Repeat("1", 64)

// without says why a field that is acted on has no two values to compare.
var without = map[string]string{
	"manifest.schema_version":    "always 2",
	"manifest.name":              "the file's name",
	"manifest.nodes":             "everything below it is here",
	"manifest.execution.create":  "always push",
	"manifest.execution.destroy": "always push",
	"node.execution.create":      "always push",
	"node.execution.destroy":     "always push",
	"spec.schema_version":        "always 1",
	"spec.name":                  "the file's name",
	"posture.name":               "the file's name",
	"preset.name":                "the file's name",
	"image.name":                 "the file's name",
}

// siteWith is a site in which one field has a value. Everything it could need
// is there: node "hub" has the node "spoke", node "probe" has what is tried.
func siteWith(path, value, beside string) fstest.MapFS {
	keys := strings.Split(path, ".")
	text := value
	for i, key := range keys[1:] {
		key = keys[len(keys)-1-i]
		text = fmt.Sprintf("%s: %s", key, text)
		if i == 0 && beside != "" {
			text += ", " + beside
		}
		text = "{" + text + "}"
		if len(keys)-2-i > 0 {
			switch keys[len(keys)-2-i] {
			case "depends_on", "users", "interfaces", "disks", "files":
				text = "[" + text + "]"
			}
		}
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}")
	files := map[string]string{
		"site":     "{site_id: 7d3b6c1a-52f4-4a0e-9d7e-1f2a3b4c5d6e}",
		"spec":     "{schema_version: 1, config: {pve: {}}, platform: {packages: [proxmox-ve]}}",
		"posture":  "{}",
		"preset":   "{cores: 1, memory: 1024, disk: 20}",
		"image":    "{source: builtin:debian-12, host_ready: true}",
		"manifest": "",
	}
	node := "name: probe, spec: tried, preset: tried, image: tried"
	manifest := ""
	switch keys[0] {
	case "node":
		node = inner
		if keys[1] != "name" {
			node = "name: probe, " + inner
		}
		switch keys[1] {
		case "features":
			node += ", unprivileged: false, type: ct"
		case "template", "swap", "unprivileged":
			node += ", type: ct"
		}
		if path == "node.disks.path" {
			node += ", type: ct"
		}
	case "manifest":
		manifest = inner + ", "
	case "module":
		if keys[1] != "name" {
			inner = "name: edge, " + inner
		}
		if len(keys) == 3 { // what stands beside stands inside
			inner += ", source: ./tried.yaml"
		}
		manifest = "modules: [{" + inner + "}], "
	case "spec":
		node = "name: probe, spec: tried"
		files["spec"] = "{schema_version: 1, " + inner + "}"
	case "site":
		files["site"] = "{" + inner + "}"
		if path != "site.site_id" {
			files["site"] = "{site_id: 7d3b6c1a-52f4-4a0e-9d7e-1f2a3b4c5d6e, " + inner + "}"
		}
		if path == "site.defaults.vm_user" {
			files["posture"] = "{}"
		}
		node += ", network: {ip: 10.0.9.5/24}"
		if path == "site.defaults.dns_servers" || path == "site.defaults.domain" {
			node = "name: probe, spec: tried"
		}
	default:
		files[keys[0]] = text
		if len(keys) == 3 && keys[1] == "hardware" {
			files["preset"] = "{cores: 1, memory: 1024, disk: 20, " + inner + "}"
		}
		if keys[0] == "posture" {
			files["spec"] = "{schema_version: 1, access: {posture: tried}}"
			node = "name: probe, spec: tried"
		}
	}
	f := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s + "\n")} }
	return fstest.MapFS{
		"site.yaml":            f(files["site"]),
		"secrets.yaml":         f("ssh_keys: {k: ssh-ed25519 AAAA}"),
		"specs/tried.yaml":     f(files["spec"]),
		"postures/tried.yaml":  f(files["posture"]),
		"presets/tried.yaml":   f(files["preset"]),
		"images/tried.yaml":    f(files["image"]),
		"hosts/father.yaml":    f("{}"),
		"manifests/tried.yaml": f("schema_version: 2\nnodes: [{name: in}]"),
		"manifests/m.yaml": f("{schema_version: 2, " + manifest +
			"nodes: [{name: hub, type: pve, network: {ip: 10.0.9.4/24}}, {name: spoke, parent: hub}, {" + parented(path, node) + "}]}"),
	}
}

// parented hangs the probe below the hub, so that patterns have one root,
// unless the place of the probe itself is what is tried.
func parented(path, node string) string {
	switch path {
	case "node.parent", "node.host", "node.type", "node.spec", "node.placement.hosts", "node.placement.spread", "node.placement.pin":
		return node
	}
	return node + ", parent: hub"
}

// A field that is declared, decoded and checked, and then changes nothing, is
// the worst kind of field. Every one that is acted on changes the digest.
func TestEveryFieldReachesTheDeployment(t *testing.T) {
	objects := []*schema.Object{schema.Manifest, schema.Node, schema.Module, schema.Spec, schema.Posture, schema.Preset, schema.Image, schema.Site}
	for _, o := range objects {
		everyField(o, o.Name, func(s *schema.Field, path string) {
			if s.Use != schema.Now || without[path] != "" || s.Type == schema.Group && values[path][0] == "" {
				return
			}
			v, ok := values[path]
			if strings.HasPrefix(path, "preset.hardware.") { // a node has the same
				v, ok = values["node"+strings.TrimPrefix(path, "preset")]
			}
			if !ok {
				t.Errorf("%s is acted on, and this test has no values for it", path)
				return
			}
			var digests [2]string
			for i := range digests {
				site, list := compiler.Load(siteWith(path, v[i], v[2]))
				d, more := compiler.Compile(site, compiler.Options{Manifest: "m"})
				if d == nil || list.HasErrors() {
					t.Errorf("%s: %s: %v%v\n%s", path, v[i], list, more, siteWith(path, v[i], v[2])["manifests/m.yaml"].Data)
					return
				}
				digests[i] = d.Digest()
			}
			if digests[0] == digests[1] {
				t.Errorf("%s: %s and %s give the same deployment", path, v[0], v[1])
			}
		})
	}
}

func everyField(o *schema.Object, path string, visit func(*schema.Field, string)) {
	for i := range o.Fields {
		s := &o.Fields[i]
		if s.Renamed != "" || s.Gone != "" || s.Top {
			continue // scope_test.go has what is of a whole file
		}
		visit(s, path+"."+s.Key)
		switch {
		case s.Use == schema.Later: // and so is all that is in it
		case s.Object != nil:
			everyField(s.Object, path+"."+s.Key, visit)
		case s.Elem != nil && s.Elem.Object != nil && s.Key != "nodes" && s.Key != "modules":
			everyField(s.Elem.Object, path+"."+s.Key, visit)
		}
	}
}
