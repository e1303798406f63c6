package lab

import (
	"fmt"
	"strings"
	"testing"
)

// ctTemplate puts something on local that containers are made of.
func (c *client) ctTemplate() string {
	c.t.Helper()
	const name = "debian-13-standard_13.0-1_amd64.tar.zst"
	if exit := c.wait(c.uploadFile("local", "vztmpl", name, []byte("a template")).Data); exit != "OK" {
		c.t.Fatal(exit)
	}
	return "local:vztmpl/" + name
}

// openCT is a lab with container 200, which is off.
func openCT(t *testing.T) (*client, string) {
	c := newClient(t, open(t, Config{}))
	image := c.ctTemplate()
	if exit := c.task("POST", "/nodes/pve1/lxc", "vmid=200", "ostemplate="+image, "hostname=ct1", "memory=256", "swap=0", "cores=1",
		"rootfs=local:1", "net0=name=eth0,bridge=vmbr0,ip=10.10.0.60/16,gw=10.10.0.1", "unprivileged=1", "tags=Ct;a"); exit != "OK" {
		t.Fatal(exit)
	}
	return c, image
}

// Each case is a request about containers and PVE's own answer.
func TestContainerAnswers(t *testing.T) {
	c, image := openCT(t)
	c.task("POST", "/nodes/pve1/qemu", "vmid=100")
	const bad = "400 Parameter verification failed."
	for _, tc := range [][2]string{
		{"POST /nodes/pve1/lxc vmid=200 ostemplate=" + image, "500 CT 200 already exists on node 'pve1'"},
		{"POST /nodes/pve1/lxc vmid=100 ostemplate=" + image, "500 VM 100 already exists on node 'pve1'"},
		{"POST /nodes/pve1/qemu vmid=200", "500 unable to create VM 200 - CT 200 already exists on node 'pve1'"},
		{"POST /nodes/pve1/lxc vmid=201", bad},
		{"POST /nodes/pve1/lxc vmid=201 ostemplate=nostore:vztmpl/x.tar.gz", "500 storage 'nostore' does not exist"},
		{"POST /nodes/pve1/lxc vmid=201 storage=nostore ostemplate=" + image, "500 storage 'nostore' does not exist"},
		{"POST /nodes/pve1/lxc vmid=201 features=nesting=1 ostemplate=" + image,
			"403 Permission check failed (changing feature flags for privileged container is only allowed for root@pam)"},
		{"POST /nodes/pve1/lxc vmid=201 unprivileged=1 features=fuse=1 ostemplate=" + image,
			"403 Permission check failed (changing feature flags (except nesting) is only allowed for root@pam)"},
		{"POST /nodes/pve1/lxc vmid=201 mp0=/srv,mp=/srv ostemplate=" + image,
			"403 Permission check failed (mount point type bind is only allowed for root@pam)"},
		{"POST /nodes/pve1/lxc vmid=201 net0=bridge=vmbr0 ostemplate=" + image, bad},
		{"POST /nodes/pve1/lxc vmid=201 memory=15 ostemplate=" + image, bad},
		{"POST /nodes/pve1/lxc vmid=201 mp0=local:1,mp=/a/../b ostemplate=" + image, bad},
		{"POST /nodes/pve1/lxc vmid=201 timezone=Mars/Olympus ostemplate=" + image, bad},
		{"POST /nodes/pve1/lxc vmid=201 unprivileged=1 ssh-public-keys=ssh-ed25519 ostemplate=" + image, "500 SSH public key validation error"},
		{"PUT /nodes/pve1/qemu/100/config sshkeys=ssh-ed25519%20AAAA", "500 SSH public key validation error"},
		{"GET /nodes/pve1/lxc/100/config", "500 Configuration file 'nodes/pve1/lxc/100.conf' does not exist"},
		{"GET /nodes/pve1/qemu/200/config", "500 Configuration file 'nodes/pve1/qemu-server/200.conf' does not exist"},
		{"POST /nodes/pve1/qemu/200/status/stop", "500 Configuration file 'nodes/pve1/qemu-server/200.conf' does not exist"},
		{"GET /nodes/pve1/lxc/200/interfaces", "200 OK"},
		{"POST /nodes/pve1/lxc/200/status/stop", "500 CT 200 not running"},
		{"POST /nodes/pve1/lxc/200/status/shutdown", "500 CT 200 not running"},
		{"POST /nodes/pve1/lxc/200/status/reboot", "500 VM 200 not running"},
		{"PUT /nodes/pve1/lxc/200/config", "500 no options specified"},
		{"PUT /nodes/pve1/lxc/200/config delete=bogus", bad},
		{"PUT /nodes/pve1/lxc/200/config unprivileged=0", "500 unable to modify read-only option: 'unprivileged'"},
		{"PUT /nodes/pve1/lxc/200/config digest=short memory=300", "500 detected modified configuration - file changed by other user? Try again."},
		{"PUT /nodes/pve1/lxc/200/config dev0=/dev/ttyS0", "403 Permission check failed (device passthrough is only allowed for root@pam)"},
		{"PUT /nodes/pve1/lxc/200/resize disk=rootfs size=512M", "500 unable to shrink disk size"},
		{"PUT /nodes/pve1/lxc/200/resize disk=rootfs size=1G", "500 disk is already at specified size"},
		{"PUT /nodes/pve1/lxc/200/resize disk=scsi0 size=3G", bad},
		{"POST /nodes/pve1/lxc/200/resize disk=rootfs size=3G", "501 Method 'POST /nodes/pve1/lxc/200/resize' not implemented"},
		{"POST /nodes/pve1/lxc/200/snapshot snapname=current", "500 unable to use snapshot name 'current' (reserved name)"},
		{"POST /nodes/pve1/lxc/200/clone newid=100", "500 VM 100 already exists on node 'pve1'"},
		{"POST /nodes/pve1/lxc/200/clone newid=201 full=0", "500 Linked clone feature for 'local:200/vm-200-disk-0.raw' is not available"},
		{"POST /nodes/pve1/lxc/200/clone newid=201 target=pve9", "500 no such cluster node 'pve9'"},
		{"POST /nodes/pve1/lxc/200/move_volume volume=rootfs storage=nostore", "500 storage 'nostore' does not exist"},
		{"PUT /nodes/pve1/lxc/200/config protection=1", "200 OK"},
		{"DELETE /nodes/pve1/lxc/200", "500 can't remove CT 200 - protection mode enabled"},
		{"PUT /nodes/pve1/lxc/200/config delete=protection", "200 OK"},
	} {
		c.expect(tc[0], tc[1])
	}
	c.fails("POST /nodes/pve1/lxc vmid=201 ostemplate=local:vztmpl/nope.tar.gz", "unable to create CT 201 - volume 'local:vztmpl/nope.tar.gz' does not exist")
	c.fails("POST /nodes/pve1/lxc/200/snapshot snapname=s1", "snapshot feature is not available")
	c.fails("POST /nodes/pve1/lxc/999/status/start", "Configuration file 'nodes/pve1/lxc/999.conf' does not exist")
	c.fails("PUT /nodes/pve1/lxc/200/resize disk=rootfs size=+1G", "OK")
	if got := c.ok("GET", "/nodes/pve1/storage/local/content", "vmid=200").([]any); len(got) != 2 || !strings.Contains(fmt.Sprint(got), "rootdir") {
		t.Errorf("its volumes: %v", got)
	}
}

