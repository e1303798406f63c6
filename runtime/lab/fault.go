package lab

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/homestak/homestak/runtime/lab/faults"
)

// trouble is what goes wrong in a lab: the script, and the states that its rules
// have brought about.
type trouble struct {
	mu      sync.Mutex
	engine  *faults.Engine
	states  map[state]time.Time // until when, by the clock that does not jump; zero = until cleared
	other   *tls.Certificate    // shown while the certificate is changed
	skipped time.Duration       // how far the host's clock has jumped
}

// state is something that is wrong with a part of the lab for a while.
type state struct {
	kind faults.Kind
	of   string // storage, node, user@realm!id
}

// forever is a time that no state reaches.
var forever = time.Unix(1<<40, 0)

func (t *trouble) script(s faults.Script) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.engine, t.states, t.other, t.skipped = faults.New(s), map[state]time.Time{}, nil, 0
}

func (t *trouble) shift() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.skipped
}

// enter begins a state.
func (l *Lab) enter(kind faults.Kind, of string, long faults.Duration) {
	until := forever
	if long > 0 {
		until = l.cfg.Clock.Now().Add(time.Duration(long))
	}
	l.trouble.mu.Lock()
	defer l.trouble.mu.Unlock()
	l.trouble.states[state{kind, of}] = until
}

// is reports whether a state lasts.
func (l *Lab) is(kind faults.Kind, of string) bool {
	l.trouble.mu.Lock()
	defer l.trouble.mu.Unlock()
	until, ok := l.trouble.states[state{kind, of}]
	return ok && l.cfg.Clock.Now().Before(until)
}

func (l *Lab) isRevoked(token string) bool { return l.is(faults.TokenRevoked, token) }

// hasSpace fails while a storage is full.
func (l *Lab) hasSpace(storage string) error {
	if l.is(faults.StorageFull, storage) {
		return fmt.Errorf("storage '%s': No space left on device", storage)
	}
	return nil
}

// emptyBody reports whether PVE's proxy answers a status with no body.
func emptyBody(status int) bool { return status == 595 || status == 596 || status == 599 }

// certificate is the one that is shown now.
func (l *Lab) certificate() *tls.Certificate {
	if l.is(faults.Certificate, "") {
		l.trouble.mu.Lock()
		defer l.trouble.mu.Unlock()
		return l.trouble.other
	}
	return &l.cert
}

// changeCertificate shows another certificate from the next connection on.
func (l *Lab) changeCertificate(long faults.Duration) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return // never happens, see crypto/rand
	}
	now := l.cfg.Clock.Now()
	other, err := selfSigned(key, l.cfg.Node, now.AddDate(-1, 0, 0), now.AddDate(10, 0, 0))
	if err != nil {
		return
	}
	l.trouble.mu.Lock()
	l.trouble.other = &other
	l.trouble.mu.Unlock()
	l.enter(faults.Certificate, "", long)
	for _, name := range l.Nodes() {
		if s := l.serverOf(name); s != nil {
			s.cut(true)
		}
	}
}

// serverOf is what answers for a node, nil when nothing does.
func (l *Lab) serverOf(node string) *httpServer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.servers[node]
}

// mishap is what goes wrong with one request and the task it starts. A nil
// mishap is nothing.
type mishap struct {
	lab   *Lab
	names []string
	first *faults.Rule // decides the answer
	task  *faults.Rule // of the task
	lock  bool         // no lock file is to be had
}

// meet lets what the script has for a request to a node happen: waits, changes
// the world, and returns what is left for its answer and its task.
func (l *Lab) meet(ctx context.Context, node string, r *http.Request, path string) *mishap {
	l.trouble.mu.Lock()
	engine := l.trouble.engine
	l.trouble.mu.Unlock()
	hits := engine.Match(r.Method, path)
	if len(hits) == 0 {
		return nil
	}
	m := &mishap{lab: l}
	for _, h := range hits {
		m.names = append(m.names, string(h.Fault))
		switch h.Fault {
		case faults.Delay:
			_ = l.cfg.Clock.Sleep(ctx, h.Wait)
		case faults.Answer, faults.Drop, faults.Cut:
			m.first = &h.Rule
		case faults.TaskStuck, faults.TaskFail:
			m.task = &h.Rule
		case faults.LockTimeout:
			m.lock = true
		default:
			l.change(h.Rule, node, r)
		}
	}
	return m
}

// change makes something of the lab wrong until it is over or cleared.
func (l *Lab) change(h faults.Rule, asked string, r *http.Request) {
	switch h.Fault {
	case faults.StorageFull:
		l.enter(h.Fault, h.Storage, h.For)
	case faults.NodeDown:
		node := h.Node
		if node == "" {
			node = asked
		}
		l.enter(h.Fault, node, h.For)
		if s := l.serverOf(node); s != nil {
			s.cut(false)
		}
	case faults.TokenRevoked:
		token := h.Token
		if m := tokenHeader.FindStringSubmatch(r.Header.Get("Authorization")); token == "" && m != nil {
			token = m[1] + "!" + m[2]
		}
		l.enter(h.Fault, token, h.For)
	case faults.Certificate:
		l.changeCertificate(h.For)
	case faults.Clock:
		l.trouble.mu.Lock()
		l.trouble.skipped += time.Duration(h.By)
		l.trouble.mu.Unlock()
	}
}

