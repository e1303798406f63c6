package apply_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
	"github.com/homestak/homestak/runtime/lab"
)

// being is a guest of a random world, with the truth about it that nobody else
// is told: who made it, and which of its marks are whole.
type being struct {
	vmid  uint
	node  string // of the cluster, "" = lab
	name  string
	tags  string
	uuid  string
	mac   string
	notes string
	maker addr.Address // the node whose own guest it is; "" = a copy's or a stranger's
	says  addr.Address // whom its signed marker names, "" = none that counts
	mute  bool         // the site gave it up
}

// worlds makes random worlds in one lab.
type worlds struct {
	*world
	rnd     *rand.Rand
	nodes   []addr.Address
	create  map[addr.Address]*plan.Step // how a node's guest is made
	ready   map[addr.Address]*plan.Step // what its marker says once it is ready
	uuids   map[addr.Address]string
	numbers map[addr.Address]uint
	all     []*being
	called  map[addr.Address]addr.Address // what the manifest calls a node that it renames
	told    []string                      // what was done to the world, for messages
	begun   []string                      // tasks that nobody waited for yet
}

const (
	small = `schema_version: 2
name: m
nodes:
  - {name: a, spec: web, preset: vm-small, disk: 8%[1]s}
  - {name: b, spec: web, preset: vm-small, disk: 8%[1]s}
  - {name: c, spec: web, preset: vm-small, disk: 8, vmid: 4242%[1]s}
`
	renamed = addr.Address("m/z")    // what m/a is called where the manifest renames it
	gone    = addr.Address("m/gone") // a node that the manifest no longer has
)

// prepare learns from the plan for an empty world how guests are made.
func (w *worlds) prepare() {
	w.write("manifests/m.yaml", fmt.Sprintf(small, ""))
	w.write("manifests/wide.yaml", strings.Replace(fmt.Sprintf(small, ""), "name: m", "name: wide", 1))
	d := w.compile("m")
	p, bad := build.Plan(d, build.EmptyFacts([]string{"lab"}), plan.GoalCreate, build.Options{DefaultHost: "lab"})
	if bad.HasErrors() {
		w.t.Fatal(bad)
	}
	w.create, w.ready = map[addr.Address]*plan.Step{}, map[addr.Address]*plan.Step{}
	w.uuids, w.numbers = map[addr.Address]string{}, map[addr.Address]uint{}
	for _, c := range p.Program.Changes {
		w.nodes = append(w.nodes, c.Addr)
		w.uuids[c.Addr], w.numbers[c.Addr] = c.UUID, c.VMID
	}
	for i := range p.Program.Steps {
		switch s := &p.Program.Steps[i]; {
		case s.Op == plan.GuestCreate:
			w.create[s.Addr] = s
		case s.Op == plan.GuestConfigure && s.Text(plan.ArgProgram) != "":
			w.ready[s.Addr] = s
		}
	}
	w.uuids[gone], w.numbers[gone] = identity.UUID(siteID, "m", gone), 4300
}

func (w *worlds) tell(format string, args ...any) {
	w.told = append(w.told, fmt.Sprintf(format, args...))
}

func (w *worlds) one(in []string) string { return in[w.rnd.IntN(len(in))] }

// start is do for what goes on in a task, which wait waits for: a world is made at
// once, not guest by guest.
func (w *worlds) start(method, path string, params ...string) {
	w.t.Helper()
	var kvs []lab.KV
	for i := 0; i < len(params); i += 2 {
		kvs = append(kvs, lab.KV{Key: params[i], Value: params[i+1]})
	}
	status, data, reason := w.lab.Do(w.t.Context(), method, path, kvs)
	upid, ok := data.(string)
	if status != 200 || !ok {
		w.t.Fatalf("%s %s: %d %s", method, path, status, reason)
	}
	w.begun = append(w.begun, upid)
}

func (w *worlds) wait() {
	w.t.Helper()
	for _, upid := range w.begun {
		w.taskEndOn(strings.Split(upid, ":")[1], upid)
	}
	w.begun = nil
}

// clear removes every guest.
func (w *worlds) clear() {
	for _, node := range []string{"lab", "pve2"} {
		for _, row := range w.do("GET", "/nodes/"+node+"/qemu").([]any) {
			w.start("DELETE", fmt.Sprintf("/nodes/%s/qemu/%v", node, row.(map[string]any)["vmid"]))
		}
	}
	w.wait()
	w.all, w.told = nil, nil
}

// made is a node's guest as homestak left it.
func (w *worlds) made(a addr.Address) *being {
	b := &being{
		vmid: w.numbers[a], name: a.Name(), tags: "homestak;hs-m", uuid: w.uuids[a], mac: identity.MAC(w.uuids[a], 0), maker: a,
	}
	w.sign(b, a)
	return b
}

// marker is what homestak writes into the notes of a guest of a node.
func (w *worlds) marker(b *being, a addr.Address) identity.Marker {
	key := w.env.Keys.Marker()
	m := identity.Marker{SiteID: siteID, Manifest: "m", Addr: a, UUID: w.uuids[a], VMID: b.vmid, Incarnation: 1, Kind: "vm"}
	if s := w.ready[a]; s != nil {
		m.Program, m.Secrets = s.Text(plan.ArgProgram), s.Text(plan.ArgSecrets)
	}
	m.Fields = identity.Fields(key, m.UUID, canon.Applied(canon.Settings(canon.QEMU, w.params(b, a))))
	return m
}

