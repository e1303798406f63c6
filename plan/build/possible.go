package build

import (
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
)

// findable refuses to wait for a guest that nobody will ever know where it is:
// its agent says so, or its address is the one it was made with.
func (b *builder) findable(n *node, isMade bool) {
	agent := n.Extra().Hardware.NoAgent
	if n.kind() == canon.LXC || !agent.V {
		return
	}
	ip, help := seedIP(n), "give the node a static address: network: {ip: 192.168.1.20/24}; or leave the agent on"
	if m := n.match; !isMade && m != nil && m.guest.Marker != nil {
		ip = canon.Get(m.guest.Marker.Made, plan.MadeIP)
		help = "leave the agent on; a guest gets a static address when it is made"
	}
	if strings.Contains(ip, "/") {
		return
	}
	d := b.fail(codeUnfindable, agent.From.Range, n.Decl, "nobody would tell the address of node %q", n.Address)
	d.Label, d.Help = "without the agent only a static address that it is made with is known, and it has none", help
}

// featuresOf are the features that a container is to have from its beginning.
func (b *builder) featuresOf(n *node) []plan.Attr {
	var out []plan.Attr
	for _, kv := range b.desired(n) {
		if canon.KeyOf(kv.Key) == keyFeatures && kv.Value != "" {
			out = append(out, plan.Attr{Name: kv.Key, To: kv.Value})
		}
	}
	return out
}

const keyFeatures = "features"

// grantable refuses changes to a container's features that Proxmox VE takes from
// root@pam himself alone, and from no API token, not even one of his: all but
// nesting, and nesting too when the container is privileged.
func (b *builder) grantable(n *node, changes []plan.Attr, isMade bool) {
	ct := &n.Extra().Container
	privileged := !ct.Unprivileged.V
	if !isMade {
		privileged = canon.Get(n.have(), "unprivileged") != "1"
	}
	var names []string
	for _, a := range changes {
		key, name, _ := strings.Cut(a.Name, ".")
		if key == keyFeatures && (privileged || name != "nesting") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	at := map[string]source.Range{
		"fuse": ct.FUSE.From.Range, "keyctl": ct.Keyctl.From.Range, "mknod": ct.Mknod.From.Range,
		"mount": ct.Mount.From.Range, "nesting": ct.Nesting.From.Range,
	}
	slices.Sort(names)
	d := b.fail(codeRootAlone, at[names[0]], n.Decl, "no API token may change the feature %s of container %q", strings.Join(names, ", "), n.Address)
	d.Label = "Proxmox VE takes it from root@pam himself alone"
	if privileged {
		d.Label = "Proxmox VE takes any feature of a privileged container from root@pam himself alone"
	}
	set := "--delete features"
	var have []plan.KV
	number := "VMID"
	if !isMade {
		have, number = n.have(), strconv.FormatUint(uint64(n.vmid), 10)
	}
	if value := canon.Text(keyFeatures, have, b.desired(n)); value != "" {
		set = "--features \"" + value + "\""
	}
	d.Help = "run `pct set " + number + " " + set + "` as root on its host, and plan again"
	if isMade {
		d.Help = "leave it out of the manifest; once the container is there, run `pct set " + number + " " + set + "` as root on its host, which homestak then leaves as it is"
	}
}
