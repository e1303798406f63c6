package compiler_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/lang/diag"
)

func siteFiles(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{"site.yaml": {Data: []byte("site_id: 7d3b6c1a-52f4-4a0e-9d7e-1f2a3b4c5d6e\n")}}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return m
}

const uuid = "7d3b6c1a-52f4-4a0e-9d7e-1f2a3b4c5d6e"

func codes(list diag.List) string {
	var out []string
	for _, d := range list {
		out = append(out, string(d.Code))
	}
	return strings.Join(out, " ")
}

func TestOnlyRegularFilesAreRead(t *testing.T) {
	for _, mode := range []fs.FileMode{fs.ModeNamedPipe, fs.ModeDevice, fs.ModeSocket, fs.ModeIrregular} {
		site := siteFiles(nil)
		site["specs/a.yaml"] = &fstest.MapFile{Mode: mode | 0o644}
		if _, list := compiler.Load(site); codes(list) != "HS0232" {
			t.Errorf("%v: %v", mode, list)
		}
	}
}

func TestBoundsOfASite(t *testing.T) {
	site := siteFiles(map[string]string{"specs/a.yaml": strings.Repeat("#", 32<<20+1)})
	if _, list := compiler.Load(site); codes(list) != "HS0233" {
		t.Errorf("a huge file: %v", list)
	}
	files := map[string]string{}
	for i := range 70 {
		files[fmt.Sprintf("presets/p%d.yaml", i)] = strings.Repeat("#", 1<<20)
	}
	if _, list := compiler.Load(siteFiles(files)); codes(list) != "HS0240" {
		t.Errorf("a huge site: %v", list)
	}
	files = map[string]string{}
	for i := range 10_001 {
		files[fmt.Sprintf("presets/p%d.yaml", i)] = ""
	}
	if _, list := compiler.Load(siteFiles(files)); codes(list) != "HS0234" {
		t.Errorf("many files: %v", list)
	}
	for _, c := range []struct{ nodes, want string }{
		{"[{name: a, count: 100000}, {name: b, count: 100000}, {name: c, count: 100000}]", "HS0413"},
		{"[{name: a, count: 2000, depends_on: [b]}, {name: b, count: 2000}]", "HS0415"},
	} {
		s, _ := compiler.Load(siteFiles(map[string]string{"manifests/m.yaml": "schema_version: 2\nnodes: " + c.nodes}))
		if _, list := compiler.Compile(s, compiler.Options{Manifest: "m"}); codes(list) != c.want {
			t.Errorf("%s: %v", c.nodes, list)
		}
	}
}

// denied is a file system in which one file cannot be opened.
type denied struct {
	fs.FS
	name string
}

func (d denied) Open(name string) (fs.File, error) {
	if name == d.name {
		return nil, &fs.PathError{Op: "open", Path: "/home/somebody/" + name, Err: fs.ErrPermission}
	}
	return d.FS.Open(name)
}

func TestUnreadable(t *testing.T) {
	site := siteFiles(map[string]string{
		"specs/a.yaml": "schema_version: 1", "manifests/m.yaml": "schema_version: 2\nnodes: [{name: a, spec: a}]",
	})
	for _, name := range []string{"specs/a.yaml", "manifests/m.yaml"} {
		s, list := compiler.Load(denied{site, name})
		if d, more := compiler.Compile(s, compiler.Options{Manifest: "m"}); codes(append(list, more...)) != "HS0231" || (d == nil) != (name != "specs/a.yaml") {
			t.Errorf("%s: %v", name, more)
		}
		if more := append(list, s.Check()...); codes(more) != "HS0231" {
			t.Errorf("%s: %v", name, more)
		}
	}
	for _, name := range []string{"specs/a.yaml", "specs"} {
		_, list := compiler.Load(denied{site, name})
		if codes(list) != "HS0231" || strings.Contains(list.Error(), "somebody") {
			t.Errorf("%s: %v", name, list)
		}
	}
}

