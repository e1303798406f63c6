package view

import (
	"fmt"
	"strings"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/program"
)

// Program is a node program, spelled out.
type Program struct {
	Digest    string     `json:"digest"`
	Node      string     `json:"node"`
	Resources []Resource `json:"resources"`
}

// Resource is one resource of a node program. Text is one line a person can
// review, such as "user alice, sudo"; it is the same in every rendering.
type Resource struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	Text string `json:"text"`
}

func programsOf(list []plan.NodeProgram) ([]Program, error) {
	out := make([]Program, len(list))
	for i, np := range list {
		p, err := ProgramOf(np)
		if err != nil {
			return nil, err
		}
		out[i] = p
	}
	return out, nil
}

// ProgramOf spells out one encoded node program.
func ProgramOf(np plan.NodeProgram) (Program, error) {
	p, err := program.Decode(np.Data)
	if err != nil {
		return Program{}, fmt.Errorf("node program %s: %w", np.Digest, err)
	}
	return Program{np.Digest, p.Node, each(p.Resources, resourceOf)}, nil
}

func resourceOf(r program.Resource) Resource {
	switch {
	case r.Hostname != nil:
		name := r.Hostname.Name
		if r.Hostname.Domain != "" {
			name += "." + r.Hostname.Domain
		}
		return Resource{"hostname", r.Hostname.Name, "hostname " + name}
	case r.Timezone != nil:
		return Resource{"timezone", r.Timezone.Name, "timezone " + r.Timezone.Name}
	case r.Package != nil:
		return Resource{"package", r.Package.Name, "package " + r.Package.Name}
	case r.User != nil:
		return Resource{"user", r.User.Name, "user " + r.User.Name + either(r.User.Sudo, ", sudo", "")}
	case r.Keys != nil:
		keys := "no keys"
		if len(r.Keys.Keys) > 0 {
			keys = strings.Join(r.Keys.Keys, ", ")
		}
		return Resource{"keys", r.Keys.User, "authorized keys of " + r.Keys.User + ": " + keys}
	case r.Sudo != nil:
		return Resource{"sudo", "sudo", "sudo " + either(r.Sudo.NoPassword, "without", "with") + " password"}
	case r.SSHD != nil:
		return Resource{"sshd", "sshd", fmt.Sprintf("sshd port %d, root login %s, password login %s",
			r.SSHD.Port, r.SSHD.PermitRootLogin, r.SSHD.PasswordAuthentication)}
	case r.Fail2ban != nil:
		return Resource{"fail2ban", "fail2ban", "fail2ban " + either(r.Fail2ban.Enabled, "on", "off")}
	case r.Service != nil:
		return Resource{"service", r.Service.Name, "service " + r.Service.Name + either(r.Service.Enabled, " on", " off")}
	case r.PVE != nil:
		return Resource{"pve", "pve", "pve subscription nag " + either(r.PVE.RemoveSubscriptionNag, "removed", "kept")}
	case r.Password != nil:
		return Resource{"password", r.Password.User, "password of " + r.Password.User + " from secret " + r.Password.Secret}
	default:
		return Resource{"unknown", "", "a resource this version does not know"}
	}
}

func either(cond bool, yes, no string) string {
	if cond {
		return yes
	}
	return no
}
