package lab

import (
	"fmt"
	"strings"
	"testing"
)

// Each case is a request and PVE's own answer to it.
func TestAnswers(t *testing.T) {
	c := newClient(t, open(t, Config{}))
	c.ok("POST", "/pools", "poolid=prod", "comment=prodpool")
	if exit := c.task("POST", "/nodes/pve1/qemu", "vmid=100", "name=web1", "memory=512", "cores=1", "kvm=0", "scsihw=virtio-scsi-single",
		"scsi0=local:1", "net0=virtio,bridge=vmbr0", "tags=Web;prod,abc Web", "pool=prod", "agent=1", "ostype=l26",
		"description=hello\nworld", "onboot=1"); exit != "OK" {
		t.Fatal(exit)
	}
	for _, tc := range []struct {
		request string
		status  string
		fields  string // errors as "name=text", sorted
	}{
		{"GET /nosuch", "501 Method 'GET /nosuch' not implemented", ""},
		{"GET /nodes/pve1/nosuch", "501 Method 'GET /nodes/pve1/nosuch' not implemented", ""},
		{"DELETE /version", "501 Method 'DELETE /version' not implemented", ""},
		{"GET /nodes/pve1/qemu/100/agent/ping", "501 Method 'GET /nodes/pve1/qemu/100/agent/ping' not implemented", ""},
		{"GET /nodes/nope/status", "500 hostname lookup 'nope' failed - failed to get address info for: nope: Name or service not known", ""},
		{"POST /pools poolid=prod", "500 create pool failed: pool 'prod' already exists", ""},
		{"GET /pools/nopool", "500 pool 'nopool' does not exist", ""},
		{"DELETE /pools/nopool", "500 delete pool failed: pool 'nopool' does not exist", ""},
		{"DELETE /pools/prod", "500 delete pool failed: pool 'prod' is not empty (contains VM 100)", ""},
		{"PUT /pools/prod vms=100", "500 update pools failed: VM 100 is already a pool member", ""},
		{"PUT /pools/prod vms=999", "200 OK", ""},
		{"POST /nodes/pve1/qemu vmid=100 name=dup", "500 unable to create VM 100 - VM 100 already exists on node 'pve1'", ""},
		{"POST /nodes/pve1/qemu vmid=99 name=low", "400 Parameter verification failed.", "vmid=invalid format - value does not look like a valid VM ID\n"},
		{"POST /nodes/pve1/qemu vmid=abc name=low", "400 Parameter verification failed.", "vmid=type check ('integer') failed - got 'abc'"},
		{"POST /nodes/pve1/qemu name=noid", "400 Parameter verification failed.", "vmid=property is missing and it is not optional"},
		{"POST /nodes/pve1/qemu vmid=101 name=bad_name", "400 Parameter verification failed.", "name=invalid format - value does not look like a valid DNS name\n"},
		{"POST /nodes/pve1/qemu vmid=101 bogus=1 memory=lots", "400 Parameter verification failed.",
			"bogus=property is not defined in schema and the schema does not allow additional properties" +
				"memory=invalid format - format error\nmemory.current: type check ('integer') failed - got 'lots'\n"},
		{"POST /nodes/pve1/qemu vmid=101 scsi0=nostore:1", "500 storage 'nostore' does not exist", ""},
		{"POST /nodes/pve1/qemu vmid=101 scsi0=local:1,bogus=2", "400 Parameter verification failed.",
			"scsi0=invalid format - format error\nscsi0.bogus: property is not defined in schema and the schema does not allow additional properties\n"},
		{"POST /nodes/pve1/qemu vmid=101 net0=bogus", "400 Parameter verification failed.",
			"net0=invalid format - format error\nnet0.model: value 'bogus' does not have a value in the enumeration 'e1000, e1000-82540em, e1000-82544gc, e1000-82545em, e1000e, i82551, i82557b, i82559er, ne2k_isa, ne2k_pci, pcnet, rtl8139, virtio, vmxnet3'\n"},
		{"POST /nodes/pve1/qemu vmid=101 tags=bad!tag", "400 Parameter verification failed.", "tags=invalid format - invalid characters in tag\n"},
		{"POST /nodes/pve1/qemu vmid=101 pool=nopool", "403 Permission check failed (pool 'nopool' does not exist)", ""},
		{"POST /nodes/pve1/qemu vmid=101 args=-foo", "500 only root can set 'args' config", ""},
		{"POST /nodes/pve1/qemu vmid=101 hostpci0=00:01.0", "500 only root can set 'hostpci0' config for non-mapped devices", ""},
		{"POST /nodes/pve1/qemu vmid=101 ipconfig0=ip=10.0.0.1", "400 Parameter verification failed.",
			"ipconfig0=invalid format - format error\nipconfig0.ip: invalid format - value does not look like a valid ipv4 network configuration\n"},
		{"POST /nodes/pve1/qemu vmid=101 scsi0=local:0,import-from=local:import/none.qcow2", "500 failed to stat '/var/lib/vz/import/none.qcow2'", ""},
		{"GET /cluster/nextid", "200 OK", ""},
		{"GET /cluster/nextid vmid=100", "400 Parameter verification failed.", "vmid=VM 100 already exists"},
		{"GET /nodes/pve1/qemu/999/config", "500 Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist", ""},
		{"GET /nodes/pve1/qemu/999/status/current", "500 Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist", ""},
		{"GET /nodes/pve1/qemu/abc/status/current", "400 Parameter verification failed.", "vmid=type check ('integer') failed - got 'abc'"},
		{"DELETE /nodes/pve1/qemu/999", "500 Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist", ""},
		{"PUT /nodes/pve1/qemu/100/config", "500 no options specified", ""},
		{"PUT /nodes/pve1/qemu/100/config lock=backup", "500 only root can set 'lock' config", ""},
		{"PUT /nodes/pve1/qemu/100/config delete=bogusopt", "400 Parameter verification failed.", "delete=unknown option 'bogusopt'"},
		{"PUT /nodes/pve1/qemu/100/config delete=bios", "200 OK", ""},
		{"PUT /nodes/pve1/qemu/100/config digest=short name=x", "500 checksum mismatch (file change by other user?)", ""},
		{"PUT /nodes/pve1/qemu/100/config name=zzz skiplock=1", "400 Parameter verification failed.", "skiplock=Only root may use this option."},
		{"PUT /nodes/pve1/qemu/100/config scsi0=local:1,import-from=/etc/passwd", "400 Parameter verification failed.",
			"scsi0='import-from' requires special syntax - use <storage ID>:0,import-from=<source>"},
		{"PUT /nodes/pve1/qemu/100/config scsi1=local:import/none.qcow2", "400 Parameter verification failed.", "scsi1=content type needs to be 'images' or 'iso'"},
		{"POST /nodes/pve1/qemu/100/status/reboot", "500 VM 100 not running", ""},
		{"POST /nodes/pve1/qemu/100/status/reset", "500 VM 100 not running", ""},
		{"POST /nodes/pve1/qemu/100/agent/ping", "500 VM 100 is not running", ""},
		{"GET /nodes/pve1/storage/nope/status", "400 Parameter verification failed.", "storage=No such storage."},
		{"GET /storage/nope", "500 storage 'nope' does not exist", ""},
		{"GET /nodes/pve1/storage/local/content content=bogus", "400 Parameter verification failed.", "content=invalid format - invalid content type 'bogus'\n"},
		{"GET /nodes/pve1/storage/local/content/local:iso/none.iso", "500 volume_size_info on 'local:iso/none.iso' failed - no format", ""},
		{"GET /nodes/pve1/tasks/UPID:bogus/status", "400 Parameter verification failed.", "upid=unable to parse worker upid"},
		{"GET /nodes/pve1/tasks/UPID:pve1:00000001:000521F7:6B03E5E0:qmdelsnapshot:100:root@pam!full:/status", "400 Parameter verification failed.", "upid=no such task"},
		{"POST /access/users/root@pam/token/homestak privsep=0", "400 Parameter verification failed.", "tokenid=Token already exists."},
		{"POST /access/users/root@pam/token/x privsep=0", "400 Parameter verification failed.", "tokenid=value does not match the regex pattern"},
		{"POST /nodes/pve1/storage/local/download-url content=iso filename=x.iso url=https://x/ checksum=ab", "400 Parameter verification failed.",
			"checksum-algorithm=missing property - 'checksum' requires this property"},
	} {
		parts := strings.Fields(tc.request)
		r := c.do(parts[0], parts[1], parts[2:]...)
		fields := ""
		for _, k := range sortedKeys(r.Errors) {
			fields += k + "=" + r.Errors[k]
		}
		if r.Status != tc.status || fields != tc.fields {
			t.Errorf("%s\n got %q %q\nwant %q %q", tc.request, r.Status, fields, tc.status, tc.fields)
		}
	}
}

