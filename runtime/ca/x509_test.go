package ca

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"net"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/homestak/homestak/runtime/sign"
)

func pair(t *testing.T) (ed25519.PublicKey, ed25519.PrivateKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return public, private
}

type chain struct {
	roots, between *x509.CertPool
	authority      *Authority
}

var edge = Server{Name: "edge", DNS: []string{"spec.example.org"}, Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.5")}}

func testChain(t *testing.T, k *Keys, s Server) chain {
	t.Helper()
	root, err := k.Root()
	if err != nil {
		t.Fatal(err)
	}
	public, private := pair(t)
	mid, err := k.Intermediate(public, s, 90*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	c := chain{x509.NewCertPool(), x509.NewCertPool(), &Authority{Certificate: mid, Key: private, Now: func() time.Time { return noon }}}
	c.roots.AddCert(root)
	c.between.AddCert(mid)
	return c
}

func (c chain) verify(cert *x509.Certificate, name string, at time.Time, use x509.ExtKeyUsage) error {
	_, err := cert.Verify(x509.VerifyOptions{Roots: c.roots, Intermediates: c.between, DNSName: name, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{use}})
	return err
}

func TestRootIsAlwaysTheSame(t *testing.T) {
	k := testKeys(t, noon)
	one, err := k.Root()
	if err != nil {
		t.Fatal(err)
	}
	k.now = func() time.Time { return noon.AddDate(3, 0, 0) }
	two, err := k.Root()
	if err != nil || !bytes.Equal(one.Raw, two.Raw) {
		t.Errorf("another root after three years (%v)", err)
	}
	other, err := testKeys(t, noon).Root()
	if err != nil || bytes.Equal(one.Raw, other.Raw) {
		t.Errorf("two sites have one root (%v)", err)
	}
}

func TestServerAndNode(t *testing.T) {
	k := testKeys(t, noon)
	c := testChain(t, k, edge)
	public, _ := pair(t)
	server, err := c.authority.Server(public, edge, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"spec.example.org", "10.0.0.5"} {
		for _, at := range []time.Time{noon, noon.Add(-6 * 24 * time.Hour)} { // clocks of new machines are wrong
			if err := c.verify(server, name, at, x509.ExtKeyUsageServerAuth); err != nil {
				t.Errorf("%s at %s: %v", name, at, err)
			}
		}
	}
	if c.verify(server, "spec.example.org", noon.Add(25*time.Hour), x509.ExtKeyUsageServerAuth) == nil || c.verify(server, "other.example.org", noon, x509.ExtKeyUsageServerAuth) == nil {
		t.Error("good after its end, or by another name")
	}
	node, err := c.authority.Node(public, "0c8d", 365*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.verify(node, "", noon, x509.ExtKeyUsageClientAuth); err != nil {
		t.Error(err)
	}
	if c.verify(node, "", noon, x509.ExtKeyUsageServerAuth) == nil {
		t.Error("a node may pose as a server")
	}
	if r, name, ok := RoleOf(node); !ok || r != RoleNode || name != "0c8d" {
		t.Errorf("the node is %s %s", r, name)
	}
	if node.NotAfter.After(c.authority.Certificate.NotAfter) {
		t.Error("a node's certificate outlives its authority's")
	}
	if r, name, ok := RoleOf(server); !ok || r != RoleServer || name != "edge" {
		t.Errorf("the server is %s %s", r, name)
	}
}

// What a server's intermediate is not for, it cannot certify.
func TestIntermediateIsBound(t *testing.T) {
	k := testKeys(t, noon)
	public, _ := pair(t)
	for name, s := range map[string]Server{"edge": edge, "nameless": {Name: "nameless"}} {
		c := testChain(t, k, s)
		for what, change := range map[string]func(*x509.Certificate){
			"an operator":     func(t *x509.Certificate) { t.URIs = []*url.URL{RoleURI(RoleOperator, "root")} },
			"another name":    func(t *x509.Certificate) { t.DNSNames = []string{"other.example.org"} },
			"another address": func(t *x509.Certificate) { t.IPAddresses = []net.IP{net.IPv4(10, 0, 0, 6)} },
			"an IPv6 address": func(t *x509.Certificate) { t.IPAddresses = []net.IP{net.IPv6loopback} },
		} {
			tmpl := template("x", noon, time.Hour)
			tmpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
			tmpl.URIs = []*url.URL{RoleURI(RoleNode, "0c8d")}
			change(tmpl)
			cert, err := issue(tmpl, c.authority.Certificate, public, c.authority.Key)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.verify(cert, "", noon, x509.ExtKeyUsageClientAuth); err == nil {
				t.Errorf("server %s certified %s", name, what)
			}
		}
	}
}

// An authority below a server's is none.
func TestIntermediateHasNoHeirs(t *testing.T) {
	c := testChain(t, testKeys(t, noon), edge)
	public, private := pair(t)
	heir := template("heir", noon, time.Hour)
	heir.IsCA, heir.BasicConstraintsValid, heir.KeyUsage = true, true, x509.KeyUsageCertSign
	cert, err := issue(heir, c.authority.Certificate, public, c.authority.Key)
	if err != nil {
		t.Fatal(err)
	}
	c.between.AddCert(cert)
	node, err := (&Authority{Certificate: cert, Key: private, Now: func() time.Time { return noon }}).Node(public, "0c8d", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if c.verify(node, "", noon, x509.ExtKeyUsageClientAuth) == nil {
		t.Error("an heir of the intermediate certified a node")
	}
}

func TestOperator(t *testing.T) {
	k := testKeys(t, noon)
	c := testChain(t, k, edge)
	public, _ := pair(t)
	cert, err := k.Operator(public, "alice", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.verify(cert, "", noon, x509.ExtKeyUsageClientAuth); err != nil {
		t.Error(err)
	}
	if r, name, ok := RoleOf(cert); !ok || r != RoleOperator || name != "alice" {
		t.Errorf("the operator is %s %s", r, name)
	}
}

func TestSigningIsTrusted(t *testing.T) {
	k := testKeys(t, noon)
	data := sign.Seal(k.Signing(), sign.Signal{Node: "0c8d", Verb: "check"})
	if _, err := sign.Open[sign.Signal](k.Trust(), data); err != nil {
		t.Error(err)
	}
	if _, err := sign.Open[sign.Signal](testKeys(t, noon).Trust(), data); err == nil {
		t.Error("another site trusts it")
	}
}