// String names the faults, for the log.
func (m *mishap) String() string {
	if m == nil {
		return ""
	}
	return strings.Join(m.names, ", ")
}

// instead is the answer in place of the method's, nil when the method runs.
func (m *mishap) instead(format string) *answer {
	if m == nil || m.first == nil || m.first.Effect || m.first.Fault == faults.Cut {
		return nil
	}
	a := m.answer(format)
	return &a
}

// afterwards is what becomes of a method's answer.
func (m *mishap) afterwards(format string, a answer) answer {
	if m == nil || m.first == nil {
		return a
	}
	if m.first.Fault == faults.Cut {
		a.broken, a.keep = true, m.first.Percent
		return a
	}
	return m.answer(format)
}

func (m *mishap) answer(format string) answer {
	if m.first.Fault == faults.Drop {
		return answer{broken: true}
	}
	reason := m.first.Reason
	if reason == "" {
		reason = reasonOf(m.first.Status)
	}
	if m.first.Status == 401 {
		return answer{status: 401, reason: reason}
	}
	return encode(format, nil, errorf(m.first.Status, reason))
}

// reasonOf is what PVE and its proxy say with a status when nothing better is
// known.
func reasonOf(status int) string {
	switch status {
	case 401:
		return errBadTicket.Error()
	case 403:
		return "Permission check failed"
	case 595:
		return "No route to host"
	case 596:
		return "Broken pipe"
	case 599:
		return "Connection timed out"
	}
	if text := http.StatusText(status); text != "" {
		return text
	}
	return "error"
}

type mishapKey struct{}

// in hands a mishap down to whoever takes locks and starts tasks.
func (m *mishap) in(ctx context.Context) context.Context {
	if m == nil {
		return ctx
	}
	return context.WithValue(ctx, mishapKey{}, m)
}

func mishapOf(ctx context.Context) *mishap {
	m, _ := ctx.Value(mishapKey{}).(*mishap)
	return m
}

// lockFile fails when the lock is not to be had.
func (m *mishap) lockFile(name string, t *task) error {
	if m == nil || !m.lock || !strings.HasPrefix(name, "/") {
		return nil
	}
	if t != nil {
		t.logf("trying to acquire lock...")
	}
	return fmt.Errorf("can't lock file '%s' - got timeout", name)
}

// meet is what goes wrong with a task where it is busy.
func (t *task) meet() error {
	if t.bad == nil || t.bad.task == nil || t.bad.task.Effect || t.wrong {
		return nil
	}
	at := t.tasks.lab.cfg.TaskTime * time.Duration(t.bad.task.Percent) / 100
	if err := t.tasks.lab.cfg.Clock.Sleep(t.ctx, at); err != nil {
		return err
	}
	return t.goWrong()
}

// meetLate is what goes wrong with a task that has done its work.
func (t *task) meetLate() error {
	if t.bad == nil || t.bad.task == nil || !t.bad.task.Effect {
		return nil
	}
	return t.goWrong()
}

func (t *task) goWrong() error {
	t.wrong = true
	rule := t.bad.task
	if rule.Fault == faults.TaskFail {
		if rule.Exit == "" {
			return errors.New("unable to complete: Input/output error")
		}
		return errors.New(rule.Exit)
	}
	if rule.For == 0 {
		<-t.ctx.Done()
		return t.ctx.Err()
	}
	return t.tasks.lab.cfg.Clock.Sleep(t.ctx, time.Duration(rule.For))
}

// SetFaults replaces what goes wrong by a script; states of an earlier one end.
// Whatever is wrong with the script is a *diag.Diagnostic.
func (l *Lab) SetFaults(s faults.Script) error {
	if bad := s.Check(); len(bad) > 0 {
		return scriptError(bad)
	}
	l.trouble.script(s)
	return nil
}

// AddFaults appends rules to what goes wrong.
func (l *Lab) AddFaults(s faults.Script) error {
	if bad := s.Check(); len(bad) > 0 {
		return scriptError(bad)
	}
	l.trouble.mu.Lock()
	defer l.trouble.mu.Unlock()
	l.trouble.engine.Add(s)
	return nil
}

// Faults lists the rules and how often each has happened.
func (l *Lab) Faults() []faults.State {
	l.trouble.mu.Lock()
	engine := l.trouble.engine
	l.trouble.mu.Unlock()
	return engine.State()
}

func scriptError(bad []faults.Problem) error {
	d := codeFaults.Errorf("the faults cannot be used")
	d.Label = bad[0].Error()
	for _, p := range slices.Clone(bad)[1:] {
		d.Label += "; " + p.Error()
	}
	d.Help = "see docs/reference/faults.md"
	return d
}
