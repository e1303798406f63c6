package reference_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/homestak/homestak/runtime/lab"
	"github.com/homestak/homestak/runtime/lab/faults"
)

// sender says who sent a request: the recorder changed between tickets and
// tokens, and the transcript does not say which. i counts within the section.
func sender(x *exchange, i int) string {
	switch x.section {
	case "01-access":
		return accessSenders(i)
	case "02-noperm":
		return asNoperm
	case "06-lock-clone":
		if x.has("lock", "backup") || x.has("skiplock", "1") {
			return asRoot
		}
	case "16-perm":
		if strings.HasPrefix(x.path, "/access/") || x.has("args", "-foo") || x.has("hostpci0", "00:01.0") {
			return asFull
		}
		return asNoperm
	}
	return asFull
}

func accessSenders(i int) string {
	switch i {
	case 0, 1, 2, 3, 4, 5, 6:
		return asRoot
	case 9:
		return asSep
	case 10, 11:
		return asNobody
	case 12:
		return badToken
	case 13:
		return noToken
	case 14:
		return badCooky
	case 15:
		return badWord
	case 16, 17, 18, 19, 20, 21: // tickets and realms
		return asNobody
	}
	return asFull
}

func (x *exchange) has(key, value string) bool {
	for _, kv := range x.params {
		if kv == [2]string{key, value} {
			return true
		}
	}
	return false
}

// alpine is the container template of the recording.
const alpine = "alpine-3.20-default_20240908_amd64.tar.gz"

// prepare does what was done before a section and was not recorded.
func (p *player) prepare(section string) {
	switch section {
	case "02-noperm":
		_, data, _ := p.lab.Do(p.t.Context(), "POST", "/access/users/noperm@pve/token/tok", []lab.KV{{Key: "privsep", Value: "0"}})
		made, _ := data.(map[string]any)
		p.tokens[asNoperm] = asNoperm + "=" + textOf(made["value"])
		p.inside("POST", "/pools", "poolid=jsonpool", "comment=c")
	case "04-start":
		time.Sleep(15 * time.Second) // pvestatd has been there
	case "06-lock-clone":
		p.inside("PUT", "/nodes/pve1/qemu/100/config", "name=zzz2", "protection=0", "delete=tags")
	case "08-lxc":
		// The first one had nothing in it that runs.
		p.upload("local", "vztmpl", alpine, []byte("homestak builtin image 1\nname: empty\nos: none\n\n"))
	case "08b-lxc":
		p.inside("DELETE", "/nodes/pve1/lxc/200", "force=1")
		p.image("local", "vztmpl", alpine, "debian-13-standard")
	case "08c-lxc":
		time.Sleep(90 * time.Second)
	case "09-import":
		p.image("data", "import", "debian13.qcow2", "debian-13-custom") // with a guest agent
		p.inside("PUT", "/nodes/pve1/qemu/120/config", "ide2=local:cloudinit")
	case "15-nodes-locks":
		// pve2 has a directory with a guest and an address, but is no member.
		if err := p.lab.AddNode("pve2"); err != nil {
			p.t.Fatal(err)
		}
		p.inside("POST", "/nodes/pve2/qemu", "vmid=301")
		time.Sleep(5 * time.Second)
		if err := p.lab.SetNode(p.t.Context(), "pve2", lab.NodeOff); err != nil {
			p.t.Fatal(err)
		}
		p.inside("DELETE", "/cluster/config/nodes/pve2")
	case "20-clone-boot":
		p.inside("DELETE", "/nodes/pve1/qemu/133")
		p.inside("POST", "/nodes/pve1/qemu/120/clone", "newid=121", "name=cl121")
	}
}

// faults makes things go wrong.
func (p *player) faults(rules ...faults.Rule) {
	if err := p.lab.AddFaults(faults.Script{Faults: rules}); err != nil {
		p.t.Fatal(err)
	}
}

// before does what was done between two requests and was not recorded.
func (p *player) before(x *exchange) {
	const clone = "UPID:pve1:00000E8B:0005D705:6B03E7AF:qmclone:120:root@pam!full:"
	switch {
	case x.section == "08c-lxc" && x.verb == "GET" && x.path == "/nodes/pve1/lxc/200/config":
		// The recorded host could not mount into a running container; here it could.
		p.inside("POST", "/nodes/pve1/lxc/200/status/stop")
		p.inside("PUT", "/nodes/pve1/lxc/200/config", "delete=mp0")
		p.inside("PUT", "/nodes/pve1/lxc/200/config", "delete=unused0")
		p.inside("POST", "/nodes/pve1/lxc/200/status/start")
	case x.section == "10-boot" && strings.HasSuffix(x.path, "/status/start"):
		// The recorded image had a guest agent in it; here cloud-init installs it.
		const userData = "#cloud-config\npackages: [qemu-guest-agent]\nruncmd:\n  - [systemctl, start, qemu-guest-agent]\n"
		path := filepath.Join(p.lab.Dir(), "storage", "pve1", "local", "snippets", "agent.yml")
		if err := os.WriteFile(path, []byte(userData), 0o600); err != nil {
			p.t.Fatal(err)
		}
		p.inside("PUT", "/nodes/pve1/qemu/120/config", "cicustom=user=local:snippets/agent.yml")
	case x.section == "10-boot" && strings.HasSuffix(x.path, "/status/current"):
		p.inside("PUT", "/nodes/pve1/qemu/120/config", "delete=cicustom")
	case strings.HasSuffix(x.path, "/agent/exec-status") && x.has("pid", "591"):
		_, body := p.send(asFull, "POST", "/nodes/pve1/qemu/120/agent/exec",
			[][2]string{{"command", "/bin/sh"}, {"command", "-c"}, {"command", "echo out; echo err >&2; exit 3"}})
		data, _ := body["data"].(map[string]any)
		p.names["pid=591"] = fmt.Sprint(data["pid"])
		time.Sleep(time.Second)
	case x.section == "15-nodes-locks" && x.verb == "PUT" && x.has("name", "locked"):
		// Something else held the lock file of VM 100, for two requests.
		p.faults(faults.Rule{Fault: faults.LockTimeout, On: "* /nodes/pve1/qemu/100/**", Times: 2})
	case x.section == "18-race-abort" && x.verb == "GET" && x.path == "/nodes/pve1/tasks/"+clone+"/status" && p.names[clone] == "":
		_, body := p.send(asFull, "POST", "/nodes/pve1/qemu/120/clone", [][2]string{{"newid", "133"}, {"full", "1"}})
		if upid := textOf(body["data"]); upid != "" {
			p.names[clone] = upid
		}
		time.Sleep(100 * time.Millisecond) // it has begun
	case x.section == "20-clone-boot" && strings.HasSuffix(x.path, "/agent/network-get-interfaces"):
		p.inside("POST", "/nodes/pve1/qemu/121/status/start")
		time.Sleep(160 * time.Second)
	case x.section == "18-race-abort" && x.verb == "DELETE" && x.path == "/nodes/pve1/qemu/133":
		time.Sleep(5 * time.Second) // the start has ended
	case x.verb == "DELETE" && x.path == "/nodes/pve1/tasks/"+clone && p.names[clone] != "":
		p.wait(p.names[clone])
	}
}
