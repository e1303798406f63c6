package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/homestak/homestak/apply/journal"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
	"github.com/homestak/homestak/runtime/pve"
	"github.com/homestak/homestak/runtime/seed"
)

// seedUpload makes a node's seed, with a host key of its own, and uploads it
// under a name nobody can guess.
type seedUpload struct {
	*task
	volume string
}

// probe: a guest with the node's identity was given its seed when it was made.
func (o *seedUpload) probe(ctx context.Context) (bool, error) {
	_, g, err := o.look(ctx)
	if err != nil || !o.ours(g, o.n) || g.replaced(o.n) {
		return false, err
	}
	// A clone is the node's before it has a seed.
	made := o.n.created
	half := made != nil && made.Op == plan.GuestClone && len(canon.Diff(canon.Overlay(g.Config, g.Pending), createdConfig(made))) > 0
	return !half, nil
}

func (o *seedUpload) act(ctx context.Context) error {
	h, err := o.fleet.host(ctx, o.s.Host)
	if err != nil {
		return err
	}
	storage := o.s.Text(plan.ArgStorage)
	// Whatever an earlier life of this step left is of no use: nobody knows its name.
	if err := o.removeSeeds(ctx, h, storage, seedContent(o.s, plan.ArgContent)); err != nil {
		return err
	}
	data, err := o.build()
	if err != nil {
		return err
	}
	content := seedContent(o.s, plan.ArgContent)
	name := newSeedName(o.n.uuid, content)
	o.volume = seedVolume(o.s, storage, plan.ArgContent, name)
	if err := o.record(journal.Record{Kind: journal.Named, Step: string(o.s.ID), Host: h.name, Value: o.volume}); err != nil {
		return journalFailed(err)
	}
	sum := sha256.Sum256(data)
	if err := o.upload(ctx, h, storage, content, name, "sha256:"+hex.EncodeToString(sum[:]), data); err != nil {
		return err
	}
	o.mu.Lock()
	o.seeds[o.n.addr] = name
	o.mu.Unlock()
	return nil
}

func (o *seedUpload) verify(ctx context.Context) error {
	h, err := o.fleet.host(ctx, o.s.Host)
	if err != nil {
		return err
	}
	if there, err := h.hasVolume(ctx, o.s.Text(plan.ArgStorage), o.volume); err != nil || there {
		return err
	}
	d := codeUnverified.Errorf("the seed was uploaded and is not there")
	d.Help = "check storage " + o.s.Text(plan.ArgStorage) + " of host " + h.name + ", then run again"
	return d
}

func (o *seedUpload) build() ([]byte, error) {
	key, cert, err := o.env.Keys.HostKey(o.n.uuid)
	if err != nil {
		return nil, err
	}
	content := seed.Seed{
		Instance: o.s.Text(plan.ArgInstance), Hostname: o.s.Text(plan.ArgHostname), Domain: o.s.Text(plan.ArgDomain),
		MAC: o.s.Text(plan.ArgMAC), IP: o.s.Text(plan.ArgIP), Gateway: o.s.Text(plan.ArgGateway), DNS: o.s.List(plan.ArgDNS),
		UserCA: o.env.Keys.UserCALine(), HostKeyPEM: key, HostCert: string(cert),
		Extra: seed.Extra{Packages: o.s.List(plan.ArgPackages), Commands: o.s.List(plan.ArgCommands)},
	}
	for _, text := range o.s.List(plan.ArgInterfaces) {
		i, err := plan.ParseSeedInterface(text)
		if err != nil {
			return nil, err
		}
		content.Interfaces = append(content.Interfaces, seed.Interface{Name: i.Name, MAC: i.MAC, IP: i.IP, Gateway: i.Gateway, DNS: i.DNS})
	}
	for _, text := range o.s.List(plan.ArgFiles) {
		f, err := plan.ParseSeedFile(text)
		if err != nil {
			return nil, err
		}
		content.Extra.Files = append(content.Extra.Files, seed.File{Path: f.Path, Content: f.Content, Owner: f.Owner, Mode: f.Mode})
	}
	return seed.Build(content)
}

// seedUploadRemove removes the uploaded file: once the guest owns a copy, nobody
// else should be able to read it.
type seedUploadRemove struct{ *task }

