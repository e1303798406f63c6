package perm_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/lab"
	"github.com/homestak/homestak/runtime/perm"
)

// samples are steps that between them use every row of the table, every kind of
// option, and the guests 100 and 200 of the test's lab.
func samples(kind string) []*plan.Step {
	options := []string{
		"name", "x", "description", "text", "tags", "a", "onboot", "1", "protection", "0", "agent", "1", "ostype", "l26", "bios", "seabios",
		"cores", "2", "sockets", "1", "cpu", "x86-64-v2-AES", "cpulimit", "1", "cpuunits", "100", "numa", "1", "numa0", "cpus=0,memory=512", "affinity", "0",
		"memory", "512", "balloon", "0", "shares", "100",
		"hotplug", "disk,network", "scsihw", "virtio-scsi-pci", "machine", "q35", "vga", "std", "tablet", "0", "kvm", "1", "acpi", "1",
		"smbios1", "uuid=11111111-2222-4333-8444-555555555555", "serial0", "socket", "usb0", "spice", "rng0", "source=/dev/urandom", "audio0", "device=AC97",
		"boot", "order=scsi0", "scsi5", "local:1", "virtio1", "local:1", "sata0", "local:1", "ide2", "local:cloudinit,media=cdrom", "efidisk0", "local:1",
		"tpmstate0", "local:1,version=v2.0", "scsi6", "local:0,import-from=local:import/x.raw",
		"net3", "virtio,bridge=vmbr0", "net4", "virtio,bridge=vmbr0,tag=7", "net5", "virtio",
		"ipconfig0", "ip=dhcp", "ciuser", "a", "nameserver", "10.0.0.1", "searchdomain", "x.y", "sshkeys", "",
		"startup", "order=2",
	}
	id := "100"
	if kind == "lxc" {
		id = "200"
		options = []string{
			"hostname", "x", "description", "text", "tags", "a", "onboot", "1", "protection", "0", "startup", "order=2",
			"cores", "2", "cpulimit", "1", "cpuunits", "100", "memory", "512", "swap", "0", "mp3", "local:1,mp=/srv",
			"net1", "name=eth1,bridge=vmbr0", "nameserver", "10.0.0.1", "searchdomain", "x.y", "features", "nesting=1",
		}
	}
	var out []*plan.Step
	for i := 0; i < len(options); i += 2 {
		out = append(out, step(plan.GuestConfigure, "kind", kind, "vmid", id, options[i], options[i+1]))
	}
	out = append(out,
		step(plan.GuestStart, "kind", kind, "vmid", id), step(plan.GuestReboot, "kind", kind, "vmid", id),
		step(plan.GuestShutdown, "kind", kind, "vmid", id, "grace", "1"), step(plan.GuestStop, "kind", kind, "vmid", id),
		step(plan.GuestAwait, "kind", kind, "vmid", id, "for", "[agent,ip]"),
		step(plan.GuestForget, "kind", kind, "vmid", id), step(plan.GuestAdopt, "kind", kind, "vmid", id, "tags", "homestak"),
		step(plan.GuestMove, "kind", kind, "vmid", id, "what", "guest", "target", "other"),
	)
	if kind == "lxc" {
		return append(out,
			step(plan.GuestGrow, "kind", kind, "vmid", id, "disk", "rootfs", "size", "8589934592", "storage", "local"),
			step(plan.GuestMove, "kind", kind, "vmid", id, "what", "disk", "disk", "mp0", "storage", "data"),
			step(plan.GuestDetach, "kind", kind, "vmid", id, "what", "keep", "disk", "mp0", "volume", "local:200/vm-200-disk-1.raw"),
			step(plan.CTCreate, "vmid", "201", "hostname", "new", "ostemplate", "local:vztmpl/t.tar.zst", "rootfs", "local:1", "unprivileged", "1",
				"features", "nesting=1", "net0", "name=eth0,bridge=vmbr0", "memory", "512", "cores", "1", "tags", "homestak"),
			step(plan.CTCreate, "vmid", "202", "hostname", "new", "ostemplate", "local:vztmpl/t.tar.zst", "rootfs", "local:1", "unprivileged", "0"),
			step(plan.GuestDelete, "kind", kind, "vmid", id),
		)
	}
	return append(out,
		step(plan.ImageFetch, "storage", "local", "source", "builtin:x", "volume", "local:import/a.raw"),
		step(plan.ImageFetch, "storage", "local", "source", "https://127.0.0.1:1/x", "volume", "local:import/b.raw"),
		step(plan.SeedUpload, "storage", "local"),
		step(plan.SeedRemove, "storage", "local", "what", "upload"),
		step(plan.GuestGrow, "vmid", id, "disk", "scsi0", "size", "2147483648", "storage", "local"),
		step(plan.GuestAttach, "vmid", id, "disk", "scsi9", "scsi9", "local:1,serial=x"),
		step(plan.GuestDetach, "vmid", id, "what", "keep", "disk", "scsi9", "volume", "local:100/vm-100-disk-9.raw"),
		step(plan.GuestDetach, "vmid", id, "what", "delete", "disk", "scsi5", "volume", "local:100/vm-100-disk-2.raw"),
		step(plan.SeedRemove, "vmid", id, "what", "disk", "slot", "scsi1", "storage", "local"),
		step(plan.SeedRemove, "vmid", id, "what", "disk", "slot", "scsi7", "storage", "local", "content", "iso"),
		step(plan.GuestMove, "vmid", id, "what", "disk", "disk", "virtio1", "storage", "data"),
		step(plan.GuestCreate, "vmid", "101", "name", "new", "cores", "2", "memory", "512", "scsihw", "virtio-scsi-single", "agent", "1", "boot", "order=scsi0",
			"scsi0", "data:0,import-from=local:import/x.raw", "seed.storage", "local", "net0", "virtio,bridge=vmbr0,tag=3", "tags", "homestak",
			"smbios1", "uuid=11111111-2222-4333-8444-555555555556", "serial0", "socket", "image.name", "debian"),
		step(plan.GuestCreate, "vmid", "104", "name", "cd", "scsi0", "data:1", "seed.storage", "local", "seed.content", "iso"),
		step(plan.TemplateBuild, "vmid", "102", "name", "t", "scsi0", "local:0,import-from=local:import/x.raw"),
		step(plan.GuestClone, "source", "300", "mode", "full", "storage", "data", "vmid", "103", "name", "c", "cores", "2"),
		step(plan.GuestDelete, "vmid", id),
		step(plan.SpecPublish, "program", "x"), step(plan.TargetAwait, "program", "x"),
		step(plan.TargetPush, "vmid", "300"), step(plan.CheckReady, "vmid", "300"), step(plan.HostEnroll, "vmid", "300", "storage", "local"),
		step(plan.GuestRename, "vmid", "300", "name", "x", "description", "x"),
	)
}

