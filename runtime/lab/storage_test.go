package lab

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

func TestUpload(t *testing.T) {
	c := newClient(t, open(t, Config{}))
	img := image()
	if exit := c.wait(c.uploadFile("local", "import", "a.raw", img, "checksum-algorithm=sha256", "checksum="+strings.ToUpper(sum256(img))).Data); exit != "OK" {
		t.Fatal(exit)
	}
	// A wrong checksum fails the task and leaves the old file.
	other := []byte("other bytes")
	exit := c.wait(c.uploadFile("local", "import", "a.raw", other, "checksum-algorithm=sha256", "checksum="+sum256(img)).Data)
	if exit != "checksum mismatch: got '"+sum256(other)+"' != expect '"+sum256(img)+"'" {
		t.Error(exit)
	}
	list := c.ok("GET", "/nodes/pve1/storage/local/content", "content=import").([]any)
	if row := list[0].(map[string]any); len(list) != 1 || row["volid"] != "local:import/a.raw" || row["size"] != 65536.0 || row["format"] != "raw" {
		t.Error(list)
	}
	// The right one replaces it silently.
	if exit := c.wait(c.uploadFile("local", "import", "a.raw", other).Data); exit != "OK" {
		t.Error(exit)
	}
	if list := c.ok("GET", "/nodes/pve1/storage/local/content").([]any); list[0].(map[string]any)["size"] != 11.0 {
		t.Error(list)
	}
	for _, tc := range []struct{ storage, content, file, status, fields string }{
		{"local", "iso", "t.txt", "400 Parameter verification failed.", "wrong file extension"},
		{"data", "import", "t.raw", "500 storage 'data' does not support 'import' content", ""},
		{"local", "snippets", "u.yml", "400 Parameter verification failed.", "value 'snippets' does not have a value in the enumeration 'iso, vztmpl, import'"},
	} {
		r := c.uploadFile(tc.storage, tc.content, tc.file, other)
		if r.Status != tc.status || r.Errors["filename"]+r.Errors["content"] != tc.fields {
			t.Errorf("%v: %v", tc, r)
		}
	}
	if exit := c.wait(c.uploadFile("local", "import", "b.qcow2", other).Data); !strings.Contains(exit, "not in qcow2 format") {
		t.Error(exit)
	}
	for range 2 { // deleting what is gone is fine
		if exit := c.task("DELETE", "/nodes/pve1/storage/local/content/local:import/a.raw"); exit != "OK" {
			t.Error(exit)
		}
	}
	if left, err := os.ReadDir(c.lab.dir.path("tmp")); err != nil || len(left) != 0 {
		t.Errorf("uploads left: %v %v", left, err)
	}
}

func TestImport(t *testing.T) {
	c := newClient(t, open(t, Config{}))
	img, seed := image(), []byte(strings.Repeat("seed", 512))
	c.wait(c.uploadFile("local", "import", "a.raw", img).Data)
	c.wait(c.uploadFile("local", "import", "seed.raw", seed).Data)
	if exit := c.task("POST", "/nodes/pve1/qemu", "vmid=100", "scsi0=data:0,import-from=local:import/a.raw,discard=on",
		"scsi1=local:0,import-from=local:import/seed.raw", "boot=order=scsi0"); exit != "OK" {
		t.Fatal(exit)
	}
	conf := c.ok("GET", "/nodes/pve1/qemu/100/config").(map[string]any)
	if conf["scsi0"] != "data:vm-100-disk-0,discard=on,size=3G" || conf["scsi1"] != "local:100/vm-100-disk-0.raw,size=2K" || conf["boot"] != "order=scsi0" {
		t.Error(conf)
	}
	// The guest's volumes keep the bytes when the uploads go or are replaced.
	c.wait(c.uploadFile("local", "import", "a.raw", []byte("new")).Data)
	c.task("DELETE", "/nodes/pve1/storage/local/content/local:import/seed.raw")
	v, err := c.lab.lookup(100)
	if err != nil {
		t.Fatal(err)
	}
	hw := c.lab.hardware(v)
	for i, want := range [][]byte{img, seed} {
		got, err := os.ReadFile(hw.Disks[i].Path)
		if err != nil || string(got) != string(want) {
			t.Errorf("disk %d: %d bytes, %v", i, len(got), err)
		}
	}
	if hw.Disks[0].Size != 3<<30 || hw.Disks[0].State == "" {
		t.Error(hw.Disks[0])
	}
	// A volume that a guest uses cannot be deleted behind its back.
	if r := c.do("DELETE", "/nodes/pve1/storage/data/content/data:vm-100-disk-0"); !strings.HasPrefix(r.Status, "500 Cannot remove image") {
		t.Error(r)
	}
	// Without a boot order PVE takes the last disk.
	c.task("POST", "/nodes/pve1/qemu", "vmid=101", "scsi0=data:1", "scsi1=data:1")
	if conf := c.ok("GET", "/nodes/pve1/qemu/101/config").(map[string]any); conf["boot"] != "order=scsi1" {
		t.Error(conf["boot"])
	}
	// What a guest wrote goes with its volumes.
	if err := os.MkdirAll(hw.Disks[0].State, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"100", "101"} {
		if exit := c.task("DELETE", "/nodes/pve1/qemu/"+id); exit != "OK" {
			t.Error(exit)
		}
	}
	for _, s := range []string{"local", "data"} {
		if left, err := os.ReadDir(c.lab.dir.path("storage", "pve1", s, "images")); err != nil || len(left) != 0 {
			t.Errorf("%s: %v %v", s, left, err)
		}
	}
}

