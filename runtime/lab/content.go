package lab

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// File names that PVE takes for each content type.
var extensions = map[string]*regexp.Regexp{
	"iso":    regexp.MustCompile(`(?i)\.(?:iso|img)$`),
	"vztmpl": regexp.MustCompile(`\.tar\.(?:gz|xz|zst)$`),
	"import": regexp.MustCompile(`\.(?:ova|qcow2|raw|vmdk)$`),
}

var notInFileName = regexp.MustCompile(`[^a-zA-Z0-9_.-]`)

// contentTarget is the file a new upload or download becomes.
func (c *call) contentTarget() (*storage, *volume, error) {
	s, err := c.mustStorage()
	if err != nil {
		return nil, nil, err
	}
	content := c.str("content")
	name := notInFileName.ReplaceAllString(filepath.Base(strings.ReplaceAll(c.str("filename"), `\`, "/")), "_")
	if !extensions[content].MatchString(name) {
		return nil, nil, badParam("filename", "wrong file extension")
	}
	if !slices.Contains(s.content, content) {
		return nil, nil, errorf(500, "storage '"+s.name+"' does not support '"+content+"' content")
	}
	v := fileVolume(content, name, 0, 0)
	v.storage = s
	return s, v, nil
}

// contentUpload is POST /nodes/{node}/storage/{storage}/upload. An existing file
// of the name is replaced, unless the checksum is wrong.
func (c *call) contentUpload() (any, error) {
	_, v, err := c.contentTarget()
	if err != nil {
		return nil, err
	}
	if c.upload == nil {
		return nil, badParam("tmpfilename", textMissing)
	}
	up := c.upload.take()
	algorithm, sum := c.str("checksum-algorithm"), c.str("checksum")
	upid, err := c.start("imgcopy", "", func(t *task) error {
		defer up.discard()
		t.logf("starting file import from: %s", "/var/tmp/"+filepath.Base(up.path))
		t.logf("target node: %s", t.Node)
		t.logf("target file: %s", v.pvePath())
		t.logf("file size is: %d", up.size)
		if err := t.delay(); err != nil {
			return err
		}
		return c.store(t, v, up, algorithm, sum)
	})
	if err != nil {
		up.discard()
	}
	return upid, err
}

// store verifies a file and moves it to its storage.
func (l *Lab) store(t *task, v *volume, up *upload, algorithm, sum string) error {
	if algorithm != "" {
		got, err := hashFile(up.path, algorithm)
		if err != nil {
			return err
		}
		if !strings.EqualFold(got, sum) {
			t.logf("calculating checksum...")
			return fmt.Errorf("checksum mismatch: got '%s' != expect '%s'", got, sum)
		}
		t.logf("calculating checksum...OK, checksum verified")
	}
	if v.Content == "import" {
		if _, err := imageSize(up.path, v.Format); err != nil {
			return err
		}
	}
	if err := l.hasSpace(v.storage.name); err != nil {
		return err
	}
	if err := l.dir.disk.mkdir(filepath.Dir(v.file())); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.dir.disk.rename(up.path, v.file()); err != nil {
		return err
	}
	v.Size, v.CTime = up.size, l.now().Unix()
	v.storage.put(v)
	t.logf("finished file import successfully")
	return nil
}

// newHash is the hash of one of PVE's checksum algorithms.
func newHash(algorithm string) hash.Hash {
	switch algorithm {
	case "md5":
		return md5.New()
	case "sha1":
		return sha1.New()
	case "sha224":
		return sha256.New224()
	case "sha384":
		return sha512.New384()
	case "sha512":
		return sha512.New()
	}
	return sha256.New()
}

func hashFile(path, algorithm string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := newHash(algorithm)
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// contentDownload is POST …/download-url: the lab's process fetches the file.
func (c *call) contentDownload() (any, error) {
	_, v, err := c.contentTarget()
	if err != nil {
		return nil, err
	}
	if c.has("compression") {
		return nil, errorf(501, "decompression is not implemented by this lab")
	}
	url, algorithm, sum, verify := c.str("url"), c.str("checksum-algorithm"), c.str("checksum"), c.flagOr("verify-certificates", true)
	return c.start("download", filepath.Base(v.Name), func(t *task) error {
		t.logf("downloading %s to %s", url, v.pvePath())
		if err := t.delay(); err != nil {
			return err
		}
		up, err := c.fetch(t, url, verify)
		if err != nil {
			return fmt.Errorf("download failed: %w", err)
		}
		defer up.discard()
		if err := c.store(t, v, up, algorithm, sum); err != nil {
			return err
		}
		t.logf("download of '%s' to '%s' finished", url, v.pvePath())
		return nil
	})
}

// fetch gets a URL into the lab's tmp.
func (l *Lab) fetch(t *task, url string, verify bool) (*upload, error) {
	req, err := http.NewRequestWithContext(t.ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if unresolvable(req.URL.Hostname()) {
		return nil, noHost(req.URL.Hostname())
	}
	transport := webTransport(verify)
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) {
		return nil, noHost(dns.Name)
	}
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New("server answered " + resp.Status)
	}
	return l.receive(resp.Body)
}

// unresolvable reports whether no resolver has to be asked: the domain is
// reserved for names that do not exist.
func unresolvable(host string) bool { return strings.HasSuffix("."+host, ".invalid") }

// noHost is what wget says, as PVE runs it.
func noHost(host string) error {
	return errors.New("wget: unable to resolve host address '" + host + "'")
}