// An op without a sample is one whose row nobody compares with the lab.
func TestEveryOpHasASample(t *testing.T) {
	for _, op := range ops() {
		if !slices.ContainsFunc(slices.Concat(samples("qemu"), samples("lxc")), func(s *plan.Step) bool { return s.Op == op }) {
			t.Errorf("%s is not compared with the lab", op)
		}
	}
}

// request is one of those an op sends.
type request struct {
	method, path string
	params       url.Values
	file         bool // an upload
}

// requests are what an op sends for a step, by the contracts in plan/op.go.
func requests(s *plan.Step) []request {
	kind, id := s.Text("kind"), s.Text("vmid")
	if s.Op == plan.CTCreate {
		kind = "lxc"
	}
	if kind == "" {
		kind = "qemu"
	}
	const node = "/nodes/lab/"
	guest := node + kind + "/" + id
	own := url.Values{}
	for _, a := range s.Args {
		if !strings.Contains(a.Name, ".") && a.Name != "kind" && a.Name != "vmid" {
			own.Set(a.Name, a.Value.Text)
		}
	}
	read := request{method: "GET", path: guest + "/pending"}
	content := request{method: "GET", path: node + "storage/local/content", params: url.Values{"content": {"import"}}}
	upload := request{method: "POST", path: node + "storage/local/upload", file: true}
	remove := request{method: "DELETE", path: node + "storage/local/content/local:import/gone.raw"}
	power := func(verb string) []request { return []request{read, {method: "POST", path: guest + "/status/" + verb}} }
	put := func(path string, kv ...string) []request {
		p := url.Values{}
		for i := 0; i < len(kv); i += 2 {
			p.Set(kv[i], kv[i+1])
		}
		return []request{read, {method: "PUT", path: guest + path, params: p}}
	}
	post := func(path string, kv ...string) []request {
		out := put(path, kv...)
		out[1].method = "POST"
		return out
	}
	switch s.Op {
	case plan.ImageFetch:
		if s.Text("source") == "builtin:x" {
			return []request{content, upload}
		}
		return []request{content, {method: "POST", path: node + "storage/local/download-url", params: url.Values{
			"content": {"import"}, "filename": {"b.raw"}, "url": {s.Text("source")}, "checksum": {strings.Repeat("0", 64)}, "checksum-algorithm": {"sha256"}}}}
	case plan.SeedUpload:
		return []request{content, upload, remove}
	case plan.SeedRemove:
		if s.Text("what") == "disk" {
			return put("/unlink", "idlist", s.Text("slot"), "force", "1")
		}
		return []request{content, remove}
	case plan.GuestConfigure, plan.GuestAdopt, plan.GuestRename:
		return []request{read, {method: "PUT", path: guest + "/config", params: own}}
	case plan.GuestAttach:
		own.Del("disk")
		own.Set("description", "marker")
		return []request{read, {method: "PUT", path: guest + "/config", params: own}}
	case plan.GuestForget:
		return put("/config", "delete", "tags", "description", "")
	case plan.GuestGrow:
		return put("/resize", "disk", s.Text("disk"), "size", s.Text("size"))
	case plan.GuestDetach:
		if s.Text("what") == "delete" {
			return append(put("/unlink", "idlist", s.Text("disk"), "force", "1"), put("/config", "description", "marker")...)
		}
		return put("/config", "delete", s.Text("disk"), "description", "marker")
	case plan.GuestMove:
		switch {
		case s.Text("what") == "guest":
			return post("/migrate", "target", "other")
		case kind == "lxc":
			return post("/move_volume", "volume", s.Text("disk"), "storage", s.Text("storage"))
		}
		return post("/move_disk", "disk", s.Text("disk"), "storage", s.Text("storage"))
	case plan.GuestStart:
		return power("start")
	case plan.GuestStop:
		return power("stop")
	case plan.GuestShutdown:
		return power("shutdown")
	case plan.GuestReboot:
		return power("reboot")
	case plan.GuestAwait, plan.TargetPush, plan.CheckReady, plan.HostEnroll:
		if kind == "lxc" {
			return []request{read, {method: "GET", path: guest + "/interfaces"}}
		}
		return []request{read, {method: "POST", path: guest + "/agent/ping"}, {method: "GET", path: guest + "/agent/network-get-interfaces"}}
	case plan.GuestDelete:
		return []request{read, {method: "DELETE", path: guest}}
	case plan.GuestCreate, plan.TemplateBuild, plan.CTCreate:
		own.Set("vmid", id)
		switch {
		case s.Text("seed.content") == "iso":
			own.Set("scsi1", "local:iso/x.iso,media=cdrom")
		case s.Text("seed.storage") != "":
			own.Set("scsi1", "data:0,import-from=local:import/x.raw")
		}
		out := []request{read, {method: "POST", path: node + kind, params: own}}
		if s.Op == plan.TemplateBuild {
			out = append(out, request{method: "POST", path: guest + "/template"})
		}
		return out
	case plan.GuestClone:
		return []request{
			read,
			{method: "GET", path: node + "qemu/" + s.Text("source") + "/pending"},
			{method: "POST", path: node + "qemu/" + s.Text("source") + "/clone", params: url.Values{
				"newid": {id}, "full": {"1"}, "storage": {s.Text("storage")}, "name": {s.Text("name")}}},
			{method: "PUT", path: guest + "/config", params: url.Values{"cores": {s.Text("cores")}, "name": {s.Text("name")}}},
		}
	}
	return nil
}

