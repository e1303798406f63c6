package clients_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/homestak/homestak/cli" // what is built below: a result is not kept when it changes
	"github.com/homestak/homestak/runtime/lab"
	"github.com/homestak/homestak/stdlib"
)

// served is a lab in a process of its own.
type served struct {
	endpoint string // https://127.0.0.1:PORT
	host     string // 127.0.0.1:PORT
	token    string // USER!ID=SECRET
	image    string // a disk image, as a file
	template string // a container template, as a file
}

const node = "pve1"

// serve runs `homestak lab serve` until the test ends.
func serve(t *testing.T) *served {
	t.Helper()
	work := t.TempDir()
	bin, dir := filepath.Join(work, "homestak"), filepath.Join(work, "lab")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "github.com/homestak/homestak").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(bin, "lab", "serve", "--dir", dir, "--listen", "127.0.0.1:0", "--name", node)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		stop := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
		defer stop.Stop()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the lab: %v\n%s", err, &errs)
		}
	})
	s := &served{}
	for lines := bufio.NewScanner(out); s.endpoint == "" && lines.Scan(); {
		s.endpoint, _ = strings.CutPrefix(lines.Text(), "endpoint: ")
		if s.endpoint == lines.Text() {
			s.endpoint = ""
		}
	}
	if s.endpoint == "" {
		t.Fatalf("the lab does not say where it is\n%s", &errs)
	}
	s.host = strings.TrimPrefix(s.endpoint, "https://")
	token, err := os.ReadFile(filepath.Join(dir, lab.TokenFile))
	if err != nil {
		t.Fatal(err)
	}
	s.token = strings.TrimSpace(string(token))
	s.image = builtin(t, work, "debian-13-custom", "debian-13.raw")
	s.template = builtin(t, work, "debian-13-standard", "debian-13-standard_13.0-1_amd64.tar.zst")
	return s
}

// upload puts the disk image on the storage local, for clients that cannot.
func (s *served) upload(t *testing.T) (volume string) {
	t.Helper()
	data, err := os.ReadFile(s.image)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	w.WriteField("content", "import")
	part, err := w.CreateFormFile("filename", filepath.Base(s.image))
	if err != nil {
		t.Fatal(err)
	}
	part.Write(data)
	w.Close()
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.endpoint+"/api2/json/nodes/"+node+"/storage/local/upload", &b)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Authorization", "PVEAPIToken="+s.token)
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // made for this test, on loopback
	defer tr.CloseIdleConnections()
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
	return "local:import/" + filepath.Base(s.image)
}

// builtin makes a file of one of the lab's own images.
func builtin(t *testing.T, dir, name, file string) string {
	t.Helper()
	data, ok := stdlib.Builtin(name)
	if !ok {
		t.Fatalf("no builtin image %s", name)
	}
	path := filepath.Join(dir, file)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// installed reports whether a program of Debian's can be used: the command given
// succeeds.
func installed(t *testing.T, what string, command ...string) bool {
	t.Helper()
	if exec.CommandContext(t.Context(), command[0], command[1:]...).Run() == nil {
		return true
	}
	if os.Getenv("HOMESTAK_CLIENTS") != "" {
		t.Fatalf("%s is not installed, and HOMESTAK_CLIENTS wants it", what)
	}
	t.Logf("%s is not installed: left out what it makes of the lab", what)
	return false
}