// A link that leads out of the site is refused by the root it is opened in.
func TestLinksOutOfTheSite(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(filepath.Join(outside, "secret.yaml"), []byte("cores: 1\nmemory: 1024\ndisk: 1\n"), 0o600))
	must(os.Mkdir(filepath.Join(dir, "presets"), 0o700))
	must(os.Symlink(filepath.Join(outside, "secret.yaml"), filepath.Join(dir, "presets", "tiny.yaml")))
	root, err := os.OpenRoot(dir)
	must(err)
	defer root.Close()
	_, list := compiler.Load(root.FS())
	if !slices.ContainsFunc(list, func(d *diag.Diagnostic) bool { return d.Code == "HS0231" }) {
		t.Errorf("read it: %v", list)
	}

	// The same for a module: it is said where the module is used.
	must(os.Mkdir(filepath.Join(dir, "manifests"), 0o700))
	must(os.Mkdir(filepath.Join(dir, "modules"), 0o700))
	must(os.Symlink(filepath.Join(outside, "secret.yaml"), filepath.Join(dir, "modules", "out.yaml")))
	must(os.Symlink(outside, filepath.Join(dir, "modules", "up")))
	must(os.WriteFile(filepath.Join(dir, "manifests", "m.yaml"),
		[]byte("schema_version: 2\nmodules:\n- {name: a, source: ../modules/out.yaml}\n- {name: b, source: ../modules/up/secret.yaml}\n"), 0o600))
	s, _ := compiler.Load(root.FS())
	_, list = compiler.Compile(s, compiler.Options{Manifest: "m"})
	if codes(list) != "HS0231 HS0231" || list[0].Range.Pos().Line != 3 || list[1].Range.Pos().Line != 4 {
		t.Errorf("read it: %v", list)
	}
}

// What is wrong with one manifest or definition does not touch another.
func TestBrokenFilesKeepToThemselves(t *testing.T) {
	s, list := compiler.Load(siteFiles(map[string]string{
		"manifests/good.yaml":   "schema_version: 2\nnodes: [{name: a}]",
		"manifests/broken.yaml": "nodes: [",
		"manifests/worse.hcl":   "manifest \"x\" {",
		"specs/broken.yaml":     "access: [",
	}))
	if list.HasErrors() {
		t.Fatalf("loading: %v", list)
	}
	if d, list := compiler.Compile(s, compiler.Options{Manifest: "good"}); d == nil || len(list) != 0 {
		t.Errorf("the good one: %v", list)
	}
	for _, name := range []string{"broken", "worse"} {
		if d, list := compiler.Compile(s, compiler.Options{Manifest: name}); d != nil || !list.HasErrors() {
			t.Errorf("%s compiled", name)
		}
	}
	if list := s.Check(); len(list) < 3 {
		t.Errorf("checking the whole site: %v", list)
	}
}

// No text of a secrets file is in any finding, whatever is wrong with it.
func TestSecretsAreNeverQuoted(t *testing.T) {
	for _, text := range []string{
		"ssh_keys: {a: canary", "ssh_keys:\n\ta: canary", "canary", "[canary]", "passwords: canary\npasswords: canary",
		"passwords: [canary]", "api_tokens: {lab: canary}", "ssh_keys: {a: \"-----BEGIN canary PRIVATE KEY-----\"}", "ssh_keys: {a: [canary]}",
		"ssh_keys: {a: \"ssh-rsa AAAA\\ncanary\"}", "passwords: {vm_root: canary}", "passwords: {vm_root: \"ENC[canary]\"}", "ssh_keys: {\"c canary\": x}",
		"a: &x canary\nb: *x", "? [canary]\n: x", "\"canary\\q\": 1", "ssh_keyz: {a: canary}", "a: !canary canary", "canary\n---\ncanary",
	} {
		s, list := compiler.Load(siteFiles(map[string]string{"secrets.yaml": text}))
		var b strings.Builder
		diag.Text(&b, list, diag.TextOptions{})
		if out := b.String() + list.Error() + strings.Join(s.SecretNames(), " "); strings.Contains(out, "canary") {
			t.Errorf("%q is quoted:\n%s", text, out)
		}
	}
}

