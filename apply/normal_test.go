package apply_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/pve"
)

// otherWords stands before the lab and tells the configuration of guests in
// other words each time: what another version of PVE, or somebody's script, would
// write for the same.
type otherWords struct {
	mu  sync.Mutex
	rnd *rand.Rand
}

// front puts it between homestak and the lab.
func (o *otherWords) front(w *world) {
	front(w, func(r *http.Response) error {
		if !strings.HasSuffix(r.Request.URL.Path, "/pending") {
			return nil
		}
		return o.reword(r)
	})
}

// front puts a proxy before the lab that rewords what it answers.
func front(w *world, reword func(*http.Response) error) {
	entry := w.env.Hosts["lab"]
	target, err := url.Parse(entry.Endpoints[0])
	if err != nil {
		w.t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig.InsecureSkipVerify = true // the lab's own certificate, in one process
	proxy.Transport = transport
	proxy.ModifyResponse = func(r *http.Response) error {
		if r.StatusCode != http.StatusOK {
			return nil
		}
		return reword(r)
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			tunnel(w.t, out, r, target.Host)
			return
		}
		proxy.ServeHTTP(out, r)
	}))
	w.t.Cleanup(server.Close)
	entry.Endpoints, entry.Fingerprint, entry.Via = []string{server.URL}, pve.Fingerprint(server.Certificate().Raw), server.URL
	w.env.Hosts["lab"] = entry
}

// tunnel hands a connection to the lab, which leads it to a guest.
func tunnel(t *testing.T, out http.ResponseWriter, r *http.Request, lab string) {
	to, err := tls.Dial("tcp", lab, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Error(err)
		return
	}
	defer to.Close()
	if err := r.Write(to); err != nil {
		t.Error(err)
		return
	}
	from, buffered, err := http.NewResponseController(out).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer from.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(to, buffered)
		_ = to.CloseWrite()
	}()
	_, _ = io.Copy(from, to)
	_ = from.Close()
	<-done
}

func (o *otherWords) reword(r *http.Response) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var answer struct {
		Data []map[string]any `json:"data"`
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return err
	}
	container := strings.Contains(r.Request.URL.Path, "/lxc/")
	for _, item := range answer.Data {
		key, _ := item["key"].(string)
		for _, field := range []string{"value", "pending"} {
			if v, ok := item[field]; ok && key != "digest" && key != "description" {
				item[field] = o.value(key, fmt.Sprint(v), container)
			}
		}
	}
	has := func(key string) bool {
		return slices.ContainsFunc(answer.Data, func(m map[string]any) bool { return m["key"] == key })
	}
	usual := map[string]any{"protection": 0, "onboot": "0", "tags": " "}
	if !container {
		usual["bios"], usual["numa"], usual["sockets"] = "seabios", "0", 1
	}
	for _, key := range []string{"bios", "numa", "onboot", "protection", "sockets", "tags"} {
		if v, ok := usual[key]; ok && !has(key) && o.rnd.IntN(2) == 0 {
			answer.Data = append(answer.Data, map[string]any{"key": key, "value": v})
		}
	}
	o.rnd.Shuffle(len(answer.Data), func(i, j int) { answer.Data[i], answer.Data[j] = answer.Data[j], answer.Data[i] })
	if data, err = json.Marshal(answer); err != nil {
		return err
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
	r.Header.Set("Content-Length", strconv.Itoa(len(data)))
	return nil
}

// value says a value in other words.
func (o *otherWords) value(key, v string, container bool) any {
	base := strings.TrimRight(key, "0123456789")
	switch {
	case key == "tags":
		list := strings.FieldsFunc(v, func(r rune) bool { return r == ';' })
		o.rnd.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		for i := range list {
			if o.rnd.IntN(2) == 0 {
				list[i] = strings.ToUpper(list[i])
			}
		}
		return strings.Join(list, []string{",", ";", " ", ", "}[o.rnd.IntN(4)])
	case slices.Contains([]string{"net", "scsi", "virtio", "sata", "efidisk", "tpmstate", "mp", "rootfs", "agent", "features", "startup"}, base):
		return o.props(base, v, container)
	case key == "hotplug":
		list := strings.Split(v, ",")
		o.rnd.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		return strings.Join(list, ",")
	case key == "memory" && !container && o.rnd.IntN(2) == 0:
		return "current=" + v
	}
	if n, err := strconv.Atoi(v); err == nil && o.rnd.IntN(2) == 0 {
		return n
	}
	return v
}

