package apply_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/lab"
	"github.com/homestak/homestak/runtime/perm"
	"github.com/homestak/homestak/runtime/secret"
)

// newRelease is the lab's.
var newRelease = perm.Release{Major: 9, Minor: 2}

// rolesFor are the roles that `homestak perms` prints for a plan.
func rolesFor(p *plan.Plan, prefix string) []perm.Role {
	needs := perm.Plan(&p.Program, "lab", perm.World{Release: func(string) perm.Release { return newRelease }})
	return perm.Roles(perm.Least(perm.Widen(needs)), prefix)
}

// pveum does what an administrator who types the printed commands does, and
// returns the token if one was made.
func (w *world) pveum(commands []string) (token string) {
	w.t.Helper()
	for _, line := range commands {
		f := strings.Fields(strings.ReplaceAll(line, `"`, ""))
		flag := map[string]string{}
		for i, word := range f {
			if name, ok := strings.CutPrefix(word, "--"); ok {
				flag[name] = f[i+1]
			}
		}
		switch strings.Join(f[:3], " ") {
		case "pveum role add":
			w.do("POST", "/access/roles", "roleid", f[3], "privs", flag["privs"])
		case "pveum role modify":
			w.do("PUT", "/access/roles/"+f[3], "privs", flag["privs"])
		case "pveum user add":
			w.do("POST", "/access/users", "userid", f[3])
		case "pveum user token":
			data, _ := json.Marshal(w.do("POST", "/access/users/"+f[4]+"/token/"+f[5], "privsep", flag["privsep"]))
			var made struct {
				ID    string `json:"full-tokenid"`
				Value string `json:"value"`
			}
			if err := json.Unmarshal(data, &made); err != nil || made.Value == "" {
				w.t.Fatalf("%s: %s", line, data)
			}
			token = made.ID + "=" + made.Value
		case "pveum acl modify":
			w.do("PUT", "/access/acl", "path", f[3], "users", flag["users"], "roles", flag["roles"], "propagate", flag["propagate"])
		default:
			w.t.Fatalf("what is %q?", line)
		}
	}
	return token
}

// as makes the site use another token.
func (w *world) as(token string) {
	h := w.env.Hosts["lab"]
	h.Token = secret.New([]byte(token))
	w.env.Hosts["lab"] = h
}

// setRole gives a role other privileges.
func (w *world) setRole(name string, privs []string) {
	w.t.Helper()
	// PVE takes an empty list for "no change"; a role without privileges is one with
	// a harmless one.
	if len(privs) == 0 {
		privs = []string{"Realm.AllocateUser"}
	}
	w.do("PUT", "/access/roles/"+name, "privs", strings.Join(privs, ","))
}

func without(list []string, x string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == x })
}

// A plan applied with exactly the roles that perms prints succeeds. With any one
// privilege taken out of a role it is refused, naming the privilege and a path,
// and nothing was written. With one taken away after preflight the run does not
// succeed: no privilege is printed for nothing.
func TestExactlyThePrintedRole(t *testing.T) {
	t.Parallel()
	node := func(text string) string {
		return "schema_version: 2\nname: one\nnodes:\n  - {name: a, spec: web" + text + "}\n"
	}
	type stage struct {
		manifest string
		goal     plan.Goal
	}
	// Between them the stages plan every op that this version plans.
	stories := map[string][]stage{
		"vm": {
			{node(", preset: vm-small"), plan.GoalCreate},
			{node(", preset: vm-large"), plan.GoalCreate},
			{node(", preset: vm-large, disks: [{name: data, size: 1}], interfaces: [{bridge: vmbr0}], boot: {startup: 2}"), plan.GoalCreate},
			{node(", preset: vm-large, disks: [{name: data, size: 2}], storage: local"), plan.GoalCreate},
			{node(", preset: vm-large, storage: local"), plan.GoalCreate},
			{node(", preset: vm-large, storage: local"), plan.GoalDestroy},
			{node(", preset: vm-small"), plan.GoalTest},
		},
		"ct": {
			{node(", type: ct, disks: [{name: data, size: 1, path: /srv}]"), plan.GoalCreate},
			{node(", type: ct, cores: 2, memory: 1024, disks: [{name: data, size: 2, path: /srv}, {name: more, size: 1, path: /more}], interfaces: [{ip: dhcp}]"), plan.GoalCreate},
			{node(", type: ct, cores: 2, memory: 1024, disks: [{name: more, size: 1, path: /more}], features: {nesting: true}"), plan.GoalCreate},
			{node(", type: ct, cores: 2, memory: 1024, disks: [{name: more, size: 1, path: /more}], features: {nesting: true}, storage: local"), plan.GoalCreate},
			{node(", cores: 2, memory: 1024"), plan.GoalCreate}, // replaced by a VM
			{node(", cores: 2, memory: 1024"), plan.GoalDestroy},
		},
		"clone": {
			{node(", preset: vm-small, clone: full"), plan.GoalCreate},
			{node(", preset: vm-small, clone: full"), plan.GoalDestroy},
			{node(", preset: vm-small, clone: linked"), plan.GoalCreate},
		},
	}
	for name, stages := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil, func(c *lab.Config) { c.PollTime = 0 })
			w.t = t
			for i, s := range stages {
				w.write("manifests/one.yaml", s.manifest)
				exactly(t, w, fmt.Sprintf("%s-%d", name, i), s.goal)
				if t.Failed() {
					return
				}
			}
		})
	}
}

