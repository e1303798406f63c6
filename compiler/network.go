package compiler

import (
	"net/netip"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
)

const (
	codeGateway     diag.Code = "HS0410"
	codeSiteGateway diag.Code = "HS0411"
)

// networkOf merges the node's, the spec's and the site's network.
func (c *compilation) networkOf(n *node) {
	own, d, o := &c.site.own, &n.decl.network, &n.out.Network
	var spec networkDecl
	layer := ir.FromSpec
	if n.spec != nil {
		spec, layer = n.spec.decl.network, n.spec.layer
	}
	o.Bridge = over(d.bridge, ir.FromNode, over(own.bridge, ir.FromSite, defaultText(schema.Network, "bridge")))
	o.IP = over(d.ip, ir.FromNode, over(spec.ip, layer, defaultText(schema.Network, "ip")))
	o.DNS = over(plain(d.dns, d.dnsAt), ir.FromNode,
		over(plain(spec.dns, spec.dnsAt), layer, over(plain(own.dns, own.dnsSet), ir.FromSite, byDefault([]string(nil)))))
	o.Domain = over(d.domain, ir.FromNode, over(spec.domain, layer, over(own.domain, ir.FromSite, byDefault(""))))
	o.MAC = over(d.mac, ir.FromNode, byDefault(""))
	o.VLAN = over(d.vlan, ir.FromNode, byDefault(0))
	o.Gateway = over(d.gateway, ir.FromNode, over(spec.gateway, layer, byDefault("")))
	c.gateway(n)
}

// gateway fills in the site's gateway where it fits, and checks that the
// node's own can be reached.
func (c *compilation) gateway(n *node) {
	if n.name == "" {
		return
	}
	o := &n.out.Network
	subnet, err := netip.ParsePrefix(o.IP.V)
	if err != nil { // dhcp
		if o.Gateway.V != "" && !n.decl.network.ip.Bad && (n.spec == nil || !n.spec.decl.network.ip.Bad) {
			d := c.errorAt(codeGateway, o.Gateway.From.Range, "node %q has a gateway and no address", n.name)
			d.Label = "with dhcp the gateway comes from the server"
			d.Help = "give it `ip`, or remove the gateway"
		}
		return
	}
	if o.Gateway.From == (ir.Origin{}) {
		c.siteGateway(n, subnet)
		return
	}
	gateway, err := netip.ParseAddr(o.Gateway.V)
	switch {
	case err != nil: // "": none
	case !subnet.Contains(gateway):
		d := c.errorAt(codeGateway, o.Gateway.From.Range, "gateway %s is not in the subnet of %s", gateway, o.IP.V)
		d.Label = "not in " + subnet.Masked().String()
		d.Help = "correct the gateway, the address or its prefix length"
		d.Notes = []diag.Note{{Text: "the address", Range: o.IP.From.Range}}
	case gateway == subnet.Addr():
		d := c.errorAt(codeGateway, o.Gateway.From.Range, "node %q is its own gateway", n.name)
		d.Help = "give the node another address, or correct the gateway"
		d.Notes = []diag.Note{{Text: "the address", Range: o.IP.From.Range}}
	}
}

func (c *compilation) siteGateway(n *node, subnet netip.Prefix) {
	own := c.site.own.gateway
	if !own.ok() {
		return
	}
	gateway, err := netip.ParseAddr(own.V)
	if err != nil {
		return
	}
	if subnet.Contains(gateway) && gateway != subnet.Addr() {
		n.out.Network.Gateway = over(own, ir.FromSite, n.out.Network.Gateway)
		return
	}
	d := c.warnAt(codeSiteGateway, n.out.Network.IP.From.Range, "node %q has no default route", n.name)
	d.Label = "the site's gateway " + own.V + " is not in " + subnet.Masked().String()
	d.Help = "give the node a `gateway`; `gateway: \"\"` says that it has none"
}