// props says a property string in another order, with names for what has none and
// with what goes without saying.
func (o *otherWords) props(base, v string, container bool) string {
	bare := map[string]string{"agent": "enabled", "startup": "order", "net": "model"}[base]
	var more []string
	switch base {
	case "scsi", "virtio", "sata", "mp", "rootfs":
		bare, more = "file", []string{"replicate=1", "ro=0", "shared=no"}
		if container {
			bare = "volume"
		}
	case "efidisk", "tpmstate":
		bare = "file"
	case "net":
		more = []string{"link_down=0", "firewall=off"}
		if container {
			more = append(more, "type=veth")
		}
	case "features":
		more = []string{"mknod=0"}
	case "agent":
		more = []string{"type=virtio", "fstrim_cloned_disks=0"}
	}
	var parts []string
	for p := range strings.SplitSeq(v, ",") {
		name, value, named := strings.Cut(p, "=")
		switch {
		case !named:
			name, value = bare, p
		case base == "net" && !container && strings.Count(value, ":") == 5 && name != "macaddr":
			if o.rnd.IntN(2) == 0 {
				parts = append(parts, "model="+name)
				name = "macaddr"
			}
			value = strings.ToLower(value)
		case name == "hwaddr":
			value = strings.ToLower(value)
		case name == "size":
			if n, ok := strings.CutSuffix(value, "G"); ok {
				gib, _ := strconv.Atoi(n)
				value = strconv.Itoa(gib*1024) + "M"
			}
		case value == "1" && name != "order" && o.rnd.IntN(2) == 0 && name != "tag" && name != "rate" && name != "up":
			value = []string{"on", "yes", "true"}[o.rnd.IntN(3)]
		}
		parts = append(parts, name+"="+value)
	}
	for _, m := range more {
		name, _, _ := strings.Cut(m, "=")
		if o.rnd.IntN(2) == 0 && !slices.ContainsFunc(parts, func(p string) bool { return strings.HasPrefix(p, name+"=") }) {
			parts = append(parts, m)
		}
	}
	o.rnd.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return strings.Join(parts, ",")
}

// randomNode is a node with anything a guest of its kind may have.
func randomNode(r *rand.Rand, container bool) string {
	var fields []string
	add := func(choices ...string) {
		if w := choices[r.IntN(len(choices))]; w != "" {
			fields = append(fields, w)
		}
	}
	add("", "cores: 1", "cores: 3")
	add("", "memory: 1024")
	add("", "tags: [web]", "tags: [db, web]")
	add("", "on_boot: false")
	add("", "network: {vlan: 4}", "network: {firewall: true}", "network: {rate: 10, mtu: 1400}")
	add("", "interfaces: [{ip: dhcp}]", "interfaces: [{vlan: 7}, {slot: 3, firewall: true}]")
	add("", "boot: {startup: 2, delay: 30s}", "boot: {startup: 3}")
	add("", "storage: local", "storage: data")
	if container {
		fields = append(fields, "type: ct")
		add("", "swap: 0", "swap: 1024")
		add("", "features: {nesting: true}", "features: {nesting: true}")
		add("", "disks: [{name: data, size: 1, path: /srv}]", "disks: [{name: data, size: 1, path: /srv, backup: false}, {name: more, size: 1, path: /more}]")
		return ", " + strings.Join(fields, ", ")
	}
	add("", "disks: [{name: data, size: 1}]", "disks: [{name: logs, size: 1, ssd: true}, {name: data, size: 1, backup: false}]")
	add("", "hardware: {balloon: 512, cpu: host}", "hardware: {machine: q35, bios: ovmf}", "hardware: {sockets: 2, vga: virtio, hotplug: [disk, network]}")
	return ", " + strings.Join(fields, ", ")
}

// After any edit has been applied, the plan is empty and nothing is written,
// however PVE words what it has; of VMs and of containers.
func TestOtherWords(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		for _, container := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d-%v", seed, container), func(t *testing.T) {
				t.Parallel()
				r := rand.New(rand.NewPCG(seed, 7))
				w := newWorld(t, nil)
				(&otherWords{rnd: rand.New(rand.NewPCG(seed, 8))}).front(w)
				for range 4 {
					node := randomNode(r, container)
					w.write("manifests/one.yaml", "schema_version: 2\nname: one\nnodes:\n  - {name: a, spec: web"+node+"}\n")
					p := w.plan("one", plan.GoalCreate)
					if len(p.Program.Steps) > 0 {
						w.must(p, apply.Done)
					}
					before := w.writes()
					for range 3 {
						if again := w.plan("one", plan.GoalCreate); len(again.Program.Steps) > 0 {
							t.Fatalf("after %s: %v", node, again.Program.Changes)
						}
					}
					if len(p.Program.Steps) > 0 {
						w.must(p, apply.AlreadyApplied)
					}
					if n := w.writes() - before; n != 0 {
						t.Errorf("%s: finding that nothing is to be done made %d writes", node, n)
					}
				}
			})
		}
	}
}
