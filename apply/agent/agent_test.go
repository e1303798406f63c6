package agent_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/homestak/homestak/apply/agent"
	"github.com/homestak/homestak/plan/program"
	"github.com/homestak/homestak/runtime/sign"
	"github.com/homestak/homestak/runtime/spec"
	"github.com/homestak/homestak/runtime/spec/spectest"
	"github.com/homestak/homestak/runtime/system"
)

// node is a machine with an agent, and a server it knows.
type node struct {
	t       *testing.T
	w       *spectest.World
	op      *spec.Client
	machine *system.Memory
	clock   *clock
	rounds  chan string // the log's lines about rounds
	gen     uint64
}

// clock is set by the test; who sleeps on it wakes when ctx ends or time is set
// forward.
type clock struct {
	mu       sync.Mutex
	change   *sync.Cond // of what follows
	off      time.Duration
	tick     chan struct{} // closed when time is set
	sleepers int
}

func newClock() *clock {
	c := &clock{tick: make(chan struct{})}
	c.change = sync.NewCond(&c.mu)
	return c
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.off)
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	until := c.Now().Add(d)
	c.count(1)
	defer c.count(-1)
	for {
		c.mu.Lock()
		tick := c.tick
		c.mu.Unlock()
		if !c.Now().Before(until) {
			return nil
		}
		select {
		case <-tick:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *clock) count(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sleepers += n
	c.change.Broadcast()
}

// later sets the time forward once the agent, which has just told of a round,
// waits for the next.
func (c *clock) later(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.sleepers == 0 {
		c.change.Wait()
	}
	c.off += d
	close(c.tick)
	c.tick = make(chan struct{})
}

func newNode(t *testing.T) *node {
	t.Helper()
	m, err := system.NewMemory("debian-12")
	if err != nil {
		t.Fatal(err)
	}
	m.Boot()
	w := spectest.New(t)
	n := &node{t: t, w: w, op: w.Operator(), machine: m, clock: newClock(), rounds: make(chan string, 100)}
	n.configure(w, nil)
	return n
}

// configure writes what a seed brings.
func (n *node) configure(w *spectest.World, change func(*agent.Config)) {
	n.t.Helper()
	root, err := w.Keys.Root()
	if err != nil {
		n.t.Fatal(err)
	}
	c := agent.Config{Server: w.URL, Node: spectest.Alice, Address: "m/a", Roots: [][]byte{root.Raw}, Trust: w.Keys.Trust(), Token: w.Token(spectest.Alice, nil)}
	if change != nil {
		change(&c)
	}
	data, err := json.Marshal(c)
	if err == nil {
		err = n.machine.WriteFile(n.t.Context(), agent.ConfigPath, data, system.FileInfo{Mode: 0o600, Owner: "root", Group: "root"})
	}
	if err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) agent() *agent.Agent {
	n.t.Helper()
	a, err := agent.New(n.t.Context(), agent.Env{System: n.machine, Clock: n.clock, Logger: slog.New(slog.NewTextHandler(lines(n.rounds), nil)), Version: "test"})
	if err != nil {
		n.t.Fatal(err)
	}
	return a
}

// lines sends the log's lines about rounds to a channel.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "msg=round") {
		l <- string(p)
	}
	return len(p), nil
}

// publish gives the node a program that sets its time zone, and root's password.
func (n *node) publish(w *spectest.World, zone string) {
	n.t.Helper()
	n.gen++
	n.publishAt(w, n.gen, zone)
}

func (n *node) publishAt(w *spectest.World, generation uint64, zone string) {
	n.t.Helper()
	p := &program.Program{Format: program.FormatVersion, Node: "m/a", Resources: []program.Resource{
		{Timezone: &program.Timezone{Name: zone}},
		{Password: &program.Password{User: "root", Secret: "passwords.root"}},
	}}
	data, err := program.Encode(p)
	if err != nil {
		n.t.Fatal(err)
	}
	plain, err := program.EncodeBundle(&program.Bundle{Values: []program.BundleValue{{Name: "passwords.root", Value: []byte("$6$salt$" + strings.Repeat("h", 86))}}})
	if err != nil {
		n.t.Fatal(err)
	}
	pub := w.Publication(spectest.Alice, generation, string(data), string(plain))
	if err := w.Operator().Publish(n.t.Context(), spectest.Alice, pub); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) zone() string {
	n.t.Helper()
	z, err := n.machine.Timezone(n.t.Context())
	if err != nil {
		n.t.Fatal(err)
	}
	return z
}

