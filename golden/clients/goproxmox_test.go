package clients_test

import (
	"context"
	"strings"
	"testing"
	"time"

	proxmox "github.com/luthermonson/go-proxmox"
)

// library is go-proxmox as its users have it: its own waiting, its own types.
type library struct {
	t    *testing.T
	ctx  context.Context
	node *proxmox.Node
}

// done waits for a task that must end well.
func (l library) done(task *proxmox.Task, err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
	if err := task.Wait(l.ctx, 10*time.Millisecond, time.Minute); err != nil {
		l.t.Fatal(err)
	}
	if !task.IsSuccessful {
		l.t.Fatalf("%s: %s", task.UPID, task.ExitStatus)
	}
}

func (l library) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// go-proxmox's own calls work with a token and, once root has a password, with a
// ticket.
func TestGoProxmox(t *testing.T) {
	t.Parallel()
	s := serve(t)
	id, secret, _ := strings.Cut(s.token, "=")
	client := proxmox.NewClient(s.endpoint+"/api2/json", proxmox.WithInsecureSkipVerify(), proxmox.WithAPIToken(id, secret))
	l := library{t: t, ctx: t.Context()}
	version, err := client.Version(l.ctx)
	if err != nil || !strings.HasPrefix(version.Release, "9.") {
		t.Fatalf("%+v, %v", version, err)
	}
	l.must(client.Password(l.ctx, "root@pam", "correct horse"))
	if l.node, err = client.Node(l.ctx, node); err != nil {
		t.Fatal(err)
	}
	local, err := l.node.Storage(l.ctx, "local")
	l.must(err)
	l.done(local.Upload("import", s.image))
	l.done(local.Upload("vztmpl", s.template))

	cluster, err := client.Cluster(l.ctx)
	l.must(err)
	vmid, err := cluster.NextID(l.ctx)
	l.must(err)
	l.vm(vmid)

	ticket := proxmox.NewClient(s.endpoint+"/api2/json", proxmox.WithInsecureSkipVerify(),
		proxmox.WithCredentials(&proxmox.Credentials{Username: "root@pam", Password: "correct horse"}))
	if l.node, err = ticket.Node(l.ctx, node); err != nil {
		t.Fatal(err)
	}
	if vmid, err = cluster.NextID(l.ctx); err != nil {
		t.Fatal(err)
	}
	l.container(vmid)
	left, err := cluster.Resources(l.ctx, "vm")
	if err != nil || len(left) != 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}

func (l library) vm(vmid int) {
	t := l.t
	option := func(name string, value any) proxmox.VirtualMachineOption {
		return proxmox.VirtualMachineOption{Name: name, Value: value}
	}
	l.done(l.node.NewVirtualMachine(l.ctx, vmid, option("name", "one"), option("memory", 512), option("cores", 1), option("agent", true),
		option("scsihw", "virtio-scsi-single"), option("scsi0", "local:0,import-from=local:import/debian-13.raw,format=qcow2"),
		option("net0", "virtio,bridge=vmbr0"), option("boot", "order=scsi0")))
	one, err := l.node.VirtualMachine(l.ctx, vmid)
	l.must(err)
	id, task, err := one.Clone(l.ctx, &proxmox.VirtualMachineCloneOptions{Name: "two", Full: true})
	l.done(task, err)
	two, err := l.node.VirtualMachine(l.ctx, id)
	l.must(err)
	if two.Name != "two" || two.VirtualMachineConfig.Nets["net0"] == one.VirtualMachineConfig.Nets["net0"] {
		t.Errorf("the clone is %s with %s", two.Name, two.VirtualMachineConfig.Nets["net0"])
	}
	l.done(two.Config(l.ctx, option("memory", 768), option("description", "told by go-proxmox")))
	l.must(two.ConfigSync(l.ctx, option("cores", 2)))
	l.done(two.AddTag(l.ctx, "Tagged"))
	l.done(two.NewSnapshot(l.ctx, "s1"))
	l.must(two.ConfigSync(l.ctx, option("cores", 1)))
	l.done(two.Snapshot("s1").Rollback(l.ctx))
	list, err := two.Snapshots(l.ctx)
	if err != nil || len(list) != 2 || list[0].Name != "s1" {
		t.Errorf("snapshots %v, %v", list, err)
	}
	l.done(two.Snapshot("s1").Delete(l.ctx))
	l.done(two.ResizeDisk(l.ctx, "scsi0", "+2G"))
	two, err = l.node.VirtualMachine(l.ctx, id)
	l.must(err)
	c := two.VirtualMachineConfig
	if c.Cores == nil || *c.Cores != 2 || c.Memory != 768 || two.Tags != "tagged" || c.Description != "told by go-proxmox" || !strings.HasSuffix(c.SCSIs["scsi0"], ",size=6G") {
		t.Errorf("%v cores, %v memory, tags %s, %q, %s", c.Cores, c.Memory, two.Tags, c.Description, c.SCSIs["scsi0"])
	}
	l.must(two.CloudInit(l.ctx, "ide2", "#cloud-config\npackages: [qemu-guest-agent]\nruncmd:\n  - [systemctl, start, qemu-guest-agent]\n",
		"instance-id: i-1\nlocal-hostname: zwei\n", "", ""))
	l.done(two.Start(l.ctx))
	l.must(two.WaitForAgent(l.ctx, 30))
	if name, err := two.AgentGetHostName(l.ctx); err != nil || name != "zwei" {
		t.Errorf("the guest is called %s, %v", name, err)
	}
	nics, err := two.AgentGetNetworkIFaces(l.ctx)
	if err != nil || len(nics) == 0 {
		t.Errorf("interfaces %v, %v", nics, err)
	}
	l.done(two.Reboot(l.ctx))
	l.done(two.Shutdown(l.ctx))
	l.must(two.Ping(l.ctx))
	if !two.IsStopped() {
		t.Errorf("after the shutdown it is %s", two.Status)
	}
	l.done(two.Start(l.ctx))
	l.done(two.Stop(l.ctx))
	l.done(two.Delete(l.ctx, &proxmox.VirtualMachineDeleteOptions{Purge: true}))
	l.done(one.ConvertToTemplate(l.ctx))
	id, task, err = one.Clone(l.ctx, &proxmox.VirtualMachineCloneOptions{NewID: vmid + 7, Name: "linked"})
	l.done(task, err)
	linked, err := l.node.VirtualMachine(l.ctx, id)
	l.must(err)
	l.done(linked.Delete(l.ctx, nil))
	l.done(one.Delete(l.ctx, nil))
}

