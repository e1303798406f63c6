"""One life of a VM and one of a container, told with Debian's proxmoxer.

Arguments: HOST:PORT NODE TOKEN IMAGE TEMPLATE, where TOKEN is USER!ID=SECRET and
the last two are files. It says OK when everything was as expected.
"""
import os
import sys
import time

import urllib3
from proxmoxer import ProxmoxAPI
from proxmoxer.core import ResourceException

urllib3.disable_warnings()
host, node_name, token, image, template = sys.argv[1:]
identity, secret = token.split("=", 1)
user, token_id = identity.split("!", 1)
api = ProxmoxAPI(host, user=user, token_name=token_id, token_value=secret, verify_ssl=False, timeout=30)
node = api.nodes(node_name)


def done(upid):
    """waits for a task."""
    deadline = time.monotonic() + 60
    while True:
        status = node.tasks(upid).status.get()
        if status["status"] == "stopped":
            break
        assert time.monotonic() < deadline, status
        time.sleep(0.02)
    log = [line["t"] for line in node.tasks(upid).log.get()]
    assert status["exitstatus"] == "OK", (status, log)
    assert log[-1] == "TASK OK", log


def refused(call, code, text):
    """expects PVE's own words."""
    try:
        call()
    except ResourceException as e:
        assert e.status_code == code and text in str(e), e
    else:
        raise AssertionError("not refused: " + text)


def upload(content, path):
    with open(path, "rb") as f:
        done(node.storage("local").upload.post(content=content, filename=f))
    volid = "local:%s/%s" % (content, os.path.basename(path))
    assert volid in [v["volid"] for v in node.storage("local").content.get(content=content)]
    return volid


def resource(vmid):
    [row] = [r for r in api.cluster.resources.get(type="vm") if r["vmid"] == vmid]
    return row


def same_life(guest, clone, disk, snapshot, name, hostname, changed):
    """what VMs and containers have in common, from the clone on."""
    before = clone.config.get()
    clone.config.put(**{"memory": 768, "tags": "b,a", name: hostname})
    after = clone.config.get()
    assert int(after["memory"]) == 768 and after["tags"] == "a;b" and after[name] == hostname, after
    assert after["digest"] != before["digest"]
    refused(lambda: clone.config.put(digest=before["digest"], memory=1024), 500, changed)
    refused(lambda: clone.config.put(nonsense=1), 400, "Parameter verification failed.")
    clone.config.put(delete="tags")
    assert "tags" not in clone.config.get()

    done(clone.snapshot.post(snapname=snapshot, description="as it was"))
    clone.config.put(memory=512)
    names = [s["name"] for s in clone.snapshot.get()]
    assert snapshot in names and "current" in names, names
    done(clone.snapshot(snapshot).rollback.post())
    assert int(clone.config.get()["memory"]) == 768
    done(clone.snapshot(snapshot).delete())

    done(clone.resize.put(disk=disk, size="+1G"))
    assert ",size=5G" in clone.config.get()[disk], clone.config.get()

    done(clone.status.start.post())
    assert clone.status.current.get()["status"] == "running"
    done(clone.status.reboot.post(timeout=30))
    done(clone.status.shutdown.post(timeout=30))
    assert clone.status.current.get()["status"] == "stopped"
    done(clone.status.start.post())
    done(clone.status.stop.post())

    guest.config.put(protection=1)
    refused(guest.delete, 500, "protection mode enabled")
    guest.config.put(delete="protection")
    done(clone.delete(purge=1))
    done(guest.delete())


assert api.version.get()["release"].startswith("9.")
assert [n["node"] for n in api.nodes.get()] == [node_name]

# A VM.
disk = upload("import", image)
vmid = int(api.cluster.nextid.get())
done(node.qemu.post(
    vmid=vmid, name="one", memory=512, cores=1, agent=1, scsihw="virtio-scsi-single", boot="order=scsi0", net0="virtio,bridge=vmbr0",
    scsi0="local:0,import-from=%s,format=qcow2" % disk, description="told by proxmoxer"))
refused(lambda: node.qemu.post(vmid=vmid), 500, "VM %d already exists on node '%s'" % (vmid, node_name))
vm = node.qemu(vmid)
done(vm.resize.put(disk="scsi0", size="4G"))
done(vm.clone.post(newid=vmid + 1, name="two", full=1))
assert resource(vmid + 1)["name"] == "two" and resource(vmid + 1)["type"] == "qemu"
assert vm.config.get()["net0"] != node.qemu(vmid + 1).config.get()["net0"]
same_life(vm, node.qemu(vmid + 1), "scsi0", "s1", "name", "deux", "checksum mismatch (file change by other user?)")

# A container, by somebody who has a password and no more rights than he needs.
api.access.users.post(userid="ann@pve", password="annes-password")
api.access.acl.put(path="/", users="ann@pve", roles="PVEAdmin")
api = ProxmoxAPI(host, user="ann@pve", password="annes-password", verify_ssl=False, timeout=30)
node = api.nodes(node_name)
assert api.access.permissions.get()["/vms"]["VM.Allocate"] == 1
refused(lambda: api.access.roles.post(roleid="Mine", privs="VM.Audit"), 403, "Permission check failed")
archive = upload("vztmpl", template)
ctid = int(api.cluster.nextid.get())
done(node.lxc.post(**{
    "vmid": ctid, "ostemplate": archive, "hostname": "eins", "memory": 512, "swap": 0, "cores": 1, "unprivileged": 1, "rootfs": "data:4",
    "features": "nesting=1", "net0": "name=eth0,bridge=vmbr0,ip=10.10.7.7/16,gw=10.10.0.1", "mp0": "data:1,mp=/srv", "password": "correct horse",
    "ssh-public-keys": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJf1mk0xlQ5wXhz4cgd0YfzPZ0WSPZqsaqw1FZqQ0Yk0 someone"}))
refused(lambda: node.lxc.post(vmid=ctid, ostemplate=archive), 403, "Permission check failed (/, Sys.Modify)")  # as it would be privileged
refused(lambda: node.lxc.post(vmid=ctid, ostemplate=archive, unprivileged=1), 500, "CT %d already exists on node '%s'" % (ctid, node_name))
ct = node.lxc(ctid)
config = ct.config.get()
assert config["unprivileged"] == 1 and "password" not in config and "ssh-public-keys" not in config, config
done(ct.status.start.post())
refused(ct.status.start.post, 500, "CT %d already running" % ctid)
deadline = time.monotonic() + 30
while True:
    eth0 = [i for i in ct.interfaces.get() or [] if i["name"] == "eth0"]
    if eth0 and eth0[0].get("inet") == "10.10.7.7/16":
        break
    assert time.monotonic() < deadline, eth0
    time.sleep(0.02)
done(ct.status.shutdown.post())
done(ct.clone.post(newid=ctid + 1, hostname="zwei", full=1))
assert resource(ctid + 1)["type"] == "lxc"
same_life(ct, node.lxc(ctid + 1), "rootfs", "s1", "hostname", "drei", "detected modified configuration - file changed by other user? Try again.")

for storage in "local", "data":
    left = [v["volid"] for v in node.storage(storage).content.get() if v.get("vmid")]
    assert not left, left
assert not api.cluster.resources.get(type="vm")
print("OK")
