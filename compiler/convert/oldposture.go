package convert

import (
	"strings"

	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/syntax"
)

// flatPosture is v1's postures: what each key is called today.
var flatPosture = map[string]string{
	"ssh_port":                    "ssh.port",
	"ssh_permit_root_login":       "ssh.permit_root_login",
	"ssh_password_authentication": "ssh.password_authentication",
	"sudo_nopasswd":               "sudo.nopasswd",
	"fail2ban_enabled":            "fail2ban.enabled",
}

func isFlatPosture(v *value) bool {
	for _, e := range v.entries {
		if flatPosture[e.key] != "" {
			return true
		}
	}
	return false
}

// posture groups the flat keys, each group where its first key stands.
func (c *conversion) posture(d *definition) {
	d.kind = schema.KindPosture
	var out []*entry
	groups := map[string]*entry{}
	for _, e := range d.body.entries {
		to := flatPosture[e.key]
		if to == "" {
			if g := groups[e.key]; g != nil {
				c.report(codeOldShape, e.at, "the posture has %s in the old form and in today's", e.key).Help = "remove one of the two"
			}
			out = append(out, e)
			groups[e.key] = e
			continue
		}
		group, key, _ := strings.Cut(to, ".")
		g := groups[group]
		if g == nil {
			g = field(group, mapping())
			g.lead, e.lead = e.lead, nil
			g.blank, e.blank = e.blank, false
			groups[group] = g
			out = append(out, g)
		}
		if g.value.kind != syntax.Map || g.value.find(key) != nil {
			c.report(codeOldShape, e.at, "the posture has both %s and %s", e.key, group).Help = "remove one of the two"
			continue
		}
		e.key = key
		g.value.entries = append(g.value.entries, e)
	}
	d.body.entries = out
}