// client asks a lab with a token.
type client struct {
	t     *testing.T
	lab   *lab.Lab
	http  *http.Client
	token string
}

func (c *client) root(method, path string, kv ...string) any {
	c.t.Helper()
	var list []lab.KV
	for i := 0; i < len(kv); i += 2 {
		list = append(list, lab.KV{Key: kv[i], Value: kv[i+1]})
	}
	status, data, reason := c.lab.Do(c.t.Context(), method, path, list)
	if status != 200 {
		c.t.Fatalf("%s %s %v: %d %s", method, path, kv, status, reason)
	}
	if upid, ok := data.(string); ok && strings.HasPrefix(upid, "UPID:") {
		c.settle(upid)
	}
	return data
}

// settle waits, by asking, for the end of a task.
func (c *client) settle(upid string) {
	for {
		_, data, _ := c.lab.Do(c.t.Context(), "GET", "/nodes/lab/tasks/"+upid+"/status", nil)
		if st, _ := json.Marshal(data); strings.Contains(string(st), `"stopped"`) {
			return
		}
	}
}

// ask sends a request and returns the status line.
func (c *client) ask(r request) (status int, reason string) {
	c.t.Helper()
	target, body, kind := c.lab.URL()+"/api2/json"+r.path, io.Reader(nil), ""
	switch {
	case r.file:
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		_ = w.WriteField("content", "import")
		f, _ := w.CreateFormFile("filename", "gone.raw")
		_, _ = f.Write(make([]byte, 512))
		_ = w.Close()
		body, kind = &form, w.FormDataContentType()
	case r.method == "GET" || r.method == "DELETE":
		target += "?" + r.params.Encode()
	default:
		body, kind = strings.NewReader(r.params.Encode()), "application/x-www-form-urlencoded"
	}
	req, err := http.NewRequestWithContext(c.t.Context(), r.method, target, body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "PVEAPIToken="+c.token)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct{ Data any }
	_ = json.NewDecoder(res.Body).Decode(&answer)
	if upid, ok := answer.Data.(string); ok && strings.HasPrefix(upid, "UPID:") {
		c.settle(upid)
	}
	return res.StatusCode, res.Status
}