func TestEnvelopes(t *testing.T) {
	c := newClient(t, open(t, Config{}))
	if r := c.do("GET", "/version"); r.Body != `{"data":{"release":"9.2","repoid":"lab","version":"9.2.11"}}` {
		t.Error(r.Body)
	}
	if r := c.do("POST", "/pools", "poolid=p"); r.Body != `{"data":null}` {
		t.Error(r.Body)
	}
	if r := c.do("POST", "/pools", "poolid=p"); r.Body != `{"data":null,"message":"create pool failed: pool 'p' already exists\n"}` {
		t.Error(r.Body)
	}
	if r := c.do("GET", "/nosuch"); r.Body != `{"data":null,"message":"Method 'GET /nosuch' not implemented"}` {
		t.Error(r.Body)
	}
	if r := c.send("POST", "/pools", "application/json", strings.NewReader(`{"poolid":"json","comment":null}`)); r.Status != "200 OK" {
		t.Error(r)
	}
	if r := c.send("POST", "/pools", "application/json", strings.NewReader(`{"poolid":`)); !strings.HasPrefix(r.Status, "500 malformed JSON") {
		t.Error(r)
	}
	if r := c.send("POST", "/pools", "text/plain", strings.NewReader(`x`)); r.Status != "506 upload 'Content-Type 'text/plain' not implemented" {
		t.Error(r)
	}
	if r := c.send("POST", "/pools", "application/json", strings.NewReader(strings.Repeat(" ", maxPost+1))); r.Status != "501 for data too large" {
		t.Error(r)
	}
	if r := c.do("GET", "/nodes/pve1/tasks"); r.Body != `{"data":[]}` {
		t.Error(r.Body)
	}
}

