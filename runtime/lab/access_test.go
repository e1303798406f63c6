package lab

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// as is a client with another identity: "user@realm!id" of a token that is made
// for it.
func (c *client) as(who string, privsep string) *client {
	c.t.Helper()
	user, id, _ := strings.Cut(who, "!")
	made := c.ok("POST", "/access/users/"+user+"/token/"+id, "privsep="+privsep).(map[string]any)
	other := newClient(c.t, c.lab)
	other.token = who + "=" + made["value"].(string)
	return other
}

func TestACL(t *testing.T) {
	root := newClient(t, open(t, Config{}))
	root.ok("POST", "/access/users", "userid=ann@pve", "password=annes-password")
	root.ok("POST", "/access/groups", "groupid=ops")
	root.ok("POST", "/access/roles", "roleid=Starter", "privs=VM.PowerMgmt VM.Audit")
	root.ok("POST", "/pools", "poolid=prod")
	root.task("POST", "/nodes/pve1/qemu", "vmid=100", "pool=prod")
	root.task("POST", "/nodes/pve1/qemu", "vmid=101")
	ann, sep := root.as("ann@pve!full", "0"), root.as("ann@pve!sep", "1")

	sees := func(c *client, want ...string) {
		t.Helper()
		var got []string
		for _, row := range c.ok("GET", "/nodes/pve1/qemu").([]any) {
			got = append(got, row.(map[string]any)["name"].(string))
		}
		if strings.Join(got, ",") != strings.Join(want, ",") {
			t.Errorf("sees %v, want %v", got, want)
		}
	}
	sees(ann)
	root.ok("PUT", "/access/acl", "path=/pool/prod", "users=ann@pve", "roles=Starter")
	sees(ann, "VM 100") // a pool's roles reach its members
	sees(sep)           // a token's own ACLs are its upper bound
	root.ok("PUT", "/access/acl", "path=/vms", "tokens=ann@pve!sep", "roles=PVEVMAdmin")
	sees(sep, "VM 100") // and so are its user's
	if r := sep.do("PUT", "/nodes/pve1/qemu/100/config", "memory=1024"); r.Status != "403 Permission check failed (/vms/100, VM.Config.Memory)" &&
		!strings.HasPrefix(r.Status, "403 Permission check failed (/vms/100, VM.Config") {
		t.Error(r.Status)
	}
	ann.ok("POST", "/nodes/pve1/qemu/100/status/start")

	root.ok("PUT", "/access/acl", "path=/pool/prod", "users=ann@pve", "roles=Starter", "delete=1")
	root.ok("PUT", "/access/users/ann@pve", "groups=ops")
	root.ok("PUT", "/access/acl", "path=/vms", "groups=ops", "roles=PVEAuditor")
	sees(ann, "VM 100", "VM 101")
	root.ok("PUT", "/access/acl", "path=/vms/101", "users=ann@pve", "roles=NoAccess")
	sees(ann, "VM 100")
	root.ok("PUT", "/access/acl", "path=/vms", "groups=ops", "roles=PVEAuditor", "delete=1")
	root.ok("PUT", "/access/acl", "path=/vms", "groups=ops", "roles=PVEAuditor", "propagate=0")
	sees(ann)

	for request, want := range map[string]string{
		"PUT /access/acl path=/vms roles=Starter":                   "400 Parameter verification failed.",
		"PUT /access/acl path=/nothing users=ann@pve roles=Starter": "400 Parameter verification failed.",
		"PUT /access/acl path=/vms users=ann@pve roles=Nope":        "500 ACL update failed: role 'Nope' does not exist",
		"PUT /access/acl path=/vms users=bob@pve roles=Starter":     "500 ACL update failed: user 'bob@pve' does not exist",
		"POST /access/roles roleid=Bad privs=VM.Nope":               "400 Parameter verification failed.",
		"DELETE /access/roles/PVEAdmin":                             "500 delete role failed: auto-generated role 'PVEAdmin' cannot be deleted",
		"POST /access/users userid=ann@pve":                         "500 create user failed: user 'ann@pve' already exists",
	} {
		fields := strings.Fields(request)
		if r := root.do(fields[0], fields[1], fields[2:]...); r.Status != want {
			t.Errorf("%s: %s", request, r.Status)
		}
	}
	// Who may modify permissions of a path may give them there and nowhere else.
	root.ok("PUT", "/access/acl", "path=/vms/100", "users=ann@pve", "roles=PVEVMAdmin")
	ann.ok("PUT", "/access/acl", "path=/vms/100", "users=ann@pve", "roles=PVEVMUser")
	if r := ann.do("PUT", "/access/acl", "path=/vms/101", "users=ann@pve", "roles=PVEVMUser"); r.Status != "403 Permission check failed (/vms/101, Permissions.Modify|VM.Allocate)" {
		t.Error(r.Status)
	}
	root.ok("DELETE", "/access/users/ann@pve")
	if r := ann.do("GET", "/version"); r.Status != "401 Authentication failed!" {
		t.Error(r.Status)
	}
}