// ctConfig is a container's configuration.
func (c *client) ctConfig(vmid string) map[string]any {
	c.t.Helper()
	return c.ok("GET", "/nodes/pve1/lxc/"+vmid+"/config").(map[string]any)
}

func TestContainerConfig(t *testing.T) {
	c, _ := openCT(t)
	conf := c.ctConfig("200")
	for k, want := range map[string]any{
		"memory": 256.0, "swap": 0.0, "cores": 1.0, "hostname": "ct1", "tags": "a;ct", "arch": "amd64", "ostype": "debian", "unprivileged": 1.0,
		"rootfs": "local:200/vm-200-disk-0.raw,size=1G",
	} {
		if conf[k] != want {
			t.Errorf("%s = %v, want %v", k, conf[k], want)
		}
	}
	if net := conf["net0"].(string); !strings.HasPrefix(net, "name=eth0,bridge=vmbr0,gw=10.10.0.1,hwaddr=BC:24:11:") || !strings.HasSuffix(net, ",ip=10.10.0.60/16,type=veth") {
		t.Error(net)
	}
	c.fails("POST /nodes/pve1/lxc/200/status/start", "OK")
	c.expect("POST /nodes/pve1/lxc/200/status/start", "500 CT 200 already running")
	c.expect("DELETE /nodes/pve1/lxc/200", "500 unable to destroy CT 200 - container is running")
	// Some of a running container changes at once, the rest waits.
	c.ok("PUT", "/nodes/pve1/lxc/200/config", "memory=300", "hostname=ct1b", "description=x", "mp0=data:1,mp=/data", "nameserver=10.10.0.1", "cores=2", "delete=tags")
	conf = c.ok("GET", "/nodes/pve1/lxc/200/config", "current=1").(map[string]any)
	if fmt.Sprintln(conf["memory"], conf["hostname"], conf["cores"], conf["tags"], conf["nameserver"]) != "300 ct1b 2 <nil> <nil>\n" ||
		conf["mp0"] != "data:vm-200-disk-0,mp=/data,size=1G" || conf["description"] != "x\n" {
		t.Errorf("in force: %v", conf)
	}
	pending := fmt.Sprint(c.ok("GET", "/nodes/pve1/lxc/200/pending"))
	if !strings.Contains(pending, "map[key:nameserver pending:10.10.0.1]") || strings.Count(pending, "pending:") != 1 {
		t.Error(pending)
	}
	// A refused change leaves nothing behind.
	digest := c.ctConfig("200")["digest"]
	r := c.do("PUT", "/nodes/pve1/lxc/200/config", "hostname=other", "mp1=local:1,mp=/other", "net0=name=eth0,bridge=vmbr9")
	if r.Errors["net0"] != "unable to hotplug net0: bridge 'vmbr9' does not exist\n" || c.ctConfig("200")["digest"] != digest {
		t.Errorf("%v, %v", r, c.ctConfig("200"))
	}
	c.ok("PUT", "/nodes/pve1/lxc/200/config", "revert=nameserver", "delete=mp0")
	if got := c.ctConfig("200"); got["nameserver"] != nil || got["mp0"] != nil {
		t.Errorf("after the next start: %v", got)
	}
	c.fails("POST /nodes/pve1/lxc/200/status/stop", "OK")
	if got := c.ctConfig("200"); got["unused0"] != "data:vm-200-disk-0" {
		t.Errorf("stopped: %v", got)
	}
	c.fails("POST /nodes/pve1/lxc/200/move_volume volume=rootfs storage=data delete=1", "OK")
	if got := c.ctConfig("200"); got["rootfs"] != "data:vm-200-disk-1,size=1G" {
		t.Errorf("moved: %v", got)
	}
	c.ok("PUT", "/nodes/pve1/lxc/200/config", "delete=unused0")
	if left := fmt.Sprint(c.ok("GET", "/nodes/pve1/storage/data/content"), c.ok("GET", "/nodes/pve1/storage/local/content", "content=rootdir")); strings.Count(left, "volid") != 1 {
		t.Errorf("volumes: %s", left)
	}
	c.ok("PUT", "/nodes/pve1/lxc/200/config", "net0=name=eth0,bridge=vmbr9")
	c.fails("POST /nodes/pve1/lxc/200/status/start", "startup for container '200' failed")
}

