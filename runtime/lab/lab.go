package lab

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/homestak/homestak/runtime/lab/guest"
)

// Lab is an open lab: a server that answers, and guests that run. Its methods
// may be called at once from many goroutines.
type Lab struct {
	cfg    Config
	dir    *directory
	cert   tls.Certificate
	token  string
	log    *journal
	tasks  *tasks
	hv     guest.Hypervisor
	server *httpServer // of the node that the lab is opened as
	born   time.Time   // when the directory was made

	handlers map[string]handler
	trouble  trouble
	execs    execs

	ctx  context.Context // ends with Close
	stop context.CancelFunc

	mu       sync.Mutex // guards what follows; never held while a machine or a clock is asked
	access   access
	cluster  clusterFile            // not changed in place
	servers  map[string]*httpServer // by node
	networks map[string]*networks   // by node, where they are not as they were at first; not changed in place
	vms      map[uint]*vm
	jobs     jobs // not changed in place
	pools    map[string]*pool
	made     map[uint]time.Time // when guests were made in this process
	storages []*storage
	locks    map[string]chan struct{} // PVE's lock files by name, full = free
	shared   map[uint]*sharing        // guests whose lock file readers hold
}

// KV is one request parameter.
type KV struct{ Key, Value string }

// labFile is the content of lab.json.
type labFile struct {
	Format int       `json:"format"`
	Born   time.Time `json:"born"`
}

