package diag

// HS0601–HS0649, HS0701–HS0799: making, reading and judging plans.
var planCodes = []Entry{
	{"HS0601", "not a file of this kind", `A plan file and a facts file each begin with a magic number of their own, and this file begins with something
else. Usually the wrong path was given, or plan.bin and facts.cbor were swapped. Plans are made by "homestak plan -o plan.bin", facts by "homestak facts -o facts.cbor".`},
	{"HS0602", "file of another format version", `The file was written by a version of homestak whose format this version does not read. A format is readable by
the next two minor versions. Make the file again with this version, or use the version that made it; never convert a plan that was approved, because its digest would change.`},
	{"HS0603", "damaged file", `The checksum at the end of the file does not fit its content, or a part is longer than the file. It was cut short, altered, or sent
through something that converts line ends (the first byte of the magic number is there to show that). Copy it again in binary mode or make it again. Nothing of a damaged plan is run.`},
	{"HS0604", "not in canonical form", `The file is well framed, but its content is not what homestak writes: an unknown or repeated field, a tag, an indefinite length, a
number longer than it need be, or bytes after the end. Only one byte string stands for one plan, so that a digest people approved cannot mean two things. The message names the place. Make the file again.`},
	{"HS0605", "file contradicts itself", `The file can be read, and what it says cannot be: a step that waits for a later one, a program that is not what its digest says, a
list out of order, a name that is not in the file. homestak never writes such a file, so it was edited or made by a tool with a bug. Make it again and review it again.`},
	{"HS0606", "file too large", `A plan or facts file is bounded, so that reading one cannot exhaust the machine. The bound is several times what a plan of 100,000 nodes
needs. If you meet it with an honest plan, split the deployment into several manifests.`},
	{"HS0611", "node without a host", `Every root node lives on a Proxmox VE host: the one named with -H, or the one its own host: or placement names. Either none is
named, or the facts the plan is made from do not cover it. Name a host that has an entry in hosts/, and make the facts again if you gave a facts file.`},
	{"HS0612", "host could not be asked", `A plan is made from what the hosts say, and this one said nothing: it is down, its address or certificate is not the one in its entry,
or the token is refused. Guests on it may exist or not, so planning would be guessing. The message has the host's own words where there are any.`},
	{"HS0613", "parent could not be asked", `The node is a Proxmox VE host made by homestak, it was ready once, and now its API cannot be reached, often because the guest is stopped.
Its children exist or do not, nobody can see; planning them as absent could make each of them twice. Start the parent or repair the way to it, then plan again. Destroying the deployment works without it: the children go with their parent.`},
	{"HS0614", "no storage for what the plan needs", `Guest disks need a storage with content type images, disk images and seeds one with content type import (PVE 8.2 and later). The host has none that the
token can see, or the one the host entry names is not there or lacks the type. Enable it under Datacenter, Storage, Content, or with pvesm set; the token needs Datastore.Audit on the storage.`},
	{"HS0615", "no such bridge", `PVE accepts a guest on a bridge that does not exist and then fails to start it, so homestak looks first. Write a bridge of the host as
network.bridge, or make the bridge on the host.`},
	{"HS0616", "image cannot be used on this host", `Images whose source is builtin: are tiny stand-ins that only the embedded lab can boot; a real host needs an https source in images/. Every image needs
a checksum, because its digest is part of the volume's name and of the plan that people approve.`},
	{"HS0617", "vmid is taken", `The manifest declares a vmid and another guest of the cluster has it. homestak never touches a guest that does not carry two of the node's three marks
(vmid, signed marker in the notes, SMBIOS uuid). Declare another vmid, or leave it out: then the plan chooses a free one that stays the same from plan to plan.`},
	{"HS0618", "no vmid is free", `The plan chooses vmids from the site's range, starting at a place that depends on the node alone and going on to the next free number. The range is
full on this host. Widen vmid range in site.yaml, or declare a vmid outside of it.`},
	{"HS0619", "name is taken by a foreign guest", `A guest that does not carry the node's marks has the node's name. Two guests of one name confuse people, DNS and backups, and the foreign one may be what you
meant; homestak neither adopts nor touches it by name. Rename one of the two. Guests of your other manifests may share a name; you get a warning then.`},
	{"HS0620", "guest looks like a node and is not", `The guest carries one of the node's three marks: a marker in its notes that was written for another vmid or signed with another key, or the node's SMBIOS uuid.
It is a clone, or was restored from a backup under another number. It is left alone, and so that nothing is made twice, the node is not made either. Remove the homestak block from its notes, or restore the backup under the node's own vmid.`},
	{"HS0621", "several guests could be one node", `Two or more guests carry two of the three marks that make a guest a node's own. Which one is meant cannot be decided for you, and every choice could
destroy data. Take the marks off all but one: the homestak block in the notes, and the uuid in smbios1.`},
	{"HS0622", "guest is somewhere else", `The node's guest exists, but on another host than the manifest says, or on a cluster node that no host entry of the site names. homestak does not move guests between
hosts yet. Write where it is, add the host entry, or migrate the guest back with PVE's own means.`},
	{"HS0623", "guest has another vmid", `The manifest declares a vmid, and the node's guest has another one. PVE cannot renumber a guest. Declare the number it has, leave the vmid out, or
destroy the node and create it again.`},
	{"HS0624", "disk would shrink", `The node's disk is larger than the manifest wants, and PVE never shrinks a disk, because what it would cut off may be data. Declare at least the
size it has. To really start over with a smaller disk, destroy the node first.`},
	{"HS0625", "MAC address is in use", `Two guests with one MAC address on a network take each other's packets. Derived addresses are locally administered and practically never
collide, so usually one was written by hand or a guest was cloned with its configuration. Change one of them.`},
	{"HS0626", "protected guest would be deleted", `The node says protect: true, or the guest's protection flag is set in PVE, and the plan would delete it. PVE would refuse in the middle of the run, so the
plan is refused before it. If it really shall go, set protect: false, apply that, and plan again.`},
	{"HS0628", "nodes wait for each other", `A depends_on, together with what the nodes on the way wait for themselves, leads back to where it began; a parent counts as something its children wait for. No
order exists in which these nodes could be made. Remove one of the dependencies.`},
	{"HS0629", "spec cannot become a program", `What a node becomes is spelled out as a program of resources, and the target's system could not hold one of them: a user name that useradd refuses, a package
name with a blank in it. The message names the resource. Correct the spec.`},
	{"HS0630", "test would destroy a deployment", `A test makes its nodes, checks them and destroys them. Guests of this manifest exist that no test made, so they are somebody's deployment, and it would be
gone afterwards. Guests that an interrupted test left are no obstacle: their markers say that a test made them, until homestak create takes them over. Destroy the deployment first, or run homestak create, which
checks what is there and keeps it.`},
	{"HS0640", "not the assembly form of a plan", `The text is not what "homestak show --format asm" writes: a statement is unknown, a word names no member of its set, a number or the
hexadecimal bytes of a program are malformed, or the file is something else. The diagnostic points at the statement. Write the
form anew from the plan and compare.`},
	{"HS0641", "a skipped node is needed", `A node that the plan is about cannot do without the one that --skip takes away: it is in it or depends on it while that one does
not exist or never was ready; or the plan destroys or restarts a node, and the skipped one is inside. A plan that leaves it out would fail halfway, or touch what it
promised not to. Do not skip that node, or skip the one that needs it, too.`},
	{"HS0642", "nothing is left to plan for", `What --only selects, --skip takes away again, or --skip takes away the whole manifest. A plan of nothing would look like
success, so it is an error. Skip fewer nodes, or do not plan.`},
	{"HS0643", "included in a partial plan", `The node was not selected and is in the plan all the same, because one that was selected cannot be made, or unmade, without it: it is
in it or depends on it and it does not exist yet, or it is inside a node that is destroyed or restarted. The finding names the one that needs it. Use --skip to
have the plan refused instead.`},
	{"HS0644", "what depends on it stays", `The partial plan destroys a node, and one that depends on it was not selected, so it stays as it is, without what it depends on. depends_on is an
order of making things, so nothing breaks by itself; whether the service bears it is yours to know. To destroy it as well, select dependents(NODE), too.`},
	{"HS0645", "nobody would tell where the guest is", `homestak works with a guest at its address. With a DHCP server only the guest agent knows which one that is, and the manifest says that the
guest has none (agent: false): the run would wait for its address until the time is up. Give the node a static address, or leave the agent on. A guest that exists keeps the address its first boot gave it, so
a new one in the manifest does not help it.`},
	{"HS0646", "feature that only root@pam may change", `homestak works with an API token, and Proxmox VE lets no token change what a container may do beyond nesting: fuse, keyctl, mknod and
mount, and all features of a privileged container, it takes from root@pam himself alone, and from none of his tokens. The apply would fail in the middle with 403. Set the feature as root on the host with
pct set, as the finding says. Features that the manifest says nothing of stay as they are, and one that already is as the manifest says needs no change.`},
	{"HS0701", "host is unknown", `The plan was made without facts about the host, so its storages are assumed and images that exist in the lab only are let pass. Such a plan is good for reading and for
comparing; make it again against facts of the real host before applying it.`},
	{"HS0702", "secrets without digests", `A plan names the secrets it needs with a digest from secrets.lock, so that a rotated secret is a visible change. This site has no lock, so a changed value
changes nothing that people review. Make the site's keys (homestak init --keys) and run homestak secrets lock; the lock is safe to commit.`},
	{"HS0703", "guest that is not ours stands near", `A guest that is not the node has its name or some of its marks. The plan does not need what it holds, so it goes on and leaves that guest
alone; look whether it is what you think it is.`},
	{"HS0704", "changed since it was applied", `The attribute is not what homestak left there: somebody changed the guest by other means, and the plan sets it back. If the change was meant, write it in
the manifest. The marker in the guest's notes holds keyed hashes of what was applied, which is how this is known.`},
	{"HS0705", "children suffer with their parent", `The plan restarts or deletes a node that is itself a host, and the guests inside go down or away with it. Nothing is wrong with that if it is meant;
they are named here because they have no step of their own. A host that cannot be asked takes whatever is on it with it, unseen. When the manifest
no longer has it, or has it as a machine, put it back as type pve, start it and plan to destroy it: then its guests are listed.`},
	{"HS0706", "guest the manifest no longer names", `The guest was made for this manifest, and the node was removed from it since. Creating never deletes, so it stays. Plan with --goal reconcile to
remove such guests, or destroy the deployment.`},
	{"HS0707", "vmid moved on", `The number a node gets first is taken by another guest, so the next free one of the range was chosen. Once the guest exists it keeps its number,
whatever happens around it.`},
	{"HS0708", "fixed when the guest was made", `A guest's address, gateway, resolvers and search domain come from its seed, which acts at the first boot only, and its disk was copied from its image once. The
manifest says something else by now, and nothing homestak can do to the running guest brings that about, so the plan does not change it. It takes effect when the guest is replaced: plan with --replace and the
node, which loses what is on the guest, or write in the manifest what the guest has.`},
	{"HS0709", "left by an interrupted run", `A run that was killed after it uploaded a node's seed, and before it could tidy up, left the file on the host. It holds the host key of a guest that is not made
from it any more, so the plan removes it. Nothing else uses it.`},
	{"HS0720", "waits for a restart", `PVE has the new value and the guest does not: it takes effect at the guest's next restart, and the node's reboot policy leaves that to somebody else (staged, never),
or to an apply inside one of its windows (window). The finding is repeated until the guest was restarted. Nothing is sent to PVE meanwhile, so such a plan is empty.`},
	{"HS0721", "not changed, because it needs a restart", `The manifest wants something that a running guest cannot get without a restart, or, for a container's disk, without being off, and the node's reboot policy does not
allow that. The guest stays as it is. Stop it yourself and plan again: what is changed on a stopped guest needs no restart. Or choose the policy now or window.`},
	{"HS0722", "disk taken from a guest, or put back", `A disk that the manifest no longer names is taken from the guest and never deleted: PVE keeps its volume with the guest as an unused disk, and it goes only when somebody
removes it there or the guest is deleted. If the manifest names it again, the same volume is put back with everything on it.`},
	{"HS0723", "host key trusted on first use", `A virtual machine gets a certified SSH host key in its seed, so its first connection is checked already. A container has no seed, and PVE's API writes no file into one, so
the key that it shows at the first login is believed, once: its fingerprint is kept in the signed marker in the container's notes, and every later login has to show the same one. Make containers on networks you trust.`},
}