// A section nobody knows is not quoted either: its name may be a value that
// slipped. One that is nearly a section is.
func TestStrangeSections(t *testing.T) {
	for section, want := range map[string]string{
		"canary": "the sections are api_passwords, api_tokens, auth, passwords and ssh_keys",
		"tokens": `section "tokens" of the secrets: what is in it has no effect (did you mean "api_tokens"?)`, "keys": `did you mean "ssh_keys"?`,
		"ssh_key": `did you mean "ssh_keys"?`,
	} {
		_, list := compiler.Load(siteFiles(map[string]string{"secrets.yaml": section + ": {a: canary}"}))
		if got := list.Error(); codes(list) != "HS0553" || !strings.Contains(got, want) || strings.Contains(got, "canary") {
			t.Errorf("%s: %v", section, got)
		}
	}
}

func TestSecretNames(t *testing.T) {
	sealed := "api_tokens: {father: \"ENC[x]\"}\npasswords: {vm_root: \"\"}\nssh_keys: {a@b.c: \"ENC[x]\", n: \"ENC[x]\"}\nauth:\n  node_tokens: {web: x}\nlist: [x]\nsops: {mac: x}\n"
	open := "api_tokens: {father: a@b!c=" + uuid + "}\npasswords: {vm_root: \"\"}\nssh_keys: {a@b.c: ssh-rsa AAAA, n: from=\"x y\" ssh-rsa AAAA}\nauth:\n  node_tokens: {web: x}\nlist: [x]\n"
	want := "[api_tokens.father auth.node_tokens.web list.0 ssh_keys.a@b.c ssh_keys.n]"
	for name, text := range map[string]string{"secrets.yaml": open, "secrets.yaml.enc": sealed} {
		s, list := compiler.Load(siteFiles(map[string]string{name: text}))
		if got := fmt.Sprint(s.SecretNames()); got != want || codes(list) != "HS0553" {
			t.Errorf("%s: %s, %v", name, got, list)
		}
	}
}

func TestHosts(t *testing.T) {
	fingerprint := strings.Repeat("ab:", 31) + "ab"
	s, list := compiler.Load(siteFiles(map[string]string{
		"hosts/new.yaml":     "endpoints: [https://192.0.2.1:8006, https://192.0.2.2:8006/]\nfingerprint: \"" + fingerprint + "\"\nnode: pve1\ntoken: ci\nvia: ssh://jump\nio: 8\n",
		"hosts/metal.yaml":   "host: metal\nnetwork: {interfaces: {vmbr0: {address: 192.0.2.9/24}}}\n",
		"nodes/metal.yaml":   "api_endpoint: https://localhost:8006\ndatastore: local-zfs\n",
		"nodes/nested.yaml":  "api_endpoint: https://localhost:8006\ndatastore: local\n",
		"hosts/planned.yaml": "host: planned\n",
		"hosts/cluster.yaml": "endpoints: [https://a:8006, https://b:8006]\nfingerprints: [\"" + fingerprint + "\", " + strings.ReplaceAll(fingerprint, ":", "") + ", \"" + strings.Repeat("cd:", 31) + "cd\"]\nca: keys/pve.pem\nuser: root@pam\npassword: api_passwords.shared\n",
		"hosts/b.hcl":        "host \"hcl\" {\n  ip = \"192.0.2.7\"\n}\n",
	}))
	if len(list) != 0 {
		t.Fatal(list)
	}
	hosts, _ := s.Hosts()
	var got []string
	for _, h := range hosts {
		got = append(got, fmt.Sprintf("%s %s %v %.5s %s %s %s %d", h.Name, h.Node, h.Endpoints, h.Fingerprint, h.TokenName, h.Storage, h.Via, h.IOWidth))
	}
	want := []string{
		"cluster cluster [https://a:8006 https://b:8006] AB:AB api_tokens.cluster   0",
		"hcl hcl [https://192.0.2.7:8006]  api_tokens.hcl   0",
		"metal metal [https://192.0.2.9:8006]  api_tokens.metal local-zfs  0",
		"nested nested [https://localhost:8006]  api_tokens.nested local  0",
		"new pve1 [https://192.0.2.1:8006 https://192.0.2.2:8006] AB:AB api_tokens.ci  ssh://jump 8",
		"planned planned []  api_tokens.planned   0",
	}
	i := slices.IndexFunc(hosts, func(h compiler.Host) bool { return h.Name == "cluster" })
	if c := hosts[i]; c.Fingerprint != strings.ToUpper(fingerprint)+","+strings.Repeat("CD:", 31)+"CD" || c.CA != "keys/pve.pem" || c.User != "root@pam" || c.PasswordName != "api_passwords.shared" {
		t.Errorf("%+v", c)
	}
	if !slices.Equal(got, want) {
		t.Errorf("hosts:\n%s", strings.Join(got, "\n"))
	}
}