// exactly applies a plan with the printed roles, after it was refused without each
// of their privileges.
func exactly(t *testing.T, w *world, name string, goal plan.Goal) {
	t.Helper()
	root := w.env.Hosts["lab"].Token
	defer func() { w.as(string(root.Reveal())) }()
	p := w.plan("one", goal)
	roles := rolesFor(p, "hs-"+name)
	w.as(w.pveum(perm.Commands(roles, name+"@pve", "driver")))
	// What makes a guest may also plan it. What changes one need not see the storage
	// that images are on.
	if s := p.Program.Steps[0].Op; s == plan.ImageFetch {
		if again := w.plan("one", goal); again.Program.Digest() != p.Program.Digest() {
			t.Errorf("%s: the plan is another one with the printed role", name)
		}
	}
	for _, r := range roles {
		for _, priv := range r.Privs {
			w.setRole(r.Name, without(r.Privs, priv))
			before := w.writes()
			refused(t, w, p, priv, r)
			if n := w.writes() - before; n != 0 {
				t.Errorf("%s without %s: %d writes before the refusal", name, priv, n)
			}
			w.setRole(r.Name, r.Privs)
		}
	}
	w.must(p, apply.Done)
}

// refused expects that preflight names a privilege and where it is missing.
func refused(t *testing.T, w *world, p *plan.Plan, priv string, r perm.Role) {
	t.Helper()
	report := w.run(p, apply.Options{})
	if report.Outcome != apply.Refused {
		t.Errorf("%s without %s at %v: %s\n%s", p.Program.Goal, priv, r.At, report.Outcome, tell(report))
		return
	}
	for _, at := range r.At {
		if !slices.ContainsFunc(report.Findings, func(d *diag.Diagnostic) bool {
			return d.Code == "HS0690" && strings.Contains(d.Message, "lacks "+priv+" at ") && strings.Contains(d.Message, at.Path)
		}) {
			t.Errorf("%s without %s at %s: nobody says so\n%s", p.Program.Goal, priv, at.Path, tell(report))
		}
	}
}

// A privilege that goes away when the first step has started makes the run fail:
// none is printed that nothing needs. What only planning and preflight need, to
// see what is there, is not asked for again.
func TestNoPrivilegeIsPrintedForNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one}, func(c *lab.Config) { c.PollTime = 0 })
	root := string(w.env.Hosts["lab"].Token.Reveal())
	create := w.plan("one", plan.GoalCreate)
	roles := rolesFor(create, "hs")
	token := w.pveum(perm.Commands(roles, "driver@pve", "one"))
	for _, r := range roles {
		for _, priv := range r.Privs {
			if priv == "Sys.Audit" && r.At[0].Path == "/" || priv == "Pool.Allocate" {
				continue // used before the first step: to plan, and for the lease
			}
			w.as(token)
			var once sync.Once
			w.react = func(e apply.Event) {
				if e.Kind == apply.StepStarted {
					once.Do(func() { w.setRole(r.Name, without(r.Privs, priv)) })
				}
			}
			report := w.run(create, apply.Options{})
			if report.Outcome == apply.Done {
				t.Errorf("without %s at %v the run succeeds", priv, r.At)
			}
			w.react = nil
			w.setRole(r.Name, r.Privs)
			w.as(root)
			w.run(create, apply.Options{})
			w.must(w.plan("one", plan.GoalDestroy), apply.Done)
			for _, volume := range w.volumes("import") {
				w.do("DELETE", "/nodes/lab/storage/local/content/"+url.PathEscape(volume))
			}
		}
	}
}

// volumes lists the entries of one content type.
func (w *world) volumes(content string) (out []string) {
	w.t.Helper()
	data, _ := json.Marshal(w.do("GET", "/nodes/lab/storage/local/content", "content", content))
	var list []struct{ Volid string }
	if err := json.Unmarshal(data, &list); err != nil {
		w.t.Fatal(err)
	}
	for _, v := range list {
		out = append(out, v.Volid)
	}
	return out
}