func TestConfig(t *testing.T) {
	c := newClient(t, open(t, Config{}))
	c.task("POST", "/nodes/pve1/qemu", "vmid=100", "name=web1", "memory=512", "cores=1", "scsihw=virtio-scsi-single",
		"scsi0=local:1,ssd=1,discard=on", "ide2=none,media=cdrom", "net0=virtio=bc:24:11:00:00:01,bridge=vmbr0,tag=5", "tags=Web;prod,abc Web",
		"agent=1", "onboot=1", "smbios1=uuid=11111111-2222-3333-4444-555555555555", "description=a\nb")
	conf := c.ok("GET", "/nodes/pve1/qemu/100/config").(map[string]any)
	for k, want := range map[string]any{
		"memory": "512", "cores": 1.0, "onboot": 1.0, "agent": "1", "tags": "abc;prod;web", "description": "a\nb",
		"scsi0": "local:100/vm-100-disk-0.raw,discard=on,size=1G,ssd=1", "net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=5",
		"boot": "order=scsi0;ide2;net0", "smbios1": "uuid=11111111-2222-3333-4444-555555555555", "ide2": "none,media=cdrom",
	} {
		if fmt.Sprint(conf[k]) != fmt.Sprint(want) {
			t.Errorf("%s = %v, want %v", k, conf[k], want)
		}
	}
	digest := conf["digest"].(string)
	if r := c.do("PUT", "/nodes/pve1/qemu/100/config", "digest="+digest, "name=renamed", "tags="); r.Status != "200 OK" {
		t.Fatal(r)
	}
	conf = c.ok("GET", "/nodes/pve1/qemu/100/config").(map[string]any)
	if conf["name"] != "renamed" || conf["tags"] != " " || conf["digest"] == digest {
		t.Error(conf)
	}
	// An old digest is refused from now on.
	if r := c.do("PUT", "/nodes/pve1/qemu/100/config", "digest="+digest, "name=again"); r.Status != "500 checksum mismatch (file change by other user?)" {
		t.Error(r)
	}
	// A second disk, unlinked twice: to unused0, then for good.
	if exit := c.task("POST", "/nodes/pve1/qemu/100/config", "scsi1=data:2"); exit != "OK" {
		t.Fatal(exit)
	}
	if conf := c.ok("GET", "/nodes/pve1/qemu/100/config").(map[string]any); conf["scsi1"] != "data:vm-100-disk-0,size=2G" {
		t.Error(conf["scsi1"])
	}
	c.ok("PUT", "/nodes/pve1/qemu/100/config", "delete=scsi1")
	conf = c.ok("GET", "/nodes/pve1/qemu/100/config").(map[string]any)
	if conf["unused0"] != "data:vm-100-disk-0" || conf["scsi1"] != nil {
		t.Error(conf)
	}
	c.ok("PUT", "/nodes/pve1/qemu/100/config", "delete=unused0")
	if list := c.ok("GET", "/nodes/pve1/storage/data/content").([]any); len(list) != 0 {
		t.Error(list)
	}
	for _, tc := range []struct{ size, exit, conf string }{
		{"+1G", "OK", "size=2G"}, {"1G", "shrinking disks is not supported", "size=2G"}, {"3G", "OK", "size=3G"},
	} {
		if exit := c.task("PUT", "/nodes/pve1/qemu/100/resize", "disk=scsi0", "size="+tc.size); exit != tc.exit {
			t.Errorf("resize %s: %s", tc.size, exit)
		}
		if conf := c.ok("GET", "/nodes/pve1/qemu/100/config").(map[string]any); !strings.Contains(conf["scsi0"].(string), tc.conf) {
			t.Error(conf["scsi0"])
		}
	}
	if exit := c.task("PUT", "/nodes/pve1/qemu/100/resize", "disk=scsi9", "size=+1G"); exit != "disk 'scsi9' does not exist" {
		t.Error(exit)
	}
}

