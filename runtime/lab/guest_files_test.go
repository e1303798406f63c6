package lab_test

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/homestak/homestak/runtime/lab"
)

// gateway is the first address of the /16 that addr is in.
func gateway(addr string) string {
	p := netip.PrefixFrom(netip.MustParseAddr(addr), 16)
	return p.Masked().Addr().Next().String()
}

// certificateOf is the certificate that a server shows, in PEM.
func certificateOf(t *testing.T, dial dialer, addr string) []byte {
	t.Helper()
	c, err := dial(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	tc := tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	if err := tc.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tc.ConnectionState().PeerCertificates[0].Raw})
}

func logOf(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, lab.LogFile))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// grepDir is a file below dir, the log apart, that holds the text.
func grepDir(t *testing.T, dir, text string) (found string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == lab.LogFile {
			return err
		}
		data, err := os.ReadFile(p)
		if err == nil && bytes.Contains(data, []byte(text)) {
			found = p
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