// A create that fails in its task leaves nothing behind.
func TestFailedCreate(t *testing.T) {
	c := newClient(t, open(t, Config{}))
	for _, tc := range []struct{ drive, exit string }{
		{"ide2=local:iso/none.iso,media=cdrom", "unable to create VM 141 - volume 'local:iso/none.iso' does not exist"},
		{"scsi1=local:141/vm-141-disk-0.qcow2", "unable to create VM 141 - volume 'local:141/vm-141-disk-0.qcow2' does not exist"},
	} {
		if exit := c.task("POST", "/nodes/pve1/qemu", "vmid=141", "scsi0=local:1", tc.drive); exit != tc.exit {
			t.Error(exit)
		}
	}
	if r := c.do("GET", "/nodes/pve1/qemu/141/config"); r.Status != "500 Configuration file 'nodes/pve1/qemu-server/141.conf' does not exist" {
		t.Error(r)
	}
	if list := c.ok("GET", "/nodes/pve1/storage/local/content").([]any); len(list) != 0 {
		t.Error(list)
	}
}

func TestDownload(t *testing.T) {
	img := image()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/a.raw" {
			http.NotFound(w, r)
			return
		}
		w.Write(img)
	}))
	defer web.Close()
	c := newClient(t, open(t, Config{}))
	get := func(name string, more ...string) string {
		return c.task("POST", "/nodes/pve1/storage/local/download-url",
			append([]string{"content=import", "filename=" + name, "url=" + web.URL + "/" + name}, more...)...)
	}
	if exit := get("none.raw"); exit != "download failed: server answered 404 Not Found" {
		t.Error(exit)
	}
	if exit := get("a.raw", "checksum=ab", "checksum-algorithm=sha512"); !strings.HasPrefix(exit, "checksum mismatch") {
		t.Error(exit)
	}
	if exit := get("a.raw", "checksum="+sum256(img), "checksum-algorithm=sha256"); exit != "OK" {
		t.Error(exit)
	}
	if list := c.ok("GET", "/nodes/pve1/storage/local/content").([]any); len(list) != 1 {
		t.Error(list)
	}
}

func TestSizes(t *testing.T) {
	for text, n := range map[string]int64{"1G": 1 << 30, "512M": 512 << 20, "528K": 528 << 10, "1000": 1000, "3072G": 3 << 40} {
		if got, ok := parseSize(text); !ok || got != n {
			t.Errorf("parseSize(%s) = %d", text, got)
		}
		if got := formatSize(n); got != text {
			t.Errorf("formatSize(%d) = %s, want %s", n, got, text)
		}
	}
	for _, bad := range []string{"", "G", "x", "1P", "-1"} {
		if _, ok := parseSize(bad); ok {
			t.Errorf("parseSize(%q) is a size", bad)
		}
	}
}