// Snapshots, clones and templates of containers on block storage.
func TestContainerCopies(t *testing.T) {
	c, image := openCT(t)
	c.ok("POST", "/pools", "poolid=prod")
	c.fails("POST /nodes/pve1/lxc vmid=201 hostname=base pool=prod rootfs=data:1 net0=name=eth0,bridge=vmbr0 ostemplate="+image, "OK")
	c.written("data:vm-201-disk-0", "one")
	c.fails("POST /nodes/pve1/lxc/201/snapshot snapname=s1", "OK")
	c.written("data:vm-201-disk-0", "two")
	list := fmt.Sprint(c.ok("GET", "/nodes/pve1/lxc/201/snapshot"))
	if !strings.Contains(list, "name:s1") || strings.Contains(list, "vmstate") || !strings.Contains(list, "parent:s1") {
		t.Error(list)
	}
	c.fails("POST /nodes/pve1/lxc/201/snapshot snapname=s1", "snapshot name 's1' already used")
	c.fails("POST /nodes/pve1/lxc/201/clone newid=202 snapname=s1 hostname=then full=1 pool=prod", "OK")
	if got := c.reads("data:vm-202-disk-0"); got != "one" {
		t.Errorf("the clone of the snapshot has %q", got)
	}
	c.fails("POST /nodes/pve1/lxc/201/snapshot/s1/rollback", "OK")
	if got := c.reads("data:vm-201-disk-0"); got != "one" {
		t.Errorf("rolled back to %q", got)
	}
	c.expect("POST /nodes/pve1/lxc/201/template", "500 unable to create template, because CT contains snapshots")
	c.fails("DELETE /nodes/pve1/lxc/201/snapshot/s1", "OK")
	c.expect("POST /nodes/pve1/lxc/201/template", "200 OK")
	c.expect("POST /nodes/pve1/lxc/201/template", "500 you can't convert a template to a template")
	c.fails("POST /nodes/pve1/lxc/201/status/start", "you can't start a CT if it's a template")
	c.expect("POST /nodes/pve1/lxc/201/clone newid=203 storage=local", "500 parameter 'storage' not allowed for linked clones")
	c.fails("POST /nodes/pve1/lxc/201/clone newid=203", "OK")
	a, b := c.ctConfig("201"), c.ctConfig("203")
	if b["hostname"] != "base" || a["net0"] == b["net0"] || b["template"] != nil || b["rootfs"] != "data:vm-203-disk-0,size=1G" {
		t.Errorf("a clone of %v: %v", a, b)
	}
	members := fmt.Sprint(c.ok("GET", "/pools/prod", "type=lxc"))
	if !strings.Contains(members, "lxc/201") || !strings.Contains(members, "lxc/202") || strings.Contains(members, "lxc/203") {
		t.Error(members)
	}
	c.fails("POST /nodes/pve1/lxc/202/status/start", "OK")
	upid := c.ok("DELETE", "/nodes/pve1/lxc/202", "force=1", "purge=1").(string)
	if exit := c.wait(upid); exit != "OK" || c.taskLines(upid) != "forced to stop CT 202 before destroying!\npurging CT 202 from related configurations..\nTASK OK" {
		t.Errorf("%s: %s", exit, c.taskLines(upid))
	}
	rows := fmt.Sprint(c.ok("GET", "/cluster/resources", "type=vm"))
	if strings.Count(rows, "type:lxc") != 3 || !strings.Contains(rows, "template:1") {
		t.Error(rows)
	}
}

