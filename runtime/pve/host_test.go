package pve

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHostReads(t *testing.T) {
	f := newFake(t)
	c := f.client(t)
	ctx := t.Context()
	same := func(name string, want, got any, err error) {
		t.Helper()
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, d)
		}
	}
	f.data("GET /cluster/status", `[{"type":"node","name":"pve2","local":0,"online":1},{"type":"node","name":"pve1","local":1},{"type":"cluster","name":"home","quorate":1}]`)
	cl, err := c.Cluster(ctx)
	same("cluster", &Cluster{Name: "home", Local: "pve1", Nodes: []string{"pve1", "pve2"}}, cl, err)

	f.data("GET /nodes", `[{"node":"pve2","status":"offline"},{"node":"pve1","ssl_fingerprint":"AA"}]`)
	nodes, err := c.Nodes(ctx)
	same("nodes", []string{"pve1", "pve2"}, nodes, err)

	f.data("GET /nodes/pve1/network", `[{"iface":"vmbr1","type":"bridge"},{"iface":"vmbr0","type":"OVSBridge","bridge_ports":""}]`)
	bridges, err := c.Bridges(ctx, "pve1")
	same("bridges", []string{"vmbr0", "vmbr1"}, bridges, err)
	if r := f.seen()[len(f.seen())-1]; r.Query != "type=any_bridge" {
		t.Errorf("asked for %s", r.Query)
	}

	f.data("GET /nodes/pve1/storage", `[{"storage":"local","type":"dir","content":"import,backup,images","avail":74817970176,"shared":0,"active":1},
		{"storage":"big","type":"nfs","content":"","avail":"1.5e12","shared":"1","active":null}]`)
	storages, err := c.Storages(ctx, "pve1")
	same("storages", []Storage{
		{Name: "big", Type: "nfs", Content: []string{}, Available: 1500000000000, Shared: true},
		{Name: "local", Type: "dir", Content: []string{"backup", "images", "import"}, Available: 74817970176, Active: true},
	}, storages, err)

	f.data("GET /storage/local", `{"storage":"local","content":"iso,import"}`)
	content, err := c.StorageContent(ctx, "local")
	same("content", []string{"import", "iso"}, content, err)

	f.data("GET /nodes/pve1/storage/local/content", `[{"volid":"local:import/x.qcow2","content":"import","format":"qcow2","size":10},
		{"volid":"local:100/vm-100-disk-0.raw","content":"images","format":"raw","size":"20","vmid":"100","parent":null}]`)
	volumes, err := c.Volumes(ctx, "pve1", "local", "")
	same("volumes", []Volume{
		{ID: "local:100/vm-100-disk-0.raw", Content: "images", Format: "raw", Size: 20, VMID: 100},
		{ID: "local:import/x.qcow2", Content: "import", Format: "qcow2", Size: 10},
	}, volumes, err)

	f.data("GET /pools", `[{"poolid":"b","comment":null},{"poolid":"a","comment":"x"}]`)
	pools, err := c.Pools(ctx)
	same("pools", []Pool{{"a", "x"}, {"b", ""}}, pools, err)

	f.data("GET /access/permissions", `{"/vms":{"VM.Audit":1,"VM.Allocate":0},"/":{"Sys.Audit":"1"}}`)
	perms, err := c.Permissions(ctx)
	same("permissions", []Permission{{"/", []string{"Sys.Audit"}, []string{"Sys.Audit"}}, {"/vms", []string{"VM.Allocate", "VM.Audit"}, []string{"VM.Audit"}}}, perms, err)
}

