package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
	"github.com/homestak/homestak/runtime/ca"
	"github.com/homestak/homestak/runtime/lab"
)

// existing: a plan of guests that are all there and as they should be. The lab is in
// another process than the client: this one.
func (b *bench) existing() error {
	limits := map[int]string{100: "", 1_000: "0.6 s cpu", 10_000: "6 s cpu, linear"}
	for _, n := range []int{100, 1_000, 10_000} {
		if err := b.existingOf(n, limits[n]); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) existingOf(n int, limit string) (err error) {
	site, err := b.site(fmt.Sprintf("existing%d", n), n, false)
	if err != nil {
		return err
	}
	if out, err := exec.Command(b.bin, "init", "--keys", "--site", site).CombinedOutput(); err != nil {
		return fmt.Errorf("init --keys: %w\n%s", err, out)
	}
	l, err := lab.Open(context.Background(), lab.Config{Dir: filepath.Join(b.dir, fmt.Sprintf("lab%d", n)), Name: "lab"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	entry := fmt.Sprintf("node: lab\nendpoint: %s\nfingerprint: %q\n", l.URL(), l.Fingerprint())
	err = errors.Join(os.MkdirAll(filepath.Join(site, "hosts"), 0o755),
		os.WriteFile(filepath.Join(site, "hosts", "bench.yaml"), []byte(entry), 0o644),
		os.WriteFile(filepath.Join(site, "secrets.yaml"), []byte("api_tokens:\n  bench: \""+l.Token()+"\"\n"), 0o600))
	if err != nil {
		return err
	}
	file := filepath.Join(b.dir, "plan.bin")
	args := []string{"plan", "-M", "big", "-H", "bench", "--site", site, "-o", file}
	if out, err := exec.Command(b.bin, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("plan: %w\n%s", err, out)
	}
	if err := populate(l, site, file); err != nil {
		return err
	}
	requests, err := lab.ReadLog(l.Dir())
	if err != nil {
		return err
	}
	u, err := b.measure(3, args...)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	p, err := plan.Decode(data)
	if err != nil {
		return err
	}
	if len(p.Program.Steps) > 0 {
		return fmt.Errorf("the plan of %d guests that exist has %d steps, the first is %s %s", n, len(p.Program.Steps), p.Program.Steps[0].Op, p.Program.Steps[0].Addr)
	}
	all, err := lab.ReadLog(l.Dir())
	if err != nil {
		return err
	}
	b.row("plan, existing", n, u, limit)
	fmt.Fprintf(b.table, "  requests of one plan\t%d\t\t\t\tone for each, and a few\n", (len(all)-len(requests))/3)
	return b.table.Flush()
}

// populate makes the guests of a plan as an apply would leave them, without booting
// anything: ten thousand machines are too many for that.
func populate(l *lab.Lab, site, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	p, err := plan.Decode(data)
	if err != nil {
		return err
	}
	keys, err := ca.Load(site)
	if err != nil {
		return err
	}
	steps := map[addr.Address][]*plan.Step{}
	for i := range p.Program.Steps {
		s := &p.Program.Steps[i]
		steps[s.Addr] = append(steps[s.Addr], s)
	}
	var g errgroup.Group
	g.SetLimit(16)
	for i := range p.Program.Changes {
		c := &p.Program.Changes[i]
		g.Go(func() error { return populateOne(l, &p.Program, c, steps[c.Addr], keys.Marker()) })
	}
	return g.Wait()
}

func populateOne(l *lab.Lab, p *plan.Program, c *plan.Change, steps []*plan.Step, key []byte) error {
	m := identity.Marker{SiteID: p.SiteID, Manifest: p.Manifest, Addr: c.Addr, UUID: c.UUID, VMID: c.VMID, Incarnation: 1, Kind: c.Kind}
	var params []plan.KV
	size := ""
	for _, s := range steps {
		switch s.Op {
		case plan.GuestCreate:
			params = canon.Params(s)
			m.Fields = identity.Fields(key, c.UUID, canon.Applied(canon.Settings(canon.QEMU, params)))
		case plan.GuestGrow:
			size = s.Text(plan.ArgSize)
		case plan.GuestConfigure:
			m.Program, m.Secrets = s.Text(plan.ArgProgram), s.Text(plan.ArgSecrets)
		}
	}
	bytes, err := strconv.ParseUint(size, 10, 64)
	if err != nil {
		return fmt.Errorf("%s: no size: %w", c.Addr, err)
	}
	kvs := []lab.KV{
		{Key: "vmid", Value: strconv.FormatUint(uint64(c.VMID), 10)},
		{Key: "description", Value: identity.Seal(m, key)},
	}
	for _, kv := range params {
		if kv.Key == plan.SlotRoot {
			storage, _, _ := strings.Cut(kv.Value, ":")
			kv.Value = fmt.Sprintf("%s:%d", storage, bytes>>30)
		}
		kvs = append(kvs, lab.KV{Key: kv.Key, Value: kv.Value})
	}
	if err := await(l, "POST", "/nodes/lab/qemu", kvs); err != nil {
		return fmt.Errorf("%s: %w", c.Addr, err)
	}
	return await(l, "POST", fmt.Sprintf("/nodes/lab/qemu/%d/status/start", c.VMID), nil)
}

// await makes a request of the lab and waits for the end of its task.
func await(l *lab.Lab, method, path string, kvs []lab.KV) error {
	ctx := context.Background()
	status, data, reason := l.Do(ctx, method, path, kvs)
	if status != 200 {
		return fmt.Errorf("%s %s: %d %s", method, path, status, reason)
	}
	upid, _ := data.(string)
	for {
		status, data, reason := l.Do(ctx, "GET", "/nodes/lab/tasks/"+url.PathEscape(upid)+"/status", nil)
		if status != 200 {
			return fmt.Errorf("%s: %d %s", upid, status, reason)
		}
		task, _ := data.(map[string]any)
		switch task["exitstatus"] {
		case nil:
			time.Sleep(5 * time.Millisecond)
		case "OK":
			return nil
		default:
			return fmt.Errorf("%s: %v", upid, task["exitstatus"])
		}
	}
}
