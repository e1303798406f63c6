package seed_test

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kdomanski/iso9660"
	"go.yaml.in/yaml/v4"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/seed"
)

const hostKey = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAA=\nSECRETSECRET\n-----END OPENSSH PRIVATE KEY-----\n"

func sample() seed.Seed {
	return seed.Seed{
		Instance: "0f0e1d2c-0000-5000-8000-000000000001-3", Hostname: "test", Domain: "home.arpa", MAC: "0A:1B:2C:3D:4E:5F",
		IP: "10.0.9.20/24", Gateway: "10.0.9.1", DNS: []string{"10.0.9.1", "9.9.9.9"},
		UserCA: "ssh-ed25519 AAAAuserca site-user-ca\n", HostKeyPEM: []byte(hostKey), HostCert: "ssh-ed25519-cert-v01@openssh.com AAAAcert test\n",
	}
}

func build(t testing.TB, s seed.Seed) []byte {
	t.Helper()
	disk, err := seed.Build(s)
	if err != nil {
		t.Fatal(err)
	}
	return disk
}

func TestRoundTrip(t *testing.T) {
	s := sample()
	want, err := seed.Render(s)
	if err != nil {
		t.Fatal(err)
	}
	disk := build(t, s)
	got, err := seed.Parse(disk)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if len(disk)%512 != 0 || len(disk) > 128<<10 {
		t.Errorf("the disk has %d bytes", len(disk))
	}
	if !bytes.Equal(disk, build(t, sample())) {
		t.Error("the same seed gives other bytes")
	}
}

// Another reader of ISO9660 finds the same volume.
func TestLibraryReadsIt(t *testing.T) {
	disk := build(t, sample())
	img, err := iso9660.OpenImage(bytes.NewReader(disk))
	if err != nil {
		t.Fatal(err)
	}
	if label, err := img.Label(); err != nil || label != seed.Label {
		t.Errorf("label %q, %v", label, err)
	}
	root, err := img.RootDir()
	if err != nil {
		t.Fatal(err)
	}
	children, err := root.GetChildren()
	if err != nil {
		t.Fatal(err)
	}
	files, _ := seed.Render(sample())
	want := map[string][]byte{"user-data": files.UserData, "meta-data": files.MetaData, "network-config": files.NetworkConfig}
	var names []string
	for _, c := range children {
		names = append(names, c.Name())
		data, err := io.ReadAll(c.Reader())
		if err != nil || !bytes.Equal(data, want[c.Name()]) {
			t.Errorf("%s holds %q, %v", c.Name(), data, err)
		}
	}
	if !slices.Equal(names, []string{"meta-data", "network-config", "user-data"}) {
		t.Errorf("names %q", names)
	}
}