func TestUpload(t *testing.T) {
	f := newFake(t)
	c := f.client(t)
	const path = "/nodes/pve1/storage/local/upload"
	data := bytes.Repeat([]byte("image"), 100_000)
	type part struct{ Name, File, Text string }
	// Handlers of uploads that were broken off may still run when the next begins.
	var mu sync.Mutex
	var parts []part
	f.on("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		_, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		mr := multipart.NewReader(r.Body, params["boundary"])
		var got []part
		for {
			p, err := mr.NextPart()
			if err != nil {
				break
			}
			b, _ := io.ReadAll(p)
			got = append(got, part{p.FormName(), p.FileName(), string(b)})
		}
		mu.Lock()
		parts = got
		mu.Unlock()
		_, _ = io.WriteString(w, `{"data":"`+string(upid2)+`"}`)
	})
	up := func(size int64) Upload {
		return Upload{Content: "import", Filename: "x.raw", Size: size, Body: bytes.NewReader(data), Checksum: "sha256:ab12"}
	}
	got, err := c.UploadVolume(t.Context(), "pve1", "local", up(int64(len(data))))
	if err != nil || got != upid2 || c.Writes() != 1 {
		t.Fatalf("%q, %v", got, err)
	}
	want := []part{{"content", "", "import"}, {"checksum-algorithm", "", "sha256"}, {"checksum", "", "ab12"}, {"filename", "x.raw", string(data)}}
	mu.Lock()
	if d := cmp.Diff(want, parts); d != "" {
		t.Error(d)
	}
	mu.Unlock()
	r := f.seen()[0]
	if r.Header.Get("Authorization") != "PVEAPIToken="+token || r.Header.Get("Content-Length") == "" {
		t.Errorf("headers: %v", r.Header)
	}

	// A body that is not as long as promised must not become a file.
	for _, size := range []int64{int64(len(data)) - 1, int64(len(data)) + 1} {
		if _, err := c.UploadVolume(t.Context(), "pve1", "local", up(size)); err == nil {
			t.Errorf("size %d of %d was accepted", size, len(data))
		}
	}
	if _, err := c.UploadVolume(t.Context(), "pve1", "local", Upload{Checksum: "none"}); err == nil {
		t.Error("uploads without a checksum")
	}
	f.on("POST "+path, func(w http.ResponseWriter, _ *http.Request) {
		say(w, 500, "storage 'local' does not support 'import' content", "")
	})
	_, err = c.UploadVolume(t.Context(), "pve1", "local", up(int64(len(data))))
	var refused *Error
	if !errors.As(err, &refused) || refused.Path != path {
		t.Errorf("got %#v", err)
	}
	shown(t, err)

	// A stalled source ends with the context.
	ctx, cancel := context.WithCancel(t.Context())
	stalled, w := io.Pipe()
	defer func() { _ = w.Close() }()
	go func() {
		_, _ = io.WriteString(w, "some")
		cancel()
	}()
	_, err = c.UploadVolume(ctx, "pve1", "local", Upload{Content: "import", Filename: "x.raw", Size: 100, Body: stalled, Checksum: "sha256:ab12"})
	if ClassOf(err) != Canceled {
		t.Errorf("got %v", err)
	}
}

func TestScalar(t *testing.T) {
	for in, want := range map[string]scalar{
		`1`: {"1", true}, `"1"`: {"1", true}, `true`: {"1", true}, `false`: {"0", true}, `null`: {}, `""`: {"", true},
		`1.5`: {"1.5", true}, `"a\nb"`: {"a\nb", true}, `12345678901234567890`: {"12345678901234567890", true},
	} {
		var s scalar
		if err := s.UnmarshalJSON([]byte(in)); err != nil || s != want {
			t.Errorf("%s: %+v, %v", in, s, err)
		}
	}
	for _, in := range []string{`{}`, `[1]`} {
		var s scalar
		if s.UnmarshalJSON([]byte(in)) == nil {
			t.Errorf("%s is no scalar", in)
		}
	}
	for text, want := range map[string]uint64{"5": 5, "": 0, "1.9": 1, "-3": 0, "1e3": 1000, "x": 0, "1e300": 0, "NaN": 0} {
		if got := (scalar{text: text}).number(); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
	if !strings.Contains("1 true yes on", "1") || !(scalar{text: "on"}).truth() || (scalar{text: "0"}).truth() {
		t.Error("truth is wrong")
	}
}