func TestTokenUpdate(t *testing.T) {
	root := newClient(t, open(t, Config{}))
	root.ok("POST", "/access/users", "userid=ann@pve")
	root.ok("POST", "/access/groups", "groupid=ops", "comment=x")
	root.ok("PUT", "/access/users/ann@pve", "groups=ops")
	ann := root.as("ann@pve!one", "1")
	made := root.ok("PUT", "/access/users/ann@pve/token/one", "regenerate=1", "privsep=0", "comment=c").(map[string]any)
	if made["full-tokenid"] != "ann@pve!one" || made["privsep"] != 0.0 || made["comment"] != "c" {
		t.Error(made)
	}
	if r := ann.do("GET", "/version"); r.Status != "401 Authentication failed!" {
		t.Error(r.Status)
	}
	ann.token = "ann@pve!one=" + made["value"].(string)
	ann.ok("GET", "/version")
	root.ok("PUT", "/access/groups/ops", "comment=y")
	if g := root.ok("GET", "/access/groups/ops").(map[string]any); g["comment"] != "y" || len(g["members"].([]any)) != 1 {
		t.Error(g)
	}
}

func TestTicket(t *testing.T) {
	clock := newClock()
	root := newClient(t, open(t, Config{Clock: clock}))
	root.ok("PUT", "/access/password", "userid=root@pam", "password=a-long-password")
	c := newClient(t, root.lab)
	c.token = ""
	if r := c.do("POST", "/access/ticket", "username=root@pam", "password=wrong-password"); r.Status != "401 authentication failure" || r.Message != "authentication failure\n" {
		t.Error(r)
	}
	login := c.ok("POST", "/access/ticket", "username=root", "realm=pam", "password=a-long-password").(map[string]any)
	ticket, csrf := login["ticket"].(string), login["CSRFPreventionToken"].(string)
	ask := func(verb, ticket, csrf string) string {
		req, err := http.NewRequestWithContext(t.Context(), verb, root.lab.URL()+"/api2/json/pools?poolid=p"+csrf[:min(3, len(csrf))], nil)
		if err != nil {
			t.Fatal(err)
		}
		if verb == "GET" {
			req.URL.RawQuery = ""
		}
		req.Header.Set("CSRFPreventionToken", csrf)
		req.AddCookie(&http.Cookie{Name: "PVEAuthCookie", Value: url.PathEscape(ticket)})
		resp, err := c.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.Status
	}
	if s := ask("GET", ticket, ""); s != "200 OK" {
		t.Error(s)
	}
	if s := ask("POST", ticket, ""); s != "401 Permission denied - invalid csrf token" {
		t.Error(s)
	}
	if s := ask("POST", ticket, csrf); s != "200 OK" {
		t.Error(s)
	}
	if s := ask("GET", strings.Replace(ticket, "root", "ruut", 1), ""); s != "401 Authentication failed!" {
		t.Error(s)
	}
	_ = clock.Sleep(t.Context(), 110*time.Minute)
	login = c.ok("POST", "/access/ticket", "username=root@pam", "password="+ticket).(map[string]any)
	_ = clock.Sleep(t.Context(), 20*time.Minute)
	if s := ask("GET", ticket, ""); s != "401 Authentication failed!" {
		t.Error("an old ticket:", s)
	}
	if s := ask("GET", login["ticket"].(string), ""); s != "200 OK" {
		t.Error("a renewed ticket:", s)
	}
}

func TestStorageConfig(t *testing.T) {
	l := open(t, Config{})
	c := newClient(t, l)
	c.ok("POST", "/storage", "storage=fast", "type=dir", "path=/srv/fast", "content=images,iso")
	c.task("POST", "/nodes/pve1/qemu", "vmid=100", "scsi0=fast:1")
	for request, want := range map[string]string{
		"POST /storage storage=fast type=dir path=/x":  "500 create storage failed: storage ID 'fast' already defined",
		"POST /storage storage=slow type=dir":          "400 Parameter verification failed.",
		"POST /storage storage=slow type=dir path=rel": "400 Parameter verification failed.",
		"DELETE /storage/slow":                         "500 delete storage failed: storage 'slow' does not exist",
		"PUT /storage/data content=iso":                "500 update storage failed: storage does not support content type 'iso'",
		"PUT /storage/fast content=images":             "200 OK",
	} {
		fields := strings.Fields(request)
		if r := c.do(fields[0], fields[1], fields[2:]...); r.Status != want {
			t.Errorf("%s: %s %v", request, r.Status, r.Errors)
		}
	}
	dir := l.dir.root
	l.Close()
	again := newClient(t, open(t, Config{Dir: dir}))
	if got := again.ok("GET", "/storage/fast").(map[string]any); got["content"] != "images" || got["path"] != "/srv/fast" {
		t.Error(got)
	}
	if list := again.ok("GET", "/nodes/pve1/storage/fast/content").([]any); len(list) != 1 {
		t.Error(list)
	}
	again.ok("DELETE", "/storage/fast")
	if r := again.do("GET", "/storage/fast"); r.Status != "500 storage 'fast' does not exist" {
		t.Error(r.Status)
	}
}