// A mount point goes to another container with what is on it.
func TestContainerReassign(t *testing.T) {
	c, image := openCT(t)
	c.fails("POST /nodes/pve1/lxc vmid=201 hostname=other rootfs=data:1 mp0=data:2,mp=/srv ostemplate="+image, "OK")
	c.written("data:vm-201-disk-0", "root")
	c.written("data:vm-201-disk-1", "data")
	c.expect("POST /nodes/pve1/lxc/201/move_volume volume=rootfs target-vmid=200", "500 Cannot move to/from 'rootfs'")
	c.expect("POST /nodes/pve1/lxc/201/move_volume volume=mp0 target-vmid=201", "400 Parameter verification failed.")
	c.expect("POST /nodes/pve1/lxc/201/move_volume volume=mp0 target-vmid=999", "500 could not find CT 999")
	c.expect("POST /nodes/pve1/lxc/201/move_volume volume=mp5 target-vmid=200", "500 volume 'mp5' for container '201' does not exist")
	c.fails("POST /nodes/pve1/lxc/201/move_volume volume=mp0 target-vmid=200 target-volume=mp3", "OK")
	if got := c.ctConfig("200")["mp3"]; got != "data:vm-200-disk-0,mp=/srv,size=2G" || c.ctConfig("201")["mp0"] != nil {
		t.Errorf("the target has %v, the source %v", got, c.ctConfig("201"))
	}
	if got := c.reads("data:vm-200-disk-0"); got != "data" {
		t.Errorf("on it is %q", got)
	}
}

