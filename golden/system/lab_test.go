package system

import (
	"bufio"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/homestak/homestak/runtime/lab"
)

// labProcess is `homestak lab serve`, in a process of its own.
type labProcess struct {
	cmd   *exec.Cmd
	dir   string
	entry string // what it printed for hosts/NAME.yaml
	url   string
	token string
	mark  int
}

func startLab(dir string, flags ...string) (*labProcess, error) {
	l := &labProcess{dir: dir, cmd: homestak("", append([]string{"lab", "serve", "--dir", dir, "--listen", "127.0.0.1:0"}, flags...)...)}
	l.cmd.Stderr = os.Stderr
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := l.cmd.Start(); err != nil {
		return nil, err
	}
	for sc := bufio.NewScanner(out); sc.Scan(); {
		line := sc.Text()
		l.entry += line + "\n"
		if u, ok := strings.CutPrefix(line, "endpoint: "); ok {
			l.url = u
		}
		if strings.HasPrefix(line, "# its API token") {
			token, err := os.ReadFile(filepath.Join(dir, lab.TokenFile))
			l.token = strings.TrimSpace(string(token))
			return l, err
		}
	}
	l.stop()
	return nil, errors.New("the lab did not get ready")
}

func (l *labProcess) stop() {
	_ = l.cmd.Process.Signal(syscall.SIGTERM)
	_ = l.cmd.Wait()
}

// addTo makes the lab a host of a site.
func (l *labProcess) addTo(site, name string) error {
	if err := os.MkdirAll(filepath.Join(site, "hosts"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(site, "hosts", name+".yaml"), []byte(l.entry), 0o644); err != nil {
		return err
	}
	file := filepath.Join(site, "secrets.yaml")
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	line := fmt.Sprintf("  %s: %q\n", name, l.token)
	text := strings.Replace(string(old), "api_tokens: {}\n", "api_tokens:\n", 1)
	if strings.Contains(text, "api_tokens:\n") {
		text = strings.Replace(text, "api_tokens:\n", "api_tokens:\n"+line, 1)
	} else {
		text += "api_tokens:\n" + line
	}
	return os.WriteFile(file, []byte(text), 0o600)
}

// client trusts the one certificate the host entry pins.
func (l *labProcess) client() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{
		InsecureSkipVerify: true,
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			if want := fingerprint(raw[0]); !strings.Contains(l.entry, want) {
				return fmt.Errorf("certificate %s is not the lab's", want)
			}
			return nil
		},
	}}}
}

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}

// call makes one request as the lab's own token; the error of a status other
// than 200 has its reason.
func (l *labProcess) call(method, path string, params ...string) (string, error) {
	form := url.Values{}
	for _, p := range params {
		k, v, _ := strings.Cut(p, "=")
		form.Add(k, v)
	}
	target := l.url + "/api2/json" + path
	var body io.Reader
	if method == http.MethodGet || method == http.MethodDelete {
		target += "?" + form.Encode()
	} else {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequest(method, target, body)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "PVEAPIToken="+l.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := l.client().Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return string(text), errors.New(resp.Status)
	}
	return string(text), nil
}

// settle waits until no task runs on the lab any more.
func (l *labProcess) settle() error {
	for {
		active, err := l.call("GET", "/nodes/lab/tasks", "source=active")
		if err != nil || !strings.Contains(active, `"status":"RUNNING"`) {
			return err
		}
	}
}

// guests are the vmids on the lab, sorted.
func (l *labProcess) guests() ([]string, error) {
	body, err := l.call("GET", "/cluster/resources", "type=vm")
	if err != nil {
		return nil, err
	}
	var list struct{ Data []struct{ VMID int } }
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		return nil, err
	}
	ids := []int{}
	for _, g := range list.Data {
		ids = append(ids, g.VMID)
	}
	slices.Sort(ids)
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = strconv.Itoa(id)
	}
	return out, nil
}

// copySite copies a site's files, without .homestak.
func copySite(from, to string) error {
	return filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, p)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".homestak" {
				return filepath.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), data, info.Mode().Perm())
	})
}