func TestPending(t *testing.T) {
	c := newClient(t, open(t, Config{}))
	const vm = "/nodes/pve1/qemu/100"
	c.task("POST", "/nodes/pve1/qemu", "vmid=100", "memory=512", "cores=1", "scsihw=virtio-scsi-single", "start=1", "onboot=1", "description=x")
	c.ok("PUT", vm+"/config", "memory=768", "name=now", "cores=2")
	c.ok("PUT", vm+"/config", "delete=onboot,description,cores")
	c.ok("PUT", vm+"/config", "cores=3")
	if conf := c.ok("GET", vm+"/config").(map[string]any); conf["memory"] != "768" || conf["cores"] != 3.0 || conf["name"] != "now" {
		t.Error(conf)
	}
	if conf := c.ok("GET", vm+"/config", "current=1").(map[string]any); conf["memory"] != "512" || conf["cores"] != 1.0 || conf["name"] != "now" {
		t.Error(conf)
	}
	pending := map[string]map[string]any{}
	for _, item := range c.ok("GET", vm+"/pending").([]any) {
		row := item.(map[string]any)
		pending[row["key"].(string)] = row
	}
	if pending["memory"]["pending"] != "768" || pending["cores"]["pending"] != 3.0 || pending["onboot"] != nil || pending["digest"]["value"] == "" {
		t.Error(pending)
	}
	c.ok("PUT", vm+"/config", "revert=cores")
	c.ok("PUT", vm+"/config", "delete=cores")
	if conf := c.ok("GET", vm+"/config").(map[string]any); conf["cores"] != nil {
		t.Error(conf)
	}
	if exit := c.task("POST", vm+"/status/stop"); exit != "OK" {
		t.Fatal(exit)
	}
	if conf := c.ok("GET", vm+"/config", "current=1").(map[string]any); conf["memory"] != "768" || conf["cores"] != nil {
		t.Error(conf)
	}
	// A scsi disk is plugged into the running guest, and unplugged for good.
	c.task("POST", vm+"/status/start")
	c.ok("PUT", vm+"/config", "scsi1=local:1")
	c.ok("PUT", vm+"/unlink", "idlist=scsi1", "force=1")
	if list := c.ok("GET", "/nodes/pve1/storage/local/content").([]any); len(list) != 0 {
		t.Error(list)
	}
}

func TestPower(t *testing.T) {
	c := newClient(t, open(t, Config{}))
	const vm = "/nodes/pve1/qemu/100"
	if exit := c.task("POST", "/nodes/pve1/qemu/999/status/start"); exit != "Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist" {
		t.Error(exit)
	}
	c.task("POST", "/nodes/pve1/qemu", "vmid=100", "net0=virtio,bridge=vmbr99")
	if exit := c.task("POST", vm+"/status/start"); exit != "bridge 'vmbr99' does not exist" {
		t.Error(exit)
	}
	c.ok("PUT", vm+"/config", "net0=virtio,bridge=vmbr0", "agent=1")
	for _, tc := range []struct{ verb, exit, status string }{
		{"start", "OK", "running"}, {"start", "VM 100 already running", "running"}, {"reset", "OK", "running"},
		{"shutdown", "VM quit/powerdown failed - got timeout", "running"}, {"stop", "OK", "stopped"}, {"stop", "OK", "stopped"},
		{"shutdown", "OK", "stopped"}, {"start", "OK", "running"},
	} {
		if exit := c.task("POST", vm+"/status/"+tc.verb); exit != tc.exit {
			t.Errorf("%s: %s", tc.verb, exit)
		}
		if s := c.ok("GET", vm+"/status/current").(map[string]any); s["status"] != tc.status || s["qmpstatus"] != tc.status {
			t.Errorf("%s: %v", tc.verb, s)
		}
	}
	if r := c.do("POST", vm+"/agent/ping"); r.Status != "500 QEMU guest agent is not running" {
		t.Error(r)
	}
	if r := c.do("DELETE", vm); r.Status != "500 VM 100 is running - destroy failed" {
		t.Error(r)
	}
	if exit := c.task("POST", vm+"/status/shutdown", "forceStop=1", "timeout=3"); exit != "OK" {
		t.Error(exit)
	}
	c.ok("PUT", vm+"/config", "protection=1")
	if r := c.do("DELETE", vm); r.Status != "500 can't remove VM 100 - protection mode enabled" {
		t.Error(r)
	}
	c.ok("PUT", vm+"/config", "protection=0")
	if exit := c.task("DELETE", vm, "purge=1"); exit != "OK" {
		t.Error(exit)
	}
	if list := c.ok("GET", "/nodes/pve1/qemu").([]any); len(list) != 0 {
		t.Error(list)
	}
}