func (n *node) lastReport() spec.Report {
	n.t.Helper()
	got, err := n.op.Node(n.t.Context(), spectest.Alice)
	if err != nil || got.Report == nil {
		n.t.Fatalf("no report: %+v, %v", got, err)
	}
	return *got.Report
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRounds(t *testing.T) {
	n := newNode(t)
	n.publish(n.w, "America/Denver")
	ok(t, n.agent().Once(t.Context()))
	root, err := n.machine.LookupUser(t.Context(), "root")
	if err != nil || n.zone() != "America/Denver" || !strings.HasPrefix(root.PasswordHash, "$6$salt$") {
		t.Fatalf("zone %s, root %+v, %v", n.zone(), root, err)
	}
	if r := n.lastReport(); r.Outcome != spec.Right || r.Changed != 2 || r.Corrected != 0 || r.Generation != 1 || len(r.Resources) == 0 {
		t.Errorf("the first report: %+v", r)
	}
	data, info, err := n.machine.ReadFile(t.Context(), agent.ConfigPath)
	if err != nil || bytes.Contains(data, []byte(`"hs1.`)) || info.Mode != 0o600 {
		t.Errorf("after it was used the token is still there: %s %v", data, err)
	}

	// A new process, nothing new: nothing changes.
	ok(t, n.agent().Once(t.Context()))
	if r := n.lastReport(); r.Outcome != spec.Right || r.Changed+r.Corrected != 0 {
		t.Errorf("the second report: %+v", r)
	}
	ok(t, n.machine.SetTimezone(t.Context(), "Europe/Berlin"))
	ok(t, n.agent().Once(t.Context()))
	if r := n.lastReport(); n.zone() != "America/Denver" || r.Changed != 0 || r.Corrected != 1 {
		t.Errorf("after drift zone %s: %+v", n.zone(), r)
	}
	n.publish(n.w, "Asia/Tokyo")
	ok(t, n.agent().Once(t.Context()))
	if r := n.lastReport(); n.zone() != "Asia/Tokyo" || r.Changed != 1 || r.Corrected != 0 || r.Generation != 2 {
		t.Errorf("after an edit zone %s: %+v", n.zone(), r)
	}
}

// What cannot be made right is reported with its reason.
func TestFailureIsReported(t *testing.T) {
	n := newNode(t)
	n.publish(n.w, "Nowhere/Atall")
	_ = n.agent().Once(t.Context()) // the report is what counts
	if r := n.lastReport(); r.Outcome != spec.Failed || r.Phase != spec.PhaseConverge || !strings.Contains(r.Message, "Nowhere/Atall") || r.Code == "" || !strings.Contains(r.Tail, "Nowhere/Atall") {
		t.Errorf("report: %+v", r)
	}
}

// Without a server the node stays what it was told to be.
func TestOffline(t *testing.T) {
	n := newNode(t)
	n.publish(n.w, "America/Denver")
	ok(t, n.agent().Once(t.Context()))
	n.w.Stop()
	ok(t, n.machine.SetTimezone(t.Context(), "Europe/Berlin"))
	if err := n.agent().Once(t.Context()); err == nil {
		t.Error("nobody was told")
	}
	if n.zone() != "America/Denver" {
		t.Errorf("zone %s", n.zone())
	}
}

// Nothing on the node opens its secrets without the node's key.
func TestSecretsAtRest(t *testing.T) {
	n := newNode(t)
	n.publish(n.w, "America/Denver")
	ok(t, n.agent().Once(t.Context()))
	data, info, err := n.machine.ReadFile(t.Context(), agent.StateDir+"/assignment")
	if err != nil || info.Mode != 0o600 || bytes.Contains(data, []byte("$6$salt$")) {
		t.Errorf("mode %v, %v", info.Mode, err)
	}
	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, []byte("age-encryption.org"))
	if at < 0 {
		t.Fatal("the secrets are not encrypted")
	}
	if _, err := age.Decrypt(bytes.NewReader(data[at:]), stranger); err == nil {
		t.Error("anybody can open them")
	}
}