// And a volume that another writer made is read, whatever the case of names.
func TestReadsLibraryImages(t *testing.T) {
	w, err := iso9660.NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Cleanup()
	long := strings.Repeat("x", 5000)
	for name, text := range map[string]string{"user-data": long, "meta-data": "instance-id: x\n", "vendor-data": "", "sub/user-data": "other"} {
		if err := w.AddFile(strings.NewReader(text), name); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := w.WriteTo(&b, "CIDATA"); err != nil {
		t.Fatal(err)
	}
	got, err := seed.Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if string(got.UserData) != long || string(got.MetaData) != "instance-id: x\n" || got.NetworkConfig != nil {
		t.Errorf("read %.40q, %q, %q", got.UserData, got.MetaData, got.NetworkConfig)
	}
}

type writeFile struct {
	Path, Owner, Permissions, Content string
}

type cloudConfig struct {
	Hostname       string      `yaml:"hostname"`
	FQDN           string      `yaml:"fqdn"`
	Preserve       bool        `yaml:"preserve_hostname"`
	EtcHosts       string      `yaml:"manage_etc_hosts"`
	PackageUpgrade bool        `yaml:"package_upgrade"`
	PackageUpdate  bool        `yaml:"package_update"`
	Packages       []string    `yaml:"packages"`
	RunCmd         [][]string  `yaml:"runcmd"`
	WriteFiles     []writeFile `yaml:"write_files"`
	Users          []struct {
		Name, Gecos, Homedir, Shell string
		System                      bool
		NoCreateHome                bool `yaml:"no_create_home"`
		LockPasswd                  bool `yaml:"lock_passwd"`
	}
}

func config(t *testing.T, data []byte) cloudConfig {
	t.Helper()
	if !bytes.HasPrefix(data, []byte("#cloud-config\n")) {
		t.Fatalf("cloud-init would not take this for a cloud-config: %.30q", data)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	var c cloudConfig
	if err := dec.Decode(&c); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return c
}

func files(c cloudConfig) map[string]writeFile {
	m := map[string]writeFile{}
	for _, f := range c.WriteFiles {
		m[f.Path] = f
	}
	return m
}

func TestUserData(t *testing.T) {
	f, err := seed.Render(sample())
	if err != nil {
		t.Fatal(err)
	}
	c := config(t, f.UserData)
	if c.Hostname != "test" || c.FQDN != "test.home.arpa" || c.EtcHosts != "localhost" || c.PackageUpgrade {
		t.Errorf("%+v", c)
	}
	if len(c.Users) != 1 || c.Users[0].Name != seed.DriverUser || !c.Users[0].LockPasswd || !c.Users[0].System {
		t.Errorf("users %+v", c.Users)
	}
	got := files(c)
	for path, want := range map[string]writeFile{
		seed.SSHDDropIn:   {Permissions: "0644", Content: "TrustedUserCAKeys " + seed.UserCAPath + "\nHostKey " + seed.HostKeyPath + "\nHostCertificate " + seed.HostCertPath + "\n"},
		seed.SudoDropIn:   {Permissions: "0440", Content: "homestak-driver ALL=(ALL:ALL) NOPASSWD: ALL\n"},
		seed.UserCAPath:   {Permissions: "0644", Content: "ssh-ed25519 AAAAuserca site-user-ca\n"},
		seed.HostKeyPath:  {Permissions: "0600", Content: hostKey},
		seed.HostCertPath: {Permissions: "0644", Content: "ssh-ed25519-cert-v01@openssh.com AAAAcert test\n"},
	} {
		want.Path, want.Owner = path, "root:root"
		if d := cmp.Diff(want, got[path]); d != "" {
			t.Errorf("%s: %s", path, d)
		}
	}
	// cloud-init deletes /etc/ssh/ssh_host_*key* after it wrote files.
	for _, f := range c.WriteFiles {
		if strings.HasPrefix(f.Path, "/etc/ssh/ssh_host_") {
			t.Errorf("cloud-init would delete %s", f.Path)
		}
	}
}

// The copy that stays behind has all but the host key, and the host key is the
// only private thing in the whole seed.
func TestLocalCopyIsSecretFree(t *testing.T) {
	f, err := seed.Render(sample())
	if err != nil {
		t.Fatal(err)
	}
	got := files(config(t, f.UserData))
	local := got[seed.LocalSeed+"/user-data"].Content
	if strings.Contains(local, "PRIVATE") || strings.Contains(local, "SECRET") {
		t.Errorf("the local copy holds the host key:\n%s", local)
	}
	lc := config(t, []byte(local))
	if lc.EtcHosts != "false" || lc.Hostname != "test" || len(lc.Users) != 1 {
		t.Errorf("local copy %+v", lc)
	}
	lf := files(lc)
	for _, path := range []string{seed.SSHDDropIn, seed.SudoDropIn, seed.UserCAPath} {
		if lf[path] != got[path] {
			t.Errorf("the local copy has another %s", path)
		}
	}
	if got[seed.LocalSeed+"/meta-data"].Content != string(f.MetaData) || got[seed.LocalSeed+"/network-config"].Content != string(f.NetworkConfig) {
		t.Error("the local copy has other meta-data or network-config")
	}
	if n := bytes.Count(f.UserData, []byte("PRIVATE KEY-----")); n != 2 {
		t.Errorf("%d lines speak of private keys, want the two of the host key", n)
	}
	if bytes.Contains(f.MetaData, []byte("PRIVATE")) || bytes.Contains(f.NetworkConfig, []byte("PRIVATE")) {
		t.Error("a private key outside user-data")
	}
}

type netConfig struct {
	Version   int
	Ethernets map[string]struct {
		Match       struct{ Macaddress string }
		SetName     string `yaml:"set-name"`
		DHCP4       bool
		Addresses   []string
		Routes      []struct{ To, Via string }
		Nameservers struct{ Addresses, Search []string }
	}
}

func TestNetworkConfig(t *testing.T) {
	read := func(s seed.Seed) netConfig {
		f, err := seed.Render(s)
		if err != nil {
			t.Fatal(err)
		}
		dec := yaml.NewDecoder(bytes.NewReader(f.NetworkConfig))
		dec.KnownFields(true)
		var n netConfig
		if err := dec.Decode(&n); err != nil {
			t.Fatalf("%v\n%s", err, f.NetworkConfig)
		}
		return n
	}
	s := sample()
	e := read(s).Ethernets["eth0"]
	if e.Match.Macaddress != "0a:1b:2c:3d:4e:5f" || e.SetName != "eth0" || e.DHCP4 || !slices.Equal(e.Addresses, []string{"10.0.9.20/24"}) ||
		len(e.Routes) != 1 || e.Routes[0].To != "0.0.0.0/0" || e.Routes[0].Via != "10.0.9.1" ||
		!slices.Equal(e.Nameservers.Addresses, s.DNS) || !slices.Equal(e.Nameservers.Search, []string{"home.arpa"}) {
		t.Errorf("static: %+v", e)
	}
	s.IP, s.Gateway, s.DNS, s.Domain = "dhcp", "", nil, ""
	if e = read(s).Ethernets["eth0"]; !e.DHCP4 || len(e.Addresses)+len(e.Routes)+len(e.Nameservers.Addresses) > 0 {
		t.Errorf("dhcp: %+v", e)
	}
	s.IP, s.Gateway = "2001:db8::5/64", "2001:db8::1"
	if e = read(s).Ethernets["eth0"]; e.Routes[0].To != "::/0" {
		t.Errorf("IPv6: %+v", e)
	}
	if _, err := netip.ParsePrefix(e.Addresses[0]); err != nil {
		t.Error(err)
	}
}

func TestBuildRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*seed.Seed){
		"dots":        func(s *seed.Seed) { s.Hostname = "a.b" },
		"no name":     func(s *seed.Seed) { s.Hostname = "" },
		"no instance": func(s *seed.Seed) { s.Instance = "" },
		"no mac":      func(s *seed.Seed) { s.MAC = "x" },
		"no prefix":   func(s *seed.Seed) { s.IP = "10.0.0.1" },
		"gateway":     func(s *seed.Seed) { s.Gateway = "router" },
		"dns":         func(s *seed.Seed) { s.DNS = []string{"one.one"} },
		"no key":      func(s *seed.Seed) { s.HostKeyPEM = nil },
		"two lines":   func(s *seed.Seed) { s.UserCA = "a\nb" },
		"injection":   func(s *seed.Seed) { s.Domain = "x\"\nusers: [root]" },
		"tab":         func(s *seed.Seed) { s.HostCert = "a\tb" },
		"path":        func(s *seed.Seed) { s.Extra.Files = []seed.File{{Path: "etc", Mode: "0644", Owner: "root"}} },
		"mode":        func(s *seed.Seed) { s.Extra.Files = []seed.File{{Path: "/etc/x", Mode: "644\n", Owner: "root"}} },
		"lines":       func(s *seed.Seed) { s.Extra.Commands = []string{"a\nb"} },
		"no card":     func(s *seed.Seed) { s.Interfaces = []seed.Interface{{Name: "eth1", IP: "dhcp"}} },
		"name":        func(s *seed.Seed) { s.Interfaces = []seed.Interface{{Name: "a:\n", MAC: "0A:1B:2C:3D:4E:60"}} },
		"huge":        func(s *seed.Seed) { s.HostKeyPEM = bytes.Repeat([]byte("k"), 8<<20) },
	} {
		s := sample()
		spoil(&s)
		_, err := seed.Build(s)
		var d *diag.Diagnostic
		if !errors.As(err, &d) || d.Code != "HS0955" {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: the error shows the host key", name)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	disk := build(t, sample())
	spoil := func(at int, with string) []byte {
		d := bytes.Clone(disk)
		copy(d[at:], with)
		return d
	}
	root := 18 * 2048
	for name, d := range map[string][]byte{
		"nothing": nil, "short": disk[:16*2048], "cut directory": disk[:root+10], "cut files": disk[:20*2048],
		"label": spoil(16*2048+40, "other "), "magic": spoil(16*2048+1, "NSR02"), "block size": spoil(16*2048+128, "\x00\x04"),
		"root extent": spoil(16*2048+156+2, "\xff\xff\xff\xff"), "file size": spoil(root+68+10, "\xff\xff\xff\x7f"),
		"record length": spoil(root+68, "\x21"), "name length": spoil(root+68+32, "\xf0"), "huge": make([]byte, 5<<20),
	} {
		var diagnostic *diag.Diagnostic
		if _, err := seed.Parse(d); !errors.As(err, &diagnostic) || diagnostic.Code != "HS0956" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The parts of a volume are given without their padding: mutating and
// minimising kilobytes of zeros would be most of the work.
func FuzzParse(f *testing.F) {
	disk, err := seed.Build(sample())
	if err != nil {
		f.Fatal(err)
	}
	const sector = 2048
	directory := bytes.TrimRight(disk[18*sector:19*sector], "\x00")
	for at := 68; at < len(directory); at += int(directory[at]) { // all three files are the first 8 bytes after the directory
		copy(directory[at+2:], "\x13\x00\x00\x00\x00\x00\x00\x13\x08\x00\x00\x00\x00\x00\x00\x08")
	}
	volume := disk[16*sector : 16*sector+192]
	if _, err := seed.Parse(slices.Concat(disk[:18*sector], directory, make([]byte, sector-len(directory)), []byte("12345678"))); err != nil {
		f.Fatal(err)
	}
	f.Add(volume, directory, []byte("12345678"))
	f.Fuzz(func(t *testing.T, volume, directory, rest []byte) {
		data := make([]byte, 19*sector, 19*sector+len(rest))
		copy(data[16*sector:17*sector], volume)
		copy(data[18*sector:], directory)
		data = append(data, rest...)
		files, err := seed.Parse(data)
		if err != nil {
			var d *diag.Diagnostic
			if !errors.As(err, &d) || files != nil {
				t.Fatalf("a raw error: %v", err)
			}
			return
		}
		for _, part := range [][]byte{files.UserData, files.MetaData, files.NetworkConfig} {
			if !bytes.Contains(data, part) {
				t.Fatal("a file that is not in the disk")
			}
		}
	})
}