// Who may do what to a container.
func TestContainerPermissions(t *testing.T) {
	root, image := openCT(t)
	root.ok("POST", "/access/users", "userid=ann@pve", "password=annes-password")
	root.ok("POST", "/access/roles", "roleid=Net", "privs=VM.Config.Network VM.Audit")
	ann := root.as("ann@pve!full", "0")
	grant := func(path, role string) { root.ok("PUT", "/access/acl", "path="+path, "users=ann@pve", "roles="+role) }
	ann.expect("GET /nodes/pve1/lxc/200/config", "403 Permission check failed (/vms/200, VM.Audit)")
	if got := ann.ok("GET", "/nodes/pve1/lxc").([]any); len(got) != 0 {
		t.Errorf("ann sees %v", got)
	}
	grant("/vms/200", "Net")
	ann.expect("PUT /nodes/pve1/lxc/200/config hostname=x", "200 OK")
	ann.expect("PUT /nodes/pve1/lxc/200/config memory=300", "403 Permission check failed (/vms/200, VM.Config.Memory)")
	ann.expect("PUT /nodes/pve1/lxc/200/config net0=name=eth0,bridge=vmbr0", "403 Permission check failed (/sdn/zones/localnetwork/vmbr0, SDN.Use)")
	ann.expect("POST /nodes/pve1/lxc/200/status/start", "403 Permission check failed (/vms/200, VM.PowerMgmt)")
	grant("/vms", "PVEVMAdmin")
	grant("/vms/200", "PVEVMAdmin") // what is nearer counts alone
	ann.expect("PUT /nodes/pve1/lxc/200/config features=nesting=1", "200 OK")
	ann.expect("POST /nodes/pve1/lxc vmid=300 ostemplate="+image, "403 Permission check failed (/, Sys.Modify)")
	ann.expect("POST /nodes/pve1/lxc vmid=300 unprivileged=1 ostemplate="+image, "403 Permission check failed (/storage/local, Datastore.Audit|Datastore.AllocateSpace)")
	grant("/storage/local", "PVEDatastoreUser")
	ann.expect("POST /nodes/pve1/lxc vmid=300 unprivileged=1 rootfs=local:1 ostemplate="+image, "200 OK")
}

// A clone can be made on another node where that sees its volumes.
func TestContainerCloneOnNode(t *testing.T) {
	l := open(t, Config{Nodes: []string{"pve2"}})
	c := newClient(t, l)
	c.ok("POST", "/storage", "storage=nas", "type=dir", "path=/mnt/nas", "shared=1")
	image := c.ctTemplate()
	c.fails("POST /nodes/pve1/lxc vmid=200 hostname=here rootfs=nas:1 unprivileged=1 ostemplate="+image, "OK")
	c.fails("POST /nodes/pve1/lxc vmid=201 hostname=local rootfs=data:1 unprivileged=1 ostemplate="+image, "OK")
	c.expect("POST /nodes/pve1/lxc/201/clone newid=202 target=pve2", "500 can't clone CT to node 'pve2' (CT uses local storage)")
	c.fails("POST /nodes/pve1/lxc/200/clone newid=202 hostname=there target=pve2", "OK")
	if got := c.ok("GET", "/nodes/pve2/lxc/202/config").(map[string]any); got["hostname"] != "there" || got["rootfs"] != "nas:202/vm-202-disk-0.raw,size=1G" {
		t.Errorf("the clone has %v", got)
	}
	c.expect("GET /nodes/pve1/lxc/202/config", "500 Configuration file 'nodes/pve1/lxc/202.conf' does not exist")
}

// On ZFS containers have file systems of their own, and clones stand on their
// template.
func TestContainerZFS(t *testing.T) {
	c, image := openCT(t)
	c.ok("POST", "/storage", "storage=tank", "type=zfspool", "pool=rpool/data")
	c.fails("POST /nodes/pve1/lxc vmid=201 rootfs=tank:1 mp0=tank:2,mp=/srv ostemplate="+image, "OK")
	c.fails("POST /nodes/pve1/lxc/201/snapshot snapname=s1", "OK")
	c.fails("DELETE /nodes/pve1/lxc/201/snapshot/s1", "OK")
	c.written("tank:subvol-201-disk-0", "root")
	c.expect("POST /nodes/pve1/lxc/201/template", "200 OK")
	if got := c.ctConfig("201"); got["rootfs"] != "tank:basevol-201-disk-0,size=1G" || got["mp0"] != "tank:basevol-201-disk-1,mp=/srv,size=2G" {
		t.Errorf("the template has %v, %v", got["rootfs"], got["mp0"])
	}
	c.fails("POST /nodes/pve1/lxc/201/clone newid=202", "OK")
	const rootfs = "tank:basevol-201-disk-0/subvol-202-disk-0"
	if got := c.ctConfig("202"); got["rootfs"] != rootfs+",size=1G" || c.reads(rootfs) != "root" {
		t.Errorf("the clone has %v with %q", got["rootfs"], c.reads(rootfs))
	}
	c.fails("DELETE /nodes/pve1/lxc/201", "base volume 'tank:basevol-201-disk-0' is still in use by linked cloned")
	c.fails("DELETE /nodes/pve1/lxc/202", "OK")
	c.fails("DELETE /nodes/pve1/lxc/201", "OK")
	if got := c.volumes("tank"); got != "" {
		t.Errorf("volumes %s", got)
	}
}