func (l library) container(vmid int) {
	t := l.t
	option := func(name string, value any) proxmox.ContainerOption {
		return proxmox.ContainerOption{Name: name, Value: value}
	}
	templates, err := l.node.VzTmpls(l.ctx, "local")
	if err != nil || len(templates) != 1 {
		t.Fatalf("templates %v, %v", templates, err)
	}
	l.done(l.node.NewContainer(l.ctx, vmid, option("ostemplate", templates[0].VolID), option("hostname", "eins"), option("memory", 512),
		option("swap", 0), option("unprivileged", true), option("rootfs", "data:4"), option("password", "correct horse"),
		option("net0", "name=eth0,bridge=vmbr0,ip=10.10.8.8/16,gw=10.10.0.1")))
	one, err := l.node.Container(l.ctx, vmid)
	l.must(err)
	l.done(one.Start(l.ctx))
	for l.ctx.Err() == nil {
		nics, err := one.Interfaces(l.ctx)
		l.must(err)
		if len(nics) == 2 && nics[1].Name == "eth0" && nics[1].Inet == "10.10.8.8/16" {
			break
		}
	}
	l.done(one.Reboot(l.ctx))
	l.done(one.Shutdown(l.ctx, true, 30))
	id, task, err := one.Clone(l.ctx, &proxmox.ContainerCloneOptions{Hostname: "zwei", Full: true})
	l.done(task, err)
	two, err := l.node.Container(l.ctx, id)
	l.must(err)
	_, err = two.Config(l.ctx, option("memory", 768), option("description", "told by go-proxmox"))
	l.must(err)
	_, err = two.AddTag(l.ctx, "tagged")
	l.must(err)
	l.done(two.NewSnapshot(l.ctx, "s1"))
	_, err = two.Config(l.ctx, option("memory", 600))
	l.must(err)
	l.done(two.Snapshot("s1").Rollback(l.ctx, false))
	list, err := two.Snapshots(l.ctx)
	if err != nil || len(list) != 2 {
		t.Errorf("snapshots %v, %v", list, err)
	}
	l.done(two.Snapshot("s1").Delete(l.ctx))
	l.done(two.Resize(l.ctx, "rootfs", "+2G"))
	pending, err := two.Pending(l.ctx)
	if err != nil || len(pending) == 0 {
		t.Errorf("pending %v, %v", pending, err)
	}
	two, err = l.node.Container(l.ctx, id)
	l.must(err)
	c := two.ContainerConfig
	if two.Name != "zwei" || c.Memory == nil || *c.Memory != 768 || two.Tags != "tagged" || !strings.HasSuffix(c.RootFS, ",size=6G") {
		t.Errorf("%s, memory %v, tags %s, %s", two.Name, c.Memory, two.Tags, c.RootFS)
	}
	l.done(two.Start(l.ctx))
	l.done(two.Stop(l.ctx))
	l.done(two.Delete(l.ctx, &proxmox.ContainerDeleteOptions{Purge: true}))
	l.done(one.Delete(l.ctx, nil))
}