func (o seedUploadRemove) probe(ctx context.Context) (bool, error) {
	if gone, err := o.hostIsGone(ctx, o.s); gone || err != nil {
		return gone, err
	}
	h, err := o.fleet.host(ctx, o.s.Host)
	if err != nil {
		return false, err
	}
	if name := o.s.Text(plan.ArgSeed); name != "" {
		there, err := h.hasVolume(ctx, o.s.Text(plan.ArgStorage), o.volume(name))
		return !there, err
	}
	left, err := h.seedsOf(ctx, o.s.Text(plan.ArgStorage), seedContent(o.s, plan.ArgContent), o.n.uuid)
	return len(left) == 0, err
}

// volume is the id of a seed that the plan names.
func (o seedUploadRemove) volume(name string) string {
	return seedVolume(o.s, o.s.Text(plan.ArgStorage), plan.ArgContent, name)
}

func (o seedUploadRemove) act(ctx context.Context) error {
	h, err := o.fleet.host(ctx, o.s.Host)
	if err != nil {
		return err
	}
	if name := o.s.Text(plan.ArgSeed); name != "" {
		return o.removeVolumes(ctx, h, []string{o.volume(name)})
	}
	return o.removeSeeds(ctx, h, o.s.Text(plan.ArgStorage), seedContent(o.s, plan.ArgContent))
}

func (t *task) removeSeeds(ctx context.Context, h *host, storage, content string) error {
	left, err := h.seedsOf(ctx, storage, content, t.n.uuid)
	if err != nil {
		return err
	}
	return t.removeVolumes(ctx, h, left)
}

// removeVolumes deletes seeds; one that is gone already is no error.
func (t *task) removeVolumes(ctx context.Context, h *host, volumes []string) error {
	for _, volume := range volumes {
		upid, err := h.api.DeleteVolume(ctx, h.node, volume)
		if err := t.wait(ctx, h, upid, err); err != nil && pve.ClassOf(err) != pve.NotExist {
			return err
		}
	}
	return nil
}

// seedsOf lists the uploaded seeds of a node.
func (h *host) seedsOf(ctx context.Context, storage, content, uuid string) ([]string, error) {
	list, err := h.api.Volumes(ctx, h.node, storage, content)
	if err != nil {
		return nil, err
	}
	var left []string
	for _, v := range list {
		if identity.SeedOwner(v.ID) == uuid {
			left = append(left, v.ID)
		}
	}
	return left, nil
}

// seedDiskRemove takes the seed disk from a guest that has read it.
type seedDiskRemove struct{ *task }

// largestSeedDisk is more than any seed with the rounding of any storage (LVM:
// 4 MiB). A larger disk in the seed's place is somebody's data.
const largestSeedDisk = 16 << 20

func (o seedDiskRemove) probe(ctx context.Context) (bool, error) {
	if gone, err := o.isGone(ctx); gone || err != nil {
		return gone, err
	}
	_, g, err := o.look(ctx)
	if err != nil || g == nil {
		return g == nil, err
	}
	// Where nothing can be unplugged, it goes when the guest is next off.
	has, err := g.hasSeed(o.s.Text(plan.ArgSlot))
	return !has, err
}

// hasSeed reports whether what is in the seed's slot of a guest is a seed. It fails
// when nobody can tell: removing it would delete somebody's data.
func (g *guest) hasSeed(slot string) (bool, error) {
	config := canon.Overlay(g.Config, g.Pending)
	volume := canon.Volume(config, slot)
	if volume == "" || g.marker.authentic && g.marker.Adopted {
		return false, nil // of an adopted guest it is its owner's
	}
	if canon.Get(config, slot+".media") == "cdrom" {
		return true, nil
	}
	size, err := strconv.ParseUint(canon.Get(config, slot+".size"), 10, 64)
	if err != nil {
		return false, fmt.Errorf("PVE does not say how large %s (%s) is, so it may be data and not the seed: it is not removed", slot, volume)
	}
	return size <= largestSeedDisk, nil
}

func (o seedDiskRemove) act(ctx context.Context) error {
	h, g, err := o.mine(ctx)
	if err != nil {
		return err
	}
	return h.api.UnlinkDisks(ctx, g.node, g.VMID, o.s.Text(plan.ArgSlot))
}