// A server that is not the site's friend gives the node no older program.
func TestOlderGeneration(t *testing.T) {
	n := newNode(t)
	n.publishAt(n.w, 5, "America/Denver")
	ok(t, n.agent().Once(t.Context()))
	hostile := spectest.NewOf(t, n.w.Keys)
	n.publishAt(hostile, 4, "Europe/Berlin")
	n.configure(hostile, nil)
	ok(t, n.machine.RemoveFile(t.Context(), agent.StateDir+"/certificate.pem"))
	if err := n.agent().Once(t.Context()); err == nil || !strings.Contains(err.Error(), "generation 4 came after 5") {
		t.Errorf("an older program: %v", err)
	}
	if n.zone() != "America/Denver" {
		t.Errorf("the zone is %s", n.zone())
	}
	got, err := hostile.Operator().Node(t.Context(), spectest.Alice)
	if err != nil || got.Report == nil || got.Report.Phase != spec.PhaseVerify || got.Report.Generation != 5 || got.Generation != 5 {
		t.Errorf("reported %+v, %v", got, err)
	}
}

func TestTokenForAnotherNode(t *testing.T) {
	n := newNode(t)
	n.configure(n.w, func(c *agent.Config) { c.Token = n.w.Token(spectest.Bob, nil) })
	if err := n.agent().Once(t.Context()); err == nil || !strings.Contains(err.Error(), spectest.Bob) {
		t.Errorf("enrolled as another node: %v", err)
	}
}

// running is an agent that runs until the test ends.
func (n *node) running() {
	ctx, cancel := context.WithCancel(n.t.Context())
	done := make(chan error, 1)
	a := n.agent()
	go func() { done <- a.Run(ctx) }()
	n.t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			n.t.Errorf("run: %v", err)
		}
	})
}

func (n *node) round() string {
	n.t.Helper()
	select {
	case line := <-n.rounds:
		return line
	case <-n.t.Context().Done():
		n.t.Fatal("no round comes")
	}
	return ""
}

func (n *node) signal(s sign.Signal) {
	n.t.Helper()
	s.Node = spectest.Alice
	ok(n.t, n.op.Send(n.t.Context(), spectest.Alice, sign.Seal(n.w.Keys.Signing(), s)))
}

// A running agent heeds another program and signals at once, and else its
// schedule.
func TestRun(t *testing.T) {
	n := newNode(t)
	n.publish(n.w, "America/Denver")
	n.running()
	if line := n.round(); !strings.Contains(line, "changed=2") {
		t.Fatal(line)
	}
	n.publish(n.w, "Asia/Tokyo")
	if line := n.round(); !strings.Contains(line, "changed=1") || n.zone() != "Asia/Tokyo" {
		t.Fatalf("%s: %s", n.zone(), line)
	}
	ok(t, n.machine.SetTimezone(t.Context(), "Europe/Berlin"))
	n.signal(sign.Signal{Sequence: 1, Verb: agent.VerbConverge})
	if line := n.round(); !strings.Contains(line, "corrected=1") {
		t.Fatal(line)
	}
	ok(t, n.machine.SetTimezone(t.Context(), "Europe/Berlin"))
	n.clock.later(20 * time.Minute)
	if line := n.round(); !strings.Contains(line, "corrected=1") {
		t.Fatal(line)
	}
	// A pause holds until it is over, or taken back.
	n.signal(sign.Signal{Sequence: 2, Verb: agent.VerbPause, Expires: n.clock.Now().Add(2 * time.Hour).Unix(), Reason: "alice"})
	n.signal(sign.Signal{Sequence: 1, Verb: agent.VerbConverge}) // old: of no effect
	ok(t, n.machine.SetTimezone(t.Context(), "Europe/Berlin"))
	n.signal(sign.Signal{Sequence: 3, Verb: agent.VerbConverge})
	if line := n.round(); !strings.Contains(line, "outcome=paused") || n.zone() != "Europe/Berlin" {
		t.Fatalf("%s: %s", n.zone(), line)
	}
	n.signal(sign.Signal{Sequence: 4, Verb: agent.VerbResume})
	if line := n.round(); !strings.Contains(line, "corrected=1") {
		t.Fatal(line)
	}
	fmt.Fprintln(t.Output(), "every kind of round was seen")
}