func (w *worlds) sign(b *being, a addr.Address) {
	b.notes, b.says = identity.Seal(w.marker(b, a), w.env.Keys.Marker()), a
}

// params are what a node's guest is made with, homestak's own parameters left out.
func (w *worlds) params(b *being, a addr.Address) []plan.KV {
	s := w.create[a]
	if s == nil {
		s = w.create[w.nodes[0]]
	}
	var out []plan.KV
	for _, arg := range s.Args {
		v := arg.Value.Text
		switch arg.Name {
		case plan.ArgVMID:
			v = strconv.FormatUint(uint64(b.vmid), 10)
		case "name":
			v = b.name
		case "tags":
			v = b.tags
		case "net0":
			v = "virtio=" + b.mac + ",bridge=vmbr0"
		case "smbios1":
			v = "uuid=" + b.uuid
		case plan.SlotRoot:
			v = "local:8"
		}
		if arg.Value.Late == nil && !strings.Contains(arg.Name, ".") && v != "" {
			out = append(out, plan.KV{Key: arg.Name, Value: v})
		}
	}
	return out
}

// put makes a being's guest in the lab.
func (w *worlds) put(b *being) {
	of := b.maker
	if of == "" {
		of = w.nodes[0]
	}
	var list []string
	for _, kv := range w.params(b, of) {
		list = append(list, kv.Key, kv.Value)
	}
	if b.notes != "" {
		list = append(list, "description", b.notes)
	}
	w.start("POST", "/nodes/lab/qemu", list...)
	w.all = append(w.all, b)
}

func (b *being) path() string {
	return fmt.Sprintf("/nodes/%s/qemu/%d", cmp.Or(b.node, "lab"), b.vmid)
}

// set changes a guest behind homestak's back, as its owner or by accident.
func (w *worlds) set(b *being, params ...string) {
	w.do("PUT", b.path()+"/config", params...)
}

func (w *worlds) notes(b *being, text string) {
	b.notes, b.mute = text, strings.Contains(text, "forgotten true")
	if text == "" {
		w.set(b, "delete", "description")
		return
	}
	w.set(b, "description", text)
}

func (w *worlds) remove(b *being) {
	w.start("DELETE", b.path())
	w.wait()
	w.all = slices.DeleteFunc(w.all, func(x *being) bool { return x == b })
}

// free is a number nobody has.
func (w *worlds) free() uint {
	for {
		id := 100 + uint(w.rnd.IntN(9000))
		taken := slices.ContainsFunc(w.all, func(b *being) bool { return b.vmid == id })
		for _, n := range w.numbers {
			taken = taken || n == id
		}
		if !taken {
			return id
		}
	}
}

func (w *worlds) anyUUID() string {
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", w.rnd.Uint32(), w.rnd.IntN(1<<16), w.rnd.IntN(1<<12), w.rnd.IntN(1<<12), w.rnd.Int64N(1<<47))
}

func (w *worlds) anyMAC() string {
	return fmt.Sprintf("BC:24:11:%02X:%02X:%02X", w.rnd.IntN(256), w.rnd.IntN(256), w.rnd.IntN(256))
}

// stranger is somebody's guest that has nothing to do with homestak, or looks as
// if it had.
func (w *worlds) stranger() *being {
	return &being{
		vmid: w.free(), name: w.one([]string{"files", "mail", "x1", "a", "b"}), uuid: w.anyUUID(), mac: w.anyMAC(),
		tags: w.one([]string{"", "", "prod", "homestak", "homestak;hs-m", "hs-m;prod"}),
	}
}

// truth is the address that a node's guest was made with.
func (w *worlds) truth(a addr.Address) addr.Address {
	for was, is := range w.called {
		if is == a {
			return was
		}
	}
	return a
}

// own is the guest that is a node's: made as it, and with two of three marks
// whole. Its number is always one of the three, because a number cannot change.
func (w *worlds) own(a addr.Address) *being {
	for _, b := range w.all {
		if b.maker != a || b.mute || b.says != "" && b.says != a {
			continue
		}
		if b.says == a || strings.EqualFold(b.uuid, w.uuids[a]) {
			return b
		}
	}
	return nil
}

// clean reports whether nothing else in the world could be taken for a node.
func (w *worlds) clean(a addr.Address) bool {
	own := w.own(a)
	for _, b := range w.all {
		if b == own {
			continue
		}
		if b.vmid == w.numbers[a] || b.name == a.Name() || b.name == w.called[a].Name() || strings.EqualFold(b.uuid, w.uuids[a]) || b.mac == identity.MAC(w.uuids[a], 0) ||
			strings.Contains(b.notes, "address "+string(a)+"\n") {
			return false
		}
	}
	return true
}

// state is everything a guest is to PVE, as text; "" when there is none.
func (w *worlds) state(b *being) string {
	status, data, _ := w.lab.Do(w.t.Context(), "GET", b.path()+"/config", nil)
	if status != 200 {
		return ""
	}
	text, err := json.Marshal(data)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}
