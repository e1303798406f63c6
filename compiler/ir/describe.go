package ir

import (
	"strconv"

	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/unit"
)

// sink receives every effective value of a deployment, in one fixed order. The
// digest and the dump are two sinks, so what one covers the other does too; a
// test changes every field by reflection and expects both to notice.
type sink interface {
	open(kind, name string)
	// fact is a value that has no layers. Its place, if any, is not a value.
	fact(name, v string, at source.Range)
	text(name, v string, from Origin)
	number(name string, v int64, from Origin)
	size(name string, v unit.Size, from Origin)
	flag(name string, v bool, from Origin)
	texts(name string, v []string, from Origin)
	// values are items that have a provenance each.
	values(name string, v []Value[string])
}

// parentIndex is in the digest only: the address tells people the same.
const parentIndex = "parent_index"

func describe(d *Deployment, s sink) {
	s.open("deployment", d.Manifest)
	s.fact("site_id", d.SiteID, source.Range{})
	s.fact("description", d.Description, source.Range{})
	s.text("pattern", string(d.Pattern.V), d.Pattern.From)
	describeSettings(&d.Settings, s)
	s.fact("vmids", strconv.Itoa(d.VMIDs.First)+" to "+strconv.Itoa(d.VMIDs.Last), source.Range{})
	for i := range d.Nodes {
		describeNode(&d.Nodes[i], s)
	}
	for i := range d.Images {
		describeImage(&d.Images[i], s)
	}
	if len(d.Edges) > 0 {
		s.open("edges", "")
	}
	for _, e := range d.Edges {
		from, to := string(d.Nodes[e.From].Address), string(d.Nodes[e.To].Address)
		line := from + " > " + to
		if e.Until != "" {
			line += " until " + e.Until
		}
		s.fact(e.Kind.String(), line, e.Decl)
	}
}

func describeSettings(v *Settings, s sink) {
	s.text("on_error", v.OnError.V, v.OnError.From)
	s.flag("verify", v.Verify.V, v.Verify.From)
	s.flag("cleanup_on_failure", v.CleanupOnFailure.V, v.CleanupOnFailure.From)
	s.number("parallelism", int64(v.Parallelism.V), v.Parallelism.From)
	s.number("timeout", int64(v.TimeoutSeconds.V), v.TimeoutSeconds.From)
}

func describeNode(n *Node, s sink) {
	s.open("node", string(n.Address))
	s.fact("name", n.Name, n.Decl)
	s.text("type", string(n.Type.V), n.Type.From)
	s.fact(parentIndex, strconv.Itoa(n.Parent), source.Range{})
	s.text("host", n.Host.V, n.Host.From)
	s.text("spec", n.Spec.V, n.Spec.From)
	s.text("preset", n.Preset.V, n.Preset.From)
	s.text("posture", n.Posture.V, n.Posture.From)
	s.text("image", n.Image.V, n.Image.From)
	s.number("cores", int64(n.Cores.V), n.Cores.From)
	s.size("memory", n.Memory.V, n.Memory.From)
	s.size("disk", n.Disk.V, n.Disk.From)
	s.number("vmid", int64(n.VMID.V), n.VMID.From)
	describeNetwork("network.", &n.Network, s)
	if n.Guest != nil {
		describeCard("network.", &n.Guest.Card, s)
	}
	s.texts("tags", n.Tags.V, n.Tags.From)
	s.text("pool", n.Pool.V, n.Pool.From)
	s.flag("protect", n.Protect.V, n.Protect.From)
	s.flag("on_boot", n.OnBoot.V, n.OnBoot.From)
	if n.Guest != nil {
		describeGuest(n.Guest, s)
	}
	for p := range n.Modes {
		s.text("mode."+phaseNames[p], string(n.Modes[p].V), n.Modes[p].From)
	}
	s.text("run.trigger", n.Run.Trigger.V, n.Run.Trigger.From)
	s.text("run.interval", n.Run.Interval.V, n.Run.Interval.From)
	describeSpec(&n.Becomes, s)
}

func describeSpec(v *Spec, s sink) {
	s.text("hostname", v.Hostname.V, v.Hostname.From)
	s.text("timezone", v.Timezone.V, v.Timezone.From)
	s.values("package", v.Packages)
	for i := range v.Users {
		u := &v.Users[i]
		s.text("user", u.Name.V, u.Name.From)
		s.flag("user.sudo", u.Sudo.V, u.Sudo.From)
		s.values("user.key", u.Keys)
	}
	s.values("service.enable", v.ServicesEnable)
	s.values("service.disable", v.ServicesDisable)
	s.number("ssh.port", int64(v.SSH.Port.V), v.SSH.Port.From)
	s.text("ssh.permit_root_login", v.SSH.PermitRootLogin.V, v.SSH.PermitRootLogin.From)
	s.text("ssh.password_authentication", v.SSH.PasswordAuthentication.V, v.SSH.PasswordAuthentication.From)
	s.flag("sudo.nopasswd", v.SudoNoPassword.V, v.SudoNoPassword.From)
	s.flag("fail2ban", v.Fail2ban.V, v.Fail2ban.From)
	s.text("auth.method", v.AuthMethod.V, v.AuthMethod.From)
	s.text("root_password", v.RootPassword.V, v.RootPassword.From)
	if v.PVE != nil {
		s.flag("pve.remove_subscription_nag", v.PVE.RemoveSubscriptionNag.V, v.PVE.RemoveSubscriptionNag.From)
	}
}

func describeImage(m *Image, s sink) {
	s.open("image", m.Name)
	s.text("source", m.Source.V, m.Source.From)
	s.text("checksum", m.Checksum.V, m.Checksum.From)
	s.size("min_disk", m.MinDisk.V, m.MinDisk.From)
	s.text("format", m.Format.V, m.Format.From)
	s.text("os", m.OS.V, m.OS.From)
	s.text("seed", m.Seed.V, m.Seed.From)
	s.flag("host_ready", m.HostReady.V, m.HostReady.From)
}
