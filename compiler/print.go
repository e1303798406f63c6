package compiler

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/unit"
)

// Print writes a deployment as a manifest in YAML: what its nodes say themselves
// (values of the layer ir.FromNode) and nothing that is a default. It knows the
// fields that an import declares.
func Print(d *ir.Deployment) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "schema_version: 2\nname: %s\nnodes:\n", scalar(d.Manifest))
	for i := range d.Nodes {
		printNode(&b, &d.Nodes[i])
	}
	return b.Bytes()
}

func printNode(b *bytes.Buffer, n *ir.Node) {
	fmt.Fprintf(b, "  - name: %s\n", scalar(n.Name))
	line := func(key, value string, from ir.Origin) {
		if from.Layer == ir.FromNode {
			fmt.Fprintf(b, "    %s: %s\n", key, value)
		}
	}
	line("type", string(n.Type.V), n.Type.From)
	line("host", scalar(n.Host.V), n.Host.From)
	line("vmid", strconv.Itoa(n.VMID.V), n.VMID.From)
	line("cores", strconv.Itoa(n.Cores.V), n.Cores.From)
	line("memory", strconv.FormatInt(int64(n.Memory.V/unit.MiB), 10), n.Memory.From)
	line("disk", strconv.FormatInt(int64(n.Disk.V/unit.GiB), 10), n.Disk.From)
	var net []string
	if n.Network.Bridge.From.Layer == ir.FromNode {
		net = append(net, "bridge: "+scalar(n.Network.Bridge.V))
	}
	if n.Network.VLAN.From.Layer == ir.FromNode {
		net = append(net, "vlan: "+strconv.Itoa(n.Network.VLAN.V))
	}
	if len(net) > 0 {
		fmt.Fprintf(b, "    network: {%s}\n", strings.Join(net, ", "))
	}
	if n.Tags.From.Layer == ir.FromNode {
		tags := make([]string, len(n.Tags.V))
		for i, t := range n.Tags.V {
			tags[i] = scalar(t)
		}
		fmt.Fprintf(b, "    tags: [%s]\n", strings.Join(tags, ", "))
	}
	line("on_boot", strconv.FormatBool(n.OnBoot.V), n.OnBoot.From)
	line("protect", strconv.FormatBool(n.Protect.V), n.Protect.From)
}

// scalar is a text as YAML takes it: in quotes unless it is plainly a word.
func scalar(s string) string {
	plain := s != "" && (s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z')
	for _, r := range s {
		plain = plain && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
	}
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		plain = false
	}
	if plain {
		return s
	}
	return strconv.Quote(s)
}
