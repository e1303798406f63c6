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

// Resource is one resource of a node program. Name is the line by which runs
// and checks speak of it, such as "user alice".
type Resource struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	Wish string `json:"wish"` // what must hold, in one phrase: "sudo"
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
	return Resource{Kind: r.Kind(), Name: r.String(), Wish: wish(r)}
}

func wish(r program.Resource) string {
	switch {
	case r.Hostname != nil:
		if r.Hostname.Domain != "" {
			return r.Hostname.Name + "." + r.Hostname.Domain
		}
		return r.Hostname.Name
	case r.Timezone != nil:
		return r.Timezone.Name
	case r.Package != nil:
		return "installed"
	case r.User != nil:
		return either(r.User.Sudo, "in group sudo", "not in group sudo")
	case r.Keys != nil:
		if len(r.Keys.Keys) == 0 {
			return "no keys"
		}
		return strings.Join(r.Keys.Keys, ", ")
	case r.Sudo != nil:
		return either(r.Sudo.NoPassword, "no password", "password")
	case r.SSHD != nil:
		return fmt.Sprintf("port %d, root login %s, password login %s", r.SSHD.Port, r.SSHD.PermitRootLogin, r.SSHD.PasswordAuthentication)
	case r.Fail2ban != nil:
		return either(r.Fail2ban.Enabled, "on", "off")
	case r.Service != nil:
		return either(r.Service.Enabled, "on", "off")
	case r.PVE != nil:
		return "subscription nag " + either(r.PVE.RemoveSubscriptionNag, "removed", "kept")
	case r.Password != nil:
		return "from secret " + r.Password.Secret
	}
	return ""
}

func either(cond bool, yes, no string) string {
	if cond {
		return yes
	}
	return no
}
