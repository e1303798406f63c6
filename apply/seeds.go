package apply

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
	"github.com/homestak/homestak/runtime/seed"
)

// newSeedName is a name for a node's seed, of a content type, that nobody can
// guess.
func newSeedName(uuid, content string) string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	if content == plan.ContentISO {
		return identity.SeedCD(uuid, hex.EncodeToString(b[:]))
	}
	return identity.SeedName(uuid, hex.EncodeToString(b[:]))
}

// seedContent is the content type that a step has of a seed: that of a disk, if it
// says nothing.
func seedContent(s *plan.Step, arg string) string { return cmp.Or(s.Text(arg), contentImport) }

// seedVolume is the id of a seed that a step names.
func seedVolume(s *plan.Step, storage, contentArg, name string) string {
	return storage + ":" + seedContent(s, contentArg) + "/" + name
}

// seedDrive are the parameters by which a guest that is made gets its seed: the one
// that this run uploaded, or PVE's own drive. There are none when the step is about
// no seed.
func (t *task) seedDrive() ([]plan.KV, error) {
	if t.s.Text(plan.ArgSeedContent) == plan.ContentPVE {
		return []plan.KV{
			{Key: "ciuser", Value: seed.DriverUser}, {Key: "sshkeys", Value: urlEncoded(t.env.caLine())},
			{Key: plan.SlotSeed, Value: createdStorage(t.s) + ":" + plan.ContentPVE + ",media=cdrom"},
		}, nil
	}
	storage := t.s.Text(plan.ArgSeedStorage)
	if storage == "" {
		return nil, nil
	}
	t.mu.Lock()
	name := t.seeds[t.n.addr]
	t.mu.Unlock()
	if name == "" {
		return nil, fmt.Errorf("the seed of %s was not uploaded in this run", t.n.addr)
	}
	volume := seedVolume(t.s, storage, plan.ArgSeedContent, name)
	kv := plan.KV{Key: plan.SlotSeed, Value: createdStorage(t.s) + ":0,import-from=" + volume}
	if seedContent(t.s, plan.ArgSeedContent) == plan.ContentISO {
		kv.Value = volume + ",media=cdrom"
	}
	return []plan.KV{kv}, nil
}

// urlEncoded is a text as PVE wants it where it says "urlencoded": a blank is not +.
func urlEncoded(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// caLine lets whoever has a certificate of the site's SSH user CA for the driver in,
// as a line of authorized_keys.
func (e *Env) caLine() string {
	return fmt.Sprintf("cert-authority,principals=%q %s", seed.DriverUser, e.Keys.UserCALine())
}

// seedContents are the content types under which seeds are uploaded.
var seedContents = [...]string{contentImport, plan.ContentISO}

// usesSeeds reports whether a run has to do with seeds of a content type. Those of
// disks are always looked for.
func (r *run) usesSeeds(content string) bool {
	return content == contentImport || slices.ContainsFunc(r.p.Steps, func(s plan.Step) bool { return s.Text(plan.ArgContent) == content })
}

// awaited reports whether a seed is in the CD-ROM drive of its guest, which has yet
// to read it.
func (r *run) awaited(ctx context.Context, h *host, n *node, volume string) (bool, error) {
	content, _ := contentOf(volume)
	if content != plan.ContentISO {
		return false, nil
	}
	g, err := h.guest(ctx, n.vmid, r.env.Keys.Marker())
	return err == nil && g != nil && canon.Get(g.Config, plan.SlotSeed+".file") == volume, err
}