// refused sends a step's requests until one is refused for want of a privilege.
func (c *client) refused(s *plan.Step) string {
	for _, r := range requests(s) {
		if status, reason := c.ask(r); status == 403 {
			return r.method + " " + r.path + ": " + reason
		} else if status == 501 || status == 401 || status == 400 {
			c.t.Errorf("%s %v: %s %s %v: %s", s.Op, s.Args, r.method, r.path, r.params, reason)
		}
	}
	return ""
}

// With exactly the least that the table says, no request of a step is refused by
// the lab, whose checks come from PVE's schema; without any one privilege of it
// some request is.
func TestTableAgainstTheLab(t *testing.T) {
	for _, kind := range []string{"qemu", "lxc"} {
		for i, s := range samples(kind) {
			c := newClient(t)
			needs, ok := perm.Step(s, perm.Place{Node: "lab", Release: perm.Release{Major: 9, Minor: 2}, Kind: kind})
			if !ok {
				t.Fatal(s.Op)
			}
			grants := perm.Least(needs)
			role := func(n int) string { return fmt.Sprintf("r%d-%d", i, n) }
			grant := func(n int, privs []string, remove string) {
				c.root("PUT", "/access/acl", "path", grants[n].Path, "users", "u@pve", "roles", role(n), "propagate", "0", "delete", remove)
				if len(privs) > 0 && remove == "0" {
					c.root("PUT", "/access/roles/"+role(n), "privs", strings.Join(privs, ","))
				}
			}
			for n, g := range grants {
				c.root("POST", "/access/roles", "roleid", role(n), "privs", strings.Join(g.Privs, ","))
				grant(n, g.Privs, "0")
			}
			for n, g := range grants {
				for _, priv := range g.Privs {
					less := slices.DeleteFunc(slices.Clone(g.Privs), func(p string) bool { return p == priv })
					if len(less) == 0 {
						grant(n, nil, "1")
					} else {
						grant(n, less, "0")
					}
					if c.refused(s) == "" {
						t.Errorf("%s %s %v: the lab does not miss %s at %s", kind, s.Op, s.Args, priv, g.Path)
					}
					grant(n, g.Privs, "0")
				}
			}
			if why := c.refused(s); why != "" {
				t.Errorf("%s %s %v with %v: %s", kind, s.Op, s.Args, grants, why)
			}
			c.lab.Close()
		}
	}
}

// newClient is a lab with a VM, a container and a template, and somebody who may
// nothing.
func newClient(t *testing.T) *client {
	t.Helper()
	l, err := lab.Open(t.Context(), lab.Config{Dir: t.TempDir(), Hypervisor: lab.Bare})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	c := &client{t: t, lab: l, http: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}}
	c.token = l.Token()
	for _, f := range []string{"import/x.raw", "import/gone.raw", "vztmpl/t.tar.zst", "iso/x.iso"} {
		c.upload(f)
	}
	c.root("POST", "/nodes/lab/qemu", "vmid", "100", "scsi0", "local:1", "scsi1", "local:1", "scsi5", "local:1", "scsi9", "local:1", "virtio1", "local:1", "scsi7", "local:iso/x.iso,media=cdrom", "net0", "virtio,bridge=vmbr0", "agent", "1", "tags", "x")
	c.root("POST", "/nodes/lab/qemu", "vmid", "300", "scsi0", "local:1")
	c.root("POST", "/nodes/lab/lxc", "vmid", "200", "ostemplate", "local:vztmpl/t.tar.zst", "rootfs", "local:1", "mp0", "local:1,mp=/data", "unprivileged", "1", "tags", "x")
	c.root("POST", "/access/users", "userid", "u@pve")
	data, _ := json.Marshal(c.root("POST", "/access/users/u@pve/token/tt", "privsep", "0"))
	var made struct {
		ID    string `json:"full-tokenid"`
		Value string `json:"value"`
	}
	if err := json.Unmarshal(data, &made); err != nil {
		t.Fatal(err)
	}
	c.token = made.ID + "=" + made.Value
	return c
}

func (c *client) upload(name string) {
	content, file, _ := strings.Cut(name, "/")
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	_ = w.WriteField("content", content)
	f, _ := w.CreateFormFile("filename", file)
	_, _ = f.Write(make([]byte, 512))
	_ = w.Close()
	req, _ := http.NewRequestWithContext(c.t.Context(), "POST", c.lab.URL()+"/api2/json/nodes/lab/storage/local/upload", &form)
	req.Header.Set("Authorization", "PVEAPIToken="+c.token)
	req.Header.Set("Content-Type", w.FormDataContentType())
	res, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct{ Data string }
	_ = json.NewDecoder(res.Body).Decode(&answer)
	c.settle(answer.Data)
}
