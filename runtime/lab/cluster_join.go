package lab

import (
	"bytes"
	"context"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A lab that has joined the cluster of another keeps nothing of its own: like a
// node whose /etc/pve is the cluster's, it answers with what the cluster says.
// The cluster lives in the lab that was joined.

// clusterHeader says, between two labs, as which node a request was received and
// proves by the cluster's key that it was; rootHeader that root made it, there.
const (
	clusterHeader = "X-Homestak-Cluster"
	rootHeader    = "X-Homestak-Root"

	// mostForwarded is the largest answer that is passed on.
	mostForwarded = 256 << 20
)

// membership is what a lab that has joined knows.
type membership struct {
	Address     string `json:"address"` // host:port of the lab that was joined
	Fingerprint string `json:"fingerprint"`
	Key         string `json:"key"` // of the cluster
}

func (l *Lab) joined() *membership {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cluster.Joined
}

// clusterJoin is POST /cluster/config/join.
func (c *call) clusterJoin() (any, error) {
	address := c.str("hostname")
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(address, "8006")
	}
	m := &membership{Address: address, Fingerprint: strings.ToUpper(c.str("fingerprint"))}
	password, force, local := c.str("password"), c.flag("force"), c.local
	return c.start("clusterjoin", "", func(t *task) error {
		if err := t.delay(); err != nil {
			return err
		}
		if problems := c.joinProblems(); len(problems) > 0 {
			t.logf("detected the following error(s):")
			for _, p := range problems {
				t.logf("* %s", p)
			}
			if !force {
				return errors.New("Check if node may join a cluster failed!")
			}
		}
		t.logf("Establishing API connection with host '%s'", address)
		key, err := c.askToJoin(t, m, local, password)
		if err != nil {
			return err
		}
		t.logf("Login succeeded.")
		t.logf("Request addition of this node")
		m.Key = key
		t.logf("Join request OK, finishing setup locally")
		c.mu.Lock()
		defer c.mu.Unlock()
		f := c.cluster.clone()
		f.Joined = m
		if err := c.saveCluster(f); err != nil {
			return err
		}
		t.logf("successfully added node '%s' to cluster.", local)
		return nil
	})
}

// joinProblems are PVE's reasons against joining.
func (l *Lab) joinProblems() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	if l.cluster.Name != "" || l.cluster.Joined != nil {
		out = append(out, "cluster config '"+corosyncFile+"' already exists")
	}
	if len(l.vms) > 0 {
		out = append(out, "this host already contains virtual guests")
	}
	return out
}

// askToJoin logs in to the cluster and asks to be made a member; the result is
// the cluster's key.
func (l *Lab) askToJoin(t *task, m *membership, node, password string) (key string, err error) {
	form := url.Values{"username": {rootUser}, "password": {password}}
	var login struct {
		Ticket, CSRFPreventionToken string
	}
	if err := l.askCluster(t.ctx, m, "POST", "/access/ticket", nil, form, &login); err != nil {
		return "", err
	}
	header := http.Header{
		"Cookie":              {"PVEAuthCookie=" + url.QueryEscape(login.Ticket)},
		"Csrfpreventiontoken": {login.CSRFPreventionToken},
	}
	form = url.Values{"apiversion": {fmt.Sprint(joinVersion)}}
	var answer struct {
		Key string `json:"corosync_authkey"`
	}
	err = l.askCluster(t.ctx, m, "POST", "/cluster/config/nodes/"+node, header, form, &answer)
	return answer.Key, err
}

// askCluster sends a request of this lab's own and reads the data of the answer.
func (l *Lab) askCluster(ctx context.Context, m *membership, verb, path string, header http.Header, form url.Values, into any) error {
	req, err := http.NewRequestWithContext(ctx, verb, "https://"+m.Address+"/api2/json"+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	if header != nil {
		req.Header = header
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, body, err := l.exchange(req, m)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return json.Unmarshal(body, &struct{ Data any }{into})
}

// exchange sends a request to the lab that was joined.
func (l *Lab) exchange(req *http.Request, m *membership) (*http.Response, []byte, error) {
	transport := &http.Transport{DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return l.dialMember(ctx, m) }}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostForwarded))
	return resp, body, err
}

// dialMember connects to the lab that was joined, from where this one is: the
// network of the guest it runs in, or this machine's.
func (l *Lab) dialMember(ctx context.Context, m *membership) (net.Conn, error) {
	dial := (&net.Dialer{Timeout: dialTimeout}).DialContext
	if l.cfg.inside != nil {
		dial = l.hv.Dial
	}
	raw, err := dial(ctx, "tcp", m.Address)
	if err != nil {
		return nil, err
	}
	c := tls.Client(raw, &tls.Config{
		InsecureSkipVerify: true, // pinned instead
		VerifyPeerCertificate: func(certs [][]byte, _ [][]*x509.Certificate) error {
			if got := fingerprint(tls.Certificate{Certificate: certs}); got != m.Fingerprint {
				return fmt.Errorf("fingerprint '%s' not verified, abort!", got)
			}
			return nil
		},
	})
	if err := c.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	return c, nil
}