// Open loads the lab in cfg.Dir, or makes it, resumes the guests that ran and
// starts to answer. A directory that another process has open, or that cannot
// be read, is a *diag.Diagnostic. The lab lives until Close; ctx bounds the
// opening only.
func Open(ctx context.Context, cfg Config) (*Lab, error) {
	cfg.fill()
	if bad := cfg.Faults.Check(); len(bad) > 0 {
		return nil, scriptError(bad)
	}
	dir, err := openDirectory(cfg.Dir)
	if err != nil {
		return nil, err
	}
	dir.disk.before = cfg.before
	l := &Lab{
		cfg: cfg, dir: dir, handlers: handlers(),
		vms: map[uint]*vm{}, pools: map[string]*pool{}, made: map[uint]time.Time{}, locks: map[string]chan struct{}{},
		shared: map[uint]*sharing{}, servers: map[string]*httpServer{},
	}
	l.ctx, l.stop = context.WithCancel(context.Background())
	if err := l.open(ctx); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func (l *Lab) open(ctx context.Context) error {
	var err error
	for _, load := range []func() error{
		l.loadAge, l.loadCluster, l.loadCertificate, l.loadAccess, l.loadLog, l.loadTasks, l.loadStorages, l.loadNetworks, l.loadPools, l.loadJobs, l.loadVMs, l.finishMoves, l.finishRollbacks,
	} {
		if err = load(); err != nil {
			return err
		}
	}
	if l.hv, err = l.cfg.Hypervisor(l); err != nil {
		return err
	}
	if err := l.resume(ctx); err != nil {
		return err
	}
	ln, err := l.listen(ctx)
	if err != nil {
		return err
	}
	l.trouble.script(l.cfg.Faults)
	l.server = l.serveAs(l.cfg.Node, ln)
	for _, name := range l.Nodes() {
		if err := l.listenAs(name); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lab) loadAge() error {
	var f labFile
	err := l.dir.load(&f, "lab.json")
	if errors.Is(err, fs.ErrNotExist) {
		f = labFile{Format: dirFormat, Born: l.cfg.Clock.Now().UTC().Truncate(time.Second)}
		err = l.dir.save(f, "lab.json")
	}
	if err != nil {
		return err
	}
	if f.Format != dirFormat {
		e := codeFormat.Errorf("the lab in %s has format %d, this version knows %d", l.dir.root, f.Format, dirFormat)
		e.Help = "use the version of homestak that made it, or remove the directory"
		return e
	}
	l.born = f.Born
	return nil
}

func (l *Lab) loadCertificate() error {
	var err error
	switch {
	case l.cfg.Certificate != nil:
		l.cert = *l.cfg.Certificate
	case l.cfg.SiteID != "":
		l.cert, err = derivedCertificate(l.cfg.SiteID, l.cfg.Name)
	default:
		l.cert, err = ownCertificate(l.dir, l.cfg.Node, l.now())
	}
	return err
}

// loadAccess reads the tokens; a new lab gets its own.
func (l *Lab) loadAccess() error {
	err := l.dir.load(&l.access, "access.json")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if l.access.Key == "" {
		var key [32]byte
		rand.Read(key[:])
		l.access.Key = hex.EncodeToString(key[:])
		if err := l.dir.save(l.access, "access.json"); err != nil {
			return err
		}
	}
	data, err := os.ReadFile(l.dir.path("token"))
	if err == nil {
		l.token = strings.TrimSpace(string(data))
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return stateError(l.dir.path("token"), err)
	}
	// access.json first: a token that opens nothing would be worse than a hash
	// nobody has the secret of.
	secret := newUUID()
	l.access.put(token{User: "root@pam", ID: ownToken, Hash: hashSecret(secret), Comment: "the lab's own"})
	l.token = "root@pam!" + ownToken + "=" + secret
	if err := l.dir.save(l.access, "access.json"); err != nil {
		return err
	}
	return l.dir.write([]byte(l.token+"\n"), "token")
}

// ownToken is the id of the token that every lab has.
const ownToken = "homestak"

func (l *Lab) listen(ctx context.Context) (net.Listener, error) {
	if l.cfg.Listener != nil {
		return l.cfg.Listener, nil
	}
	host, _, err := net.SplitHostPort(l.cfg.Listen)
	if err != nil {
		return nil, codeListen.Errorf("bad listen address %q: %v", l.cfg.Listen, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		e := codeListen.Errorf("a lab listens on loopback only, not on %q", l.cfg.Listen)
		e.Help = "use 127.0.0.1:PORT; its token opens every guest"
		return nil, e
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", l.cfg.Listen)
	if err != nil {
		return nil, codeListen.Errorf("cannot listen on %s: %v", l.cfg.Listen, err)
	}
	return ln, nil
}

// now is the time as the host has it. It may jump; how long something takes is
// measured by the Clock itself.
func (l *Lab) now() time.Time { return l.cfg.Clock.Now().Add(l.trouble.shift()) }

// serveAs answers on a listener as a node.
func (l *Lab) serveAs(node string, ln net.Listener) *httpServer {
	s := newHTTPServer(ln, l.certificate, func() bool { return !l.nodeUp(node) }, l.now,
		func(ctx context.Context, r *http.Request) answer { return l.serveHTTP(ctx, node, r) })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.servers[node] = s
	return s
}

// listenAs gives a node an address of its own, unless it has one. A lab on a
// listener that was given has only that.
func (l *Lab) listenAs(node string) error {
	l.mu.Lock()
	has := l.servers[node] != nil
	l.mu.Unlock()
	if has || l.cfg.Listener != nil {
		return nil
	}
	ln, err := (&net.ListenConfig{}).Listen(l.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return codeListen.Errorf("cannot listen for node %s: %v", node, err)
	}
	l.serveAs(node, ln)
	return nil
}

// NodeURL is URL for one node of the cluster, "" when it has no address. All
// nodes have the lab's certificate.
func (l *Lab) NodeURL(node string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.servers[node]; s != nil {
		return "https://" + s.ln.Addr().String()
	}
	return ""
}

// URL is where the API answers, "https://127.0.0.1:40123". CONNECT is spoken
// there too.
func (l *Lab) URL() string { return "https://" + l.server.ln.Addr().String() }

// Fingerprint is the SHA-256 of the certificate as PVE prints it: upper-case
// hex, colons.
func (l *Lab) Fingerprint() string { return fingerprint(*l.certificate()) }

// CertificatePEM is the certificate, as /etc/pve/local/pve-ssl.pem has it.
func (l *Lab) CertificatePEM() []byte { return certificatePEM(*l.certificate()) }

// Token is the lab's own API token, "root@pam!homestak=<uuid>".
func (l *Lab) Token() string { return l.token }

// Node is the name of the PVE node that answers at URL.
func (l *Lab) Node() string { return l.cfg.Node }

// Dir is the lab's directory.
func (l *Lab) Dir() string { return l.dir.root }

// Close stops the server, the tasks and the machines, and writes what is left
// to write. Guests that run resume at the next Open; a task that was running
// has ended with PVE's "unexpected status" then.
func (l *Lab) Close() error {
	l.stop()
	l.mu.Lock()
	servers := l.servers
	l.servers = map[string]*httpServer{}
	l.mu.Unlock()
	for _, name := range sortedKeys(servers) {
		servers[name].close()
	}
	if l.tasks != nil {
		l.tasks.close()
	}
	l.execs.wg.Wait()
	var err error
	if l.hv != nil {
		err = l.hv.Close()
	}
	if l.log != nil {
		l.log.close()
	}
	l.dir.close()
	return err
}
