package lab

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/homestak/homestak/runtime/seed"
)

func (c *client) dump(vmid, kind string) string {
	c.t.Helper()
	return c.ok("GET", "/nodes/pve1/qemu/"+vmid+"/cloudinit/dump", "type="+kind).(string)
}

// cloudInit is GET …/cloudinit on one line, for the options named.
func (c *client) cloudInit(vmid string) string {
	c.t.Helper()
	var rows []string
	for _, row := range c.ok("GET", "/nodes/pve1/qemu/"+vmid+"/cloudinit").([]any) {
		r := row.(map[string]any)
		rows = append(rows, fmt.Sprintf("%v=%v>%v/%v", r["key"], r["value"], r["pending"], r["delete"]))
	}
	return strings.ReplaceAll(strings.Join(rows, " "), "<nil>", "")
}

// Cloud-init as in PVE's own answers.
func TestCloudInit(t *testing.T) {
	c := newClient(t, open(t, Config{}))
	const vm, key = "/nodes/pve1/qemu/120", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID2N8mcc9R4C/qhk1FUXc9w0lTQhdxCQrV7FuOYXtgRq me@x"
	upid := c.ok("POST", "/nodes/pve1/qemu", "vmid=120", "name=ci", "ide2=local:cloudinit", "ciuser=admin", "cipassword=secret123",
		"ipconfig0=ip=10.99.0.50/24,gw=10.99.0.1", "nameserver=10.99.0.1", "searchdomain=example.lan",
		"sshkeys="+strings.ReplaceAll(url.QueryEscape(key), "+", "%20"), "net0=virtio=BC:24:11:4B:7F:19,bridge=vmbr0").(string)
	if exit := c.wait(upid); exit != "OK" || c.taskLines(upid) != `Formatting '/var/lib/vz/images/120/vm-120-cloudinit.qcow2', fmt=qcow2 cluster_size=65536 extended_l2=off preallocation=metadata compression_type=zlib size=4194304 lazy_refcounts=off refcount_bits=16
ide2: successfully created disk 'local:120/vm-120-cloudinit.qcow2,media=cdrom'
TASK OK` {
		t.Fatal(exit, c.taskLines(upid))
	}
	if now := c.config("120"); now["ide2"] != "local:120/vm-120-cloudinit.qcow2,media=cdrom" || now["boot"] != "order=ide2;net0" {
		t.Error(now)
	}
	const user = "#cloud-config\nhostname: ci\nmanage_etc_hosts: true\nfqdn: ci.example.lan\nuser: admin\npassword: secret123\nssh_authorized_keys:\n" +
		"  - " + key + "\nchpasswd:\n  expire: False\nusers:\n  - default\npackage_upgrade: true\n"
	if got := c.dump("120", "user"); got != user {
		t.Errorf("user\n%s", got)
	}
	const network = "version: 1\nconfig:\n    - type: physical\n      name: eth0\n      mac_address: 'bc:24:11:4b:7f:19'\n      subnets:\n" +
		"      - type: static\n        address: '10.99.0.50'\n        netmask: '255.255.255.0'\n        gateway: '10.99.0.1'\n" +
		"    - type: nameserver\n      address:\n      - '10.99.0.1'\n      search:\n      - 'example.lan'\n"
	if got := c.dump("120", "network"); got != network {
		t.Errorf("network\n%s", got)
	}
	meta := c.dump("120", "meta")
	if !strings.HasPrefix(meta, "instance-id: ") || len(meta) != len("instance-id: ")+41 {
		t.Error(meta)
	}
	c.expect("GET "+vm+"/cloudinit/dump type=vendor", "400 Parameter verification failed.")
	c.expect("PUT "+vm+"/config scsi3=local:cloudinit", "500 cloud-init drive is already attached at 'ide2'")
	c.expect("PUT "+vm+"/config ipconfig0=ip=dhcp cicustom=user=local:snippets/user.yml", "200 OK")
	if got := c.dump("120", "meta"); got == meta {
		t.Error("another network is the same instance")
	}
	c.expect("PUT "+vm+"/cloudinit", "500 volume 'local:snippets/user.yml' does not exist")
	c.fails("POST "+vm+"/status/start", "volume 'local:snippets/user.yml' does not exist")
	c.ok("PUT", vm+"/config", "delete=cicustom")

	upid = c.ok("POST", vm+"/status/start").(string)
	if exit := c.wait(upid); exit != "OK" || c.taskLines(upid) != "generating cloud-init ISO\nTASK OK" {
		t.Error(exit, c.taskLines(upid))
	}
	seeded := func() *seed.Files {
		t.Helper()
		c.lab.mu.Lock()
		file := c.lab.findVolume(c.lab.Node(), "local:120/vm-120-cloudinit.qcow2").file()
		c.lab.mu.Unlock()
		disk, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f, err := seed.Parse(disk)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	if f := seeded(); string(f.UserData) != user || !strings.Contains(string(f.NetworkConfig), "dhcp4") {
		t.Errorf("%s%s", f.UserData, f.NetworkConfig)
	}
	// Of a running guest the seed changes when it is asked to.
	c.ok("PUT", vm+"/config", "ciuser=b", "ciupgrade=0", "delete=nameserver", "cipassword=plain")
	const want = "cipassword=**********>**********/ ciupgrade=>0/ ciuser=admin>b/ searchdomain=example.lan>/ sshkeys="
	if got := c.cloudInit("120"); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, " nameserver=>/1") {
		t.Error(got)
	}
	if got := c.dump("120", "user"); !strings.Contains(got, "\nuser: b\npassword: $5$") || strings.Contains(got, "package_upgrade") {
		t.Error(got)
	}
	if f := seeded(); string(f.UserData) != user {
		t.Errorf("the seed changed by itself: %s", f.UserData)
	}
	c.ok("PUT", vm+"/cloudinit")
	if f := seeded(); !strings.Contains(string(f.UserData), "user: b\n") {
		t.Errorf("%s", f.UserData)
	}
	if got := c.cloudInit("120"); strings.Contains(got, "/1") || !strings.Contains(got, "ciuser=b>/") {
		t.Error(got)
	}
	c.fails("POST "+vm+"/status/stop", "OK")
	c.fails("POST "+vm+"/clone newid=121", "OK")
	if now := c.config("121"); now["ide2"] != "local:121/vm-121-cloudinit.qcow2,media=cdrom,size=4M" {
		t.Error(now)
	}
	c.ok("PUT", vm+"/config", "ide2=none,media=cdrom")
	c.ok("PUT", vm+"/config", "delete=ide2")
	c.ok("PUT", vm+"/cloudinit")
	if got := c.volumes("local"); got != "local:121/vm-121-cloudinit.qcow2" {
		t.Error(got)
	}
	c.ok("PUT", vm+"/config", "scsi1=data:cloudinit", "ciuser=")
	if now := c.config("120"); now["scsi1"] != "data:vm-120-cloudinit,media=cdrom" {
		t.Error(now)
	}
	c.expect("PUT /nodes/pve1/qemu/121/config ide3=nostore:cloudinit", "500 storage 'nostore' does not exist")
}