// forward has the cluster answer a request that came here.
func (l *Lab) forward(ctx context.Context, m *membership, r *http.Request) answer {
	out := r.Clone(ctx)
	out.RequestURI, out.URL.Scheme, out.URL.Host = "", "https", m.Address
	out.Header.Set(clusterHeader, l.cfg.Node+" "+m.Key)
	out.Header.Del(rootHeader)
	resp, body, err := l.exchange(out, m)
	if err != nil {
		return encode("json", nil, errorf(500, "cluster not ready - no quorum?"))
	}
	reason := strings.TrimPrefix(resp.Status, fmt.Sprintf("%d ", resp.StatusCode))
	a := answer{status: resp.StatusCode, reason: reason, body: body}
	if kind := resp.Header.Get("Content-Type"); kind != "" {
		a.header = [][2]string{{"Content-Type", kind}}
	}
	return a
}

// ownTask reports whether a request is about a task that this lab ran before it
// joined, or to join, and whether the cluster lets its sender in.
func (l *Lab) ownTask(ctx context.Context, m *membership, r *http.Request, path string) bool {
	segs := strings.Split(strings.Trim(path, "/"), "/")
	if len(segs) < 4 || segs[0] != "nodes" || segs[2] != "tasks" || segs[1] != l.cfg.Node && segs[1] != "localhost" {
		return false
	}
	if _, err := l.tasks.find(l.cfg.Node, segs[3]); err != nil {
		return false
	}
	ask := r.Clone(ctx)
	ask.Method, ask.Body, ask.ContentLength = http.MethodGet, nil, 0
	ask.RequestURI, ask.URL = "", &url.URL{Scheme: "https", Host: m.Address, Path: "/api2/json/version"}
	resp, _, err := l.exchange(ask, m)
	return err == nil && resp.StatusCode == http.StatusOK
}

// forwardDo is Do on a node of another lab's cluster.
func (l *Lab) forwardDo(ctx context.Context, m *membership, verb, path string, params []KV) (status int, data any, reason string) {
	form := url.Values{}
	for _, kv := range params {
		form.Add(kv.Key, kv.Value)
	}
	target, body := "https://"+m.Address+"/api2/json/"+strings.Trim(path, "/"), form.Encode()
	if verb == http.MethodGet || verb == http.MethodDelete {
		target, body = target+"?"+body, ""
	}
	req, err := http.NewRequestWithContext(ctx, verb, target, bytes.NewReader([]byte(body)))
	if err != nil {
		return 500, nil, err.Error()
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set(clusterHeader, l.cfg.Node+" "+m.Key)
	req.Header.Set(rootHeader, "1")
	resp, text, err := l.exchange(req, m)
	if err != nil {
		return 500, nil, "cluster not ready - no quorum?"
	}
	var got struct {
		Data    any
		Message string
		Errors  map[string]string
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &got); err != nil {
			return 500, nil, err.Error()
		}
	}
	if resp.StatusCode == http.StatusOK {
		return 200, got.Data, ""
	}
	reason = strings.TrimSuffix(got.Message, "\n")
	for _, k := range sortedKeys(got.Errors) {
		reason += "\n" + k + ": " + strings.TrimSuffix(got.Errors[k], "\n")
	}
	return resp.StatusCode, nil, reason
}

// forwardConnect opens a way into the networks of the cluster's lab.
func (l *Lab) forwardConnect(ctx context.Context, m *membership, r *http.Request) (net.Conn, error) {
	dial, cancel := context.WithTimeout(ctx, 2*dialTimeout)
	defer cancel()
	c, err := l.dialMember(dial, m)
	if err != nil {
		return nil, err
	}
	deadline, _ := dial.Deadline()
	c.SetDeadline(deadline)
	ask := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: r.Host}, Host: r.Host, Header: http.Header{}}
	for _, k := range []string{"Authorization", "Proxy-Authorization", RunHeader} {
		if v := r.Header.Get(k); v != "" {
			ask.Header.Set(k, v)
		}
	}
	if err := ask.Write(c); err != nil {
		c.Close()
		return nil, err
	}
	head, err := readHead(c)
	if err == nil && !bytes.HasPrefix(head, []byte("HTTP/1.1 200 ")) {
		line, _, _ := strings.Cut(string(head), "\r\n")
		err = errors.New(strings.TrimPrefix(line, "HTTP/1.1 "))
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	c.SetDeadline(time.Time{})
	return c, nil
}

// readHead reads the head of an answer and nothing after it.
func readHead(r io.Reader) ([]byte, error) {
	var head []byte
	for b := make([]byte, 1); !bytes.HasSuffix(head, []byte("\r\n\r\n")); {
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, err
		}
		if head = append(head, b[0]); len(head) > maxHeader {
			return nil, errors.New("the answer has no end")
		}
	}
	return head, nil
}

// fromMember is the node that passed a request on, if one of the cluster did, and
// whether root made it there.
func (l *Lab) fromMember(h http.Header) (node string, root bool) {
	node, key, ok := strings.Cut(h.Get(clusterHeader), " ")
	if !ok || !l.hasNode(node) {
		return "", false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cluster.Key == "" || subtle.ConstantTimeCompare([]byte(key), []byte(l.cluster.Key)) != 1 {
		return "", false
	}
	return node, h.Get(rootHeader) != ""
}