// One site serves many compilations at a time.
func TestCompileConcurrently(t *testing.T) {
	s, _ := compiler.Load(siteFiles(map[string]string{
		"manifests/y.yaml": "schema_version: 2\nnodes: [{name: a, type: pve}, {name: b, parent: a}]",
		"manifests/h.hcl":  "manifest \"h\" {\n  node \"a\" {\n    type = \"pve\"\n    node \"b\" {}\n  }\n}\n",
	}))
	var wg sync.WaitGroup
	var mu sync.Mutex
	digests := map[string]bool{}
	for range 8 {
		for _, name := range s.Manifests() {
			wg.Go(func() {
				d, _ := compiler.Compile(s, compiler.Options{Manifest: name})
				mu.Lock()
				defer mu.Unlock()
				digests[name+d.Digest()] = true
			})
		}
	}
	wg.Wait()
	if len(digests) != 2 {
		t.Errorf("%d different results", len(digests))
	}
}

func TestUnknownDirectoryIsNoError(t *testing.T) {
	s, list := compiler.Load(fstest.MapFS{})
	if s == nil || list.HasErrors() || len(s.Manifests()) != 0 || s.SiteID() == "" {
		t.Errorf("an empty site: %v", list)
	}
	if errors.Is(list.Err(), fs.ErrNotExist) {
		t.Error("a raw error")
	}
}

// What is before the @ of a URL may be a password: it is in no rendering, and
// in no deployment.
func TestCredentialsInURLsAreNeverShown(t *testing.T) {
	for name, text := range map[string]string{
		"images/i.yaml": "source: https://u:canary@x/y\nos: debian-12\n",
		"images/j.yaml": "source: https://canary@x/y z\n",
		"images/k.yaml": "source: u:canary@x/y\n",
		"hosts/h.yaml":  "endpoint: https://u:canary@x:8006\n",
		"hosts/v.yaml":  "via: socks5://u:canary@x:1080\n",
		"hosts/w.yaml":  "via: ssh://u:canary@x\n",
	} {
		s, list := compiler.Load(siteFiles(map[string]string{name: text}))
		list = append(list, s.Check()...)
		var b strings.Builder
		diag.Text(&b, list, diag.TextOptions{})
		diag.JSON(&b, list)
		if len(list) != 1 || strings.Contains(b.String(), "canary") {
			t.Errorf("%s: %q gives\n%s", name, text, b.String())
		}
	}
}

// Of a site.yaml that cannot be read nobody knows whether it has an identity.
func TestBrokenSiteFileIsNotASiteWithoutIdentity(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "HS0238",
		"defaults: {}":            "HS0238",
		"site_id: [":              "HS0014",
		"defaults: [":             "HS0014",
		"- a":                     "HS0301",
		"site_id: x":              "HS0308",
		"a: 1\na: 2":              "",
		"site_id: " + uuid + "\n": "",
	} {
		s, list := compiler.Load(siteFiles(map[string]string{"site.yaml": text, "manifests/m.yaml": "schema_version: 2\nnodes: [{name: a}]"}))
		if want != "" && codes(list) != want || want == "" && strings.Contains(codes(list), "HS0238") {
			t.Errorf("%q: %v", text, list)
		}
		if s.SiteID() == "" {
			t.Errorf("%q: no identity", text)
		}
	}
	_, list := compiler.Load(denied{siteFiles(nil), "site.yaml"})
	if codes(list) != "HS0231" {
		t.Errorf("unreadable: %v", list)
	}
}
